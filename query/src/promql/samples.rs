//! The samples of one series.

use super::histogram::Histogram;
use super::starts::Starts;
use super::value::Sample;
use std::ops::Range;
use std::sync::Arc;

/// A stored series' samples, floats and histograms apart, each sorted by time in milliseconds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Samples {
    /// Series that are sampled together share them, so that what depends on times alone is found out once for all.
    pub float_times: Arc<Vec<i64>>,
    pub floats: Vec<f64>,
    pub histogram_times: Vec<i64>,
    pub histograms: Vec<Arc<Histogram>>,
    /// When the counter of each float began.
    pub float_starts: Starts,
    /// The same of the histograms.
    pub histogram_starts: Starts,
}

impl Samples {
    pub fn len(&self) -> usize {
        self.floats.len() + self.histograms.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Appends; times must not go back. A second sample of one time replaces the first.
    pub fn push(&mut self, time_ms: i64, sample: Sample) {
        self.push_started(time_ms, sample, 0);
    }

    /// Appends a sample whose counter began at `start_ms`.
    pub fn push_started(&mut self, time_ms: i64, sample: Sample, start_ms: i64) {
        match sample {
            Sample::Float(value) => self.push_float(time_ms, value, start_ms),
            Sample::Histogram(histogram) => {
                if self.histogram_times.last() == Some(&time_ms) {
                    self.histogram_times.pop();
                    self.histograms.pop();
                }
                self.histogram_starts.set_last(self.histograms.len(), start_ms);
                self.histogram_times.push(time_ms);
                self.histograms.push(histogram);
            }
        }
    }

    /// The same of a float.
    pub fn push_float(&mut self, time_ms: i64, value: f64, start_ms: i64) {
        let times = Arc::make_mut(&mut self.float_times);
        if times.last() == Some(&time_ms) {
            times.pop();
            self.floats.pop();
        }
        self.float_starts.set_last(self.floats.len(), start_ms);
        times.push(time_ms);
        self.floats.push(value);
    }

    /// All samples in the order of time.
    pub fn in_order(&self) -> Vec<(i64, Sample)> {
        let floats = self.float_times.iter().zip(&self.floats).map(|(t, v)| (*t, Sample::Float(*v)));
        let histograms = self.histogram_times.iter().zip(&self.histograms);
        let histograms = histograms.map(|(t, h)| (*t, Sample::Histogram(h.clone())));
        let mut all: Vec<_> = floats.chain(histograms).collect();
        all.sort_by_key(|(time, _)| *time);
        all
    }

    /// Takes the times of another series where they are the same.
    pub fn share_times(&mut self, others: &mut Arc<Vec<i64>>) {
        if self.float_times == *others {
            self.float_times = others.clone();
        } else {
            *others = self.float_times.clone();
        }
    }

    /// Whether all of its samples are later than those of another list.
    pub fn is_later_than(&self, other: &Samples) -> bool {
        let last = other.float_times.last().max(other.histogram_times.last());
        let firsts = [self.float_times.first(), self.histogram_times.first()];
        firsts.into_iter().flatten().all(|first| last.is_none_or(|last| last < first))
    }

    /// Appends some floats of another list and its histograms in (after, until], which must be later than all that
    /// are here. The times of floats are the caller's, who may have them already.
    pub fn append_but_times(&mut self, later: &Samples, floats: Range<usize>, after_ms: i64, until_ms: i64) {
        self.float_starts.append(self.floats.len(), &later.float_starts, floats.clone());
        self.floats.extend_from_slice(&later.floats[floats]);
        let places = between(&later.histogram_times, after_ms, until_ms);
        self.histogram_starts.append(self.histograms.len(), &later.histogram_starts, places.clone());
        self.histograms.extend_from_slice(&later.histograms[places.clone()]);
        self.histogram_times.extend_from_slice(&later.histogram_times[places]);
    }

    /// Those in (after, until].
    pub fn between(&self, after_ms: i64, until_ms: i64) -> Samples {
        let places = between(&self.float_times, after_ms, until_ms);
        let float_times = Arc::new(self.float_times[places.clone()].to_vec());
        let mut some = Samples { float_times, ..Samples::default() };
        some.append_but_times(self, places, after_ms, until_ms);
        some
    }

    /// About what it takes, shared times included.
    pub fn memory_bytes(&self) -> usize {
        size_of::<Samples>()
            + size_of_val(&**self.float_times)
            + size_of_val(&*self.floats)
            + size_of_val(&*self.histogram_times)
            + self.histograms.iter().map(|histogram| histogram.memory_bytes()).sum::<usize>()
            + self.float_starts.memory_bytes()
            + self.histogram_starts.memory_bytes()
    }
}

/// The places of sorted times that are in (after, until].
pub fn between(times: &[i64], after_ms: i64, until_ms: i64) -> Range<usize> {
    let from = times.partition_point(|time| *time <= after_ms);
    from..from + times[from..].partition_point(|time| *time <= until_ms)
}
