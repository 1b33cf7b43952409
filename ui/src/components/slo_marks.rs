//! Small parts of objectives: the risk, the budget as a bar, the pairs of burn windows.

use crate::context::Context;
use crate::dynamic::dynamic;
use crate::prelude::*;
use crate::view::slos::{self, Risk};
use crate::view::{format, length, zone};
use ocelli_api::slos::{Exhaustion, SloAlert};

#[component]
pub fn RiskMark(risk: Risk) -> impl IntoView {
    view! { <span class=format!("mark {}", risk.class())><span class="glyph" aria-hidden="true">{risk.glyph()}</span>" "{risk.text()}</span> }
}

/// What is left, as a number and a bar that goes to the left of its middle below 0.
#[component]
pub fn Budget(
    left: Option<f64>,
    /// A bar beside this one is below 0, so that the middle is 0.
    with_overspent: bool,
) -> impl IntoView {
    let bar = left.map(|left| {
        let (begin, width) = slos::budget_bar(left, with_overspent);
        let (begin, width) = (length::percent(begin), length::percent(width));
        view! { <span class="budget" class:zero=with_overspent aria-hidden="true"><span class="share" class:err={left <= 0.0} style:margin-left=begin style:width=width></span></span> }
    });
    view! { <span class="num budget-left" class:bad=left.is_some_and(|left| left <= 0.0)>{slos::signed(left)}</span>{bar} }
}

/// The four pairs, each a glyph; a title says the rest.
#[component]
pub fn BurnStates(alerts: Vec<SloAlert>) -> impl IntoView {
    let one = |alert: SloAlert| {
        let (text, glyph, class) = slos::burn_state(alert.state);
        let text = format!("{}/{}: {text}", alert.long.window, alert.short.window);
        let title = format!("{}, {}", text, slos::burn_meaning(alert.state));
        view! { <span class=format!("burn {class}") class:off=!alert.enabled title=title role="img" aria-label=text>{glyph}<small>{alert.long.window}</small></span> }
    };
    view! { <span class="burns">{alerts.into_iter().map(one).collect_view()}</span> }
}

/// When the budget will be spent, or was.
#[component]
pub fn Forecast(
    exhaustion: Option<Exhaustion>,
    /// Something was counted in the window.
    known: bool,
) -> impl IntoView {
    let context = Context::get();
    match exhaustion {
        None if !known => view! { <span class="hint">"–"</span> }.into_any(),
        None => view! { <span class="hint">"not within the window"</span> }.into_any(),
        Some(exhaustion) => {
            let how = format!(
                "at a burn rate of {} over {}",
                format::short(exhaustion.burn_rate),
                exhaustion.measured_over
            );
            view! { <span title=how>{dynamic(move || zone::ago(exhaustion.at, context.now.get()))}</span> }
                .into_any()
        }
    }
}
