//! Log records over time by severity: stacked bars, a legend with totals, the same as a table.

use crate::charts::bars;
use crate::components::folded::Folded;
use crate::components::time_plot::{Area, TimePlot};
use crate::context::Context;
use crate::dynamic::{dynamic, memo};
use crate::prelude::*;
use crate::view::range::in_ms;
use crate::view::scale::Linear;
use crate::view::{format, ticks, zone};
use ocelli_api::UnixNano;
use ocelli_api::logs::LogHistogramResponse;
use std::sync::Arc;

#[component]
pub fn Histogram(
    #[prop(into)] data: Signal<Option<Arc<LogHistogramResponse>>>,
    /// What a click on a severity leads to.
    severity_href: Callback<String, String>,
) -> impl IntoView {
    let ticks = memo(move || {
        let highest =
            data.with(|data| data.as_deref().map(bars::totals).unwrap_or_default()).into_iter().max();
        ticks::linear(highest.unwrap_or(0) as f64, 3)
    });
    let top = move || ticks.with(|ticks| ticks[ticks.len() - 1]);
    let value_ticks = Signal::derive(move || {
        ticks.get().into_iter().map(|tick| (tick / top(), format::short(tick))).collect::<Vec<_>>()
    });
    let range_ms = Signal::derive(move || {
        data.with(|data| {
            let range = data.as_deref().map(|data| data.range).unwrap_or_default();
            in_ms(&range)
        })
    });
    let draw = move |area: Area| {
        let y = Linear::new(0.0, top(), area.canvas.height, 0.0);
        data.with(|data| {
            if let Some(data) = data.as_deref() {
                bars::draw(&area.canvas, data, &area.x, &y);
            }
        });
    };
    let label = Signal::derive(move || data.with(|data| data.as_deref().map(describe).unwrap_or_default()));
    view! {
        <figure class="chart" data-testid="histogram">
            <TimePlot label range_ms value_ticks draw=Callback::new(draw) class="low"/>
            <figcaption><Legend data severity_href/></figcaption>
            <BucketTable data/>
        </figure>
    }
}

fn describe(data: &LogHistogramResponse) -> String {
    let one = |severity: &&str| {
        let total = total_of(data, severity);
        (total > 0).then(|| format!("{total} {severity}"))
    };
    let parts: Vec<String> = bars::SEVERITIES.iter().filter_map(one).collect();
    format!("{} log records over time: {}", data.total, parts.join(", "))
}

fn total_of(data: &LogHistogramResponse, severity: &str) -> u64 {
    data.series.iter().filter(|series| series.severity == severity).flat_map(|series| &series.counts).sum()
}

/// Totals, or the counts of the bucket under the crosshair.
#[component]
fn Legend(
    data: Signal<Option<Arc<LogHistogramResponse>>>,
    severity_href: Callback<String, String>,
) -> impl IntoView {
    let context = Context::get();
    let bucket = move |data: &LogHistogramResponse| {
        let at = context.hover_ms.get()?;
        let index = ((at - data.start_ms as f64) / data.step_ms.max(1) as f64).floor();
        (index >= 0.0).then_some(index as usize)
    };
    let entries = move || {
        let data = data.get()?;
        let bucket = bucket(&data);
        let entry = |severity: &'static str| {
            let total = total_of(&data, severity);
            let series = data.series.iter().find(|series| series.severity == severity);
            let shown = match bucket {
                Some(at) => series.and_then(|series| series.counts.get(at)).copied().unwrap_or(0),
                None => total,
            };
            let key = format!("bar-key sev-{severity}");
            (total > 0).then(|| {
                view! {
                    <li><a href=severity_href.run(severity.to_owned())><span class=key></span>{severity}</a>" "
                    <span class="num">{format::count(shown)}</span></li>
                }
            })
        };
        Some(bars::SEVERITIES.into_iter().filter_map(entry).collect_view())
    };
    view! { <ul class="legend">{dynamic(entries)}</ul><span class="readout num">{dynamic(move || context.hover_clock())}</span> }
}

#[component]
fn BucketTable(data: Signal<Option<Arc<LogHistogramResponse>>>) -> impl IntoView {
    let context = Context::get();
    let table = move || {
        let data = data.get()?;
        let rows = bars::totals(&data).into_iter().enumerate().map(|(index, total)| {
            let start = data.start_ms + data.step_ms * index as i64;
            let at = UnixNano(start.saturating_mul(1_000_000));
            let cells = data.series.iter().map(|series| {
                view! { <td class="num">{format::count(series.counts.get(index).copied().unwrap_or(0))}</td> }
            });
            view! {
                <tr><td class="num">{zone::short_date_clock(at, context.offset_min(at))}</td>
                <td class="num">{format::count(total)}</td>{cells.collect_view()}</tr>
            }
        });
        Some(view! {
            <div class="scroll-table" tabindex="0"><table>
                <thead><tr><th>"From"</th><th class="num">"All"</th>
                {data.series.iter().map(|series| view! { <th class="num">{series.severity.clone()}</th> }).collect_view()}</tr></thead>
                <tbody>{rows.collect_view()}</tbody>
            </table></div>
        })
    };
    view! {
        <Folded summary="As a table">{dynamic(table)}</Folded>
    }
}
