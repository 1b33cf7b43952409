//! Small parts of alerts: the state, the labels, the links.

use crate::context::Context;
use crate::dynamic::dynamic;
use crate::prelude::*;
use crate::view::alerts::{self, Shown};
use crate::view::{format, links, matchers, order};
use ocelli_api::alerts::{AlertLink, Delivery, SuppressedBy, Suppression};
use std::collections::BTreeMap;

/// A label's value is cut after so much; the title has all.
const SHOWN_VALUE: usize = 60;

/// Colour, glyph and text.
#[component]
pub fn StateMark(shown: Shown) -> impl IntoView {
    view! {
        <span class=format!("mark {}", shown.class()) title=shown.meaning()>
            <span class="glyph" aria-hidden="true">{shown.glyph()}</span>" "{shown.text()}
        </span>
    }
}

/// By what an alert is suppressed, each with the way there.
#[component]
pub fn Suppressions(by: Vec<Suppression>) -> impl IntoView {
    let location = Context::get().location;
    let one = move |suppression: Suppression| {
        let (by, id) = (suppression.by, suppression.id);
        let text = id.get(..8).unwrap_or(&id).to_owned();
        let target = match by {
            SuppressedBy::Silence => {
                view! { <a href=dynamic(move || location.link("/alerts", &[("view", "silences"), ("silence", &id)]))>{text}</a> }.into_any()
            }
            SuppressedBy::Inhibition => {
                view! { <a href=dynamic(move || location.link(&links::alert_path(&id), &[]))>{text}</a> }.into_any()
            }
            SuppressedBy::MuteTime => view! { <span>{id.clone()}</span> }.into_any(),
        };
        view! { <span class="hint suppressed">"by "{alerts::suppressed_by(by)}" "{target}</span> }
    };
    by.into_iter().map(one).collect_view()
}

/// The labels but the name; each leads to the alerts that have it too.
#[component]
pub fn Labels(labels: BTreeMap<String, String>) -> impl IntoView {
    let location = Context::get().location;
    let find = location.value("find");
    let chip = move |(name, value): (String, String)| {
        let only = order::map([(name.clone(), value.clone())].into_iter());
        let matcher = matchers::of_labels(&only);
        let (shown, cut) = format::clip(&value, SHOWN_VALUE);
        let text = format!("{name}={shown}{}", if cut { "…" } else { "" });
        let title = format!("Only alerts with {matcher}");
        let href = move || {
            let find = find.get();
            let narrower =
                if find.contains(&matcher) { find } else { format!("{find} {matcher}").trim().to_owned() };
            location.link("/alerts", &[("find", &narrower)])
        };
        view! { <a class="chip" title=title href=dynamic(href)>{text}</a> }
    };
    let labels = labels.into_iter().filter(|(name, _)| name != "alertname");
    view! { <span class="labels">{labels.map(chip).collect_view()}</span> }
}

/// Where to look next.
#[component]
pub fn Links(links: Vec<AlertLink>) -> impl IntoView {
    let origin = window().location().origin().unwrap_or_default();
    let one = |link: AlertLink| {
        let url = links::safe(links::local(&link.url, &origin))?.to_owned();
        let outside = (!url.starts_with('/')).then_some("noreferrer");
        Some(view! { <a href=url rel=outside>{link.title}</a> })
    };
    view! { <span class="ways">{links.into_iter().filter_map(one).collect_view()}</span> }
}

#[component]
pub fn DeliveryMark(status: Delivery) -> impl IntoView {
    let (class, glyph, text) = match status {
        Delivery::Waiting => ("sev-warn", "▲", "Waiting"),
        Delivery::Delivered => ("ok", "✔", "Delivered"),
        Delivery::Dead => ("sev-error", "✖", "Dead"),
    };
    view! { <span class=format!("mark {class}")><span class="glyph" aria-hidden="true">{glyph}</span>" "{text}</span> }
}
