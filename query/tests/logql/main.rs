//! Runs the cases in `query/tests/logql/cases/`: LogQL queries over lines that are written there.
//!
//! ```text
//! load
//!   1s app - status=500 | level=info took=5ms
//! lines {service_name="app"} | logfmt
//!   level=info took=5ms {level=info, status=500, took=5ms}
//! samples 0s 10s 5s sum(count_over_time({service_name="app"}[5s]))
//!   {} _ 1 _
//! fail {
//!   parse error at line 1, col 2: syntax error: unexpected $end, expecting IDENTIFIER or }
//! text {a="b"}|="c"
//!   {a="b"} |= "c"
//! ```
//!
//! A line has its time, service, severity (`-` for none), attributes, and its text behind the bar. Lines
//! that are found are shown oldest first with their labels, but for the service `app` and an unknown level.
//! Samples are those from one time to another in steps; times begin at 0.

mod script;

use ocelli_api::{TimeRange, UnixNano};
use ocelli_query::http::run::Budget;
use ocelli_query::logs::logql::ast::Query;
use ocelli_query::logs::logql::lines::{LineSearch, search};
use ocelli_query::logs::logql::metric::{MetricSearch, evaluate};
use ocelli_query::logs::logql::{Categories, parse, with_place};
use ocelli_query::promql::value::format_float;
use ocelli_query::promql::{Data, Query as Steps};
use ocelli_storage::Store;
use script::{Command, Grid};
use std::path::PathBuf;
use std::time::Duration;

#[tokio::test]
async fn every_case_holds() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/logql/cases");
    let mut wrong = String::new();
    let mut count = 0;
    for entry in std::fs::read_dir(folder).expect("the folder of the cases") {
        let path = entry.expect("a file").path();
        let text = std::fs::read_to_string(&path).expect("a readable file");
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut filled = None;
        for (line, command) in script::commands(&text) {
            let store = || -> &Store { filled.as_ref().map(|(store, _)| store).expect("load comes first") };
            let (query, expected, found) = match command {
                Command::Load(lines) => {
                    filled = Some(script::store(&lines).await);
                    continue;
                }
                Command::Lines(query, expected) => (query.clone(), expected, lines(store(), &query)),
                Command::Samples(grid, query, expected) => {
                    (query.clone(), expected, samples(store(), grid, &query))
                }
                Command::Fail(query, expected) => (query.clone(), expected, lines(store(), &query)),
                Command::Text(query, expected) => (query.clone(), expected, text_of(&query)),
            };
            count += 1;
            if found != expected {
                wrong += &format!("{name}:{line}: {query}\n  expected {expected:#?}\n  found {found:#?}\n");
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(count > 80, "only {count} cases were found");
}

fn budget() -> Budget {
    Budget::new(Duration::from_secs(60))
}

fn text_of(query: &str) -> Vec<String> {
    vec![parse(query).map_or_else(|why| with_place(why, query).to_string(), |query| query.to_string())]
}

fn lines(store: &Store, text: &str) -> Vec<String> {
    let query = match parse(text) {
        Ok(Query::Logs(query)) => query,
        Ok(Query::Metric(_)) => return samples(store, Grid { from_s: 60.0, to_s: 60.0, step_s: 0.0 }, text),
        Err(why) => return vec![with_place(why, text).to_string()],
    };
    let range = TimeRange { from: UnixNano(0), to: UnixNano(60_000_000_000) };
    let wanted = LineSearch { query: &query, range, limit: 1_000, forward: true, interval_ns: 0 };
    match search(&store.snapshot("default"), &wanted, &budget()) {
        Ok(found) => {
            found.entries.iter().map(|entry| format!("{}{}", entry.line, shown(&entry.labels))).collect()
        }
        Err(why) => vec![why.to_string()],
    }
}

fn shown(labels: &Categories) -> String {
    let all = labels.stream.iter().chain(&labels.metadata).chain(&labels.parsed);
    let told = |(name, value): &&(String, String)| {
        !matches!((name.as_str(), value.as_str()), ("service_name", "app") | ("detected_level", "unknown"))
    };
    let mut pairs: Vec<String> = all.filter(told).map(|(name, value)| format!("{name}={value}")).collect();
    pairs.sort();
    if pairs.is_empty() { String::new() } else { format!(" {{{}}}", pairs.join(", ")) }
}

fn samples(store: &Store, grid: Grid, text: &str) -> Vec<String> {
    let query = match parse(text) {
        Ok(Query::Metric(query)) => query,
        Ok(Query::Logs(_)) => return vec!["a query of lines".to_owned()],
        Err(why) => return vec![with_place(why, text).to_string()],
    };
    let ms = |seconds: f64| (seconds * 1e3).round() as i64;
    let steps = Steps::range(text, ms(grid.from_s), ms(grid.to_s), ms(grid.step_s));
    let times: Vec<i64> = (0..steps.steps() as i64).map(|at| steps.start_ms + at * steps.step_ms).collect();
    let found = match evaluate(&store.snapshot("default"), &MetricSearch { query: &query, steps }, &budget())
    {
        Ok(found) => found,
        Err(why) => return why.to_string().lines().map(str::to_owned).collect(),
    };
    // Enough digits to tell a mistake.
    let number = |value: f64| format_float((value * 1e4).round() / 1e4);
    match found.data {
        Data::Scalar(values) => values.iter().map(|(_, value)| number(*value)).collect(),
        Data::Text(_, text) => vec![text],
        Data::Vector(_, vector) => vector
            .iter()
            .map(|(labels, sample)| format!("{labels} {}", number(sample.float().unwrap_or(f64::NAN))))
            .collect(),
        Data::Matrix(matrix) => {
            let line = |(labels, samples): &(_, Vec<(i64, _)>)| {
                let labels: &ocelli_query::promql::labels::Labels = labels;
                let at = |time: &i64| {
                    let found = samples.iter().find(|(at, _)| at == time);
                    let sample: Option<&ocelli_query::promql::value::Sample> =
                        found.map(|(_, sample)| sample);
                    sample.and_then(|sample| sample.float()).map_or("_".to_owned(), number)
                };
                format!("{labels} {}", times.iter().map(at).collect::<Vec<_>>().join(" "))
            };
            matrix.iter().map(line).collect()
        }
    }
}
