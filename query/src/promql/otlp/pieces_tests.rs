//! What is kept of files, against points that are read each time.

use super::*;
use crate::promql::otlp::select::{Stored, bounds_ns, select_from};
use crate::promql::otlp::{Identities, points};
use crate::promql::select::Matcher;
use ocelli_signal::point::{Buckets, ExponentialHistogram};
use ocelli_signal::points::{FLAG_NO_RECORDED_VALUE, PointBody, PointRow, PointsBuilder};
use ocelli_signal::span_parts::Number;
use ocelli_signal::{AnyValue, Batch, Signal, attributes};
use ocelli_storage::{Options, Retention, Snapshot, Store};
use proptest::prelude::*;

const MS: i64 = 1_000_000;
const STEP_MS: i64 = 15_000;
const BEGIN_MS: i64 = 1_700_000_000_000;
const COUNT: i64 = 400;

#[derive(Clone, Debug)]
struct Given {
    /// Where files begin and end, as numbers of points; what is behind the last is in memory.
    cuts: Vec<i64>,
    /// So many points of each file, and of the memory, are sent again, with other values, by the next one.
    again: i64,
    /// Every so many points one says that there is no value.
    stale: i64,
    /// A counter begins anew every so many points.
    restart: i64,
    after_ms: i64,
    length_ms: i64,
}

prop_compose! {
    fn given()(
        mut cuts in prop::collection::vec(0..COUNT, 0..4),
        again in prop_oneof![3 => Just(0), 1 => 0..20_i64],
        stale in prop_oneof![Just(i64::MAX), 5..90_i64],
        restart in prop_oneof![Just(i64::MAX), 3..90_i64],
        after in -10..COUNT,
        length in prop_oneof![Just(COUNT), 0..COUNT],
    ) -> Given {
        cuts.sort_unstable();
        let (after_ms, length_ms) = (BEGIN_MS + after * STEP_MS, length * STEP_MS);
        Given { cuts, again, stale, restart, after_ms, length_ms }
    }
}

/// A series of each kind that is kept or is not.
fn series() -> Vec<Series> {
    let of = |name: &str, kind, temporality, worker: &str| Series {
        name: name.into(),
        kind,
        temporality,
        is_monotonic: kind == Kind::Sum,
        attributes: attributes::encode([("worker", AnyValue::String(worker))]).into(),
        ..Series::default()
    };
    vec![
        of("level", Kind::Gauge, 0, "1"),
        of("level", Kind::Gauge, 0, "2"),
        of("requests", Kind::Sum, 2, "1"),
        of("requests", Kind::Sum, 1, "2"),
        of("duration", Kind::ExponentialHistogram, 2, "1"),
    ]
}

/// The points of a file, by their numbers.
fn batch(given: &Given, numbers: std::ops::Range<i64>, attempt: i64) -> Batch {
    let mut builder = PointsBuilder::new();
    for (at, series) in series().iter().enumerate() {
        builder.set_series(&series.encode());
        for number in numbers.clone() {
            let jitter = if at == 1 { number % 3 * MS } else { 0 };
            let began = number - number % given.restart.min(COUNT);
            let count = (number - began) as u64 * 3 + attempt as u64;
            let histogram = ExponentialHistogram {
                count,
                scale: 1,
                positive: Some(Buckets { offset: -8, counts: vec![0, count] }),
                ..ExponentialHistogram::default()
            };
            let encoded = histogram.encode();
            let body = match series.kind {
                Kind::ExponentialHistogram => PointBody::Other(&encoded),
                Kind::Gauge => PointBody::Number(Number::Double(number as f64 / 7.0 + attempt as f64)),
                _ => PointBody::Number(Number::Int(count as i64)),
            };
            let time_of = |number: i64| (BEGIN_MS + number * STEP_MS) * MS;
            let start_time = if series.temporality == 1 { time_of(number - 1) } else { time_of(began) };
            let no_value = number % given.stale == given.stale - 1;
            let flags = if no_value { FLAG_NO_RECORDED_VALUE } else { 0 };
            let time = time_of(number) + jitter;
            builder.push(&PointRow { start_time, time, flags, body, exemplars: &[] });
        }
    }
    Batch { signal: Signal::Points, rows: builder.finish() }
}

async fn stored(given: &Given, directory: &std::path::Path) -> Store {
    let options = Options { retention: Retention::forever(), ..Options::new(directory) };
    let store = Store::open(options, None).await.unwrap();
    let mut from = 0;
    for (attempt, to) in given.cuts.iter().copied().chain([COUNT]).enumerate() {
        let first = (from - given.again).max(0);
        if first < to {
            store.append("default", batch(given, first..to, attempt as i64)).await.unwrap();
            if to < COUNT {
                store.flush().await.unwrap();
            }
        }
        from = to;
    }
    store
}

/// Every sample of a selection, as one line each.
fn lines(
    found: impl Iterator<Item = (Labels, Arc<Samples>)>,
    Selection { after_ms, until_ms, .. }: &Selection,
) -> Vec<String> {
    let of_series = |(labels, samples): (Labels, Arc<Samples>)| {
        let samples = samples.between(*after_ms, *until_ms);
        let starts: Vec<i64> = (0..samples.floats.len()).map(|at| samples.float_starts.get(at)).collect();
        let all = samples.in_order();
        (!all.is_empty()).then(|| format!("{labels} {all:?} {starts:?}"))
    };
    let mut lines: Vec<String> = found.filter_map(of_series).collect();
    lines.sort();
    lines
}

/// Out of points of the selection's time, read anew.
fn naive(snapshot: &Snapshot, identities: &Identities, selection: &Selection) -> Vec<String> {
    let (from, to) = bounds_ns(selection);
    let read = snapshot.series(&mut |_: &Series| true, from, to).unwrap();
    let converted = read.iter().flat_map(|of| {
        let identity = identities.of(of.id, &of.series).unwrap();
        points::convert(&identity, &of.series, &of.points).unwrap()
    });
    lines(converted.map(|(labels, samples)| (labels, Arc::new(samples))), selection)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]
    #[test]
    fn what_is_kept_tells_what_points_tell(given in given()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let directory = tempfile::tempdir().unwrap();
        let store = runtime.block_on(stored(&given, directory.path()));
        let snapshot = store.snapshot("default");
        let identities = Identities::new(store.memory());
        let matchers = vec![Matcher::new(crate::promql::select::MatchOp::NotEqual, "__name__", "").unwrap()];
        let until_ms = given.after_ms + given.length_ms;
        let selection = Selection { matchers, after_ms: given.after_ms, until_ms };
        let expected = naive(&snapshot, &identities, &selection);
        let all = Selection { after_ms: BEGIN_MS - 1, until_ms: i64::MAX / MS, ..selection.clone() };
        let everything = naive(&snapshot, &identities, &all);
        // Read and kept; then out of what is kept, by some of which is asked and by all; then in part again.
        for (selection, expected) in [(&selection, &expected), (&all, &everything), (&selection, &expected)] {
            let stored = Stored { snapshot: &snapshot, identities: &identities };
            let found = select_from(stored, selection, &|_, _| {}).unwrap();
            let found = found.into_iter().map(|series| (series.labels, series.samples));
            prop_assert_eq!(&lines(found, selection), expected);
        }
        let (from, to) = bounds_ns(&all);
        let kept = snapshot.pieces(&mut |_: &Series| true, &SampleKeeper(&identities), from, to).unwrap();
        let is_kept = |piece: &Piece<Arc<Samples>>| matches!(piece, Piece::Kept(..));
        let any_kept = kept.iter().any(|series| series.pieces.iter().any(is_kept));
        let longest = given.cuts.iter().scan(0, |from, to| Some(to - std::mem::replace(from, *to))).max();
        prop_assert_eq!(any_kept, longest.is_some_and(|points| points >= 64) || (any_kept && given.again > 0));
        runtime.block_on(store.close()).unwrap();
    }
}
