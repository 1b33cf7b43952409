//! A query of PromQL: begun from a metric, read as a tree, with its exemplars.

use super::text::number;
use ocelli_api::metrics::MetricSummary;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// Nodes of a tree that are shown; a query of more is not read by people.
const MOST_NODES: usize = 200;

/// What one would ask of a metric first, by its kind.
pub fn begin(metric: &MetricSummary) -> String {
    let name = &metric.prometheus_name;
    match &*metric.kind {
        "histogram" => {
            format!("histogram_quantile(0.95, sum by (le) (rate({name}_bucket[$__rate_interval])))")
        }
        "exponential_histogram" => format!("histogram_quantile(0.95, sum(rate({name}[$__rate_interval])))"),
        _ if name.ends_with("_total") => format!("rate({name}[$__rate_interval])"),
        _ => name.clone(),
    }
}

/// A part of a query and how deep it is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    pub depth: usize,
    pub text: String,
}

/// Answer of `parse_query`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct ParsedQuery {
    pub data: Value,
}

/// The parts of a query, each above what it is made of.
pub fn tree(query: &ParsedQuery) -> Vec<Node> {
    let mut nodes = Vec::new();
    let mut left = vec![(0, &query.data)];
    while let Some((depth, node)) = left.pop().filter(|_| nodes.len() < MOST_NODES) {
        nodes.push(Node { depth, text: text(node) });
        let children = ["param", "expr", "lhs", "rhs"].into_iter().filter_map(|key| node.get(key));
        let all: Vec<&Value> = children
            .chain(node["args"].as_array().into_iter().flatten())
            .filter(|of| of.is_object())
            .collect();
        left.extend(all.into_iter().rev().map(|child| (depth + 1, child)));
    }
    nodes
}

fn text(node: &Value) -> String {
    let field = |key: &str| node[key].as_str().unwrap_or_default();
    match field("type") {
        "numberLiteral" => field("val").to_owned(),
        "stringLiteral" => format!("\"{}\"", field("val")),
        "parenExpr" => "( )".to_owned(),
        "aggregation" => field("op").to_owned() + &labels(node, "grouping", &["by", "without"], "without"),
        "binaryExpr" => {
            let matching = &node["matching"];
            let modifier = labels(matching, "labels", &["ignoring", "on"], "on");
            let side = match matching["card"].as_str() {
                Some("many-to-one") => " group_left",
                Some("one-to-many") => " group_right",
                _ => "",
            };
            format!("{}{modifier}{side}", field("op"))
        }
        "call" => format!("{}( )", node["func"]["name"].as_str().unwrap_or_default()),
        "subquery" => format!("[{}:{}]", duration(&node["range"]), duration(&node["step"])),
        "vectorSelector" | "matrixSelector" => selector(node),
        _ => field("op").to_owned(),
    }
}

/// ` by (a, b)`; nothing where there are neither labels nor a wish for none of them.
fn labels(node: &Value, key: &str, words: &[&str; 2], second: &str) -> String {
    let is_second = node[second].as_bool().unwrap_or_default();
    let names: Vec<&str> = node[key].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    match names.is_empty() && !is_second {
        true => String::new(),
        false => format!(" {} ({})", words[usize::from(is_second)], names.join(", ")),
    }
}

fn selector(node: &Value) -> String {
    let of = |matcher: &Value| {
        let [name, op, value] =
            ["name", "type", "value"].map(|key| matcher[key].as_str().unwrap_or_default());
        (name != "__name__").then(|| format!("{name}{op}\"{value}\""))
    };
    let matchers: Vec<String> = node["matchers"].as_array().into_iter().flatten().filter_map(of).collect();
    let mut text = node["name"].as_str().unwrap_or_default().to_owned();
    if !matchers.is_empty() {
        text += &format!("{{{}}}", matchers.join(", "));
    }
    if node.get("range").is_some() {
        text += &format!("[{}]", duration(&node["range"]));
    }
    match node["offset"].as_i64() {
        None | Some(0) => text,
        Some(_) => format!("{text} offset {}", duration(&node["offset"])),
    }
}

/// Milliseconds in the largest unit that they are whole in.
fn duration(ms: &Value) -> String {
    let ms = ms.as_i64().unwrap_or_default();
    let units = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];
    let unit = units.into_iter().find(|(_, scale)| ms != 0 && ms % scale == 0);
    unit.map_or_else(String::new, |(unit, scale)| format!("{}{unit}", ms / scale))
}

/// Answer of `query_exemplars`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct ExemplarsAnswer {
    pub data: Vec<OfSeries>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct OfSeries {
    pub exemplars: Vec<Told>,
}

/// As the API writes one.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Told {
    pub labels: BTreeMap<String, String>,
    pub value: String,
    /// Seconds since the epoch.
    pub timestamp: f64,
}

/// A measurement that names its trace.
#[derive(Clone, Debug, PartialEq)]
pub struct Exemplar {
    pub trace_id: String,
    pub value: f64,
    pub at_ns: i64,
}

/// The largest `most` exemplars that have a trace, each trace once.
pub fn exemplars(answer: &ExemplarsAnswer, most: usize) -> Vec<Exemplar> {
    let read = |told: &Told| {
        let trace_id = told.labels.get("trace_id").filter(|id| !id.is_empty())?.clone();
        Some(Exemplar { trace_id, value: number(&told.value)?, at_ns: (told.timestamp * 1e9) as i64 })
    };
    let mut all: Vec<Exemplar> = answer.data.iter().flat_map(|of| &of.exemplars).filter_map(read).collect();
    super::order::sort_by(&mut all, |a, b| b.value.total_cmp(&a.value));
    let mut shown: Vec<Exemplar> = Vec::new();
    for exemplar in all {
        if shown.len() < most && shown.iter().all(|other| other.trace_id != exemplar.trace_id) {
            shown.push(exemplar);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn metric(prometheus_name: &str, kind: &str) -> MetricSummary {
        let (prometheus_name, kind) = (prometheus_name.to_owned(), kind.to_owned());
        MetricSummary { prometheus_name, kind, ..MetricSummary::default() }
    }

    #[test]
    fn a_metric_begins_a_query_by_its_kind() {
        for (name, kind, query) in [
            ("up", "gauge", "up"),
            ("x_total", "sum", "rate(x_total[$__rate_interval])"),
            ("open", "sum", "open"),
            ("h", "exponential_histogram", "histogram_quantile(0.95, sum(rate(h[$__rate_interval])))"),
            ("h", "histogram", "histogram_quantile(0.95, sum by (le) (rate(h_bucket[$__rate_interval])))"),
        ] {
            assert_eq!(begin(&metric(name, kind)), query);
        }
    }

    #[test]
    fn a_query_is_read_from_the_outside_in() {
        let selector = json!({"type": "matrixSelector", "name": "x", "range": 300_000, "offset": 60_000,
            "matchers": [{"name": "a", "type": "=~", "value": "b"}, {"name": "__name__", "type": "=", "value": "x"}]});
        let rate = json!({"type": "call", "func": {"name": "rate"}, "args": [selector]});
        let sum = json!({"type": "aggregation", "op": "sum", "expr": rate, "param": null, "grouping": ["le"], "without": false});
        let data = json!({"type": "binaryExpr", "op": "/", "lhs": sum, "rhs": {"type": "numberLiteral", "val": "2"},
            "matching": null});
        let shown =
            tree(&ParsedQuery { data }).into_iter().map(|node| (node.depth, node.text)).collect::<Vec<_>>();
        let expected =
            [(0, "/"), (1, "sum by (le)"), (2, "rate( )"), (3, "x{a=~\"b\"}[5m] offset 1m"), (1, "2")];
        assert_eq!(shown, expected.map(|(depth, text)| (depth, text.to_owned())));
    }

    #[test]
    fn the_largest_exemplars_with_a_trace_come_first() {
        let told = |trace: &str, value: &str| json!({"labels": {"trace_id": trace}, "value": value, "timestamp": 1.5});
        let answer = json!({"data": [{"exemplars": [told("a", "1"), told("", "9"), told("b", "2")]},
            {"exemplars": [told("a", "3"), told("c", "NaN")]}]});
        let answer: ExemplarsAnswer = serde_json::from_value(answer).unwrap();
        let found = exemplars(&answer, 5).into_iter().map(|of| (of.trace_id, of.value)).collect::<Vec<_>>();
        assert_eq!(found, [("a".to_owned(), 3.0), ("b".to_owned(), 2.0)]);
        assert_eq!(exemplars(&answer, 1)[0].at_ns, 1_500_000_000);
    }
}
