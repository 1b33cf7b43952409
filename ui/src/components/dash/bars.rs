//! Numbers beside each other: as bars, and as a table.

use crate::dynamic::dynamic;
use crate::prelude::*;
use crate::view::dashboards::lines::{Line, reduced, table};
use crate::view::dashboards::units::{Unit, level, look};
use crate::view::length;
use crate::view::order::sort_by;
use ocelli_api::dashboards::Panel;

/// The longest first.
#[component]
pub fn Bars(panel: Panel, lines: Memo<Vec<Line>>) -> impl IntoView {
    let panel = StoredValue::new(panel);
    let body = move || {
        panel.with_value(|panel| {
            let unit = Unit::of(panel);
            let mut rows: Vec<(String, f64)> = lines.with(|lines| {
                let row = |line: &Line| Some((line.series.name.clone(), reduced(&line.series, panel.reduce)?));
                lines.iter().filter_map(row).collect()
            });
            sort_by(&mut rows, |a, b| b.1.total_cmp(&a.1));
            let most = panel.max.unwrap_or_else(|| rows.iter().map(|row| row.1).fold(0.0, f64::max));
            let row = |(name, value): (String, f64)| {
                let share = if most > 0.0 { value / most } else { 0.0 };
                let bar = view! { <span class="share" style:width=length::share(share)></span> };
                let whole = name.clone();
                view! {
                    <tr data-testid="dash-bar"><th scope="row" title=whole>{name}</th>
                        <td class="bar-cell" aria-hidden="true">{bar}</td><td class="num">{marked(panel, value, &unit)}</td></tr>
                }
            };
            rows.into_iter().map(row).collect_view()
        })
    };
    view! { <div class="dash-scroll" tabindex="0"><table class="rows bars">
    <thead class="hidden"><tr><th>"Name"</th><th>"Share of the longest"</th><th>"Value"</th></tr></thead>
    <tbody>{dynamic(body)}</tbody></table></div> }
}

fn marked(panel: &Panel, value: f64, unit: &Unit) -> impl IntoView + use<> {
    let (class, glyph, word) = level(&panel.thresholds, value).map_or(("", "", ""), look);
    let mark = (!glyph.is_empty()).then(|| {
        view! { <span class="glyph" aria-hidden="true">{glyph}" "</span><span class="hidden">{word}": "</span> }
    });
    view! { <span class=class>{mark}{unit.write(value)}</span> }
}

#[component]
pub fn Table(panel: Panel, lines: Memo<Vec<Line>>) -> impl IntoView {
    let panel = StoredValue::new(panel);
    let body = move || {
        panel.with_value(|panel| {
            let unit = Unit::of(panel);
            let table = lines.with(|lines| table(lines, panel.queries.len(), panel.reduce));
            let figure = |number: usize| match panel.queries.get(number).map(|query| query.legend.trim()) {
                Some(legend) if !legend.is_empty() && !legend.contains("{{") => legend.to_owned(),
                _ if panel.queries.len() < 2 => "value".to_owned(),
                _ => format!("value {}", number + 1),
            };
            let heads = table.heads.iter().map(|head| view! { <th>{head.clone()}</th> }).collect_view();
            let figures = (0..panel.queries.len()).map(|number| view! { <th class="num">{figure(number)}</th> }).collect_view();
            let row = |(names, values): (Vec<String>, Vec<Option<f64>>)| {
                let cell_of = |name: String| {
                    let whole = name.clone();
                    view! { <td class="clip-cell" title=whole>{name}</td> }
                };
                let names = names.into_iter().map(cell_of).collect_view();
                let cell = |value: Option<f64>| match value {
                    Some(value) => view! { <td class="num">{marked(panel, value, &unit)}</td> }.into_any(),
                    None => view! { <td class="num hint">"–"</td> }.into_any(),
                };
                view! { <tr data-testid="dash-row">{names}{values.into_iter().map(cell).collect_view()}</tr> }
            };
            let rows = table.rows.into_iter().map(row).collect_view();
            view! { <table class="rows"><thead><tr>{heads}{figures}</tr></thead><tbody>{rows}</tbody></table> }
        })
    };
    view! { <div class="dash-scroll" tabindex="0">{dynamic(body)}</div> }
}
