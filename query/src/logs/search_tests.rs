//! The same search by index, by scan and by a naive filter; pages against one large answer.

use super::*;
use crate::logs::context::{LogContext, context};
use crate::logs::fixture::{self, Record, TENANT, filled, records};
use crate::logs::{compile, histogram, language, naive};
use ocelli_storage::Store;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::time::Duration;

const START: i64 = 1_000_000_000_000;
const END: i64 = START + 150_000_000;

fn budget() -> Budget {
    Budget::new(Duration::from_secs(60))
}

fn range(from: i64, to: i64) -> TimeRange {
    TimeRange { from: UnixNano(from), to: UnixNano(to) }
}

fn page(store: &Store, query: &str, range: TimeRange, limit: usize, cursor: Option<Cursor>) -> Page {
    let filter = compile(query).unwrap();
    let wanted = LogSearch {
        filter: &filter,
        range,
        limit,
        cursor,
        direction: Direction::Older,
        page_bytes: usize::MAX,
    };
    search(&store.snapshot(TENANT), &wanted, &budget()).unwrap()
}

/// Time and number of every record found, in the order found.
fn found(records: &[LogRecord]) -> Vec<(i64, String)> {
    let number = |record: &LogRecord| record.attributes[0].value.0["intValue"].as_str().unwrap().to_owned();
    records.iter().map(|record| (record.time.0, number(record))).collect()
}

fn expected(records: &[Record], query: &str, range: TimeRange) -> Vec<(i64, String)> {
    let expr = language::parse(query).unwrap();
    let inside = |record: &&Record| (range.from.0..range.to.0).contains(&record.time);
    let passing = records.iter().filter(inside).filter(|record| naive::matches(&expr, record));
    let mut found: Vec<_> = passing
        .map(|record| match record.attribute("number") {
            Some(fixture::Value::Int(number)) => (record.time, number.to_string()),
            other => panic!("{other:?}"),
        })
        .collect();
    found.sort();
    found
}

fn any_query() -> impl Strategy<Value = String> {
    let term = prop::sample::select(vec![
        "card",
        "CARD",
        "declined",
        "card*",
        "\"card declined\"",
        "\"card, decl\"*",
        "5001",
        "order_id",
        "größe",
        "absent",
        "*",
        "/card.*user/",
        "/(?i)declined$/",
        "body:*",
        "body:timeout",
        "service:cart",
        "service:(cart OR order)",
        "service:pay*",
        "level:error",
        "level:unset",
        "level:>=warn",
        "status:200",
        "status:>=200",
        "status:[100 TO 300]",
        "status:2*",
        "status:*",
        "took:<3",
        "took:2.5",
        "took:1..6",
        "took:/^[0-4]$/",
        "host.name:own",
        "host.name:a",
        "resource.host.name:b",
        "trace_id:*",
        "trace_id:05050505050505050505050505050505",
        "number:77",
        "number:1200.0",
        "number:1900",
        "number:99999",
        "attributes.number:431",
        "nowhere:x",
    ])
    .prop_map(str::to_owned);
    term.prop_recursive(4, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(|all| format!("({})", all.join(" "))),
            prop::collection::vec(inner.clone(), 2..4).prop_map(|any| format!("({})", any.join(" OR "))),
            inner.prop_map(|inner| format!("-({inner})")),
        ]
    })
}

fn check<S: Strategy>(cases: u32, strategy: &S, test: impl Fn(S::Value)) {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    TestRunner::new(config)
        .run(strategy, |value| {
            test(value);
            Ok(())
        })
        .unwrap();
}

#[tokio::test]
async fn index_scan_and_naive_filter_agree() {
    let records = records(2_000, 7);
    let (indexed, _a) = filled(true, &records).await;
    let (scanned, _b) = filled(false, &records).await;
    let (flushed, _c) = filled(true, &records).await;
    flushed.flush().await.unwrap();
    let has_index = indexed.snapshot(TENANT).sources(Signal::Logs, START, END).iter().any(|source| {
        let query = ocelli_storage::TextQuery::Word("timeout".into());
        source.candidates(&query).unwrap().is_some()
    });
    assert!(has_index, "nothing is compared with the index");
    let ranges = (0i64..160, 0i64..160)
        .prop_map(|(a, b)| range(START + a.min(b) * 1_000_000, START + a.max(b) * 1_000_000 + 1));
    check(80, &(any_query(), ranges), |(query, range)| {
        let expected = expected(&records, &query, range);
        for store in [&indexed, &scanned, &flushed] {
            let page = page(store, &query, range, 10_000, None);
            let mut found = found(&page.records);
            assert!(found.is_sorted_by_key(|(time, _)| Reverse(*time)), "{query}: not newest first");
            found.sort();
            assert_eq!(found, expected, "{query}");
            assert!(page.next.is_none() && page.partial.is_none());
            let filter = compile(&query).unwrap();
            let counted =
                histogram::histogram(&store.snapshot(TENANT), &filter, range, 60, &budget()).unwrap();
            assert_eq!(counted.total as usize, expected.len(), "{query}");
        }
    });
}

#[tokio::test]
async fn pages_are_one_large_answer_cut_in_pieces() {
    let records = records(500, 11);
    let (store, _directory) = filled(true, &records).await;
    check(20, &(any_query(), 3usize..40), |(query, limit)| {
        let whole = page(&store, &query, range(START, END), 10_000, None).records;
        let mut pieces = Vec::new();
        let mut cursor = None;
        loop {
            let page = page(&store, &query, range(START, END), limit, cursor);
            assert!(page.records.len() == limit || page.next.is_none(), "{query}");
            pieces.extend(page.records);
            cursor = page.next.map(|cursor| Cursor::parse(&cursor.encode()).unwrap());
            if cursor.is_none() {
                break;
            }
        }
        assert!(pieces == whole, "{query} by {limit}: {} of {}", pieces.len(), whole.len());
    });
}

/// Pages in one direction from a cursor on until there are no more, each newest first.
fn walk(
    store: &Store,
    query: &str,
    limit: usize,
    direction: Direction,
    from: Option<Cursor>,
) -> Vec<Vec<LogRecord>> {
    let filter = compile(query).unwrap();
    let (mut cursor, mut pages) = (from, Vec::new());
    loop {
        let range = range(START, END);
        let wanted = LogSearch { filter: &filter, range, limit, cursor, direction, page_bytes: usize::MAX };
        let page = search(&store.snapshot(TENANT), &wanted, &budget()).unwrap();
        let next = if direction == Direction::Older { page.next } else { page.previous };
        let done = page.records.len() < limit;
        if !page.records.is_empty() {
            pages.push(page.records);
        }
        cursor = next.map(|cursor| Cursor::parse(&cursor.encode()).unwrap());
        if done || cursor.is_none() {
            return pages;
        }
    }
}

#[tokio::test]
async fn pages_of_newer_records_are_those_of_older_ones_backwards() {
    let records = records(500, 37);
    for indexed in [true, false] {
        let (store, _directory) = filled(indexed, &records).await;
        check(15, &(any_query(), 1usize..60), |(query, limit)| {
            let whole = page(&store, &query, range(START, END), 10_000, None).records;
            let newer = walk(&store, &query, limit, Direction::Newer, None);
            let joined: Vec<LogRecord> = newer.into_iter().rev().flatten().collect();
            assert!(joined == whole, "{query} by {limit}: {} of {}", joined.len(), whole.len());
            // From the middle of the whole: what is on both sides of a page is the rest.
            let first = page(&store, &query, range(START, END), limit, None);
            let Some(second) = first.next else { return };
            let middle = page(&store, &query, range(START, END), limit, Some(second));
            let before: Vec<_> = walk(&store, &query, 7, Direction::Newer, middle.previous)
                .into_iter()
                .rev()
                .flatten()
                .collect();
            let after: Vec<_> = match middle.next {
                Some(next) => walk(&store, &query, 7, Direction::Older, Some(next)).concat(),
                None => Vec::new(),
            };
            assert!([before, middle.records, after].concat() == whole, "{query} by {limit}");
        });
    }
}

#[tokio::test]
async fn a_record_is_found_again_with_its_neighbours() {
    let records = records(400, 41);
    let (store, _directory) = filled(true, &records).await;
    let whole = page(&store, "*", range(START, END), 10_000, None).records;
    let twins = |record: &LogRecord| whole.iter().filter(|other| other.id == record.id).count();
    for (at, record) in whole.iter().enumerate().filter(|(_, record)| twins(record) == 1).step_by(17) {
        let around = |of_stream| {
            let range = range(START, END);
            let wanted =
                LogContext { id: &record.id, after: 5, before: 3, of_stream, range, page_bytes: usize::MAX };
            context(&store.snapshot(TENANT), &wanted, &budget()).unwrap()
        };
        let all = around(false);
        assert!(all.record == *record);
        assert!(
            all.after == whole[at.saturating_sub(5)..at]
                && all.before == whole[at + 1..whole.len().min(at + 4)]
        );
        let stream = around(true);
        let same = |other: &&LogRecord| other.resource == record.resource;
        let before: Vec<_> = whole[at + 1..].iter().filter(same).take(3).cloned().collect();
        assert!(stream.before == before && stream.after.iter().all(|other| same(&other)));
    }
    let wanted = LogContext {
        id: "5-ab",
        after: 1,
        before: 1,
        of_stream: true,
        range: range(START, END),
        page_bytes: 1,
    };
    let missing = context(&store.snapshot(TENANT), &wanted, &budget()).unwrap_err();
    assert!(missing.to_string().contains("there is no log record 5-ab"), "{missing}");
}

#[tokio::test]
async fn a_flush_between_two_pages_changes_nothing() {
    let records = records(1_200, 13);
    let (store, _directory) = filled(true, &records).await;
    let whole = page(&store, "*", range(START, END), 10_000, None).records;
    assert_eq!(whole.len(), records.len());
    let mut pieces = Vec::new();
    let mut cursor = None;
    for number in 0.. {
        if number == 5 {
            store.flush().await.unwrap();
        }
        let page = page(&store, "*", range(START, END), 37, cursor);
        pieces.extend(page.records);
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(found(&pieces), found(&whole));
}

/// A record a nanosecond; every fourth has one word, every fifth another, one of them a third.
fn with_frequent_words(count: i64) -> Vec<Record> {
    let record = |number: i64| {
        let word = |every: i64, word| if number % every == 0 { word } else { "" };
        Record {
            time: START + number,
            body: format!("the same {} {} {}", word(4, "card"), word(5, "late"), word(20_020, "needle")),
            service: "s".to_owned(),
            attributes: vec![("number".to_owned(), fixture::Value::Int(number))],
            ..Record::default()
        }
    };
    (0..count).map(record).collect()
}

#[tokio::test]
async fn the_newest_are_found_without_reading_the_rest() {
    let records = with_frequent_words(40_000);
    let (scanned, _a) = filled(false, &records).await;
    let (indexed, _b) = filled(true, &records).await;
    // Both are looked for in segments, not only in the young tail.
    let old = range(START, START + 30_000);
    for (store, query, newest, most_rows) in [
        (&scanned, "same", "29999", 1_000),
        (&indexed, "same", "29999", 1_000),
        (&indexed, "card late", "29980", 5_000),
        (&scanned, "card late", "29980", 5_000),
        (&indexed, "needle", "20020", 2),
    ] {
        let budget = budget();
        let filter = compile(query).unwrap();
        let wanted = LogSearch {
            filter: &filter,
            range: old,
            limit: 100,
            cursor: None,
            direction: Direction::Older,
            page_bytes: usize::MAX,
        };
        let page = search(&store.snapshot(TENANT), &wanted, &budget).unwrap();
        assert_eq!(found(&page.records)[0].1, newest, "{query}");
        assert_eq!(page.records.len(), if query == "needle" { 2 } else { 100 }, "{query}");
        // Beside these, the end of the range is looked for row by row.
        assert!(budget.stats().rows_scanned <= most_rows, "{query}: {:?}", budget.stats());
    }
}

#[tokio::test]
async fn words_that_never_come_together_are_not_read() {
    let record = |number: i64| Record {
        time: START + number,
        body: if number % 2 == 0 { "even" } else { "odd" }.to_owned(),
        ..Record::default()
    };
    let (store, _directory) = filled(true, &(0..20_000).map(record).collect::<Vec<_>>()).await;
    store.flush().await.unwrap();
    let budget = budget();
    let filter = compile("even odd").unwrap();
    let wanted = LogSearch {
        filter: &filter,
        range: range(START, END),
        limit: 100,
        cursor: None,
        direction: Direction::Older,
        page_bytes: usize::MAX,
    };
    let page = search(&store.snapshot(TENANT), &wanted, &budget).unwrap();
    assert!(page.records.is_empty() && page.next.is_none());
    assert_eq!(budget.stats().rows_scanned, 0);
}

#[tokio::test]
async fn a_page_that_grows_too_large_is_cut_and_goes_on() {
    let records = records(300, 17);
    let (store, _directory) = filled(false, &records).await;
    let filter = compile("*").unwrap();
    let (mut cursor, mut pieces, mut cut) = (None, Vec::new(), 0);
    loop {
        let range = range(START, END);
        let wanted = LogSearch {
            filter: &filter,
            range,
            limit: 200,
            cursor,
            direction: Direction::Older,
            page_bytes: 20_000,
        };
        let page = search(&store.snapshot(TENANT), &wanted, &budget()).unwrap();
        cut += usize::from(page.partial.is_some());
        pieces.extend(page.records);
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert!(cut > 1);
    assert_eq!(found(&pieces), found(&page(&store, "*", range(START, END), 10_000, None).records));
}

#[tokio::test]
async fn after_the_deadline_the_answer_is_partial() {
    let (store, _directory) = filled(false, &records(300, 19)).await;
    let filter = compile("card").unwrap();
    let range = range(START, END);
    let wanted = LogSearch {
        filter: &filter,
        range,
        limit: 10,
        cursor: None,
        direction: Direction::Older,
        page_bytes: usize::MAX,
    };
    let page = search(&store.snapshot(TENANT), &wanted, &Budget::new(Duration::ZERO)).unwrap();
    assert!(page.partial.is_some_and(|why| why.contains("stopped after 0 s")));
    assert!(page.next.is_none());
}
