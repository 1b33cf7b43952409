//! The engine against evaluators that are slow and obvious.

use super::*;
use crate::promql::select::StoredSeries;
use crate::promql::value::{Samples, is_stale, stale_nan};
use proptest::prelude::*;
use std::sync::Arc;

fn answer(query: &Query, samples: &[(i64, f64)]) -> Vec<(i64, f64)> {
    let mut stored = Samples::default();
    samples.iter().for_each(|(time, value)| stored.push(*time, Sample::Float(*value)));
    let stored = Arc::new(stored);
    let mut select = |_: &crate::promql::select::Selection| {
        Ok(vec![StoredSeries { labels: Labels::new([("__name__", "m")]), samples: stored.clone() }])
    };
    let answer = run(query, &mut select, &|| Ok(())).expect("a valid query");
    let Data::Matrix(matrix) = answer.data else { panic!("{answer:?}") };
    let series = matrix.into_iter().next().map(|(_, samples)| samples).unwrap_or_default();
    series.into_iter().filter_map(|(time, sample)| Some((time, sample.float()?))).collect()
}

/// Samples of the window `(start, end]`, without stale markers, by looking at every one.
fn window(samples: &[(i64, f64)], start: i64, end: i64) -> Vec<(i64, f64)> {
    samples
        .iter()
        .copied()
        .filter(|(time, value)| *time > start && *time <= end && !is_stale(*value))
        .collect()
}

/// The increase as Prometheus' documentation words it.
fn slow_increase(samples: &[(i64, f64)], start: i64, end: i64) -> Option<f64> {
    let inside = window(samples, start, end);
    let (first, last) = (*inside.first()?, *inside.last()?);
    if inside.len() < 2 {
        return None;
    }
    let mut grown = 0.0;
    for i in 1..inside.len() {
        let (before, after) = (inside[i - 1].1, inside[i].1);
        grown += if after < before { after } else { after - before };
    }
    let sampled = (last.0 - first.0) as f64;
    let gap = sampled / (inside.len() - 1) as f64;
    let edge = |distance: f64| if distance < gap * 1.1 { distance } else { gap / 2.0 };
    let mut before = edge((first.0 - start) as f64);
    if grown > 0.0 {
        before = before.min(sampled * first.1 / grown);
    }
    Some(grown * (sampled + before + edge((end - last.0) as f64)) / sampled)
}

fn close(found: &[(i64, f64)], expected: &[(i64, f64)]) -> bool {
    found.len() == expected.len()
        && found
            .iter()
            .zip(expected)
            .all(|(a, b)| a.0 == b.0 && (a.1 - b.1).abs() <= 1e-9 * a.1.abs().max(b.1.abs()).max(1e-9))
}

/// Counters with gaps, resets and stale markers.
fn counters() -> impl Strategy<Value = Vec<(i64, f64)>> {
    let step = (1_i64..40_000, prop_oneof![8 => 0.0..50.0_f64, 1 => Just(-1.0), 1 => Just(-2.0)]);
    prop::collection::vec(step, 0..60).prop_map(|steps| {
        let (mut time, mut value) = (0, 0.0);
        steps
            .into_iter()
            .map(|(gap, change)| {
                time += gap;
                if change == -2.0 {
                    return (time, stale_nan());
                }
                value = if change < 0.0 { 1.0 } else { value + change };
                (time, value)
            })
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn increase_is_what_the_documentation_says(
        samples in counters(), range_s in 1_i64..400, step_s in 1_i64..200, start_s in 0_i64..300
    ) {
        let (start, step, range) = (start_s * 1_000, step_s * 1_000, range_s * 1_000);
        let text = format!("increase(m[{range_s}s])");
        let query = Query::range(&text, start, start + 1_000_000, step);
        let steps = (0..query.steps() as i64).map(|i| start + i * step);
        let expected: Vec<_> = steps
            .filter_map(|time| Some((time, slow_increase(&samples, time - range, time)?)))
            .collect();
        let found = answer(&query, &samples);
        prop_assert!(close(&found, &expected), "{found:?} {expected:?}");
    }

    #[test]
    fn the_current_sample_is_the_newest_within_the_lookback(
        samples in counters(), step_s in 1_i64..200, offset_s in -100_i64..100
    ) {
        let text = format!("m offset {offset_s}s");
        let query = Query::range(&text, 0, 1_500_000, step_s * 1_000);
        let current = |time: i64| {
            let at = time - offset_s * 1_000;
            let newest = samples.iter().rev().find(|(time, _)| *time <= at)?;
            (newest.0 > at - DEFAULT_LOOKBACK_MS && !is_stale(newest.1)).then_some(newest.1)
        };
        let steps = (0..query.steps() as i64).map(|i| i * step_s * 1_000);
        let expected: Vec<_> = steps.filter_map(|time| Some((time, current(time)?))).collect();
        prop_assert_eq!(answer(&query, &samples), expected);
    }

    #[test]
    fn a_subquery_over_the_stored_times_sees_the_same_samples(
        values in prop::collection::vec(0.0..100.0_f64, 1..40), range in 1_i64..20
    ) {
        let samples: Vec<_> = values.iter().enumerate().map(|(i, value)| (i as i64 * 10_000, *value)).collect();
        let end = (values.len() as i64 - 1) * 10_000;
        let plain = format!("sum_over_time(m[{}s])", range * 10);
        let through_steps = format!("sum_over_time(m[{}s:10s])", range * 10);
        let query = |text| Query::range(text, 0, end, 10_000);
        prop_assert_eq!(answer(&query(&plain), &samples), answer(&query(&through_steps), &samples));
    }
}

#[test]
fn limits_and_deadlines_end_a_query() {
    let samples: Vec<_> = (0..1_000).map(|i| (i * 1_000, 1.0)).collect();
    let mut stored = Samples::default();
    samples.iter().for_each(|(time, value)| stored.push(*time, Sample::Float(*value)));
    let stored = Arc::new(stored);
    let mut select = |_: &crate::promql::select::Selection| {
        Ok(vec![StoredSeries { labels: Labels::default(), samples: stored.clone() }])
    };
    let query = Query { max_samples: 100, ..Query::instant("sum_over_time(m[1h])", 1_000_000) };
    assert!(matches!(run(&query, &mut select, &|| Ok(())), Err(Error::LimitExceeded(_))));
    let query = Query { max_samples: 5_000, ..Query::range("m", 0, 999_000, 100) };
    assert!(matches!(run(&query, &mut select, &|| Ok(())), Err(Error::LimitExceeded(_))));
    let query = Query::instant("m", 1_000_000);
    assert!(matches!(run(&query, &mut select, &|| Err(Error::Cancelled)), Err(Error::Cancelled)));
}
