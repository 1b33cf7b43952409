//! What asks for attention now: alerts that fire and objectives at risk, each with the way there. Nothing is
//! shown where nothing does.

use crate::client::{Fetched, fetch_now};
use crate::components::slo_marks::RiskMark;
use crate::context::Context;
use crate::dynamic::{dynamic, memo};
use crate::prelude::*;
use crate::view::alerts::{self, Shown};
use crate::view::slos::{self, Risk};
use crate::view::{format, links};
use ocelli_api::alerts::AlertsResponse;
use ocelli_api::slos::SlosResponse;

/// Of each kind; the rest is on its page.
const SHOWN: usize = 3;

#[component]
pub fn Attention() -> impl IntoView {
    let alerts = fetch_now::<AlertsResponse>(|| Some("/api/alerts".to_owned()));
    let slos = fetch_now::<SlosResponse>(|| Some("/api/slos".to_owned()));
    view! { <div class="attention"><Firing alerts/><AtRisk slos/></div> }
}

#[component]
fn Firing(alerts: Fetched<AlertsResponse>) -> impl IntoView {
    let location = Context::get().location;
    let firing = memo(move || {
        let mut all = alerts.get().map(|answer| answer.alerts.clone()).unwrap_or_default();
        all.retain(|alert| matches!(Shown::of(alert), Shown::Firing | Shown::Unknown));
        alerts::sort(&mut all);
        all
    });
    let tile = move || {
        let firing = firing.get();
        let count = format::plural(firing.len() as u64, "alert", "alerts");
        let first = firing.iter().take(SHOWN).map(|alert| {
            let path = links::alert_path(&alert.fingerprint);
            let (name, shown) = (alert.name.clone(), Shown::of(alert));
            let about = alert.annotations.get("summary").cloned();
            view! {
                <li>
                    <span class=format!("glyph {}", shown.class()) role="img" aria-label=shown.text()>{shown.glyph()}</span>
                    " "<a href=dynamic(move || location.link(&path, &[]))>{name}</a>" "<span class="hint">{about}</span>
                </li>
            }
        });
        (!firing.is_empty()).then(|| {
            view! {
                <section class="tile" data-testid="firing-tile">
                    <h2><a href=dynamic(move || location.link("/alerts", &[]))>{count}</a></h2>
                    <ul class="plain">{first.collect_view()}</ul>
                </section>
            }
        })
    };
    view! { {dynamic(tile)} }
}

#[component]
fn AtRisk(slos: Fetched<SlosResponse>) -> impl IntoView {
    let location = Context::get().location;
    let at_risk = memo(move || {
        let mut all = slos.get().map(|answer| answer.slos.clone()).unwrap_or_default();
        all.retain(|slo| Risk::of(slo).is_at_risk());
        slos::sort(&mut all);
        all
    });
    let tile = move || {
        let at_risk = at_risk.get();
        let count = format::plural(at_risk.len() as u64, "objective at risk", "objectives at risk");
        let first = at_risk.iter().take(SHOWN).map(|slo| {
            let path = links::slo_path(&slo.id);
            let (id, left) = (slo.id.clone(), slos::signed(slo.budget_left));
            let href = move || location.link(&path, &[("from", ""), ("to", "")]);
            view! {
                <li><RiskMark risk=Risk::of(slo)/>" "<a href=dynamic(href)>{id}</a>" "<span class="hint">{left}" of the budget left"</span></li>
            }
        });
        (!at_risk.is_empty()).then(|| {
            view! {
                <section class="tile" data-testid="risk-tile">
                    <h2><a href=dynamic(move || location.link("/slos", &[]))>{count}</a></h2>
                    <ul class="plain">{first.collect_view()}</ul>
                </section>
            }
        })
    };
    view! { {dynamic(tile)} }
}

/// How many alerts fire, beside the link to them.
#[component]
pub fn FiringCount() -> impl IntoView {
    let alerts = fetch_now::<AlertsResponse>(|| Some("/api/alerts".to_owned()));
    let firing = alerts.map(|answer| alerts::counts(&answer.alerts)[0]);
    let badge = move || {
        let count = firing.get().filter(|count| *count > 0)?;
        let label = format!("{} firing", format::count(count));
        Some(view! {
            <span class="nav-count" data-testid="firing-count" role="img" aria-label=label>{format::count(count)}</span>
        })
    };
    view! { {dynamic(badge)} }
}
