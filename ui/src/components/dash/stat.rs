//! A number of each line, with what it means and how it got there.

use crate::components::sparkline::Sparkline;
use crate::dynamic::dynamic;
use crate::prelude::*;
use crate::view::dashboards::lines::{Line, reduced};
use crate::view::dashboards::units::{Unit, level, look};
use crate::view::series::Series;
use ocelli_api::dashboards::Panel;

/// Numbers that a panel has room for.
const MOST: usize = 24;

#[component]
pub fn Stats(panel: Panel, lines: Memo<Vec<Line>>) -> impl IntoView {
    let panel = StoredValue::new(panel);
    let body = move || {
        let lines = lines.get();
        let is_one = lines.len() == 1;
        let one = |line: Line| panel.with_value(|panel| stat(panel, line, is_one));
        lines.into_iter().take(MOST).map(one).collect_view()
    };
    view! { <div class="dash-stats">{dynamic(body)}</div> }
}

fn stat(panel: &Panel, line: Line, is_one: bool) -> impl IntoView + use<> {
    let value = reduced(&line.series, panel.reduce);
    let unit = Unit::of(panel);
    let text = value.map_or_else(|| "–".to_owned(), |value| unit.write(value));
    let (class, glyph, word) =
        value.and_then(|value| level(&panel.thresholds, value)).map_or(("", "", ""), look);
    let mark = (!glyph.is_empty()).then(|| {
        view! { <span class="glyph" aria-hidden="true">{glyph}" "</span><span class="hidden">{word}": "</span> }
    });
    let has_line = line.series.values.len() > 1;
    let label = format!("{} over time", line.series.name);
    let spark = has_line
        .then(|| view! { <Sparkline label series=Series { colour: "--accent", ..line.series.clone() }/> });
    let name = (!is_one).then_some(line.series.name);
    view! {
        <div class="dash-stat" data-testid="dash-stat">
            <span class="hint clip">{name}</span>
            <span class=format!("big num {class}")>{mark}{text}</span>
            {spark}
        </div>
    }
}
