use super::*;
use crate::logs::filter::id::to_hex;
use crate::logs::fixture::{Random, TENANT};
use crate::traces::compile;
use crate::traces::fixture::{Span, filled, trace_id};
use ocelli_api::UnixNano;
use std::collections::BTreeMap;
use std::time::Duration;

const START: i64 = 1_000_000_000_000;
const END: i64 = START + 60_000_000_000;

/// 120 traces of a few spans each, over six buckets of ten seconds.
fn spans() -> Vec<Span> {
    let mut random = Random(3);
    let mut spans = Vec::new();
    for trace in 0..120 {
        let start = START + random.below(59_000) as i64 * 1_000_000;
        for number in 0..1 + random.below(5) {
            let service = ["cart", "payment", "order"][random.below(3) as usize];
            let start = start + random.below(500) as i64 * 1_000_000;
            let mut span = Span::new(trace as u8, spans.len() as u64 + 1, 0, service, start, 0);
            span.duration = random.below(900) as i64 * 1_000_000;
            span.status = random.below(3) as i32;
            span.user = (random.below(2) == 0).then(|| random.below(9) as i64);
            span.parent = (number > 0).then(|| spans.len() as u64 + 1 - number);
            spans.push(span);
        }
    }
    // Spans of a trace arrive apart from each other.
    for at in (1..spans.len()).rev() {
        spans.swap(at, random.below(at as u64 + 1) as usize);
    }
    spans
}

fn walk(store: &ocelli_storage::Store, query: &str, sort: Sort, limit: usize) -> Vec<String> {
    let filter = compile(query).unwrap();
    let range = TimeRange { from: UnixNano(START), to: UnixNano(END) };
    let (mut cursor, mut ids) = (None, Vec::new());
    loop {
        let wanted = TraceSearch { filter: &filter, range, sort, limit, cursor, memory_bytes: u64::MAX };
        let budget = Budget::new(Duration::from_secs(60));
        let page = search(&store.snapshot(TENANT), &wanted, &budget).unwrap();
        assert!(page.traces.len() == limit || page.next.is_none());
        assert!(page.traces.iter().all(|trace| !trace.matched.is_empty()), "{query}");
        ids.extend(page.traces.into_iter().map(|trace| trace.trace_id));
        cursor = page.next.map(|cursor| TraceCursor::parse(&cursor.encode()).unwrap());
        if cursor.is_none() {
            return ids;
        }
    }
}

/// What a query says, in Rust.
type Passes = fn(&Span) -> bool;

/// Trace ids in the order of a key, greatest first.
fn ordered(keys: BTreeMap<u8, i64>) -> Vec<String> {
    let mut keys: Vec<_> = keys.into_iter().map(|(trace, key)| Reverse((key, trace_id(trace)))).collect();
    keys.sort();
    keys.into_iter().map(|Reverse((_, id))| to_hex(&id)).collect()
}

#[tokio::test]
async fn pages_hold_every_matching_trace_once_in_order() {
    let spans = spans();
    let (store, _directory) = filled(&spans).await;
    let queries: [(&str, Passes); 7] = [
        ("", |_| true),
        ("service:cart", |span| span.service == "cart"),
        ("status:error service:payment", |span| span.status == 2 && span.service == "payment"),
        ("user:>6", |span| span.user.is_some_and(|user| user > 6)),
        ("duration:>=500ms", |span| span.duration >= 500_000_000),
        ("name:order.call -user:*", |span| span.name == "order.call" && span.user.is_none()),
        ("nobody:5", |_| false),
    ];
    for (query, passes) in queries {
        let mut newest: BTreeMap<u8, i64> = BTreeMap::new();
        let mut extent: BTreeMap<u8, (i64, i64, bool)> = BTreeMap::new();
        for span in spans.iter().filter(|span| (START..END).contains(&span.start)) {
            let (end, passed) = (span.start + span.duration, passes(span));
            let of = extent.entry(span.trace).or_insert((i64::MAX, i64::MIN, false));
            *of = (of.0.min(span.start), of.1.max(end), of.2 || passed);
            if passed {
                let start = newest.entry(span.trace).or_insert(span.start);
                *start = span.start.max(*start);
            }
        }
        let durations = extent.into_iter().filter(|(_, (.., passed))| *passed);
        let durations = durations.map(|(trace, (start, end, _))| (trace, end - start)).collect();
        let (newest, slowest) = (ordered(newest), ordered(durations));
        for limit in [3, 1_000] {
            assert_eq!(walk(&store, query, Sort::Newest, limit), newest, "{query} by {limit}");
            assert_eq!(walk(&store, query, Sort::Slowest, limit), slowest, "{query} by {limit}");
        }
    }
}

#[tokio::test]
async fn a_summary_is_that_of_the_whole_trace() {
    let mut failed = Span::new(1, 3, 1, "payment", START + 20, 500);
    failed.status = 2;
    let spans = [
        Span::new(1, 1, 0, "gateway", START, 1_000),
        Span::new(1, 2, 1, "cart", START + 10, 50),
        failed.clone(),
        // A sender's retry.
        failed,
    ];
    let (store, _directory) = filled(&spans).await;
    let filter = compile("status:error").unwrap();
    let range = TimeRange { from: UnixNano(START), to: UnixNano(END) };
    let wanted = TraceSearch {
        filter: &filter,
        range,
        sort: Sort::Newest,
        limit: 5,
        cursor: None,
        memory_bytes: u64::MAX,
    };
    let page = search(&store.snapshot(TENANT), &wanted, &Budget::new(Duration::from_secs(60))).unwrap();
    let [trace] = &page.traces[..] else { panic!("one trace: {page:?}") };
    assert_eq!((trace.root_service.as_str(), trace.root_operation.as_str()), ("gateway", "gateway.call"));
    assert!(trace.has_root);
    assert_eq!((trace.start.0, trace.duration_ns, trace.span_count, trace.error_count), (START, 1_000, 3, 1));
    let services: Vec<_> = trace.services.iter().map(|s| (s.service.as_str(), s.spans, s.errors)).collect();
    assert_eq!(services, [("cart", 1, 0), ("gateway", 1, 0), ("payment", 1, 1)]);
    assert_eq!(trace.matched.len(), 1);
    assert_eq!(trace.matched[0].operation, "payment.call");
}

#[tokio::test]
async fn too_many_traces_are_refused_by_name() {
    let (store, _directory) = filled(&spans()).await;
    let filter = compile("").unwrap();
    let range = TimeRange { from: UnixNano(START), to: UnixNano(END) };
    for sort in [Sort::Newest, Sort::Slowest] {
        let wanted = TraceSearch { filter: &filter, range, sort, limit: 5, cursor: None, memory_bytes: 960 };
        let budget = Budget::new(Duration::from_secs(60));
        let refused = search(&store.snapshot(TENANT), &wanted, &budget).unwrap_err().to_string();
        assert_eq!(refused, "more than 10 traces are in the range; ask for a shorter one");
    }
}
