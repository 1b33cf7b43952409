//! Counts as cells of a grid, the fuller the stronger, and a box around some of them.

use super::canvas::{Canvas, colour};
use crate::view::dashboards::cells::Cells;
use crate::view::heatmap::{Chosen, Heatmap};
use crate::view::scale::Linear;

/// Narrower cells touch each other.
const GAP_FROM_PX: f64 = 5.0;

pub fn draw(canvas: &Canvas, map: &Heatmap, x: &Linear, chosen: Option<Chosen>) {
    canvas.fill(&colour("--accent"));
    for row in 0..map.rows {
        for column in 0..map.columns {
            let cell = (column, row);
            let strength = map.strength(cell);
            if strength > 0.0 {
                let (left, top, width, height) = place(canvas, map, x, &Chosen::between(cell, cell));
                let gap = |length: f64| if length >= GAP_FROM_PX { length - 1.0 } else { length };
                canvas.context.set_global_alpha(strength);
                canvas.context.fill_rect(left, top, gap(width), gap(height));
            }
        }
    }
    canvas.context.set_global_alpha(1.0);
    if let Some(chosen) = chosen {
        let (left, top, width, height) = place(canvas, map, x, &chosen);
        canvas.stroke(&colour("--t1"), 2.0);
        canvas.context.stroke_rect(left, top, width, height);
    }
}

/// Left, top, width and height in whole pixels.
fn place(canvas: &Canvas, map: &Heatmap, x: &Linear, chosen: &Chosen) -> (f64, f64, f64, f64) {
    let (from, to) = map.time_ms(chosen);
    let (bottom, top) = map.heights(chosen);
    let (left, right) = (x.px(from).round(), x.px(to).round());
    let y = |share: f64| ((1.0 - share) * canvas.height).round();
    (left, y(top), (right - left).max(1.0), (y(bottom) - y(top)).max(1.0))
}

/// Rows of numbers over time.
pub fn draw_values(canvas: &Canvas, cells: &Cells, x: &Linear) {
    canvas.fill(&colour("--accent"));
    let height = canvas.height / cells.rows.len().max(1) as f64;
    for row in 0..cells.rows.len() {
        let top = (canvas.height - (row + 1) as f64 * height).round();
        let bottom = (canvas.height - row as f64 * height).round();
        for column in 0..cells.columns {
            let strength = cells.strength(column, row);
            if strength > 0.0 {
                let left = x.px(cells.start_ms + column as f64 * cells.step_ms).round();
                let right = x.px(cells.start_ms + (column + 1) as f64 * cells.step_ms).round();
                canvas.context.set_global_alpha(strength);
                canvas.context.fill_rect(left, top, (right - left).max(1.0), (bottom - top).max(1.0));
            }
        }
    }
    canvas.context.set_global_alpha(1.0);
}
