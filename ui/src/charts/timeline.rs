//! The bars of a waterfall: one frame draws the rows in view and nothing else.

use super::canvas::{Canvas, colour};
use crate::view::format;
use crate::view::trace_lines::Line;
use crate::view::waterfall::{STATUS_ERROR, bar};
use crate::view::where_time::Pieces;
use ocelli_api::traces::SpanColumns;

/// Height of a row in CSS pixels; the style sheet has the same.
pub const ROW_PX: f64 = 24.0;

const BAR_PX: f64 = 12.0;
const LABEL_GAP_PX: f64 = 4.0;
const INSET_PX: f64 = 12.0;

/// What one frame shows.
pub struct Frame<'a> {
    pub spans: &'a SpanColumns,
    /// In order from the top.
    pub lines: &'a [Line],
    /// When the record of each line was written, from the start of the trace; none for spans.
    pub records: &'a [Option<i64>],
    /// Whether each row is what is looked for; empty where nothing is.
    pub found: &'a [bool],
    /// How far the first row is scrolled out at the top.
    pub shift_px: f64,
    /// Part of the trace in view, nanoseconds from its start.
    pub window: (f64, f64),
    pub selected: Option<u32>,
    /// Colour and stripes of each service.
    pub looks: &'a [(String, bool)],
    /// The pieces of the critical path by row of the trace; empty where it is not shown.
    pub path: &'a [Pieces],
}

pub fn draw(canvas: &Canvas, frame: &Frame, ticks: &[f64]) {
    let grid = colour("--bg2");
    canvas.stroke(&grid, 1.0);
    for &tick in ticks {
        canvas.vertical(share(tick, frame.window) * canvas.width);
    }
    let (error, text, selected) = (colour("--err"), colour("--t2"), colour("--t1"));
    canvas.context.set_font("11px system-ui, sans-serif");
    canvas.context.set_text_baseline("middle");
    for (place, &Line { row, record }) in frame.lines.iter().enumerate() {
        let at = row as usize;
        let middle = place as f64 * ROW_PX - frame.shift_px + ROW_PX / 2.0;
        if record > 0 {
            let moment = frame.records.get(place).copied().flatten();
            if let Some((left, _)) = moment.and_then(|at| bar(at, 0, frame.window, canvas.width)) {
                canvas.fill(&text);
                canvas.context.fill_rect(left - 2.0, middle - 2.0, 4.0, 4.0);
            }
            continue;
        }
        let is_dim = frame.found.get(at) == Some(&false);
        canvas.context.set_global_alpha(if is_dim { 0.35 } else { 1.0 });
        let (start, duration) = (frame.spans.start_offset_ns[at], frame.spans.duration_ns[at]);
        let Some((left, width)) = bar(start, duration, frame.window, canvas.width) else { continue };
        let top = middle - BAR_PX / 2.0;
        draw_bar(canvas, frame, at, (left, top, width));
        if frame.spans.status[at] == STATUS_ERROR {
            canvas.fill(&error);
            canvas.context.fill_rect(left, top + BAR_PX - 3.0, width, 3.0);
        }
        for (start, length) in frame.path.get(at).into_iter().flatten() {
            if let Some((left, width)) = bar(*start, *length, frame.window, canvas.width) {
                canvas.fill(&selected);
                canvas.context.fill_rect(left, top - 4.0, width, 3.0);
            }
        }
        if frame.selected == Some(row) {
            canvas.stroke(&selected, 1.5);
            canvas.context.stroke_rect(left - 1.5, top - 1.5, width + 3.0, BAR_PX + 3.0);
        }
        canvas.fill(&text);
        label(canvas, &format::duration_ns(duration), left, width, middle);
    }
    canvas.context.set_global_alpha(1.0);
}

fn share(value: f64, window: (f64, f64)) -> f64 {
    (value - window.0) / (window.1 - window.0).max(1.0)
}

fn draw_bar(canvas: &Canvas, frame: &Frame, row: usize, (left, top, width): (f64, f64, f64)) {
    let Some((fill, striped)) = frame.looks.get(frame.spans.service[row] as usize) else { return };
    canvas.fill(fill);
    canvas.context.fill_rect(left, top, width, BAR_PX);
    if *striped {
        canvas.fill(&colour("--bg"));
        let mut x = left + 4.0;
        while x < left + width - 2.0 {
            canvas.context.fill_rect(x, top, 2.0, BAR_PX);
            x += 6.0;
        }
    }
}

/// Right of the bar where there is room, else left of it, else inside.
fn label(canvas: &Canvas, text: &str, left: f64, width: f64, middle: f64) {
    let text_width = canvas.context.measure_text(text).map_or(60.0, |metrics| metrics.width());
    let right = left + width + LABEL_GAP_PX;
    let before = left - LABEL_GAP_PX - text_width;
    let x = match () {
        () if right + text_width <= canvas.width => right,
        () if before >= 0.0 => before,
        () => {
            let inside = (left + width).min(canvas.width) - INSET_PX - text_width;
            canvas.fill(&colour("--bg"));
            canvas.context.fill_rect(inside - 3.0, middle - 6.0, text_width + 6.0, 12.0);
            canvas.fill(&colour("--t1"));
            inside
        }
    };
    // Fails only for numbers that are not finite.
    let _drawn = canvas.context.fill_text(text, x, middle + 0.5);
}
