//! Lines over time with a legend that reads the values under the crosshair, exemplars that lead to their
//! traces, and the same as a table.

use crate::charts::points::{self, Point};
use crate::charts::{canvas, lines};
use crate::components::folded::Folded;
use crate::components::time_plot::{Area, Spot, TimePlot};
use crate::context::Context;
use crate::dynamic::{dynamic, memo};
use crate::prelude::*;
use crate::view::scale::{Linear, within};
use crate::view::series::{Series, highest, lowest};
use crate::view::{links, scatter, ticks, zone};
use ocelli_api::UnixNano;
use ocelli_api::services::Exemplar;

/// How far from a dot a click still hits it.
const HIT_PX: f64 = 10.0;
const VALUE_TICKS: usize = 4;

/// How a value of the chart is written.
pub type Unit = fn(f64) -> String;

#[component]
pub fn LineChart(
    title: &'static str,
    unit: Unit,
    #[prop(into)] range_ms: Signal<(f64, f64)>,
    #[prop(into)] series: Signal<Vec<Series>>,
    /// Dots whose height is their duration in milliseconds.
    #[prop(optional, into)]
    exemplars: Signal<Vec<Exemplar>>,
    /// Times at which something happened, in milliseconds since the epoch; the caller says what.
    #[prop(optional, into)]
    marks: Signal<Vec<f64>>,
) -> impl IntoView {
    let context = Context::get();
    let ticks = memo(move || {
        let (lowest, highest) = series.with(|series| (lowest(series), highest(series)));
        ticks::around_zero(lowest, highest, VALUE_TICKS)
    });
    let scale = move |height: f64| {
        let (bottom, top) = ends(&ticks.get());
        Linear::new(bottom, top, height, 0.0)
    };
    let value_ticks = Signal::derive(move || {
        let share = scale(0.0);
        let share = Linear { start_px: 0.0, end_px: 1.0, ..share };
        ticks.get().into_iter().map(|tick| (share.px(tick), unit(tick))).collect::<Vec<_>>()
    });
    let place = move |exemplar: &Exemplar, x: &Linear, height: f64| {
        let y = untrack(|| scale(height));
        Point {
            x: x.px(exemplar.time_ms as f64),
            // A dot above the highest quantile stays in sight at the edge.
            y: within(y.px(exemplar.duration_ms), 4.0, height - 4.0),
            error: exemplar.error,
        }
    };
    let draw = move |area: Area| {
        let height = area.canvas.height;
        let y = scale(height);
        series.with(|series| lines::draw(&area.canvas, series, &area.x, &y));
        marks.with(|marks| lines::marks(&area.canvas, marks, &area.x));
        let dots: Vec<Point> = exemplars
            .with(|exemplars| exemplars.iter().map(|exemplar| place(exemplar, &area.x, height)).collect());
        points::draw(&area.canvas, &dots, 3.0);
    };
    let click = move |click: Spot| {
        let (from, to) = range_ms.get_untracked();
        let x = Linear::new(from, to, 0.0, click.width);
        let hit = exemplars.with_untracked(|exemplars| {
            let at = |exemplar: &Exemplar| {
                let point = place(exemplar, &x, click.height);
                (point.x, point.y)
            };
            let dots: Vec<(f64, f64)> = exemplars.iter().map(at).collect();
            scatter::nearest(&dots, click.x, click.y, HIT_PX).and_then(|hit| exemplars.get(hit).cloned())
        });
        if let Some(hit) = hit {
            context.location.go(&trace_href(context, &hit), false);
        }
    };
    let label = Signal::derive(move || describe(title, unit, &series.get()));
    view! {
        <figure class="chart">
            <figcaption>
                <h2>{title}</h2>
                <Legend unit series/>
            </figcaption>
            <TimePlot label range_ms value_ticks draw=Callback::new(draw) click=Callback::new(click)/>
            <SeriesTable unit series/>
        </figure>
    }
}

fn ends(ticks: &[f64]) -> (f64, f64) {
    (ticks.first().copied().unwrap_or_default(), ticks.last().copied().unwrap_or(1.0))
}

/// The trace of an exemplar with its span opened.
pub fn trace_href(context: Context, exemplar: &Exemplar) -> String {
    untrack(|| context.location.link(&links::trace_path(&exemplar.trace_id), &[("span", &exemplar.span_id)]))
}

/// "Rate: p50 now 3/s, highest 5/s".
fn describe(title: &str, unit: Unit, series: &[Series]) -> String {
    let one = |series: &Series| {
        let last = series.values.iter().rev().flatten().next();
        match (last, series.max()) {
            (Some(last), Some(max)) => format!("{} last {}, highest {}", series.name, unit(*last), unit(max)),
            _ => format!("{} no values", series.name),
        }
    };
    format!(
        "{title} over time: {}. Arrow keys move the crosshair.",
        series.iter().map(one).collect::<Vec<_>>().join("; ")
    )
}

/// Names with the values under the crosshair, else the last.
#[component]
fn Legend(unit: Unit, series: Signal<Vec<Series>>) -> impl IntoView {
    let context = Context::get();
    let entries = move || {
        let hover = context.hover_ms.get();
        series.with(|series| {
            series
                .iter()
                .map(|series| {
                    let value = match hover {
                        Some(at) => series.at(at),
                        None => series.values.iter().rev().flatten().next().copied(),
                    };
                    let value = value.map_or_else(|| "–".to_owned(), unit);
                    view! {
                        <li>
                            <span class="line-key" style:background=canvas::colour(series.colour)></span>
                            {series.name.clone()} " " <span class="num">{value}</span>
                        </li>
                    }
                })
                .collect_view()
        })
    };
    view! {
        <ul class="legend">{dynamic(move || { context.dark.track(); entries() })}</ul>
        <span class="readout num">{dynamic(move || context.hover_clock())}</span>
    }
}

/// The chart for those who do not see it, made only when it is opened.
#[component]
fn SeriesTable(unit: Unit, series: Signal<Vec<Series>>) -> impl IntoView {
    let context = Context::get();
    let table = move || {
        let series = series.get();
        let first = series.first().cloned().unwrap_or_default();
        let rows = (0..first.values.len()).map(|index| {
            let at = UnixNano(first.time_ms(index).saturating_mul(1_000_000));
            let cells = series.iter().map(|series| {
                let value = series.values.get(index).copied().flatten();
                view! { <td class="num">{value.map_or_else(|| "–".to_owned(), unit)}</td> }
            });
            view! {
                <tr><td class="num">{zone::short_date_clock(at, context.offset_min(at))}</td>{cells.collect_view()}</tr>
            }
        });
        view! {
            <div class="scroll-table" tabindex="0">
                <table>
                    <thead><tr><th>"Time"</th>{series.iter().map(|series| view! { <th class="num">{series.name.clone()}</th> }).collect_view()}</tr></thead>
                    <tbody>{rows.collect_view()}</tbody>
                </table>
            </div>
        }
    };
    view! {
        <Folded summary="As a table">{dynamic(table)}</Folded>
    }
}
