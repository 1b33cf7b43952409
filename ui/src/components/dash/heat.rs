//! Rows of cells over time, the fuller the stronger.

use super::answers::Scoped;
use super::chart::range_ms;
use crate::charts::cells;
use crate::components::time_plot::{Area, Spot, TimePlot};
use crate::dynamic::{dynamic, memo};
use crate::prelude::*;
use crate::view::dashboards::cells::Cells;
use crate::view::dashboards::lines::Line;
use crate::view::dashboards::units::Unit;
use crate::view::format;
use crate::view::scale::Linear;
use ocelli_api::dashboards::Panel;

const TICKS: usize = 6;

#[component]
pub fn Heat(panel: Panel, title: Memo<String>, lines: Memo<Vec<Line>>, scope: Scoped) -> impl IntoView {
    let unit = Unit::new(if panel.unit.is_empty() { "s" } else { &panel.unit }, panel.decimals);
    let map = memo(move || lines.with(|lines| Cells::of(lines, &unit)).unwrap_or_default());
    let range = range_ms(scope);
    let value_ticks = Signal::derive(move || map.with(|map| map.ticks(TICKS)));
    let draw = move |area: Area| map.with(|map| cells::draw_values(&area.canvas, map, &area.x));
    let pointed = RwSignal::new(None::<(usize, usize)>);
    let over = move |spot: Option<Spot>| {
        let (from, to) = range.get_untracked();
        pointed.set(spot.and_then(|spot| {
            let at_ms = Linear::new(from, to, 0.0, spot.width).value(spot.x);
            map.with_untracked(|map| map.at(at_ms, 1.0 - spot.y / spot.height.max(1.0)))
        }));
    };
    let readout = move || {
        let (column, row) = pointed.get()?;
        map.with(|map| Some(format!("{}: {}", map.rows.get(row)?, format::short(map.value(column, row)))))
    };
    let label = Signal::derive(move || {
        let rows = map.with(|map| map.rows.len());
        format!("{} over time, {rows} rows of cells. Arrow keys move the crosshair.", title.get())
    });
    view! {
        <TimePlot label range_ms=range value_ticks draw=Callback::new(draw) over=Callback::new(over) class="fill"/>
        <p class="dash-readout num hint" role="status">{dynamic(readout)}</p>
    }
}
