//! Traces that stand for points of a chart: of each step the slowest calls and some that failed.

use super::grid::Grid;
use super::services::is_error;
use ocelli_api::services::Exemplar;
use ocelli_signal::span_parts::iter_exemplars;
use ocelli_storage::SeriesPoints;
use std::collections::BTreeMap;

/// Of each step, failed and others apart.
const PER_STEP: usize = 2;

pub fn choose<'a>(series: impl Iterator<Item = &'a SeriesPoints>, grid: &Grid) -> Vec<Exemplar> {
    let mut steps: BTreeMap<(Option<usize>, bool), Vec<Exemplar>> = BTreeMap::new();
    for series in series {
        let error = is_error(&series.series);
        for point in series.points.iter() {
            for exemplar in iter_exemplars(&point.exemplars) {
                let time_ms = (exemplar.time_ns / 1_000_000) as i64;
                let Some(seconds) = exemplar.value.map(|value| value.as_f64()) else { continue };
                if exemplar.trace_id.is_empty() || time_ms < grid.from_ms || time_ms >= grid.to_ms {
                    continue;
                }
                let step = steps.entry((grid.cell_of(time_ms), error)).or_default();
                step.push(Exemplar {
                    trace_id: hex(exemplar.trace_id),
                    span_id: hex(exemplar.span_id),
                    time_ms,
                    duration_ms: seconds * 1e3,
                    error,
                });
                if step.len() > 4 * PER_STEP {
                    keep_slowest(step);
                }
            }
        }
    }
    let mut chosen: Vec<Exemplar> = steps
        .into_values()
        .flat_map(|mut step| {
            keep_slowest(&mut step);
            step
        })
        .collect();
    chosen.sort_by_key(|exemplar| exemplar.time_ms);
    chosen
}

fn keep_slowest(step: &mut Vec<Exemplar>) {
    step.sort_by(|a, b| b.duration_ms.total_cmp(&a.duration_ms));
    step.truncate(PER_STEP);
}

fn hex(id: &[u8]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}
