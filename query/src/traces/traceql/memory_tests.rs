//! What answers and series take is counted before it is there.

use super::metrics::{MetricsSearch, metrics};
use super::{TraceqlSearch, parse, search};
use crate::Error;
use crate::http::run::Budget;
use crate::logs::fixture::{TENANT, resource, store};
use crate::traces::Sort;
use crate::traces::fixture::trace_id;
use ocelli_api::{TimeRange, UnixNano};
use ocelli_signal::spans::{SpanRow, SpansBuilder};
use ocelli_signal::{AnyValue, Batch, Signal, attributes};
use ocelli_storage::Store;
use std::sync::Arc;
use std::time::Duration;

const START: i64 = 1_000_000_000_000;
const SPANS: i64 = 3_000;
const MIB: usize = 1 << 20;

/// Traces of a hundred spans, each with an attribute of so many bytes.
async fn filled(bytes: usize) -> (Store, tempfile::TempDir) {
    let (store, directory) = store(true).await;
    let big = "x".repeat(bytes);
    let mut builder = SpansBuilder::new();
    builder.set_resource(&resource("shop", "h"));
    for number in 0..SPANS {
        builder.push(&SpanRow {
            trace_id: trace_id((number / 100) as u8),
            span_id: (number + 1).to_be_bytes(),
            name: "call",
            start_time: START + number * 1_000_000,
            end_time: START + number * 1_000_000 + 5_000,
            attributes: &attributes::encode([("big", AnyValue::String(&big))]),
            ..SpanRow::default()
        });
    }
    store.append(TENANT, Batch { signal: Signal::Spans, rows: builder.finish() }).await.unwrap();
    store.flush().await.unwrap();
    (store, directory)
}

fn range() -> TimeRange {
    TimeRange { from: UnixNano(START), to: UnixNano(START + SPANS * 1_000_000) }
}

fn found(store: &Store, query: &str, bytes: usize) -> Result<usize, Error> {
    let (budget, snapshot) = Budget::of_server(store, Duration::from_secs(60), bytes, &Arc::default());
    let query = parse(query).unwrap();
    let wanted = TraceqlSearch {
        query: &query,
        range: range(),
        sort: Sort::Newest,
        limit: 1_000,
        cursor: None,
        spans: 100,
        memory_bytes: 1 << 30,
    };
    search(&snapshot, &wanted, &budget).map(|page| page.traces.len())
}

fn series(store: &Store, query: &str, step_ns: i64, bytes: usize) -> Result<usize, Error> {
    let (budget, snapshot) = Budget::of_server(store, Duration::from_secs(60), bytes, &Arc::default());
    let query = parse(query).unwrap();
    let wanted = MetricsSearch {
        query: &query,
        range: range(),
        step_ns,
        most_steps: 11_000,
        exemplars: 0,
        memory_bytes: 1 << 30,
    };
    metrics(&snapshot, &wanted, &budget).map(|answer| answer.series.len())
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_refused() {
    let (store, _directory) = filled(2_000).await;
    for query in ["{ } | by(span:id)", "{ } | select(.big)"] {
        assert_eq!(found(&store, query, 64 * MIB).unwrap(), 30, "{query}");
        let refused = found(&store, query, MIB);
        assert!(matches!(refused, Err(Error::Memory { later: false, .. })), "{query}: {refused:?}");
    }
    assert_eq!(found(&store, "{ }", 4 * MIB).unwrap(), 30);
}

#[tokio::test]
async fn many_series_are_refused_before_they_are_made() {
    let (store, _directory) = filled(10).await;
    let quantiles = "{ } | quantile_over_time(duration, .1, .2, .3, .4, .5, .6, .7, .8, .9) by (span:id)";
    assert_eq!(series(&store, quantiles, 1_000_000_000, 64 * MIB).unwrap(), 9 * SPANS as usize);
    let refused = series(&store, quantiles, 1_000_000_000, MIB);
    assert!(matches!(refused, Err(Error::Memory { later: false, .. })), "{refused:?}");
    // 27,000 series of a thousand steps would be 432 MB, most of which topk throws away.
    let refused = series(&store, &format!("{quantiles} | topk(1)"), 3_000_000, 128 * MIB);
    assert!(matches!(refused, Err(Error::Memory { later: false, .. })), "{refused:?}");
}
