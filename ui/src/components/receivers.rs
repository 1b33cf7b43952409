//! Who is told: how each receiver does, a test of it, and the messages that were not delivered.

use crate::client::{Fetched, fetch_now};
use crate::components::alert_marks::DeliveryMark;
use crate::components::answer::Answer;
use crate::components::moment::Ago;
use crate::components::send_button::SendButton;
use crate::context::Context;
use crate::dynamic::dynamic;
use crate::json;
use crate::prelude::*;
use crate::view::format;
use crate::view::query_string::encode_segment;
use crate::view::receivers::Health;
use ocelli_api::alerts::{
    IntegrationStatus, Notification, OutboxResponse, ReceiverStatus, ReceiverTestResponse, ReceiversResponse,
};

const EXAMPLE: &str = "route: {receiver: team, group_by: [alertname]}\nreceivers: [{name: team, webhook_configs: [{url: 'https://example.org/hook'}]}]";

#[component]
pub fn Receivers() -> impl IntoView {
    let receivers = fetch_now::<ReceiversResponse>(|| Some("/api/receivers".to_owned()));
    let outbox = fetch_now::<OutboxResponse>(|| Some("/api/outbox".to_owned()));
    let list = move || {
        receivers.get().map(|answer| {
            let none = answer.receivers.is_empty().then(|| {
                view! {
                    <div class="empty" data-testid="empty">
                        <p>"Nobody is told of alerts: there is no receiver. Name some as Alertmanager does:"</p>
                        <pre class="hints" tabindex="0">{EXAMPLE}</pre>
                    </div>
                }
            });
            let all = answer.receivers.iter().cloned();
            view! { {none}<div class="two">{all.map(|receiver| view! { <Receiver receiver outbox/> }).collect_view()}</div> }
        })
    };
    view! {
        <Answer asked=receivers.asked>{dynamic(list)}</Answer>
        <h2>"Not delivered"</h2>
        <Answer asked=outbox.asked>{dynamic(move || outbox.get().map(|answer| view! { <Messages messages=answer.messages.clone() again=Callback::new(move |()| { outbox.retry(); receivers.retry(); })/> }))}</Answer>
    }
}

#[component]
fn Receiver(receiver: ReceiverStatus, outbox: Fetched<OutboxResponse>) -> impl IntoView {
    let results = RwSignal::new(None::<ReceiverTestResponse>);
    let ReceiverStatus { name, integrations } = receiver;
    let url = format!("/api/receivers/{}/test", encode_segment(&name));
    let done = Callback::new(move |text: String| {
        results.set(json::from_str(&text).ok());
        outbox.retry();
    });
    let told = !integrations.is_empty();
    let test = told
        .then(|| view! { <SendButton label="Send a test" of=format!("to {name}") method="POST" url done/> });
    let nobody =
        (!told).then(|| view! { <p class="hint">"It sends to nobody: its alerts are only shown here."</p> });
    view! {
        <section class="receiver" data-testid="receiver">
            <h2>{name.clone()}" "{test}</h2>
            {nobody}
            <ul class="plain">{integrations.into_iter().map(|integration| view! { <Integration integration/> }).collect_view()}</ul>
            {dynamic(move || results.get().map(|results| view! { <TestResults results/> }))}
        </section>
    }
}

#[component]
fn Integration(integration: IntegrationStatus) -> impl IntoView {
    let context = Context::get();
    let health = Health::of(&integration, context.now.get_untracked());
    let (class, glyph, text) = health.mark();
    let count =
        |count: u64, what: &'static str| (count > 0).then(|| format!("{} {what}", format::count(count)));
    let until = integration.breaker_open_until.filter(|_| health == Health::Paused);
    let error = integration.last_error.filter(|_| health != Health::Working).map(|error| {
        view! { <p class="bad wrap">{error.message}" "<Ago at=error.time/></p> }
    });
    view! {
        <li data-testid="integration">
            <p class="facts">
                <span class=format!("mark {class}")><span class="glyph" aria-hidden="true">{glyph}</span>" "{text}</span>
                <span>{integration.kind}" "<span class="hint">{integration.target}</span></span>
                {until.map(|until| view! { <span>"tries again "<Ago at=until/></span> })}
                {integration.last_success.map(|at| view! { <span class="hint">"delivered "<Ago at/></span> })}
                {count(integration.waiting, "waiting")}
                {count(integration.dead, "dead").map(|dead| view! { <span class="bad">{dead}</span> })}
                {(!integration.send_resolved).then(|| view! { <span class="hint">"not told of the end"</span> })}
            </p>
            {error}
        </li>
    }
}

#[component]
fn TestResults(results: ReceiverTestResponse) -> impl IntoView {
    let one = |result: ocelli_api::alerts::ReceiverTestResult| {
        let took = format::millis(Some(result.elapsed_ms));
        match result.error {
            Some(error) => {
                view! { <li class="bad">"✖ "{result.kind}" "{result.target}": "{error}</li> }.into_any()
            }
            None => view! { <li class="ok">"✔ "{result.kind}" "{result.target}" took it in "{took}</li> }
                .into_any(),
        }
    };
    view! { <ul class="plain" role="status" data-testid="test-result">{results.results.into_iter().map(one).collect_view()}</ul> }
}

/// Messages that wait or are dead.
#[component]
fn Messages(messages: Vec<Notification>, again: Callback<()>) -> impl IntoView {
    if messages.is_empty() {
        return view! { <p class="hint">"Every message was delivered."</p> }.into_any();
    }
    view! { <MessageTable messages again/> }.into_any()
}

/// With what became of each.
#[component]
pub fn MessageTable(
    messages: Vec<Notification>,
    /// After one was sent again or deleted.
    again: Callback<()>,
) -> impl IntoView {
    let row = move |message: Notification| {
        let open = message.status != ocelli_api::alerts::Delivery::Delivered;
        let url = format!("/api/outbox/{}", encode_segment(&message.id));
        let of = format!("to {}", message.receiver);
        let done = Callback::new(move |_| again.run(()));
        let actions = open.then(|| {
            view! {
                <SendButton label="Send again" of=of.clone() method="POST" url=format!("{url}/resend") done/>
                <SendButton label="Delete" of method="DELETE" url done/>
            }
        });
        let about = match message.acknowledges {
            true => format!("{} acknowledged", message.firing),
            false => format!("{} firing, {} resolved", message.firing, message.resolved),
        };
        let next = message.next_attempt.map(|at| view! { <span class="hint">" next "<Ago at/></span> });
        view! {
            <tr data-testid="message-row">
                <td><DeliveryMark status=message.status/></td>
                <th scope="row">{message.receiver}</th>
                <td>{message.kind}" "<span class="hint">{message.target}</span></td>
                <td title=message.group_key>{about}</td>
                <td><Ago at=message.time/></td>
                <td>{format::plural(message.attempts, "attempt", "attempts")}{next}</td>
                <td class="wrap bad">{message.last_error}</td>
                <td class="end">{actions}</td>
            </tr>
        }
    };
    view! {
        <div class="scroll-table"><table class="rows cards">
            <thead><tr><th>"Fate"</th><th>"Receiver"</th><th>"Sent to"</th><th>"Alerts"</th><th>"Made"</th><th>"Attempts"</th><th>"Last error"</th><td></td></tr></thead>
            <tbody>{messages.into_iter().map(row).collect_view()}</tbody>
        </table></div>
    }
}
