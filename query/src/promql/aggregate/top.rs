//! The best of a group at each step, found while the series pass by: cells lie side by side in memory by
//! series, and of most a look at the worst of the best is enough.

use crate::promql::value::{Sample, Series};
use std::cmp::Ordering;

/// The series that are among the `counts` largest, or smallest, at each step, in their order.
pub fn best(vector: &[Series], members: &[usize], counts: &[usize], descending: bool) -> Vec<Vec<usize>> {
    let best = |count: &usize| Best { count: (*count).min(members.len()), limit: None, found: Vec::new() };
    let mut steps: Vec<Best> = counts.iter().map(best).collect();
    for at in members {
        for (step, cell) in steps.iter_mut().zip(&vector[*at].values) {
            if let Some(Sample::Float(value)) = cell {
                step.add(*value, *at, descending);
            }
        }
    }
    steps.into_iter().map(|step| step.finish(descending)).collect()
}

struct Best {
    count: usize,
    /// What is not better than this is not among the best.
    limit: Option<f64>,
    /// Up to twice as many as are wanted.
    found: Vec<(f64, usize)>,
}

impl Best {
    fn add(&mut self, value: f64, at: usize, descending: bool) {
        let worse = |limit: f64| rank(value, limit, descending) != Ordering::Less;
        if self.count == 0 || self.limit.is_some_and(worse) {
            return;
        }
        self.found.push((value, at));
        if self.found.len() > 2 * self.count {
            let (_, last, _) =
                self.found.select_nth_unstable_by(self.count - 1, |a, b| order(a, b, descending));
            self.limit = Some(last.0);
            self.found.truncate(self.count);
        }
    }

    fn finish(mut self, descending: bool) -> Vec<usize> {
        self.found.sort_unstable_by(|a, b| order(a, b, descending));
        self.found.truncate(self.count);
        self.found.into_iter().map(|(_, at)| at).collect()
    }
}

/// Equal values keep their order.
fn order(a: &(f64, usize), b: &(f64, usize), descending: bool) -> Ordering {
    rank(a.0, b.0, descending).then(a.1.cmp(&b.1))
}

/// NaN comes last.
fn rank(a: f64, b: f64, descending: bool) -> Ordering {
    let order = a.partial_cmp(&b).map(|order| if descending { order.reverse() } else { order });
    order.unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promql::labels::Labels;
    use proptest::prelude::*;

    fn any_value() -> impl Strategy<Value = Option<f64>> {
        prop_oneof![
            1 => Just(None),
            1 => Just(Some(f64::NAN)),
            8 => (-3..3_i32).prop_map(|number| Some(f64::from(number))),
        ]
    }

    proptest! {
        #[test]
        fn the_best_are_those_of_a_stable_sort(
            values in prop::collection::vec(any_value(), 0..60),
            count in 0..8_usize,
            descending: bool,
        ) {
            let series = |value: &Option<f64>| Series {
                labels: Labels::default(),
                drop_name: false,
                values: vec![value.map(Sample::Float)],
            };
            let vector: Vec<Series> = values.iter().map(series).collect();
            let members: Vec<usize> = (0..vector.len()).collect();
            let mut sorted: Vec<(usize, f64)> =
                values.iter().enumerate().filter_map(|(at, value)| Some((at, (*value)?))).collect();
            sorted.sort_by(|(_, a), (_, b)| rank(*a, *b, descending));
            let expect: Vec<usize> = sorted.into_iter().take(count).map(|(at, _)| at).collect();
            prop_assert_eq!(best(&vector, &members, &[count], descending), vec![expect]);
        }
    }
}
