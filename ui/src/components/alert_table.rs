//! Alerts as rows, each with the way to its page, its evidence and a silence.

use crate::components::acknowledgement::AcknowledgedBy;
use crate::components::alert_marks::{Labels, Links, StateMark, Suppressions};
use crate::components::moment::Ago;
use crate::context::Context;
use crate::dynamic::dynamic;
use crate::prelude::*;
use crate::view::alerts::{Shown, groups};
use crate::view::{format, links, matchers};
use ocelli_api::alerts::AlertSummary;

const COLUMNS: &str = "8";

/// Under heads of the values of a label, where one is given.
#[component]
pub fn AlertTable(alerts: Vec<AlertSummary>, by: String) -> impl IntoView {
    let with_heads = !by.is_empty();
    let name = by.clone();
    let head = move |value: &str, count: usize| {
        let value = if value.is_empty() { format!("no {name}") } else { format!("{name}={value}") };
        let count = format::plural(count as u64, "alert", "alerts");
        view! { <tr class="group-head"><th scope="rowgroup" colspan=COLUMNS>{value}" "<span class="count">{count}</span></th></tr> }
    };
    let group = move |(value, alerts): (String, Vec<AlertSummary>)| {
        let head = with_heads.then(|| head(&value, alerts.len()));
        view! { <tbody>{head}{alerts.into_iter().map(|alert| view! { <Row alert/> }).collect_view()}</tbody> }
    };
    view! {
        <div class="scroll-table"><table class="rows cards">
            <thead><tr>
                <th>"State"</th><th>"Alert"</th><th>"Labels"</th><th>"Since"</th><th class="num">"Value"</th>
                <th>"Receivers"</th><th>"Look at"</th><td></td>
            </tr></thead>
            {groups(alerts, &by).into_iter().map(group).collect_view()}
        </table></div>
    }
}

#[component]
fn Row(alert: AlertSummary) -> impl IntoView {
    let location = Context::get().location;
    let path = links::alert_path(&alert.fingerprint);
    let about = alert.annotations.get("summary").or_else(|| alert.annotations.get("description")).cloned();
    let rule = alert.group.as_ref().map_or_else(
        || "Sent by another system".to_owned(),
        |group| format!("Rule of the group {group} in {}", alert.file.as_deref().unwrap_or("–")),
    );
    let labels = matchers::of_labels(&alert.labels);
    let silence = move || location.link("/alerts", &[("view", "silences"), ("matchers", &labels)]);
    let receivers = match alert.receivers.join(", ") {
        names if names.is_empty() => "nobody".to_owned(),
        names => names,
    };
    view! {
        <tr data-testid="alert-row">
            <td class="state"><StateMark shown=Shown::of(&alert)/><Suppressions by=alert.suppressed/><AcknowledgedBy given=alert.acknowledged/></td>
            <th scope="row"><a data-nav="" title=rule href=dynamic(move || location.link(&path, &[]))>{alert.name.clone()}</a>
                {about.map(|about| view! { <span class="hint about">{about}</span> })}</th>
            <td class="wrap"><Labels labels=alert.labels/></td>
            <td data-l="since"><Ago at=alert.since/></td>
            <td class="num" data-l="value">{alert.value.map(format::short)}</td>
            <td data-l="to">{receivers}</td>
            <td><Links links=alert.links/></td>
            <td class="end"><a href=dynamic(silence) aria-label=format!("Silence {}", alert.name)>"Silence"</a></td>
        </tr>
    }
}
