//! `/system`: which queries run, what came in, what was kept, what was refused and why.

mod memory;
mod queries;
mod storage;

use crate::client::fetch_now;
use crate::components::answer::Answer;
use crate::components::cardinality::Cardinality;
use crate::components::folded::Folded;
use crate::context::Context;
use crate::dynamic::dynamic;
use crate::prelude::*;
use crate::view::format;
use memory::Memory;
use ocelli_api::ingest::{SignalLedger, SystemResponse};
use queries::Queries;
use storage::Storage;

#[component]
pub fn System() -> impl IntoView {
    let location = Context::get().location;
    let system = fetch_now::<SystemResponse>(|| Some("/api/system".to_owned()));
    view! {
        <section class="page">
            <header class="page-head">
                <h1>"System"</h1>
                <p class="hint">{dynamic(move || system.get().map(|system| {
                    let uptime = format::duration(system.uptime_s as f64 * 1e9);
                    format!("Ocelli {}, up for {uptime}", system.version)
                }))}</p>
            </header>
            <Queries/>
            <Answer asked=system.asked>
                {dynamic(move || system.get().map(|system| view! { <Body system=(*system).clone()/> }))}
            </Answer>
            // Counting series is a query: it is not asked where one only looks what is wrong.
            <Folded summary="Cardinality of metrics" test="cardinality">
                <Cardinality metric=Signal::stored(String::new()) limit="5"/>
                <p><a href=dynamic(move || location.link("/metrics", &[]))>"All metrics"</a></p>
            </Folded>
        </section>
    }
}

#[component]
fn Body(system: SystemResponse) -> impl IntoView {
    let refused = system.refused_requests.iter().map(|reason| {
        view! { <tr><th scope="row">{reason.reason.clone()}</th><td class="num">{format::count(reason.count)}</td></tr> }
    });
    let listeners = system.listeners.iter().map(|listener| {
        view! { <tr><th scope="row">{listener.name.clone()}</th><td class="mono">{listener.address.clone()}</td></tr> }
    });
    let none_refused = system.refused_requests.is_empty().then(|| view! { <p class="hint">"None."</p> });
    view! {
        <h2>"Ingest since the start"</h2>
        <p class="hint">"Received = stored + rejected. What was acknowledged is on disk."</p>
        <div class="scroll-table" tabindex="0"><table class="rows">
            <thead><tr><th>"Signal"</th><th class="num">"Received"</th><th class="num">"Stored"</th><th class="num">"Rejected"</th><th>"Balance"</th><th>"Why rejected"</th></tr></thead>
            <tbody>{system.ingest.iter().cloned().map(|ledger| view! { <Ledger ledger/> }).collect_view()}</tbody>
        </table></div>
        <div class="two">
            <section><h2>"Requests refused as a whole"</h2>{none_refused}<table class="rows"><tbody>{refused.collect_view()}</tbody></table></section>
            <section><h2>"Listeners"</h2><table class="rows"><tbody>{listeners.collect_view()}</tbody></table></section>
        </div>
        <Memory memory=system.memory.clone()/>
        <Storage storage=system.storage.clone()/>
    }
}

#[component]
fn Ledger(ledger: SignalLedger) -> impl IntoView {
    let sum = ledger.stored + ledger.rejected;
    // Items between the two counters are still on their way.
    let balance = match ledger.received.checked_sub(sum) {
        Some(0) => "✔ even".to_owned(),
        Some(open) => format!("{} in flight", format::count(open)),
        None => format!("✖ {} too many", format::count(sum - ledger.received)),
    };
    let reasons = ledger
        .rejected_by_reason
        .iter()
        .map(|reason| format!("{} {}", format::count(reason.count), reason.reason));
    view! {
        <tr data-testid="ledger-row">
            <th scope="row">{ledger.signal.clone()}</th>
            <td class="num">{format::count(ledger.received)}</td>
            <td class="num">{format::count(ledger.stored)}</td>
            <td class="num" class:bad=ledger.rejected != 0>{format::count(ledger.rejected)}</td>
            <td>{balance}</td>
            <td>{reasons.collect::<Vec<_>>().join(", ")}</td>
        </tr>
    }
}
