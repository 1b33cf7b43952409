//! Before the first signal: how to send one, and live counters that show whether it arrived.

use crate::client::Fetched;
use crate::components::answer::FailureNote;
use crate::components::copy::CopyButton;
use crate::dynamic::{dynamic, handler, memo};
use crate::prelude::*;
use crate::view::{format, setups};
use ocelli_api::ingest::SystemResponse;

#[component]
pub fn Waiting(system: Fetched<SystemResponse>) -> impl IntoView {
    let listeners = system.map(|system| system.listeners.clone());
    let chosen = RwSignal::new(0usize);
    let all = memo(move || setups::setups(&listeners.get().unwrap_or_default()));
    let setup = memo(move || all.with(|all| all.get(chosen.get()).cloned()));
    let tabs = move || {
        all.get().into_iter().enumerate().map(|(index, setup)| {
            let is_chosen = move || chosen.get() == index;
            view! {
                <button type="button" role="tab" aria-selected=dynamic(move || is_chosen().to_string()) aria-controls="setup"
                    data-nav="" on:click=handler(move |_| chosen.set(index))>{setup.name}</button>
            }
        }).collect_view()
    };
    let text = Signal::derive(move || setup.get().map(|setup| setup.text).unwrap_or_default());
    view! {
        <section class="waiting" data-testid="waiting">
            <h1>"Waiting for the first signal"</h1>
            <p>"Nothing has been stored yet. Send something in one of these ways; this page moves on by itself when it arrives."</p>
            <Counters system/>
            <FailureNote failure=system.failure retry=Callback::new(move |()| system.retry())/>
            <div class="tabs" role="tablist" aria-label="Ways to send">{dynamic(tabs)}</div>
            <div id="setup" role="tabpanel" class="setup">
                <p>{dynamic(move || setup.get().map(|setup| setup.about))}</p>
                <pre tabindex="0">{dynamic(move || text.get())}</pre>
                <CopyButton label="Copy" text/>
            </div>
        </section>
    }
}

#[component]
fn Counters(system: Fetched<SystemResponse>) -> impl IntoView {
    // Memos, so that a reader's voice is not interrupted each second by the same numbers.
    let ingest = system.map(|system| system.ingest.clone());
    let refused_requests = system.map(|system| system.refused_requests.clone());
    let rows = move || {
        ingest.get().map(|ingest| {
            ingest.iter().map(|ledger| {
                let reasons = ledger.rejected_by_reason.iter().map(|reason| format!("{} {}", format::count(reason.count), reason.reason));
                view! {
                    <tr>
                        <th scope="row">{ledger.signal.clone()}</th>
                        <td class="num">{format::count(ledger.stored)}</td>
                        <td class="num" class:bad=ledger.rejected != 0>{format::count(ledger.rejected)}</td>
                        <td>{reasons.collect::<Vec<_>>().join(", ")}</td>
                    </tr>
                }
            }).collect_view()
        })
    };
    let refused = move || {
        refused_requests.get().map(|refused| {
            refused.iter().map(|reason| {
                view! { <li>{format::plural(reason.count, "request", "requests")}" refused: "{reason.reason.clone()}</li> }
            }).collect_view()
        })
    };
    view! {
        <table class="counters" aria-live="polite">
            <thead><tr><th>"Signal"</th><th class="num">"Accepted"</th><th class="num">"Rejected"</th><th>"Why"</th></tr></thead>
            <tbody>{dynamic(rows)}</tbody>
        </table>
        <ul class="refused">{dynamic(refused)}</ul>
    }
}
