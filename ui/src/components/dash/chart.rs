//! Lines over time in a panel, with a legend that reads the values under the crosshair and shows one line alone.

use super::answers::Scoped;
use crate::charts::canvas;
use crate::charts::lines as drawing;
use crate::components::time_plot::{Area, TimePlot};
use crate::context::Context;
use crate::dynamic::{dynamic, handler, memo};
use crate::prelude::*;
use crate::view::dashboards::axis;
use crate::view::dashboards::lines::{Line, MOST, reduced, stacked};
use crate::view::dashboards::units::{Unit, colour};
use crate::view::order::sort_by;
use crate::view::range::in_ms;
use crate::view::scale::Linear;
use crate::view::series::Series;
use ocelli_api::dashboards::{Panel, Reduce};

/// Lines that a description in words has, and that a reader finds without an order.
const DESCRIBED: usize = 8;

/// The ends of a range in milliseconds.
pub fn range_ms(scope: Scoped) -> Signal<(f64, f64)> {
    Signal::derive(move || {
        let range = scope.with(|scope| scope.as_ref().map(|scope| scope.range)).unwrap_or_default();
        in_ms(&range)
    })
}

#[component]
pub fn SeriesChart(
    panel: Panel,
    title: Memo<String>,
    lines: Memo<Vec<Line>>,
    scope: Scoped,
) -> impl IntoView {
    let unit = StoredValue::new(Unit::of(&panel));
    let write = move |value: f64| unit.with_value(|unit| unit.write(value));
    // Of the lines which one is shown alone.
    let alone = RwSignal::new(None::<String>);
    let is_stacked = panel.stacked;
    let series = memo(move || {
        let alone = alone.get();
        let all = lines.with(|lines| lines.iter().map(|line| line.series.clone()).collect::<Vec<_>>());
        let is_there = |name: &String| all.iter().any(|series| series.name == *name);
        let alone = alone.filter(is_there);
        all.into_iter()
            .filter(|series| alone.as_ref().is_none_or(|name| series.name == *name))
            .collect::<Vec<_>>()
    });
    let drawn = memo(move || series.with(|series| if is_stacked { stacked(series) } else { series.clone() }));
    let (min, max) = (panel.min, panel.max);
    let ticks = memo(move || {
        let values = drawn.with(|drawn| {
            let finite = drawn.iter().flat_map(|of| of.values.iter().flatten().copied());
            finite.filter(|value| value.is_finite()).fold(None, |ends: Option<(f64, f64)>, value| {
                Some(ends.map_or((value, value), |(low, high)| (low.min(value), high.max(value))))
            })
        });
        let (low, high) = values.unwrap_or_default();
        axis::ticks(low, high, min, max)
    });
    let scale = move |height: f64| {
        let ends = ticks.with(|ticks| ticks.first().copied().zip(ticks.last().copied()));
        let (low, high) = ends.unwrap_or((0.0, 1.0));
        Linear::new(low, high, height, 0.0)
    };
    let value_ticks = Signal::derive(move || {
        let share = Linear { start_px: 0.0, end_px: 1.0, ..scale(0.0) };
        ticks.get().into_iter().map(|tick| (share.px(tick), write(tick))).collect::<Vec<_>>()
    });
    let levels: Vec<(f64, &'static str)> =
        panel.thresholds.iter().filter_map(|at| Some((at.value?, colour(at.level)))).collect();
    let draw = move |area: Area| {
        let y = scale(area.canvas.height);
        drawing::levels(&area.canvas, &levels, &y);
        drawn.with(|drawn| match is_stacked {
            true => drawing::stack(&area.canvas, drawn, &area.x, &y),
            false => drawing::draw(&area.canvas, drawn, &area.x, &y),
        });
    };
    let label = Signal::derive(move || {
        let one = |of: &Series| {
            let last = of.values.iter().rev().flatten().next().copied();
            last.map_or_else(
                || format!("{} no values", of.name),
                |last| format!("{} last {}", of.name, write(last)),
            )
        };
        let all = series.with(|all| all.iter().take(DESCRIBED).map(one).collect::<Vec<_>>().join("; "));
        format!("{} over time: {all}. Arrow keys move the crosshair.", title.get())
    });
    view! {
        <TimePlot label range_ms=range_ms(scope) value_ticks draw=Callback::new(draw) class="fill"/>
        <Legend unit lines alone/>
    }
}

/// Names with the values under the crosshair, else the last. Each is a button that shows its line alone.
#[component]
fn Legend(unit: StoredValue<Unit>, lines: Memo<Vec<Line>>, alone: RwSignal<Option<String>>) -> impl IntoView {
    let context = Context::get();
    let entry = move |line: &Line| {
        let series = StoredValue::new(line.series.clone());
        let (name, whole) = (line.series.name.clone(), line.series.name.clone());
        let colour = line.series.colour;
        let value = move || {
            let value = series.with_value(|series| match context.hover_ms.get() {
                Some(at) => series.at(at),
                None => series.values.iter().rev().flatten().next().copied(),
            });
            value.map_or_else(|| "–".to_owned(), |value| unit.with_value(|unit| unit.write(value)))
        };
        let is_alone = {
            let name = name.clone();
            move || alone.with(|alone| alone.as_ref() == Some(&name))
        };
        let pressed = {
            let is_alone = is_alone.clone();
            move || is_alone().to_string()
        };
        let click = {
            let name = name.clone();
            move |_| alone.set(if untrack(&is_alone) { None } else { Some(name.clone()) })
        };
        view! {
            <li><button type="button" class="quiet" aria-pressed=dynamic(pressed) title=whole on:click=handler(click)>
                <span class="line-key" aria-hidden="true" style:background=dynamic(move || { context.dark.track(); canvas::colour(colour) })></span>
                <span class="value">{name}</span>" "<span class="num">{dynamic(value)}</span></button></li>
        }
    };
    let entries = move || {
        lines.with(|lines| {
            let mut lines: Vec<&Line> = lines.iter().collect();
            // Of many the highest are those that one looks for.
            if lines.len() > DESCRIBED {
                let last = |line: &Line| reduced(&line.series, Reduce::Last).unwrap_or(f64::NEG_INFINITY);
                sort_by(&mut lines, |a, b| last(b).total_cmp(&last(a)));
            }
            lines.into_iter().map(entry).collect_view()
        })
    };
    let more = move || {
        lines.with(|lines| lines.len() >= MOST).then(|| {
            view! { <p class="hint">{format!("Only the first {MOST} lines are shown.")}</p> }
        })
    };
    view! { <p class="hint num dash-readout">{dynamic(move || context.hover_clock())}</p><ul class="dash-legend">{dynamic(entries)}</ul>{dynamic(more)} }
}
