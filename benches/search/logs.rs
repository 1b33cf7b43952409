//! The questions about log records, to Ocelli and to VictoriaLogs.

use crate::Arguments;
use crate::common::bodies::{BATCH, Kind};
use crate::ocelli::{Ocelli, records, total};
use crate::product::Product;
use crate::question::{Ask, Facts};
use crate::store;
use crate::table::Table;
use crate::victoria_logs::{VictoriaLogs, hits, items, lines};

type Results = fn(&str) -> Option<u64>;
type Parameters = Vec<(&'static str, String)>;

/// Rows of a table of figures.
fn groups(text: &str) -> Option<u64> {
    let answer: serde_json::Value = serde_json::from_str(text).ok()?;
    Some(answer["rows"].as_array()?.len() as u64)
}

/// One question in the words of both.
struct Query {
    title: &'static str,
    ours: (&'static str, Parameters, Results),
    theirs: (&'static str, Parameters, Results),
}

pub async fn run(arguments: &Arguments) -> anyhow::Result<String> {
    let peer = arguments.peer.iter().find(|peer| peer.name == VictoriaLogs::NAME).cloned();
    let peer = peer.map(|peer| Box::new(VictoriaLogs(peer)) as Box<dyn Product>);
    let ours: Box<dyn Product> = Box::new(Ocelli(arguments.ocelli.clone()));
    let products: Vec<Box<dyn Product>> = std::iter::once(ours).chain(peer).collect();
    let temporary = tempfile::tempdir()?;
    let directory = arguments.keep.as_deref().unwrap_or(temporary.path());
    let servers = store::servers(&products, Kind::Logs, arguments.logs, directory).await?;
    let facts = Facts::of(Kind::Logs, arguments.logs.div_ceil(BATCH));
    let mut table = Table::new(&format!("{} log records", arguments.logs), &products);
    for query in queries(&facts) {
        if arguments.only.as_ref().is_none_or(|only| query.title.contains(only)) {
            let asks: Vec<Option<Ask>> =
                products.iter().map(|product| Some(query.of(product.as_ref(), &facts))).collect();
            table.add(query.title, store::ask(&servers, &asks, arguments).await?);
        }
    }
    servers.into_iter().try_for_each(|server| server.stop().map(drop))?;
    Ok(table.to_string())
}

impl Query {
    fn of(&self, product: &dyn Product, facts: &Facts) -> Ask {
        let (from, to) = (facts.from_ns.to_string(), facts.to_ns.to_string());
        let ((path, parameters, results), range) = if product.name() == "Ocelli" {
            (&self.ours, [("from", from), ("to", to)])
        } else {
            (&self.theirs, [("start", from), ("end", to)])
        };
        let parameters = range.into_iter().chain(parameters.iter().cloned()).collect();
        Ask { path: (*path).to_owned(), parameters, results: *results }
    }
}

/// In the order of the table.
fn queries(facts: &Facts) -> Vec<Query> {
    let newest = |title, ours: &str, theirs: &str| Query {
        title,
        ours: ("/api/logs", vec![("q", ours.to_owned())], records),
        theirs: (
            "/select/logsql/query",
            vec![("query", theirs.to_owned()), ("limit", "100".to_owned())],
            lines,
        ),
    };
    let count = |title, query: &str| Query {
        title,
        ours: ("/api/logs/histogram", vec![("q", query.to_owned()), ("buckets", "1".to_owned())], total),
        theirs: ("/select/logsql/query", vec![("query", format!("{query} | count() as items"))], items),
    };
    let step = format!("{}s", (facts.end_s() - facts.begin_s()).div_ceil(60));
    let histogram = |title, query: &str| Query {
        title,
        ours: ("/api/logs/histogram", vec![("q", query.to_owned())], total),
        theirs: (
            "/select/logsql/hits",
            vec![("query", query.to_owned()), ("step", step.clone()), ("field", "severity".to_owned())],
            hits,
        ),
    };
    let figures = |title, ours: &str, theirs: &str| Query {
        title,
        ours: ("/api/logs/stats", vec![("q", ours.to_owned())], groups),
        theirs: ("/select/logsql/query", vec![("query", theirs.to_owned())], lines),
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
