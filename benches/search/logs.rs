//! The questions about log records, to Ocelli and to VictoriaLogs.

use crate::Arguments;
use crate::common::bodies::{BATCH, Kind};
use crate::ocelli::{records, total};
use crate::product::Product;
use crate::question::{Ask, Facts, Parameters, Results};
use crate::store::{self, Query};
use crate::victoria_logs::{VictoriaLogs, hits, items, lines};

/// Rows of a table of figures.
fn groups(text: &str) -> Option<u64> {
    let answer: serde_json::Value = serde_json::from_str(text).ok()?;
    Some(answer["rows"].as_array()?.len() as u64)
}

pub async fn run(arguments: &Arguments) -> anyhow::Result<String> {
    let peer = arguments.peer.iter().find(|peer| peer.name == VictoriaLogs::NAME).cloned();
    let peer = peer.map(|peer| Box::new(VictoriaLogs(peer)) as Box<dyn Product>);
    let products = store::beside_ours(arguments, peer);
    let facts = Facts::of(Kind::Logs, arguments.logs.div_ceil(BATCH));
    store::table(arguments, &products, &facts, arguments.logs, "log records", queries(&facts)).await
}

/// In the order of the table.
fn queries(facts: &Facts) -> Vec<Query> {
    let both = |title, ours: (&str, Parameters, Results), theirs: (&str, Parameters, Results)| {
        let (from, to) = (facts.from_ns.to_string(), facts.to_ns.to_string());
        let ask = |(path, parameters, results): (&str, Parameters, Results), range: Parameters| Ask {
            path: path.to_owned(),
            parameters: range.into_iter().chain(parameters).collect(),
            results,
        };
        let ours = ask(ours, vec![("from", from.clone()), ("to", to.clone())]);
        let theirs = ask(theirs, vec![("start", from), ("end", to)]);
        Query { title, asks: vec![("Ocelli", ours), ("VictoriaLogs", theirs)] }
    };
    let newest = |title, ours: &str, theirs: &str| {
        both(
            title,
            ("/api/logs", vec![("q", ours.to_owned())], records),
            ("/select/logsql/query", vec![("query", theirs.to_owned()), ("limit", "100".to_owned())], lines),
        )
    };
    let count = |title, query: &str| {
        both(
            title,
            ("/api/logs/histogram", vec![("q", query.to_owned()), ("buckets", "1".to_owned())], total),
            ("/select/logsql/query", vec![("query", format!("{query} | count() as items"))], items),
        )
    };
    let step = format!("{}s", (facts.end_s() - facts.begin_s()).div_ceil(60));
    let histogram = |title, query: &str| {
        both(
            title,
            ("/api/logs/histogram", vec![("q", query.to_owned())], total),
            (
                "/select/logsql/hits",
                vec![("query", query.to_owned()), ("step", step.clone()), ("field", "severity".to_owned())],
                hits,
            ),
        )
    };
    let figures = |title, ours: &str, theirs: &str| {
        both(
            title,
            ("/api/logs/stats", vec![("q", ours.to_owned())], groups),
            ("/select/logsql/query", vec![("query", theirs.to_owned())], lines),
        )
    };
    let trace_id = &facts.trace_id;
    vec![
        newest("by trace id", &format!("trace_id:{trace_id}"), &format!("trace_id:={trace_id}")),
        newest("by a rare word", "54321", "54321"),
        newest("two frequent words, newest 100", "card declined", "card declined"),
        newest("by a rare attribute", "app.order.id:order-054321", "\"app.order.id\":=\"order-054321\""),
        newest("newest 100 of all", "*", "*"),
        count("count of a phrase", "\"card declined\""),
        count("count of a word", "timeout"),
        histogram("histogram by severity", "*"),
        histogram("histogram of a word", "timeout"),
        figures(
            "count by an attribute",
            "* | stats count() by (http.route)",
            "* | stats by (\"http.route\") count() as records",
        ),
        figures(
            "quantile of an attribute by service",
            "* | stats quantile(0.99, app.user.id) by (service)",
            "* | stats by (\"service.name\") quantile(0.99, \"app.user.id\") as slow",
        ),
    ]
}
