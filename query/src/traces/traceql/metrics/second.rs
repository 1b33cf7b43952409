//! What is done with the series when they are there.

use super::Series;
use crate::traces::traceql::ast::Second;

pub fn apply(mut series: Vec<Series>, then: &[Second]) -> Vec<Series> {
    for second in then {
        match second {
            Second::Keep(compare, bound) => {
                for value in series.iter_mut().flat_map(|series| &mut series.values) {
                    let order = value.and_then(|value| value.partial_cmp(bound));
                    *value = value.filter(|_| order.is_some_and(|order| compare.holds(order)));
                }
            }
            Second::Top(count) => keep_most(&mut series, *count, |value| -value),
            Second::Bottom(count) => keep_most(&mut series, *count, |value| value),
        }
        series.retain(|series| series.values.iter().any(Option::is_some));
    }
    series
}

/// At every step the values of the `count` series that rank first; of equal ones the first series.
fn keep_most(series: &mut [Series], count: usize, rank: fn(f64) -> f64) {
    let steps = series.first().map_or(0, |series| series.values.len());
    for step in 0..steps {
        let mut ranked: Vec<(f64, usize)> = series
            .iter()
            .enumerate()
            .filter_map(|(at, series)| series.values[step].map(|value| (rank(value), at)))
            .collect();
        ranked.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        ranked.iter().skip(count).for_each(|(_, at)| series[*at].values[step] = None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::traces::traceql::ast::Compare;

    fn values(series: &[Series]) -> Vec<Vec<Option<f64>>> {
        series.iter().map(|series| series.values.clone()).collect()
    }

    #[test]
    fn the_most_are_kept_step_by_step() {
        let series = |values: [f64; 2]| Series { values: values.map(Some).to_vec(), ..Series::default() };
        let all = vec![series([1.0, 9.0]), series([5.0, 2.0]), series([3.0, 3.0])];
        let top = apply(all.clone(), &[Second::Top(1)]);
        assert_eq!(values(&top), [[None, Some(9.0)], [Some(5.0), None]]);
        let bottom = apply(all.clone(), &[Second::Bottom(2), Second::Keep(Compare::Greater, 2.0)]);
        assert_eq!(values(&bottom), [[Some(3.0), Some(3.0)]]);
    }
}
