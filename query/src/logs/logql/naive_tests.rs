//! Queries line by line, without an index or columns: the yardstick for those over a store.

use super::ast::{LogQuery, Query};
use super::lines::{LineSearch, search};
use super::metric::{MetricSearch, evaluate};
use super::needs::Needs;
use super::parse;
use super::pipeline::{Labels, run};
use super::rows::LabelRows;
use crate::http::run::Budget;
use crate::logs::fixture::{Random, Record, TENANT, batch, filled, records};
use crate::promql::value::Sample;
use crate::promql::{Data, Query as Steps};
use ocelli_api::{TimeRange, UnixNano};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

const START: i64 = 1_000_000_000_000;
const MS: i64 = 1_000_000;

const SELECTORS: [&str; 4] = [
    r#"{service_name="cart"}"#,
    r#"{service_name=~".+"}"#,
    r#"{service_name!="order", service_name=~"c.*|p.*"}"#,
    r#"{service_name=~".+", x=""}"#,
];
const STAGES: [&str; 22] = [
    "|= `card`",
    "|= `, card,`",
    "|= ` ok ` or `order_id=5001 `",
    "!= `Declined`",
    "!= `card` or `ok`",
    "|~ `(?i)GRÖßE|user`",
    "!~ `^$`",
    "|> `<_> card<_>`",
    "!> `<_>ok<_>`",
    "| status=`200`",
    "| status >= 200",
    "| host_name=`own`",
    "| took=`5` or status=`400`",
    "| number < 400",
    "| detected_level=~`warn|error`",
    "| trace_id=`05050505050505050505050505050505`",
    "| logfmt",
    "| order_id=`5001`",
    "| line_format `{{.detected_level}} {{.status}} {{__line__}}`",
    "| label_format status=took",
    // A comparison right behind would be one of the last label.
    "| drop status | keep service_name, took, host_name, number | decolorize",
    "| __error__=``",
];

fn query(random: &mut Random) -> String {
    let mut text = SELECTORS[random.below(SELECTORS.len() as u64) as usize].to_owned();
    for _ in 0..random.below(4) {
        text += " ";
        text += STAGES[random.below(STAGES.len() as u64) as usize];
    }
    text
}

/// The lines that come out, with their labels as one text, in no order.
fn naive(query: &LogQuery, records: &[Record]) -> Vec<(i64, String, String)> {
    let mut found = Vec::new();
    for record in records {
        let rows = batch(std::slice::from_ref(record)).rows;
        let labels = LabelRows::of(&rows, &Needs::ALL).unwrap();
        let mut labels: Labels<'_> = labels.labels(0);
        let stream: BTreeMap<String, String> = labels.categories().stream.into_iter().collect();
        let value = |name: &str| stream.get(name).map(String::as_str).unwrap_or_default();
        if !query.matchers.iter().all(|matcher| matcher.matches(value(&matcher.name))) {
            continue;
        }
        let mut line = Cow::Borrowed(record.body.as_str());
        if run(&query.stages, &mut line, &mut labels, record.time) {
            found.push((record.time, line.into_owned(), format!("{:?}", labels.categories())));
        }
    }
    found.sort();
    found
}

fn range(from_ms: i64, to_ms: i64) -> TimeRange {
    TimeRange { from: UnixNano(START + from_ms * MS), to: UnixNano(START + to_ms * MS) }
}

#[tokio::test]
async fn lines_are_those_of_a_naive_search() {
    let records = records(900, 61);
    let mut random = Random(62);
    for indexed in [true, false] {
        let (store, _directory) = filled(indexed, &records).await;
        let (mut some, mut none) = (0, 0);
        let times_of =
            |expected: &[(i64, String, String)]| expected.iter().map(|line| line.0).collect::<Vec<_>>();
        for _ in 0..150 {
            let text = query(&mut random);
            let Query::Logs(query) = parse(&text).unwrap() else { panic!("{text}") };
            let (from, to) = (random.below(60) as i64, 90 + random.below(70) as i64);
            let within = |record: &&Record| (START + from * MS..START + to * MS).contains(&record.time);
            let all: Vec<Record> = records.iter().filter(within).cloned().collect();
            let expected = naive(&query, &all);
            let budget = Budget::new(Duration::from_secs(60));
            for (limit, forward) in [(usize::MAX >> 1, false), (usize::MAX >> 1, true), (5, false), (5, true)]
            {
                let limit = limit.min(2_000);
                let wanted =
                    LineSearch { query: &query, range: range(from, to), limit, forward, interval_ns: 0 };
                let found = search(&store.snapshot(TENANT), &wanted, &budget).unwrap();
                assert_eq!(found.partial, None);
                let times: Vec<i64> = found.entries.iter().map(|entry| entry.time).collect();
                let mut wanted_times = times_of(&expected);
                if !forward {
                    wanted_times.reverse();
                }
                wanted_times.truncate(limit);
                assert_eq!(times, wanted_times, "{text} {limit} {forward} {from} {to}");
                if limit >= expected.len() {
                    let shown = |entry: &super::lines::Entry| {
                        (entry.time, entry.line.clone(), format!("{:?}", entry.labels))
                    };
                    let mut lines: Vec<_> = found.entries.iter().map(shown).collect();
                    lines.sort();
                    assert_eq!(lines, expected, "{text}");
                }
            }
            if expected.is_empty() { none += 1 } else { some += 1 }
        }
        assert!(some > 60 && none > 3, "{some} {none}");
    }
}

/// Counts by window, out of the lines of the naive search.
#[tokio::test]
async fn counts_are_those_of_a_naive_search() {
    let records = records(900, 63);
    let mut random = Random(64);
    let (store, _directory) = filled(true, &records).await;
    for (at, by) in ["service_name", "detected_level", "status", "host_name", "took, service_name", ""]
        .iter()
        .cycle()
        .take(60)
        .enumerate()
    {
        let text = query(&mut random);
        let Query::Logs(log_query) = parse(&text).unwrap() else { panic!("{text}") };
        if text.contains("line_format") && text.contains("__error__") {
            continue;
        }
        let (width, step) = (10 + random.below(60) as i64, 5 + random.below(40) as i64);
        let full = format!("sum by ({by}) (count_over_time({text} [{width}ms]))");
        let Query::Metric(query) = parse(&full).unwrap() else { panic!("{full}") };
        let (start_ms, end_ms) = (START / MS, START / MS + 160);
        let steps = Steps::range(&full, start_ms, end_ms, step);
        let budget = Budget::new(Duration::from_secs(60));
        let snapshot = store.snapshot(TENANT);
        let found = evaluate(&snapshot, &MetricSearch { query: &query, steps }, &budget);
        let last = (start_ms + 160 / step * step) * MS;
        let mut lines = naive_labels(&log_query, &records);
        lines.retain(|(at, _)| *at <= last);
        if lines.iter().any(|(_, labels)| labels.contains_key("__error__")) {
            assert!(found.unwrap_err().to_string().starts_with("pipeline error"), "{full}");
            continue;
        }
        let Data::Matrix(found) = found.unwrap().data else { panic!("{full}") };
        let mut expected: BTreeMap<String, Vec<(i64, f64)>> = BTreeMap::new();
        for time in (start_ms..=end_ms).step_by(step as usize) {
            let mut counts: BTreeMap<String, f64> = BTreeMap::new();
            let within = |at: i64| (time - width) * MS < at && at <= time * MS;
            for (_, labels) in lines.iter().filter(|(at, _)| within(*at)) {
                let names = by.split(", ").filter(|name| !name.is_empty());
                let mut pairs: Vec<(&str, &String)> =
                    names.filter_map(|name| Some((name, labels.get(name)?))).collect();
                pairs.sort();
                *counts.entry(format!("{pairs:?}")).or_default() += 1.0;
            }
            counts
                .into_iter()
                .for_each(|(series, count)| expected.entry(series).or_default().push((time, count)));
        }
        let shown = |(labels, samples): (crate::promql::labels::Labels, Vec<(i64, Sample)>)| {
            let pairs: Vec<(&str, &str)> = labels.iter().collect();
            (
                format!("{pairs:?}"),
                samples.iter().map(|(time, sample)| (*time, sample.float().unwrap())).collect(),
            )
        };
        let found: BTreeMap<String, Vec<(i64, f64)>> = found.into_iter().map(shown).collect();
        assert_eq!(found, expected, "{at}: {full}");
    }
}

fn naive_labels(query: &LogQuery, records: &[Record]) -> Vec<(i64, BTreeMap<String, String>)> {
    let mut all = Vec::new();
    for record in records {
        let rows = batch(std::slice::from_ref(record)).rows;
        let labels = LabelRows::of(&rows, &Needs::ALL).unwrap();
        let mut labels = labels.labels(0);
        let stream = labels.categories().stream;
        let value = |name: &str| stream.iter().find(|(own, _)| own == name).map_or("", |(_, value)| value);
        let passes = query.matchers.iter().all(|matcher| matcher.matches(value(&matcher.name)));
        if passes && run(&query.stages, &mut Cow::Borrowed(record.body.as_str()), &mut labels, record.time) {
            let pairs = labels.iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
            all.push((record.time, pairs.collect()));
        }
    }
    all
}
