//! The series of a script, in memory.

use super::script::LoadedSeries;
use crate::promql::labels::Labels;
use crate::promql::select::{Selection, StoredSeries};
use crate::promql::value::{Sample, Samples};
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Default)]
pub struct TestStore {
    series: BTreeMap<Labels, BTreeMap<i64, Sample>>,
}

impl TestStore {
    pub fn load(&mut self, loaded: &LoadedSeries) {
        for line in &loaded.series {
            let series = self.series.entry(line.labels.clone()).or_default();
            for (i, sample) in line.samples.iter().enumerate() {
                if let Some(sample) = sample {
                    series.insert(i as i64 * loaded.step_ms, sample.clone());
                }
            }
        }
    }

    pub fn select(&self, selection: &Selection) -> Vec<StoredSeries> {
        let mut found = Vec::new();
        for (labels, points) in self.series.iter().filter(|(labels, _)| selection.matches(labels)) {
            let mut samples = Samples::default();
            for (time, sample) in points {
                if *time > selection.after_ms && *time <= selection.until_ms {
                    samples.push(*time, sample.clone());
                }
            }
            if !samples.is_empty() {
                found.push(StoredSeries { labels: labels.clone(), samples: Arc::new(samples) });
            }
        }
        found
    }
}
