//! `/alerts/:fingerprint`: one alert: what and since when, its expression over time, what became of it and
//! of the messages about it.

use crate::client::{Fetched, fetch_now};
use crate::components::acknowledgement::Acknowledging;
use crate::components::alert_changes::Changes;
use crate::components::alert_marks::{Labels, Links, StateMark, Suppressions};
use crate::components::answer::{Answer, FailureNote};
use crate::components::expression_chart::ExpressionChart;
use crate::components::moment::{Ago, Moment};
use crate::components::receivers::MessageTable;
use crate::context::Context;
use crate::dynamic::{dynamic, memo};
use crate::prelude::*;
use crate::view::alerts::Shown;
use crate::view::{format, links, matchers};
use ocelli_api::UnixNano;
use ocelli_api::alerts::{AlertResponse, AlertSummary};

#[component]
pub fn Alert(fingerprint: String) -> impl IntoView {
    let url = format!("/api{}", links::alert_path(&fingerprint));
    let answer = fetch_now::<AlertResponse>(move || Some(url.clone()));
    let alert = answer.map(|answer| answer.alert.clone());
    let gone =
        memo(move || answer.failure.with(|failure| failure.as_ref().is_some_and(|why| why.is_not_found())));
    let location = Context::get().location;
    let not_here = move || {
        gone.get().then(|| {
            view! {
                <div class="empty" data-testid="empty">
                    <p>"No alert of this fingerprint is known. One that was over long ago is no longer kept."</p>
                    <p><a href=dynamic(move || location.link("/alerts", &[]))>"Alerts of now"</a>" · "<a href=dynamic(move || location.link("/alerts", &[("view", "history")]))>"History"</a></p>
                </div>
            }
        })
    };
    let failure = move || {
        (!gone.get()).then(
            || view! { <FailureNote failure=answer.failure retry=Callback::new(move |()| answer.retry())/> },
        )
    };
    view! {
        <section class="page">
            {dynamic(not_here)}{dynamic(failure)}
            <Answer asked=answer.asked own_failure=true>
                {dynamic(move || alert.get().map(|alert| view! { <Head alert/> }))}
                <Acknowledging answer=answer.map(Clone::clone) again=Callback::new(move |()| answer.retry())/>
                <Expression alert/>
                <Past answer/>
            </Answer>
        </section>
    }
}

#[component]
fn Head(alert: AlertSummary) -> impl IntoView {
    let location = Context::get().location;
    let labels = matchers::of_labels(&alert.labels);
    let silence = move || location.link("/alerts", &[("view", "silences"), ("matchers", &labels)]);
    let (from, to) = links::around(alert.since, alert.fired_at.unwrap_or(alert.since), 30);
    let onset = move || location.href(&[("from", &from), ("to", &to)]);
    let fact = |what: &'static str, at: Option<UnixNano>| {
        at.map(|at| view! { <span><span class="hint">{what}" "</span><Moment at/>" ("<Ago at/>")"</span> })
    };
    // What is a link already is not told again.
    let is_link = |name: &str| matches!(name, "alert_url" | "logs_url" | "traces_url");
    let annotations =
        alert.annotations.into_iter().filter(|(name, _)| !is_link(name)).map(|(name, value)| {
            view! { <tr><th scope="row">{name}</th><td class="value">{value}</td></tr> }
        });
    let rule = match (alert.group, alert.file) {
        (Some(group), file) => format!("{group}, {}", file.unwrap_or_default()),
        _ => "Sent by another system".to_owned(),
    };
    let receivers = alert.receivers.join(", ");
    view! {
        <header class="page-head">
            <h1>{alert.name.clone()}</h1>
            <StateMark shown=Shown::of(&AlertSummary { suppressed: alert.suppressed.clone(), state: alert.state, ..AlertSummary::default() })/>
            <Suppressions by=alert.suppressed/>
            <nav class="ways" aria-label="Of this alert">
                <Links links=alert.links/>
                <a href=dynamic(onset) data-testid="onset">"Its onset"</a>
                <a href=dynamic(silence) data-testid="silence-this">"Silence"</a>
            </nav>
        </header>
        <p class="facts" data-testid="alert-facts">
            {fact("holds since", Some(alert.since))}
            {fact("fired", alert.fired_at)}
            {fact("unknown since", alert.unknown_since)}
            {fact("over", alert.resolved_at)}
            {alert.value.map(|value| view! { <span><span class="hint">"value "</span><strong class="num">{format::short(value)}</strong></span> })}
        </p>
        <p><Labels labels=alert.labels/></p>
        <table class="attributes"><tbody>
            {annotations.collect_view()}
            <tr><th scope="row">"Told"</th><td class="value">{if receivers.is_empty() { "nobody".to_owned() } else { receivers }}</td></tr>
            <tr><th scope="row">"Rule"</th><td class="value">{rule}</td></tr>
        </tbody></table>
    }
}

/// What the rule compares, over the range of the page, against what it compares it with.
#[component]
fn Expression(alert: Memo<Option<AlertSummary>>) -> impl IntoView {
    let context = Context::get();
    let of =
        move |part: fn(&AlertSummary) -> Option<String>| alert.with(|alert| alert.as_ref().and_then(part));
    let expression = memo(move || of(|alert| alert.expression.clone()));
    let language = memo(move || of(|alert| alert.language.clone()).unwrap_or_default());
    let labels = memo(move || {
        alert.with(|alert| alert.as_ref().map(|alert| alert.labels.clone()).unwrap_or_default())
    });
    let range = Signal::derive(move || context.range.get().ok());
    view! {
        <Show when=move || expression.with(Option::is_some)>
            <h2>"Expression"</h2>
            <pre class="wrap" data-testid="expression">{dynamic(move || expression.get())}</pre>
            <ExpressionChart expression language labels range/>
        </Show>
    }
}

#[component]
fn Past(answer: Fetched<AlertResponse>) -> impl IntoView {
    let changes = answer.map(|answer| answer.changes.clone());
    let notifications = answer.map(|answer| answer.notifications.clone());
    let again = Callback::new(move |()| answer.retry());
    let list = move || match changes.get().unwrap_or_default() {
        changes if changes.is_empty() => view! { <p class="hint">"None is kept."</p> }.into_any(),
        changes => view! { <Changes changes of_one=true/> }.into_any(),
    };
    let messages = move || match notifications.get().unwrap_or_default() {
        messages if messages.is_empty() => view! { <p class="hint">"Nobody was told yet."</p> }.into_any(),
        messages => view! { <MessageTable messages again/> }.into_any(),
    };
    view! {
        <h2>"Who was told"</h2>
        {dynamic(messages)}
        <h2>"What became of it"</h2>
        {dynamic(list)}
    }
}
