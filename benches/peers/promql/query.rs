//! The queries.

use super::load::Load;
use crate::common::bodies::monitored::service_of;
use crate::product::Product;

/// A request to the Prometheus API of a product.
pub struct Ask {
    pub path: String,
    pub parameters: Vec<(&'static str, String)>,
}

pub struct Query {
    pub title: &'static str,
    endpoint: String,
    ours: String,
    /// Where VictoriaMetrics is asked with other words.
    theirs: Option<String>,
    parameters: Vec<(&'static str, String)>,
    /// How far values may differ, relative to the larger; `note` says why.
    pub tolerance: f64,
    pub note: &'static str,
}

const API: &str = "/prometheus/api/v1";
/// VictoriaMetrics takes the last sample before a window as its begin, and does not extrapolate.
const OTHER_RATE: &str = "another definition of rate";
/// And has its own buckets, between whose bounds it interpolates by a line.
const OTHER_BUCKETS: &str = "other buckets, which it interpolates by a line";
const OTHER_LABELS: &str = "it makes labels of all attributes of the resource";
const FLOATS: &str = "{__name__=~\"bench_requests_.*|bench_usage_.*\"}";
const MANY: &str = "bench_many_total";

impl Query {
    pub fn of(&self, product: &dyn Product) -> Ask {
        let text = self.theirs.as_ref().filter(|_| product.name() != "Ocelli").unwrap_or(&self.ours);
        let name = if ["query", "query_range"].contains(&&*self.endpoint) { "query" } else { "match[]" };
        let text = Some((name, text.clone())).filter(|(_, text)| !text.is_empty());
        Ask {
            path: format!("{API}/{}", self.endpoint),
            parameters: text.into_iter().chain(self.parameters.iter().cloned()).collect(),
        }
    }

    fn new(title: &'static str, endpoint: &str, text: String) -> Query {
        let (endpoint, parameters) = (endpoint.to_owned(), Vec::new());
        Query { title, endpoint, ours: text, theirs: None, parameters, tolerance: 1e-9, note: "" }
    }

    fn differs(self, tolerance: f64, note: &'static str) -> Query {
        Query { tolerance, note, ..self }
    }

    fn times(self, from_s: u64, to_s: u64, step_s: u64) -> Query {
        let parameters =
            vec![("start", from_s.to_string()), ("end", to_s.to_string()), ("step", step_s.to_string())];
        Query { parameters, ..self }
    }
}

/// In the order of the table.
pub fn all(load: &Load) -> Vec<Query> {
    let mut all = over_hours(load);
    all.extend(over_a_month(load));
    all.extend(selectors(load));
    all.extend(labels(load));
    all
}

fn over_hours(load: &Load) -> Vec<Query> {
    // A rate's first windows are whole.
    let range = |title, text: &str| {
        Query::new(title, "query_range", text.to_owned()).times(load.begin_s() + 600, load.end_s(), 60)
    };
    let instant = |title, text: String| Query {
        parameters: vec![("time", load.end_s().to_string())],
        ..Query::new(title, "query", text)
    };
    let quantile = |of: &str| format!("histogram_quantile(0.99, sum{of})");
    vec![
        range("sum of a metric", "sum(bench_requests_1_total)"),
        range("rate of a metric", "sum(rate(bench_requests_1_total[5m]))").differs(0.05, OTHER_RATE),
        range("rate by label", "sum by (route) (rate(bench_requests_1_total[5m]))").differs(0.1, OTHER_RATE),
        instant("topk over all series, now", format!("topk(10, {FLOATS})")),
        range("topk over all series", &format!("topk(10, {FLOATS})")),
        Query {
            theirs: Some(quantile(" by (vmrange) (rate(bench_duration_seconds_bucket[5m]))")),
            ..range("quantile of native histograms", &quantile("(rate(bench_duration_seconds[5m]))"))
        }
        .differs(0.1, OTHER_BUCKETS),
    ]
}

fn over_a_month(load: &Load) -> Vec<Query> {
    const DAY_S: u64 = 24 * 3600;
    let range = |title, text: &str| {
        let (from_s, to_s) = (load.begin_s() - load.days() * DAY_S + 7200, load.begin_s() - 3600);
        Query::new(title, "query_range", text.to_owned()).times(from_s, to_s, 3600)
    };
    vec![
        range("month at 1 h, sum", "sum(bench_long_total)"),
        range("month at 1 h, rate", "sum(rate(bench_long_total[1h]))").differs(0.05, OTHER_RATE),
    ]
}

fn selectors(load: &Load) -> Vec<Query> {
    let count = |title, matchers: String| Query {
        parameters: vec![("time", load.end_s().to_string())],
        ..Query::new(title, "query", format!("count({MANY}{{{matchers}}})"))
    };
    let service = service_of(load.some_pod());
    vec![
        count("= one service", format!("service=\"{service}\"")),
        count("= service, path and status", {
            format!("service=\"{service}\",path=\"/api/v1/resource-20\",status=\"500\"")
        }),
        count("=~ literal prefix", "path=~\"/api/v1/.*\"".to_owned()),
        count("=~ alternation", format!("service=~\"{service}|cart-1|email-2\"")),
        count("!= beside =", format!("service=\"{service}\",status!=\"200\"")),
        count("!= and !~ alone", "status!=\"200\",path!~\"/api/v[2-9]/.*\"".to_owned()),
        count("=~ of no series", "pod=~\"nothing-.*\"".to_owned()),
    ]
}

fn labels(load: &Load) -> Vec<Query> {
    let of = |title, endpoint: &str, text: String| {
        let range = [("start", (load.end_s() - 300).to_string()), ("end", load.end_s().to_string())];
        Query { parameters: range.into(), ..Query::new(title, endpoint, text) }
    };
    let service = service_of(load.some_pod());
    let pod_and_path = format!("{MANY}{{service=\"{service}\",path=\"/api/v1/resource-20\"}}");
    vec![
        of("label names", "labels", String::new()).differs(f64::INFINITY, OTHER_LABELS),
        of("label names of a metric", "labels", MANY.to_owned()).differs(f64::INFINITY, OTHER_LABELS),
        of("label values", "label/path/values", String::new()),
        of("label values of a service", "label/pod/values", format!("{MANY}{{service=\"{service}\"}}")),
        of("series", "series", pod_and_path),
    ]
}
