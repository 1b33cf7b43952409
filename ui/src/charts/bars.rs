//! Counts over time as stacked bars, the gravest at the bottom where its height is read best.

use super::canvas::{Canvas, colour};
use crate::view::scale::Linear;
use ocelli_api::logs::LogHistogramResponse;

/// The fill of a severity class.
pub fn severity_colour(class: &str) -> &'static str {
    match class {
        "fatal" => "--fatal",
        "error" => "--err",
        "warn" => "--warn-fill",
        "info" => "--info",
        "debug" => "--debug",
        "trace" => "--trace",
        _ => "--ctl",
    }
}

/// The gravest first, as they are stacked.
pub const SEVERITIES: [&str; 7] = ["fatal", "error", "warn", "info", "debug", "trace", "unset"];

/// How many records a bucket has in all.
pub fn totals(histogram: &LogHistogramResponse) -> Vec<u64> {
    let buckets = histogram.series.iter().map(|series| series.counts.len()).max().unwrap_or(0);
    let count = |at: usize| histogram.series.iter().filter_map(|series| series.counts.get(at)).sum();
    (0..buckets).map(count).collect()
}

pub fn draw(canvas: &Canvas, histogram: &LogHistogramResponse, x: &Linear, y: &Linear) {
    let buckets = totals(histogram).len();
    let mut below = vec![0u64; buckets];
    for severity in SEVERITIES {
        canvas.fill(&colour(severity_colour(severity)));
        for series in histogram.series.iter().filter(|series| series.severity == severity) {
            for (at, &count) in series.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
                let start = histogram.start_ms + histogram.step_ms * at as i64;
                let left = x.px(start as f64).round();
                let right = x.px((start + histogram.step_ms) as f64).round();
                let (low, high) = (below[at], below[at] + count);
                // One record among thousands is still seen.
                let top = y.px(high as f64).min(y.px(low as f64) - 1.0);
                canvas.context.fill_rect(left, top, (right - left - 1.0).max(1.0), y.px(low as f64) - top);
                below[at] = high;
            }
        }
    }
}
