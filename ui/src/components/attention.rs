//! What asks for attention now, each thing with the way there, or that nothing does.

use crate::client::{Fetched, fetch, fetch_now};
use crate::context::Context;
use crate::dynamic::{dynamic, memo};
use crate::prelude::*;
use crate::view::attention::{self, Line, Tile};
use crate::view::{alerts, format, links, worse};
use ocelli_api::alerts::AlertsResponse;
use ocelli_api::ingest::SystemResponse;
use ocelli_api::services::ServicesResponse;
use ocelli_api::slos::SlosResponse;

#[component]
pub fn Attention(system: Fetched<SystemResponse>, services: Fetched<ServicesResponse>) -> impl IntoView {
    let context = Context::get();
    let alerts = fetch_now::<AlertsResponse>(|| Some("/api/alerts".to_owned()));
    let slos = fetch_now::<SlosResponse>(|| Some("/api/slos".to_owned()));
    let before = fetch::<ServicesResponse>(move || {
        let (range, _) = worse::before(&context.range.get().ok()?);
        Some(links::api("/api/services", &range, &[]))
    });
    let worse = memo(move || attention::worse_services(&*services.get()?, &*before.get()?));
    // A tile that is the same as before is not built again, so that a link keeps the focus.
    let tiles = [
        memo(move || attention::firing(&*alerts.get()?)),
        memo(move || attention::at_risk(&*slos.get()?)),
        worse,
        memo(move || attention::ingest(&*system.get()?)),
    ];
    view! { <div class="attention">{tiles.into_iter().map(|tile| dynamic(move || tile.get().map(shown))).collect_view()}</div> }
}

fn shown(tile: Tile) -> AnyView {
    let location = Context::get().location;
    // Of an objective the range of the page is not meant: it has a window of its own.
    let cleared: &[(&str, &str)] = if tile.path == "/slos" { &[("from", ""), ("to", "")] } else { &[] };
    let line = |line: Line| {
        let mark = line.look.map(|(class, glyph, word)| {
            view! { <span class=format!("glyph {class}") role="img" aria-label=word>{glyph}</span>" " }
        });
        let name = match line.path {
            Some(path) => {
                view! { <a href=dynamic(move || location.link(&path, cleared))>{line.name}</a> }.into_any()
            }
            None => view! { <span>{line.name}</span> }.into_any(),
        };
        view! { <li>{mark}{name}" "<span class="hint">{line.about}</span></li> }
    };
    view! {
        <section class="tile" data-testid=tile.id>
            <h2><a href=dynamic(move || location.link(tile.path, &[]))>{tile.heading}</a></h2>
            <ul class="plain">{tile.lines.into_iter().map(line).collect_view()}</ul>
        </section>
    }
    .into_any()
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
