//! Lines over time; a gap stays a gap.

use super::canvas::{Canvas, colour};
use crate::view::decimate;
use crate::view::scale::Linear;
use crate::view::series::Series;

/// Draws each series over the scales given, the last on top.
pub fn draw(canvas: &Canvas, series: &[Series], x: &Linear, y: &Linear) {
    canvas.context.set_line_join("round");
    for line in series {
        let colour = colour(line.colour);
        canvas.stroke(&colour, 1.5);
        canvas.fill(&colour);
        for run in decimate::runs(&line.values, canvas.width as usize) {
            draw_run(canvas, line, &run, x, y);
        }
    }
}

fn draw_run(canvas: &Canvas, line: &Series, run: &[(f64, f64)], x: &Linear, y: &Linear) {
    let point = |&(index, value): &(f64, f64)| {
        (x.px(line.start_ms as f64 + index * line.step_ms as f64), y.px(value))
    };
    // A value between two gaps has no line; a dot shows it.
    if let [only] = run {
        let (x, y) = point(only);
        canvas.fill_circle(x, y, 1.5);
        return;
    }
    canvas.context.begin_path();
    for (index, (x, y)) in run.iter().map(point).enumerate() {
        if index == 0 {
            canvas.context.move_to(x, y);
        } else {
            canvas.context.line_to(x, y);
        }
    }
    canvas.context.stroke();
}

/// A line without axes that fills the canvas, for a table cell.
pub fn spark(canvas: &Canvas, line: &Series) {
    let last = line.values.len().saturating_sub(1).max(1);
    let highest = line.max().filter(|max| *max > 0.0).unwrap_or(1.0);
    let x = Linear::new(line.time_ms(0) as f64, line.time_ms(last) as f64, 1.0, canvas.width - 1.0);
    let y = Linear::new(0.0, highest, canvas.height - 1.5, 1.5);
    draw(canvas, std::slice::from_ref(line), &x, &y);
}

/// Vertical lines with a head at the top, in the colour of text.
pub fn marks(canvas: &Canvas, marks: &[f64], x: &Linear) {
    let ink = colour("--t2");
    canvas.stroke(&ink, 1.0);
    canvas.fill(&ink);
    for at in marks.iter().map(|at| x.px(*at)).filter(|at| (0.0..=canvas.width).contains(at)) {
        canvas.vertical(at);
        canvas.context.fill_rect(at - 3.0, 0.0, 7.0, 7.0);
    }
}

/// Lines that stand on each other, each filled down to the one below it; the last is on top.
pub fn stack(canvas: &Canvas, series: &[Series], x: &Linear, y: &Linear) {
    let ground = colour("--bg");
    for line in series.iter().rev() {
        let ink = colour(line.colour);
        for run in decimate::runs(&line.values, canvas.width as usize) {
            let at = |index: f64| x.px(line.start_ms as f64 + index * line.step_ms as f64);
            let (Some(first), Some(last)) = (run.first(), run.last()) else { continue };
            canvas.context.begin_path();
            canvas.context.move_to(at(first.0), y.px(0.0));
            run.iter().for_each(|(index, value)| canvas.context.line_to(at(*index), y.px(*value)));
            canvas.context.line_to(at(last.0), y.px(0.0));
            canvas.fill(&ground);
            canvas.context.fill();
            canvas.fill(&ink);
            canvas.context.set_global_alpha(0.35);
            canvas.context.fill();
            canvas.context.set_global_alpha(1.0);
        }
    }
    draw(canvas, series, x, y);
}

/// Horizontal lines at values that mean something.
pub fn levels(canvas: &Canvas, levels: &[(f64, &'static str)], y: &Linear) {
    for (value, ink) in levels {
        let at = y.px(*value);
        if (0.0..=canvas.height).contains(&at) {
            canvas.stroke(&colour(ink), 1.0);
            canvas.context.set_global_alpha(0.7);
            canvas.horizontal(at);
            canvas.context.set_global_alpha(1.0);
        }
    }
}
