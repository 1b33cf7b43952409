//! Recorded samples as points that the store keeps.

use super::state::Recorded;
use crate::promql::otlp::prometheus;
use ocelli_signal::points::PointsBuilder;
use ocelli_signal::{Batch, Signal};

/// Rows of one batch: as many as the store likes to write at once.
pub const BATCH_ROWS: usize = 16_384;

/// What a recorded sample takes in memory with its labels, about.
pub const RECORDED_BYTES: usize = 256;

/// A batch of points; the samples of a series should come together. And how many samples no point can hold: histograms with absurdly many buckets.
pub fn batch(recorded: &[Recorded]) -> (Batch, u64) {
    let mut builder = PointsBuilder::new();
    let put = |one: &&Recorded| prometheus::put(&mut builder, &one.labels, one.time_ms, &one.sample);
    let kept = recorded.iter().filter(put).count();
    (Batch { signal: Signal::Points, rows: builder.finish() }, (recorded.len() - kept) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::points as shown;
    use crate::promql::histogram::{Histogram, ResetHint};
    use crate::promql::labels::Labels;
    use crate::promql::otlp::{Identities, Stored, select_from};
    use crate::promql::select::{Matcher, Selection};
    use crate::promql::value::{Sample, stale_nan};
    use ocelli_api::{TimeRange, UnixNano};
    use ocelli_storage::{Options, Retention, Store};
    use std::sync::Arc;
    use std::time::Duration;

    fn histogram() -> Histogram {
        Histogram {
            hint: ResetHint::Gauge,
            count: 2.75,
            sum: 4.5,
            positive: vec![(-2, 0.25), (3, 2.5)],
            ..Histogram::default()
        }
    }

    fn recorded() -> Vec<Recorded> {
        let labels = |name: &'static str| {
            Labels::new([("__name__", name), ("_private", "x"), ("a.b", "c"), ("job", "own"), ("le", "0.5")])
        };
        let one = |name, time_ms, sample| Recorded { labels: labels(name), time_ms, sample };
        vec![
            one("job:a__b:rate", 2_000, Sample::Float(f64::NAN)),
            one("job:a__b:rate", 1_000, Sample::Float(-0.5)),
            one("job:a__b:rate", 3_000, Sample::Float(stale_nan())),
            one("_x_total", 1_000, Sample::Float(1.0)),
            one("job:h", 1_000, Sample::Histogram(Arc::new(histogram()))),
            one("job:h", 2_000, Sample::Float(7.0)),
        ]
    }

    #[tokio::test]
    async fn names_labels_and_samples_come_back_as_they_were() {
        for flushed in [false, true] {
            let directory = tempfile::tempdir().unwrap();
            let options = Options { retention: Retention::forever(), ..Options::new(directory.path()) };
            let store = Store::open(options, None).await.unwrap();
            let mut recorded = recorded();
            recorded.sort_by(|a, b| (&a.labels, a.time_ms).cmp(&(&b.labels, b.time_ms)));
            for two in recorded.chunks(2) {
                let (batch, refused) = batch(two);
                assert_eq!((batch.rows.num_rows(), refused), (2, 0));
                store.append("default", batch).await.unwrap();
            }
            if flushed {
                store.flush().await.unwrap();
            }
            let snapshot = store.snapshot("default");
            let selection = Selection {
                matchers: vec![Matcher::equal("le", "0.5"), Matcher::equal("a.b", "c")],
                after_ms: 0,
                until_ms: 5_000,
            };
            let identities = Identities::new(store.memory());
            let stored = Stored { snapshot: &snapshot, identities: &identities };
            let found = select_from(stored, &selection, &|_, _| {}).unwrap();
            let samples = |series: &crate::promql::select::StoredSeries| {
                let labels = series.labels.clone();
                let one = move |(time_ms, sample)| format!("{labels} {time_ms} {sample:?}");
                series.samples.in_order().into_iter().map(one).collect::<Vec<_>>()
            };
            let mut found: Vec<String> = found.iter().flat_map(samples).collect();
            let text = |one: &Recorded| format!("{} {} {:?}", one.labels, one.time_ms, one.sample);
            let mut wanted: Vec<String> = recorded.iter().map(text).collect();
            found.sort();
            wanted.sort();
            assert_eq!(found, wanted, "flushed: {flushed}");
            let range = TimeRange { from: UnixNano(0), to: UnixNano(5_000_000_000) };
            let budget = crate::http::run::Budget::new(Duration::from_secs(5));
            let series = shown(&snapshot, "job:h", &range, &budget).unwrap();
            let histogram = series.iter().find(|series| series.kind == "exponential_histogram").unwrap();
            assert_eq!(histogram.points[0].value["count"], "2.75");
            store.close().await.unwrap();
        }
    }
}
