use super::*;
use crate::logs::fixture::{Random, TENANT};
use crate::traces::fixture::{Span, filled};
use crate::traces::traceql::{Selection, parse};
use ocelli_api::UnixNano;
use ocelli_storage::Store;
use std::time::Duration;

const START: i64 = 1_000_000_000_000;
const MS: i64 = 1_000_000;

fn range(from: i64, to: i64) -> TimeRange {
    TimeRange { from: UnixNano(START + from), to: UnixNano(START + to) }
}

/// 250 calls of a cart that asks a database: those of user 7 are slow, and the database is why.
/// Before them 50 calls that were all quick.
async fn store() -> (Store, tempfile::TempDir) {
    let mut random = Random(5);
    let mut spans = Vec::new();
    for trace in 0..250u8 {
        for (part, users) in [(0, 9), (1, 6)] {
            if part == 1 && trace >= 50 {
                continue;
            }
            let user = random.below(users) as i64;
            let slow = if user == 7 { 80 * MS } else { 0 };
            let start = START + i64::from(trace) * 200 * MS - part * 3_600_000 * MS;
            let id = u64::from(trace) * 10 + part as u64 * 5 + 1;
            let mut cart = Span::new(trace, id, 0, "cart", start, 20 * MS + slow);
            cart.user = Some(user);
            // One in eight has an attribute value of its own that tells nothing.
            cart.status = if random.below(8) == 0 { 1 } else { 0 };
            spans.push(cart);
            spans.push(Span::new(trace, id + 1, id, "db", start + 2 * MS, 5 * MS + slow));
            spans.push(Span::new(trace, id + 2, id, "mail", start + 90 * MS, 50 * MS));
        }
    }
    filled(&spans).await
}

fn ask(store: &Store, selection: &Query, baseline: Option<TimeRange>) -> ExplainResponse {
    let scope = Selection { service: Some("cart".to_owned()), ..Selection::default() }.query();
    let asked = Explain {
        scope: &scope,
        selection,
        range: range(0, 60_000 * MS),
        baseline,
        limit: 20,
        memory_bytes: u64::MAX,
    };
    explain(&store.snapshot(TENANT), &asked, &Budget::new(Duration::from_secs(60))).unwrap()
}

#[track_caller]
fn is_explained(found: &ExplainResponse) {
    let first = &found.attributes[0];
    assert_eq!((first.name.as_str(), first.values[0].value.as_str()), ("span.user", "7"), "{found:#?}");
    assert!(
        first.values[0].selection_share == 1.0 && first.values[0].baseline_share == 0.0 && first.score > 0.5
    );
    // Nothing else separates them: neither the status, nor the host that all have.
    assert_eq!(found.attributes.len(), 1, "{:#?}", found.attributes);
    let path = &found.path[0];
    assert_eq!((path.service.as_str(), path.difference_ns), ("db", 80.0 * MS as f64), "{found:#?}");
    let sum: f64 = found.path.iter().map(|operation| operation.difference_ns).sum();
    assert!((sum - (found.selection.mean_ns - found.baseline.mean_ns)).abs() < 1.0, "{sum}");
}

#[tokio::test]
async fn what_is_slow_is_explained() {
    let (store, _directory) = store().await;
    let slow = Selection { min_duration: Some(50 * MS), ..Selection::default() }.query();
    let found = ask(&store, &slow, None);
    is_explained(&found);
    assert_eq!(found.selection.spans + found.baseline.spans, 250);
    assert_eq!((found.selection.p50_ns, found.baseline.p50_ns), (100 * MS, 20 * MS));
    assert_eq!(found.selection.looked_at, found.selection.spans);
    // The same by a query over whole traces, and against an hour before.
    let by_structure =
        parse("{ duration > 60ms && resource.service.name = \"db\" } < { .user != nil }").unwrap();
    let again = ask(&store, &by_structure, None);
    is_explained(&again);
    assert_eq!(again, found);
    let before = ask(&store, &slow, Some(range(-3_600_000 * MS, -3_540_000 * MS)));
    is_explained(&before);
    assert_eq!((before.baseline.spans, before.selection.spans), (50, found.selection.spans));
}

#[tokio::test]
async fn nothing_selected_explains_nothing() {
    let (store, _directory) = store().await;
    let none = Selection { min_duration: Some(i64::MAX), ..Selection::default() }.query();
    let found = ask(&store, &none, None);
    assert_eq!((found.selection.spans, found.attributes.len()), (0, 0));
    assert_eq!(found.baseline.path_spans, 250);
}

#[test]
fn a_sample_is_fair() {
    let mut first_half = 0;
    for seed in 0..200 {
        let mut sample = Sample::new(10, seed);
        for row in 0..1_000 {
            let (trace_id, span_id) = ([0; 16], [0; 8]);
            sample.offer(sample::SampledSpan { source: 0, row, trace_id, span_id, duration: i64::from(row) });
        }
        assert_eq!((sample.spans.len(), sample.total, sample.mean_ns()), (10, 1_000, 499.5));
        first_half += sample.spans.iter().filter(|span| span.row < 500).count();
    }
    // 1,000 of 2,000 are expected; four standard deviations are 90.
    assert!((910..1_090).contains(&first_half), "{first_half}");
}
