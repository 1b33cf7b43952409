//! Runs the cases in `query/tests/traceql/cases/`: TraceQL queries over traces that are written there.
//!
//! ```text
//! load
//!   trace 1
//!     a service=shop duration=100ms span.user=5
//!     b <a status=2
//! find { .user = 5 }
//!   1: a
//! fail { .user = }
//!   10: an attribute or a value is missing before '}'
//! series 10s { } | rate()
//!   {} 0.2 0
//! ```
//!
//! Spans of a trace that is found are named in the order of their ids, spansets parted by `|`, what
//! they have by `by()` and aggregates behind them. Times begin at 0.

mod script;
mod store;

use ocelli_api::{KeyValue, TimeRange, UnixNano};
use ocelli_query::http::run::Budget;
use ocelli_query::traces::Sort;
use ocelli_query::traces::traceql::{self, TraceqlSearch, metrics};
use ocelli_storage::Store;
use script::Command;
use std::path::PathBuf;
use std::time::Duration;

#[tokio::test]
async fn every_case_holds() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/traceql/cases");
    let mut wrong = String::new();
    let mut count = 0;
    for entry in std::fs::read_dir(folder).expect("the folder of the cases") {
        let path = entry.expect("a file").path();
        let text = std::fs::read_to_string(&path).expect("a readable file");
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let (mut filled, mut names) = (None, store::Names::default());
        for (line, command) in script::commands(&text) {
            let (query, expected, found) = match command {
                Command::Load(traces) => {
                    names = store::Names::of(&traces);
                    filled = Some(store::filled(&traces).await);
                    continue;
                }
                Command::Find(query, expected) => {
                    let (store, _) = filled.as_ref().expect("load comes first");
                    (query.clone(), expected, find(store, &names, &query))
                }
                Command::Fail(query, expected) => (query.clone(), expected, fail(&query)),
                Command::Series(step_ns, query, expected) => {
                    let (store, _) = filled.as_ref().expect("load comes first");
                    (query.clone(), expected, series(store, step_ns, &query))
                }
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

const RANGE: TimeRange = TimeRange { from: UnixNano(0), to: UnixNano(60_000_000_000) };

fn budget() -> Budget {
    Budget::new(Duration::from_secs(60))
}

fn find(store: &Store, names: &store::Names, query: &str) -> Vec<String> {
    let parsed = match traceql::parse(query) {
        Ok(parsed) => parsed,
        Err(error) => return vec![format!("{}: {error}", error.offset)],
    };
    let search = TraceqlSearch {
        query: &parsed,
        range: RANGE,
        sort: Sort::Newest,
        limit: 1_000,
        cursor: None,
        spans: 1_000,
        memory_bytes: u64::MAX,
    };
    let snapshot = store.snapshot("default");
    let page = match traceql::search(&snapshot, &search, &budget()) {
        Ok(page) => page,
        Err(error) => return vec![error.to_string()],
    };
    let mut lines: Vec<String> = page
        .traces
        .iter()
        .map(|trace| {
            let spansets: Vec<String> = trace
                .spansets
                .iter()
                .map(|spanset| {
                    let mut spans: Vec<_> = spanset.spans.iter().collect();
                    spans.sort_by(|a, b| a.span_id.cmp(&b.span_id));
                    assert_eq!(spanset.matched as usize, spans.len(), "{query}");
                    let spans: Vec<&str> = spans.iter().map(|span| names.span(&span.span_id)).collect();
                    format!("{}{}", spans.join(" "), shown(&spanset.attributes))
                })
                .collect();
            format!("{}: {}", names.trace(&trace.trace_id), spansets.join(" | "))
        })
        .collect();
    lines.sort();
    lines
}

fn shown(attributes: &[KeyValue]) -> String {
    let pairs = attributes.iter().map(|pair| format!("{}={}", pair.key, pair.value.display()));
    let pairs: Vec<String> = pairs.collect();
    if pairs.is_empty() { String::new() } else { format!(" {{{}}}", pairs.join(", ")) }
}

fn fail(query: &str) -> Vec<String> {
    match traceql::parse(query) {
        Ok(parsed) => vec![format!("it reads as {parsed}")],
        Err(error) => vec![format!("{}: {error}", error.offset)],
    }
}

fn series(store: &Store, step_ns: i64, query: &str) -> Vec<String> {
    let parsed = match traceql::parse(query) {
        Ok(parsed) => parsed,
        Err(error) => return vec![format!("{}: {error}", error.offset)],
    };
    let search = metrics::MetricsSearch {
        query: &parsed,
        range: RANGE,
        step_ns,
        most_steps: 100,
        exemplars: 0,
        memory_bytes: u64::MAX,
    };
    let answer = match metrics::metrics(&store.snapshot("default"), &search, &budget()) {
        Ok(answer) => answer,
        Err(error) => return vec![error.to_string()],
    };
    let line = |series: &metrics::Series| {
        let labels: Vec<String> =
            series.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let values = series.values.iter().map(|value| match value {
            // Enough digits to tell a mistake, too few to tell how a quantile's buckets are cut.
            Some(value) => ((value * 100.0).round() / 100.0).to_string(),
            None => "_".to_owned(),
        });
        format!("{{{}}} {}", labels.join(", "), values.collect::<Vec<_>>().join(" "))
    };
    answer.series.iter().map(line).collect()
}
