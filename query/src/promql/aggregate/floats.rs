//! Aggregations of floats series by series, all steps of one before the next: cells lie side by side in
//! memory, and every step still sees the series in their order.

use crate::promql::ast::AggregateOp;
use crate::promql::value::{Sample, Series, kahan_add};

/// The aggregation of some series at every step. None where it needs all samples of a step at once.
pub fn fold(
    op: AggregateOp,
    vector: &[Series],
    places: &[usize],
    steps: usize,
) -> Option<Vec<Option<Sample>>> {
    let mut columns = Columns::new(steps);
    let series = places.iter().map(|at| &vector[*at]);
    let numbers = match op {
        AggregateOp::Sum => {
            columns.floats(series, |state, value| kahan_add(value, &mut state.number, &mut state.lost))?;
            columns.finish(|state| state.number + state.lost)
        }
        AggregateOp::Avg => {
            let mut overflow = false;
            columns.floats(series, |state, value| {
                kahan_add(value, &mut state.number, &mut state.lost);
                // Then it goes on otherwise, see `stats::mean`.
                overflow |= state.number.is_infinite() && state.count > 1.0;
            })?;
            if overflow {
                return None;
            }
            columns.finish(|state| state.number / state.count + state.lost / state.count)
        }
        AggregateOp::Min => {
            columns.floats(series, |state, value| state.take(value, |number| value < number))?;
            columns.finish(|state| state.number)
        }
        AggregateOp::Max => {
            columns.floats(series, |state, value| state.take(value, |number| value > number))?;
            columns.finish(|state| state.number)
        }
        AggregateOp::Count | AggregateOp::Group => {
            columns.cells(series);
            columns.finish(|state| if op == AggregateOp::Count { state.count } else { 1.0 })
        }
        _ => return None,
    };
    Some(numbers)
}

/// What is known of one step.
#[derive(Clone, Copy, Default)]
struct State {
    number: f64,
    lost: f64,
    count: f64,
}

impl State {
    /// Takes the first value, one that is better, and any instead of NaN.
    fn take(&mut self, value: f64, better: impl Fn(f64) -> bool) {
        if self.count == 1.0 || better(self.number) || self.number.is_nan() {
            self.number = value;
        }
    }
}

struct Columns(Vec<State>);

impl Columns {
    fn new(steps: usize) -> Columns {
        Columns(vec![State::default(); steps])
    }

    /// None where there is a histogram.
    fn floats<'s>(
        &mut self,
        series: impl Iterator<Item = &'s Series>,
        mut add: impl FnMut(&mut State, f64),
    ) -> Option<()> {
        for series in series {
            for (state, cell) in self.0.iter_mut().zip(&series.values) {
                match cell {
                    Some(Sample::Float(value)) => {
                        state.count += 1.0;
                        add(state, *value);
                    }
                    Some(Sample::Histogram(_)) => return None,
                    None => {}
                }
            }
        }
        Some(())
    }

    fn cells<'s>(&mut self, series: impl Iterator<Item = &'s Series>) {
        for series in series {
            for (state, cell) in self.0.iter_mut().zip(&series.values) {
                state.count += if cell.is_some() { 1.0 } else { 0.0 };
            }
        }
    }

    fn finish(self, number: impl Fn(&State) -> f64) -> Vec<Option<Sample>> {
        let cell = |state: &State| (state.count > 0.0).then(|| Sample::Float(number(state)));
        self.0.iter().map(cell).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promql::labels::Labels;
    use crate::promql::stats;

    fn check(op: AggregateOp, rows: &[&[Option<f64>]], expect: &[Option<f64>]) {
        let series = |cells: &&[Option<f64>]| Series {
            labels: Labels::default(),
            drop_name: false,
            values: cells.iter().map(|cell| cell.map(Sample::Float)).collect(),
        };
        let vector: Vec<Series> = rows.iter().map(series).collect();
        let places: Vec<usize> = (0..vector.len()).collect();
        let folded = fold(op, &vector, &places, expect.len()).unwrap();
        let bits = |value: f64| value.to_bits();
        let found: Vec<_> =
            folded.into_iter().map(|cell| cell.and_then(|cell| cell.float()).map(bits)).collect();
        assert_eq!(found, expect.iter().map(|value| value.map(bits)).collect::<Vec<_>>(), "{op:?}");
    }

    #[test]
    fn every_step_is_folded_in_the_order_of_the_series() {
        let rows: [&[_]; 3] = [
            &[Some(1e100), Some(f64::NAN), None],
            &[Some(1.0), Some(2.0), None],
            &[Some(-1e100), None, None],
        ];
        check(AggregateOp::Sum, &rows, &[Some(1.0), Some(f64::NAN + 2.0), None]);
        check(AggregateOp::Min, &rows, &[Some(-1e100), Some(2.0), None]);
        check(AggregateOp::Max, &rows, &[Some(1e100), Some(2.0), None]);
        check(AggregateOp::Count, &rows, &[Some(3.0), Some(2.0), None]);
        let mean = stats::mean([1e100, 1.0, -1e100].into_iter());
        check(
            AggregateOp::Avg,
            &rows[..],
            &[Some(mean), Some(stats::mean([f64::NAN, 2.0].into_iter())), None],
        );
    }

    #[test]
    fn a_mean_that_would_overflow_is_left_to_others() {
        let series = Series {
            labels: Labels::default(),
            drop_name: false,
            values: vec![Some(Sample::Float(f64::MAX))],
        };
        assert!(fold(AggregateOp::Avg, &[series.clone(), series], &[0, 1], 1).is_none());
    }
}
