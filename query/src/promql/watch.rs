//! What watches over an evaluation, and what an evaluation counts.

use super::histogram::{Histogram, Side};
use super::value::Sample;
use super::window::Window;
use crate::Error;
use std::cell::RefCell;

/// Ends the work: at its deadline, when nobody waits for it any more, or when it would hold too much.
pub trait Watch: Sync {
    fn check(&self) -> Result<(), Error>;

    /// Takes memory that the evaluation holds until its end.
    fn hold(&self, _bytes: usize) -> Result<(), Error> {
        Ok(())
    }
}

impl<F: Fn() -> Result<(), Error> + Sync> Watch for F {
    fn check(&self) -> Result<(), Error> {
        self()
    }
}

/// Samples that were looked at, step by step, as Prometheus counts them: a window's at every step anew,
/// a histogram as many as it takes the place of.
#[derive(Debug)]
pub struct Touched(RefCell<Vec<u64>>);

impl Touched {
    pub fn new(steps: usize) -> Touched {
        Touched(RefCell::new(vec![0; steps]))
    }

    pub fn add(&self, step: usize, samples: u64) {
        if let Some(count) = self.0.borrow_mut().get_mut(step) {
            *count += samples;
        }
    }

    /// One cell a step.
    pub fn add_cells(&self, cells: &[Option<Sample>]) {
        let counts = &mut *self.0.borrow_mut();
        counts.iter_mut().zip(cells).for_each(|(count, cell)| *count += cell.as_ref().map_or(0, size));
    }

    /// Floats between some places at each step.
    pub fn add_floats(&self, places: &[(usize, usize)]) {
        let counts = &mut *self.0.borrow_mut();
        counts.iter_mut().zip(places).for_each(|(count, (from, to))| *count += (to - from) as u64);
    }

    pub fn add_window(&self, step: usize, window: &Window) {
        self.add(step, window.floats.len() as u64 + window.histogram_sizes());
    }

    /// The steps of another evaluation, which are some of these.
    pub fn add_part(&self, first: usize, part: &[u64]) {
        let counts = &mut *self.0.borrow_mut();
        counts[first..].iter_mut().zip(part).for_each(|(count, more)| *count += more);
    }

    /// What was looked at once for all steps counts at each.
    pub fn add_everywhere(&self, once: &Touched) {
        let all: u64 = once.0.borrow().iter().sum();
        self.0.borrow_mut().iter_mut().for_each(|count| *count += all);
    }

    pub fn into_steps(self) -> Vec<u64> {
        self.0.into_inner()
    }
}

fn size(sample: &Sample) -> u64 {
    match sample {
        Sample::Float(_) => 1,
        Sample::Histogram(histogram) => histogram_size(histogram),
    }
}

/// In samples of 16 bytes, rounded up from half of one (Prometheus' `HPoint.size`).
pub fn histogram_size(histogram: &Histogram) -> u64 {
    const STRUCT_BYTES: usize = 168;
    let buckets = histogram.positive.len() + histogram.negative.len() + histogram.custom_bounds.len();
    let spans = spans(&histogram.positive) + spans(&histogram.negative);
    ((STRUCT_BYTES + 8 * (buckets + spans) + 8) / 16) as u64
}

/// Runs of neighbours.
fn spans(side: &Side) -> usize {
    let (Some((first, _)), Some((last, _))) = (side.first(), side.last()) else { return 0 };
    if i64::from(*last) - i64::from(*first) == side.len() as i64 - 1 {
        return 1;
    }
    1 + side.windows(2).filter(|two| two[1].0 != two[0].0 + 1).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_counts_as_what_it_takes() {
        let histogram = Histogram { positive: vec![(1, 1.0), (2, 1.0), (5, 1.0)], ..Histogram::default() };
        // Three buckets in two spans.
        assert_eq!(histogram_size(&histogram), (168 + 40 + 8) / 16);
        let touched = Touched::new(2);
        touched.add(1, 3);
        let once = Touched::new(1);
        once.add_cells(&[Some(Sample::Float(1.0))]);
        once.add_cells(&[None]);
        touched.add_everywhere(&once);
        assert_eq!(touched.into_steps(), [1, 4]);
    }
}
