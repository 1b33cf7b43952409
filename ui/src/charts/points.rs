//! Dots: exemplars on a line chart, traces on a scatter plot. A failure differs by shape, not by colour
//! alone.

use super::canvas::{Canvas, colour};
use std::f64::consts::TAU;

/// A point in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    pub x: f64,
    pub y: f64,
    pub error: bool,
}

impl Canvas {
    pub fn fill_circle(&self, x: f64, y: f64, radius: f64) {
        self.context.begin_path();
        // The radius is a positive constant, the only thing this can fail for.
        let _drawn = self.context.arc(x, y, radius, 0.0, TAU);
        self.context.fill();
    }
}

/// Circles, and crosses for failures on top of them.
pub fn draw(canvas: &Canvas, points: &[Point], radius: f64) {
    canvas.fill(&colour("--accent"));
    canvas.context.set_global_alpha(0.75);
    for point in points.iter().filter(|point| !point.error) {
        canvas.fill_circle(point.x, point.y, radius);
    }
    canvas.context.set_global_alpha(1.0);
    canvas.stroke(&colour("--err"), 2.0);
    for point in points.iter().filter(|point| point.error) {
        canvas.segment(point.x - radius, point.y - radius, point.x + radius, point.y + radius);
        canvas.segment(point.x - radius, point.y + radius, point.x + radius, point.y - radius);
    }
}

/// A ring around the point under the pointer.
pub fn ring(canvas: &Canvas, x: f64, y: f64, radius: f64) {
    canvas.stroke(&colour("--t1"), 1.5);
    canvas.context.begin_path();
    // As above.
    let _drawn = canvas.context.arc(x, y, radius, 0.0, TAU);
    canvas.context.stroke();
}
