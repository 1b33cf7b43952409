//! The series of a script, in memory.

use super::notation::series_line;
use super::script::LoadedSeries;
use crate::promql::histogram::{Histogram, ResetHint};
use crate::promql::labels::Labels;
use crate::promql::select::{Counts, Selection, StoredSeries};
use crate::promql::value::{Sample, Samples};
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Default)]
pub struct TestStore {
    series: BTreeMap<Labels, BTreeMap<i64, Stored>>,
}

struct Stored {
    sample: Sample,
    /// When its counter began; 0 where that is not known.
    start_ms: i64,
}

impl TestStore {
    pub fn load(&mut self, loaded: &LoadedSeries) {
        for line in &loaded.series {
            let series = self.series.entry(line.labels.clone()).or_default();
            for (i, sample) in line.samples.iter().enumerate() {
                let Some(sample) = sample.clone() else { continue };
                let time_ms = i as i64 * loaded.step_ms;
                let start = line.starts.get(i).copied().flatten();
                let start_ms = start.map_or(0, |offset_ms| time_ms + offset_ms);
                series.insert(time_ms, Stored { sample, start_ms });
            }
        }
    }

    /// Loads one line of the notation, its first value at `start_ms`.
    pub fn load_line(&mut self, line: &str, start_ms: i64, step_ms: i64) -> Result<(), String> {
        let line = series_line(line)?;
        for (i, sample) in line.samples.into_iter().enumerate() {
            if let Some(sample) = sample {
                self.put(&line.labels, start_ms + i as i64 * step_ms, sample);
            }
        }
        Ok(())
    }

    pub fn put(&mut self, labels: &Labels, time_ms: i64, sample: Sample) {
        let stored = Stored { sample, start_ms: 0 };
        self.series.entry(labels.clone()).or_default().insert(time_ms, stored);
    }

    /// With all of their samples: an evaluation looks at those that it asked for.
    pub fn select(&self, selection: &Selection) -> Vec<StoredSeries> {
        let mut found = Vec::new();
        for (labels, points) in self.series.iter().filter(|(labels, _)| selection.matches(labels)) {
            let mut samples = Samples::default();
            let mut previous = None;
            for (time, stored) in points {
                let sample = with_stored_hint(&stored.sample, previous);
                previous = Some(&stored.sample);
                samples.push_started(*time, sample, stored.start_ms);
            }
            if Counts::new(selection).of(&samples) > 0 {
                found.push(StoredSeries { labels: labels.clone(), samples: Arc::new(samples) });
            }
        }
        found
    }
}

/// What Prometheus' storage, which the reference harness loads its scripts into, makes of a
/// histogram's hint: no reset where it continues the histogram before, unknown where it can't.
fn with_stored_hint(sample: &Sample, previous: Option<&Sample>) -> Sample {
    let Sample::Histogram(histogram) = sample else { return sample.clone() };
    let continued = match previous {
        Some(Sample::Histogram(previous)) if !sample.is_stale() => continues(histogram, previous),
        _ => false,
    };
    let hint = match histogram.hint {
        ResetHint::Gauge => ResetHint::Gauge,
        _ if continued => ResetHint::NoReset,
        _ => ResetHint::Unknown,
    };
    Sample::Histogram(Arc::new(Histogram { hint, ..(**histogram).clone() }))
}

fn continues(histogram: &Histogram, previous: &Histogram) -> bool {
    let hints = histogram.hint != ResetHint::Reset && previous.hint != ResetHint::Gauge;
    let stale = Sample::Histogram(Arc::new(previous.clone())).is_stale();
    let same_layout = histogram.schema == previous.schema
        && histogram.zero_threshold == previous.zero_threshold
        && histogram.custom_bounds == previous.custom_bounds;
    let unhinted = Histogram { hint: ResetHint::Unknown, ..histogram.clone() };
    hints && !stale && same_layout && !unhinted.is_reset_from(previous)
}
