//! `target_info`: one series a resource that carries the attributes which are no labels elsewhere.

use super::identity::{SERVICE_INSTANCE, SERVICE_NAME, SERVICE_NAMESPACE, given, job_and_instance, named};
use super::shared_names::translated;
use crate::Error;
use crate::promql::labels::{Labels, METRIC_NAME};
use crate::promql::value::{Sample, Samples};
use ocelli_signal::origin::Resource;
use std::collections::BTreeMap;

pub const TARGET_INFO: &str = "target_info";
/// Samples nearer to each other than this say nothing new.
const SPACING_MS: i64 = 15_000;

/// The labels, or none where the resource tells nothing more than job and instance.
pub fn labels(resource: &[u8]) -> Result<Option<Labels>, Error> {
    let resource = Resource::parse(resource).map_err(|why| Error::Corrupt(why.to_string()))?;
    let (job, instance) = job_and_instance(&resource);
    let known = [SERVICE_NAME, SERVICE_NAMESPACE, SERVICE_INSTANCE];
    let mut pairs = named(resource.attributes(), |key| (!known.contains(&key)).then(|| translated(key)));
    if pairs.is_empty() || (job.is_empty() && instance.is_empty()) {
        return Ok(None);
    }
    pairs.extend(given([("job", job.as_str()), ("instance", &instance), (METRIC_NAME, TARGET_INFO)]));
    Ok(Some(Labels::new(pairs)))
}

/// When a resource was heard of, gathered from all of its series.
#[derive(Default)]
pub struct Sightings(BTreeMap<Labels, Vec<i64>>);

impl Sightings {
    pub fn add(&mut self, labels: Labels, times_ms: impl Iterator<Item = i64>) {
        self.0.entry(labels).or_default().extend(times_ms);
    }

    pub fn into_series(self) -> impl Iterator<Item = (Labels, Samples)> {
        self.0.into_iter().map(|(labels, mut times)| {
            times.sort_unstable();
            let mut samples = Samples::default();
            let mut last = i64::MIN;
            let newest = times.last().copied().unwrap_or_default();
            for time in times {
                if time >= last.saturating_add(SPACING_MS) || time == newest {
                    samples.push(time, Sample::Float(1.0));
                    last = time;
                }
            }
            (labels, samples)
        })
    }
}
