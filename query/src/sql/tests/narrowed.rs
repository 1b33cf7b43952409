//! Conditions narrow what is read, and change no answer.

use super::{rows, uri};
use crate::http::testing::Client;
use crate::logs::fixture::{self, Record, Value, filled};
use crate::traces::fixture as spans;
use serde_json::json;

/// A condition in SQL with the same on a record.
type Condition = (String, Box<dyn Fn(&Record) -> bool>);

fn text(value: &Value) -> String {
    match value {
        Value::Int(n) => n.to_string(),
        Value::Double(n) => ocelli_signal::value_text::display(&ocelli_signal::AnyValue::Double(*n)),
        Value::Text(text) => text.clone(),
    }
}

fn attribute(key: &'static str, value: &'static str) -> Condition {
    let is = move |record: &Record| record.attribute(key).is_some_and(|found| text(found) == value);
    (format!("attributes['{key}'] = '{value}'"), Box::new(is))
}

fn time(op: &'static str, at: i64) -> Condition {
    let holds = move |record: &Record| match op {
        ">" => record.time > at,
        ">=" => record.time >= at,
        "<" => record.time < at,
        _ => record.time <= at,
    };
    (format!("time {op} to_timestamp_nanos({at})"), Box::new(holds))
}

fn conditions(seed: u64) -> Vec<Condition> {
    let at = 1_000_000_000_000 + (seed as i64 % 150) * 1_000_000;
    vec![
        attribute("status", "300"),
        attribute("took", "2.5"),
        attribute("took", "7"),
        attribute("number", "77"),
        attribute("absent", "1"),
        time(">", at),
        time(">=", at),
        time("<", at),
        time("<=", at),
        (
            "trace_id IS NULL OR trace_id = '00'".to_owned(),
            Box::new(|record: &Record| record.trace_id.is_none()),
        ),
        (
            "(attributes['number'] = '3' OR attributes['number'] = '5')".to_owned(),
            Box::new(|record: &Record| {
                record.attribute("number").is_some_and(|found| ["3", "5"].contains(&text(found).as_str()))
            }),
        ),
        (
            "NOT (level = 'error')".to_owned(),
            Box::new(|record: &Record| !(17..21).contains(&record.severity)),
        ),
    ]
}

#[tokio::test]
async fn an_answer_is_the_same_as_of_a_walk_over_all_records() {
    for seed in 0..6 {
        let records = fixture::records(700, seed);
        let (store, _directory) = filled(true, &records).await;
        let client = Client::new(store);
        let all = conditions(seed * 37 + 11);
        for (one, holds) in &all {
            for (two, holds_too) in &all[..4] {
                let expected = records.iter().filter(|record| holds(record) && holds_too(record)).count();
                let query = format!("SELECT count(body) FROM logs WHERE ({one}) AND ({two})");
                assert_eq!(rows(&client, &query).await, [json!([expected])], "{query}");
            }
            let expected = records.iter().filter(|record| holds(record)).map(|record| record.time).max();
            let query =
                format!("SELECT CAST(time AS BIGINT) AS ns FROM logs WHERE {one} ORDER BY time DESC LIMIT 3");
            let found = rows(&client, &query).await;
            assert_eq!(found.first().map(|row| row[0].as_i64().unwrap()), expected, "{query}");
            let mut times: Vec<i64> = records.iter().filter(|r| holds(r)).map(|record| record.time).collect();
            times.sort_unstable_by(|a, b| b.cmp(a));
            times.truncate(3);
            assert_eq!(
                found.iter().map(|row| row[0].as_i64().unwrap()).collect::<Vec<_>>(),
                times,
                "{query}"
            );
        }
    }
}

#[tokio::test]
async fn what_can_not_count_is_not_read() {
    let record = |number: i64| Record {
        time: 1_000_000_000_000 + number * 1_000_000,
        severity: 9,
        body: format!("line {number}"),
        service: "s".to_owned(),
        attributes: vec![("user".to_owned(), Value::Text(format!("u{number}")))],
        trace_id: Some([(number % 250) as u8; 16]),
        ..Record::default()
    };
    let (store, _directory) = filled(true, &(0..4_000).map(record).collect::<Vec<_>>()).await;
    let client = Client::new(store);
    let scanned = async |query: &str| {
        let body = client.ok(&uri(query)).await;
        body["stats"]["rows_scanned"].as_u64().unwrap_or_else(|| panic!("{body}"))
    };
    // A thousand of them are in memory, in no order.
    let newest = scanned("SELECT * FROM logs ORDER BY time DESC LIMIT 5").await;
    assert!(newest < 1_500, "the newest are found in {newest} rows");
    let late = scanned("SELECT count(body) FROM logs WHERE time < to_timestamp_nanos(1000100000000)").await;
    assert!(late <= 1_164, "a tenth of a second is found in {late} rows");
    // A filter is wrong now and then, but not about all of them.
    let mut absent = Vec::new();
    for name in ["nobody", "u4000", "U1", "u-1", "another"] {
        absent.push(scanned(&format!("SELECT body FROM logs WHERE attributes['user'] = '{name}'")).await);
    }
    assert!(absent.contains(&1_000), "no file has these users, and yet {absent:?} rows were read");
    let limited = scanned("SELECT body FROM logs LIMIT 3").await;
    assert!(limited <= 1_064, "three rows are found in {limited}");
}

#[tokio::test]
async fn a_trace_is_found_by_its_id() {
    let span = |number: u64| {
        let start = 1_000_000_000_000 + number as i64 * 1_000_000;
        spans::Span::new((number % 200) as u8, number + 1, 0, "shop", start, 1_000)
    };
    let (store, _directory) = spans::filled(&(0..3_000).map(span).collect::<Vec<_>>()).await;
    let client = Client::new(store);
    let id = format!("01{}", "07".repeat(15));
    let body = client.ok(&uri(&format!("SELECT span_id FROM spans WHERE trace_id = '{id}'"))).await;
    assert_eq!(body["rows"].as_array().unwrap().len(), 15);
    let scanned = body["stats"]["rows_scanned"].as_u64().unwrap();
    assert!(scanned <= 1_100, "a thousand in memory, the trace's alone in files, not {scanned}");
    for list in [format!("'{id}', 'x', '{}'", "AB".repeat(16)), format!("'{id}', '{id}'")] {
        let query = format!("SELECT count(*) FROM spans WHERE trace_id IN ({list})");
        assert_eq!(rows(&client, &query).await, [json!([15])], "{query}");
    }
    let upper = format!("SELECT count(*) FROM spans WHERE trace_id = '{}'", "AB".repeat(16));
    assert_eq!(rows(&client, &upper).await, [json!([0])]);
}

#[tokio::test]
async fn attributes_come_whole_wherever_they_are_not_asked_for_by_key() {
    let record = Record {
        time: 1,
        attributes: vec![("a".to_owned(), Value::Int(1)), ("b".to_owned(), Value::Int(2))],
        ..Record::default()
    };
    let (store, _directory) = filled(true, &vec![record; 8]).await;
    let client = Client::new(store);
    let whole = json!([{"a": "1", "b": "2"}]);
    for query in [
        "SELECT attributes FROM logs WHERE attributes['a'] = '1'",
        "SELECT attributes AS x FROM logs WHERE attributes['a'] = '1'",
        "SELECT x FROM (SELECT attributes AS x FROM logs) WHERE x['a'] = '1'",
        "SELECT DISTINCT attributes FROM logs ORDER BY attributes['a']",
        "WITH l AS (SELECT * FROM logs) SELECT attributes FROM l WHERE attributes['b'] = '2'",
        "SELECT a.attributes FROM logs a JOIN logs b ON a.attributes['a'] = b.attributes['a']",
        "SELECT attributes FROM logs UNION ALL SELECT attributes FROM logs WHERE attributes['a'] = '1'",
        "SELECT first_value(attributes) FROM logs GROUP BY attributes['a']",
        "SELECT map_keys(attributes), attributes['b'] FROM logs",
        "SELECT x FROM (SELECT attributes AS x FROM logs UNION ALL (SELECT attributes FROM logs LIMIT 5))",
        "SELECT (SELECT attributes FROM logs LIMIT 1) AS m",
    ] {
        let found = rows(&client, query).await;
        let first = found.first().unwrap_or_else(|| panic!("{query}"));
        if query.contains("map_keys") {
            assert_eq!(*first, json!([["a", "b"], "2"]), "{query}");
        } else {
            assert_eq!(*first, whole, "{query}");
        }
    }
    assert_eq!(rows(&client, "SELECT attributes['b'] FROM logs LIMIT 1").await, [json!(["2"])]);
    let star = &client.ok(&uri("SELECT * FROM logs LIMIT 1")).await;
    assert_eq!(star["rows"][0][4], whole[0]);
}

#[tokio::test]
async fn what_one_aggregate_or_table_learns_hides_no_rows_from_another() {
    let record = |number: i64| Record {
        time: 1_000_000_000_000 + number * 1_000_000,
        body: "x".repeat(if number == 5 { 900 } else { 10 }),
        service: "s".to_owned(),
        ..Record::default()
    };
    let (store, _directory) = filled(true, &(0..2_000).map(record).collect::<Vec<_>>()).await;
    let client = Client::new(store);
    let both = "SELECT CAST(max(time) AS BIGINT), max(length(body)) FROM logs";
    assert_eq!(rows(&client, both).await, [json!([1_001_999_000_000i64, 900])]);
    let rounds = "WITH RECURSIVE r AS (SELECT 0 AS n, CAST(NULL AS TIMESTAMP) AS t UNION ALL \
                  SELECT n + 1, CAST(m AS TIMESTAMP) FROM r, (SELECT max(time) AS m FROM logs) WHERE n < 3) \
                  SELECT count(t) FROM r";
    assert_eq!(rows(&client, rounds).await, [json!([3])]);
    // Both sides have a column of this name, and the newest of the one are the oldest of the other.
    let joined = "SELECT CAST(a.time AS BIGINT) AS at FROM logs a JOIN logs b \
                  ON CAST(a.time AS BIGINT) + CAST(b.time AS BIGINT) = 2001999000000 ORDER BY a.time DESC LIMIT 2";
    let newest = [json!([1_001_999_000_000i64]), json!([1_001_998_000_000i64])];
    assert_eq!(rows(&client, joined).await, newest);
}
