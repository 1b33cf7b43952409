//! What the language of figures says, and its figures against those of a naive count.

use super::*;
use crate::http::run::Budget;
use crate::logs::fixture::{self, Record, TENANT, Value, filled, records};
use crate::logs::language::{self, SyntaxError};
use crate::logs::{filter_of, naive};
use ocelli_api::logs::{LogStatsResponse, StatsKind};
use ocelli_api::{TimeRange, UnixNano};
use ocelli_storage::Store;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::time::Duration;

const START: i64 = 1_000_000_000_000;
const END: i64 = START + 150_000_000;

fn read(query: &str) -> Result<Stats, SyntaxError> {
    parse(&language::split(query).1)
}

#[test]
fn figures_fields_and_pipes_are_read() {
    let stats = read(
        "x | stats count(), p99(took) as slow, uniq(user) by (service, time(5m)) | sort by slow | limit 3",
    );
    let stats = stats.unwrap();
    let names: Vec<&str> = stats.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["count()", "slow", "uniq(user)"]);
    assert_eq!(stats.columns[1].function, Function::Quantile(0.99));
    assert_eq!(stats.keys[1], Key::Time { step_ms: Some(300_000) });
    assert_eq!((stats.sort, stats.limit), (Some(Sort { column: 3, ascending: false }), Some(3)));
    let top = read("| top 5 by host.name, \"odd key\"").unwrap();
    assert_eq!(top.keys[1].name(), "odd key");
    assert_eq!(top.sort, Some(Sort { column: 2, ascending: false }));
    assert!(read("| stats count() by service | sort by service").unwrap().sort.unwrap().ascending);
    assert_eq!(read("| stats quantile(0.5, a.b)").unwrap().columns[0].name, "quantile(0.5, a.b)");
}

#[test]
fn mistakes_have_a_place_and_say_what_was_meant() {
    for (query, offset, message) in [
        ("x | stats cuont()", 10, "unknown function 'cuont', did you mean count?"),
        ("x | stast count()", 4, "unknown pipe 'stast', did you mean stats?"),
        ("x | stats sum()", 14, "'sum' needs a field: sum(duration_ms)"),
        ("x | stats count", 15, "'(' is missing after 'count'"),
        ("x | stats count( by service", 20, "')' is missing after what 'count' is about"),
        ("x | stats quantile(2, f)", 19, "'2' is not from 0 to 1"),
        ("x | stats count() by (service", 29, "')' is missing after the fields"),
        ("x | stats count() service", 18, "'service' is not understood here"),
        ("x | stats count() by (time(1m), time(1h))", 29, "grouped by time once"),
        ("x | stats count() by time(5)", 21, "'5' is no width"),
        ("x | stats count() | sort by cuont", 28, "there is no column 'cuont'"),
        ("x | limit 5", 4, "'limit' follows 'stats' or 'top'"),
        ("x | top five by f", 8, "'five' is no number of groups"),
        ("x | stats count() | stats count()", 20, "'stats' may come once only"),
        ("x | stats", 9, "a name is missing here"),
        ("x | stats count() by \"a", 21, "the quote that opens here is not closed"),
        ("x", 0, "add what is to be counted"),
    ] {
        let error = read(query).unwrap_err();
        assert!(error.message.contains(message), "{query}: {error}");
        assert_eq!(error.offset, offset, "{query}: {error}");
    }
    let many = vec!["count()"; 17].join(", ");
    assert!(read(&format!("| stats {many}")).unwrap_err().message.contains("more than 16"));
}

fn ask(store: &Store, query: &str) -> (LogStatsResponse, bool, Vec<String>) {
    let (text, pipes) = language::split(query);
    let filter = filter_of(&language::parse(text).unwrap()).unwrap();
    let range = TimeRange { from: UnixNano(START), to: UnixNano(END) };
    let budget = Budget::new(Duration::from_secs(60));
    table(&store.snapshot(TENANT), &filter, &parse(&pipes).unwrap(), range, &budget).unwrap()
}

fn took(record: &Record) -> Option<f64> {
    match record.attribute("took") {
        Some(Value::Double(took)) => Some(*took),
        Some(Value::Int(took)) => Some(*took as f64),
        Some(Value::Text(took)) => took.parse().ok(),
        None => None,
    }
}

fn same(found: &Json, expected: Option<f64>, what: &str) {
    match (found.as_f64(), expected) {
        (None, None) => {}
        (Some(a), Some(b)) => assert!((a - b).abs() <= 1e-9 * b.abs().max(1.0), "{what}: {a} for {b}"),
        other => panic!("{what}: {other:?}"),
    }
}

#[tokio::test]
async fn figures_are_those_of_a_naive_count() {
    let records = records(2_000, 23);
    for indexed in [true, false] {
        let (store, _directory) = filled(indexed, &records).await;
        for filter in ["", "card", "level:error OR declined", "absent"] {
            let query = format!(
                "{filter} | stats count(), count(took), sum(took), avg(took), min(took), max(took), uniq(status), \
                 quantile(0.9, took) by (service, host.name) | limit 1000"
            );
            let (answer, nothing, _) = ask(&store, &query);
            let expr = language::parse(filter).unwrap();
            let mut groups: BTreeMap<(String, String), Vec<&Record>> = BTreeMap::new();
            for record in records.iter().filter(|record| naive::matches(&expr, record)) {
                let host = match record.attribute("host.name") {
                    Some(Value::Text(own)) => own.clone(),
                    _ => record.host.clone(),
                };
                groups.entry((record.service.clone(), host)).or_default().push(record);
            }
            assert_eq!(nothing, groups.is_empty());
            assert_eq!(answer.groups as usize, groups.len(), "{filter}");
            for row in &answer.rows {
                let key = (row[0].as_str().unwrap().to_owned(), row[1].as_str().unwrap().to_owned());
                let of = &groups[&key];
                let mut values: Vec<f64> = of.iter().filter_map(|record| took(record)).collect();
                values.sort_by(f64::total_cmp);
                let sum = (!values.is_empty()).then(|| values.iter().sum::<f64>());
                let statuses: std::collections::BTreeSet<_> = of
                    .iter()
                    .filter_map(|record| record.attribute("status"))
                    .map(|status| format!("{status:?}"))
                    .collect();
                let rank = ((values.len() as f64 * 0.9).ceil() as usize).max(1) - 1;
                let expected = [
                    Some(of.len() as f64),
                    Some(of.iter().filter(|record| record.attribute("took").is_some()).count() as f64),
                    sum,
                    sum.map(|sum| sum / values.len() as f64),
                    values.first().copied(),
                    values.last().copied(),
                    Some(statuses.len() as f64),
                    values.get(rank).copied(),
                ];
                for (at, expected) in expected.into_iter().enumerate() {
                    same(
                        &row[2 + at],
                        expected,
                        &format!("{filter} {key:?} {}", answer.columns[2 + at].name),
                    );
                }
            }
        }
    }
}

#[tokio::test]
async fn time_is_cut_in_buckets_and_what_is_not_shown_is_told() {
    let records = records(1_000, 29);
    let (store, _directory) = filled(true, &records).await;
    let (answer, ..) = ask(&store, "| stats count(), rate() by (time(20ms))");
    assert_eq!((answer.columns[0].kind, answer.step_ms), (StatsKind::Time, Some(20)));
    let mut naive: BTreeMap<i64, u64> = BTreeMap::new();
    records
        .iter()
        .for_each(|record| *naive.entry(record.time.div_euclid(20_000_000) * 20_000_000).or_default() += 1);
    let expected: Vec<Vec<Json>> = naive
        .iter()
        .map(|(time, count)| vec![json!(time.to_string()), json!(count), json!(*count as f64 / 0.02)])
        .collect();
    assert_eq!(answer.rows, expected);
    let (answer, ..) = ask(&store, "| top 2 by number");
    let other = answer.other.unwrap();
    assert_eq!((answer.rows.len(), other.groups + 2), (2, answer.groups));
    let shown: u64 = answer.rows.iter().map(|row| row[1].as_u64().unwrap()).sum();
    assert_eq!(shown + other.records, 1_000);
    let (answer, nothing, _) = ask(&store, "absent | stats count(), sum(took)");
    assert_eq!((answer.rows, nothing), (vec![vec![json!(0), Json::Null]], true));
    let (_, _, unseen) = ask(&store, "| stats sum(tok) by (servce)");
    assert_eq!(unseen, ["servce", "tok"]);
}

#[tokio::test]
async fn more_groups_than_there_may_be_are_refused() {
    let record = |number: i64| Record {
        time: START + number,
        attributes: vec![("number".to_owned(), fixture::Value::Int(number))],
        ..Record::default()
    };
    let records: Vec<Record> = (0..groups::MAX_GROUPS as i64 + 1).map(record).collect();
    let (store, _directory) = filled(false, &records).await;
    let (_, pipes) = language::split("| stats count() by (number)");
    let range = TimeRange { from: UnixNano(START), to: UnixNano(END) };
    let budget = Budget::new(Duration::from_secs(60));
    let filter = crate::logs::filter::Filter::All;
    let refused =
        table(&store.snapshot(TENANT), &filter, &parse(&pipes).unwrap(), range, &budget).unwrap_err();
    assert!(refused.to_string().contains("more than 100000 groups; group by fewer fields"), "{refused}");
}
