//! A line of a chart: evenly spaced values with gaps.

/// Evenly spaced in time; `None` is a gap and stays one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    pub name: String,
    /// The custom property that holds the colour, `--c1`.
    pub colour: &'static str,
    pub start_ms: i64,
    pub step_ms: i64,
    pub values: Vec<Option<f64>>,
}

impl Series {
    pub fn time_ms(&self, index: usize) -> i64 {
        self.start_ms + self.step_ms * index as i64
    }

    /// The value nearest to a time, if the time is within the series.
    pub fn at(&self, at_ms: f64) -> Option<f64> {
        self.values.get(self.index_of(at_ms)?).copied().flatten()
    }

    /// The index nearest to a time, half a step outside included.
    pub fn index_of(&self, at_ms: f64) -> Option<usize> {
        if self.step_ms <= 0 {
            return None;
        }
        let index = ((at_ms - self.start_ms as f64) / self.step_ms as f64).round();
        (index >= 0.0 && index < self.values.len() as f64).then_some(index as usize)
    }

    pub fn max(&self) -> Option<f64> {
        self.values.iter().flatten().copied().filter(|value| value.is_finite()).reduce(f64::max)
    }
}

/// The lowest value of all; 0 when all are above it.
pub fn lowest(series: &[Series]) -> f64 {
    let values = series.iter().flat_map(|series| series.values.iter().flatten().copied());
    values.filter(|value| value.is_finite()).fold(0.0, f64::min)
}

/// The highest value of all; 0 when there is none.
pub fn highest(series: &[Series]) -> f64 {
    series.iter().filter_map(Series::max).fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_value() {
        let values = vec![Some(1.0), None, Some(3.0)];
        let series = Series { start_ms: 100, step_ms: 10, values, ..Series::default() };
        assert_eq!(series.at(104.0), Some(1.0));
        assert_eq!(series.at(108.0), None);
        assert_eq!(series.at(124.0), Some(3.0));
        assert_eq!(series.index_of(126.0), None);
        assert_eq!(lowest(std::slice::from_ref(&series)), 0.0);
        let below = Series { values: vec![Some(-2.0), Some(f64::NEG_INFINITY)], ..series.clone() };
        assert_eq!(lowest(&[below]), -2.0);
        assert_eq!(highest(&[series]), 3.0);
        assert_eq!(highest(&[]), 0.0);
    }
}
