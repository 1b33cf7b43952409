//! The requests behind a panel, and the pages that show more of the same.

use crate::view::expression::{Steps, seconds};
use crate::view::links;
use crate::view::query_string::{QueryString, encode_segment};
use ocelli_api::dashboards::interpolate::{Syntax, Values, built_in, interpolate};
use ocelli_api::dashboards::{PanelKind, PanelQuery, QueryLanguage};
use ocelli_api::{TimeRange, UnixNano};

/// Points of a line.
const POINTS: i64 = 240;
/// Rows of logs and traces.
const RECORDS: &str = "100";
const TRACES: &str = "50";

/// What all panels of a page have in common.
#[derive(Clone, Debug, PartialEq)]
pub struct Scope {
    pub range: TimeRange,
    pub values: Values,
}

impl Scope {
    /// The times that points are asked for: multiples of the step, so that a refresh does not move them.
    pub fn steps(&self, instant: bool) -> Steps {
        let (from, to) = (self.range.from.0 / 1_000_000, self.range.to.0 / 1_000_000);
        if instant {
            return Steps { start_ms: to, step_ms: 1_000, count: 1 };
        }
        let step_ms = Steps::over(from, to, POINTS).step_ms;
        let start_ms = (from + step_ms - 1).div_euclid(step_ms) * step_ms;
        let count = usize::try_from((to - start_ms).div_euclid(step_ms)).unwrap_or(0) + 1;
        Steps { start_ms, step_ms, count }
    }

    /// A text with the values of the variables. An error names the variable.
    pub fn fill(&self, text: &str, syntax: Syntax) -> Result<String, String> {
        let (from, to) = (self.range.from.0 / 1_000_000, self.range.to.0 / 1_000_000);
        let mut values = built_in(to - from, self.steps(false).step_ms, to);
        values.extend(self.values.clone());
        interpolate(text, syntax, &values)
    }

    /// The same for people, who see what cannot be filled in.
    pub fn title(&self, text: &str) -> String {
        self.fill(text, Syntax::Text).unwrap_or_else(|_| text.to_owned())
    }
}

fn syntax(language: QueryLanguage) -> Syntax {
    match language {
        QueryLanguage::PromQl => Syntax::PromQl,
        QueryLanguage::Logs => Syntax::Logs,
        QueryLanguage::LogQl => Syntax::LogQl,
        QueryLanguage::TraceQl => Syntax::TraceQl,
        QueryLanguage::Red => Syntax::Text,
    }
}

/// The query as it is asked.
pub fn filled(query: &PanelQuery, scope: &Scope) -> Result<String, String> {
    scope.fill(&query.expr, syntax(query.language))
}

/// Path and query of the request.
pub fn url(query: &PanelQuery, kind: PanelKind, scope: &Scope) -> Result<String, String> {
    let text = filled(query, scope)?;
    if text.trim().is_empty() && query.language != QueryLanguage::Logs {
        return Err("There is no query yet.".to_owned());
    }
    let steps = scope.steps(query.instant);
    let stepped = |path: &str| steps.ask(path, &text);
    let api = |path: &str, parameters: &[(&str, &str)]| links::api(path, &scope.range, parameters);
    Ok(match (query.language, kind) {
        (QueryLanguage::PromQl, _) => stepped("/prometheus/api/v1/query_range"),
        (QueryLanguage::LogQl, PanelKind::Logs) => {
            let url = QueryString::default().with("query", &text).with("limit", RECORDS);
            let (from, to) = (scope.range.from.0.to_string(), scope.range.to.0.to_string());
            url.with("start", &from).with("end", &to).on("/loki/api/v1/query_range")
        }
        (QueryLanguage::LogQl, _) => stepped("/loki/api/v1/query_range"),
        (QueryLanguage::Logs, PanelKind::Logs) => api("/api/logs", &[("q", &text), ("limit", RECORDS)]),
        (QueryLanguage::Logs, _) => api("/api/logs/stats", &[("q", &text)]),
        (QueryLanguage::TraceQl, PanelKind::Traces) => {
            api("/api/traces", &[("query", &text), ("limit", TRACES)])
        }
        (QueryLanguage::TraceQl, _) => api("/api/traces/metrics", &[("query", &text)]),
        (QueryLanguage::Red, _) => api(&format!("/api/services/{}", encode_segment(&text)), &[]),
    })
}

/// With the ends of a range as Prometheus takes them.
fn within(query: QueryString, range: &TimeRange) -> QueryString {
    let seconds = |at: UnixNano| seconds(at.0 / 1_000_000);
    query.with("start", &seconds(range.from)).with("end", &seconds(range.to))
}

/// The request for the values of a label, or for the labels where it is empty, of the series that a selector
/// chooses; all, where there is none.
pub fn labels(label: &str, selector: &str, range: &TimeRange) -> String {
    let query = within(QueryString::default().with("match[]", selector), range);
    match label {
        "" => query.on("/prometheus/api/v1/labels"),
        label => query.on(&format!("/prometheus/api/v1/label/{}/values", encode_segment(label))),
    }
}

/// The request for the exemplars of what a query of PromQL selects; none where it cannot be filled in.
pub fn with_exemplars(query: &str, scope: &Scope) -> Option<String> {
    let text = scope.fill(query, Syntax::PromQl).ok()?;
    let url = within(QueryString::default().with("query", &text), &scope.range);
    Some(url.on("/prometheus/api/v1/query_exemplars"))
}

/// The request for how a query of PromQL is read.
pub fn parsed(query: &str, scope: &Scope) -> Option<String> {
    let text = scope.fill(query, Syntax::PromQl).ok()?;
    Some(QueryString::default().with("query", &text).on("/prometheus/api/v1/parse_query"))
}

/// The page that shows more of what a query asks for: its name and its address without the range.
pub fn page(query: &PanelQuery, scope: &Scope) -> Option<(&'static str, String)> {
    let text = filled(query, scope).ok()?;
    let on = |path: &str, key: &str, value: &str| QueryString::default().with(key, value).on(path);
    Some(match query.language {
        QueryLanguage::PromQl => ("metrics", on("/metrics", "query", &text)),
        QueryLanguage::Logs => ("logs", on("/logs", "q", &text)),
        QueryLanguage::LogQl => return None,
        QueryLanguage::TraceQl => ("traces", on("/traces", "query", search(&text))),
        QueryLanguage::Red => ("service", links::service_path(&text)),
    })
}

/// What a query of figures finds before it counts.
pub fn search(query: &str) -> &str {
    const FIGURES: [&str; 3] = ["_over_time", "rate(", "compare("];
    let is_figure = |stage: &str| FIGURES.iter().any(|name| stage.contains(name));
    let mut end = query.len();
    for (at, _) in query.rmatch_indices('|') {
        if is_figure(&query[at..end]) && !query[at..].contains('}') {
            return query[..at].trim();
        }
        end = query.len();
    }
    query.trim()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ocelli_api::dashboards::interpolate::Chosen;

    fn scope() -> Scope {
        let range = TimeRange { from: UnixNano(1_000_500_000_000), to: UnixNano(4_600_500_000_000) };
        Scope { range, values: [("service", Chosen::one("a/\"b"))].into_iter().collect() }
    }

    fn query(language: QueryLanguage, expr: &str) -> PanelQuery {
        PanelQuery { language, expr: expr.to_owned(), ..PanelQuery::default() }
    }

    #[test]
    fn points_lie_on_multiples_of_the_step() {
        let steps = scope().steps(false);
        assert_eq!((steps.start_ms, steps.step_ms, steps.end_ms()), (1_005_000, 15_000, 4_590_000));
        assert_eq!(scope().steps(true), Steps { start_ms: 4_600_500, step_ms: 1_000, count: 1 });
    }

    #[test]
    fn each_language_is_asked_where_it_is_understood() {
        let url = |language, kind, expr: &str| url(&query(language, expr), kind, &scope()).unwrap();
        let prom = url(QueryLanguage::PromQl, PanelKind::Stat, "rate(x{s=\"$service\"}[$__interval])");
        assert!(prom.starts_with("/prometheus/api/v1/query_range?query=rate%28x%7Bs%3D%22a/%5C%22b%22%7D%5B15s%5D%29&start=1005&end=4590&step=15"), "{prom}");
        let logs = url(QueryLanguage::Logs, PanelKind::Logs, "service:$service");
        assert!(logs.starts_with("/api/logs?q=service:%22a/%5C%22b%22&limit=100&from="), "{logs}");
        assert!(
            url(QueryLanguage::Logs, PanelKind::Table, "* | stats count()").starts_with("/api/logs/stats?")
        );
        assert!(url(QueryLanguage::LogQl, PanelKind::Logs, "{}").contains("limit=100&start=1000500000000&"));
        assert!(url(QueryLanguage::TraceQl, PanelKind::Traces, "{}").starts_with("/api/traces?"));
        assert!(
            url(QueryLanguage::TraceQl, PanelKind::Bar, "{} | rate()").starts_with("/api/traces/metrics?")
        );
        assert!(url(QueryLanguage::Red, PanelKind::Stat, "$service").starts_with("/api/services/a%2F%22b?"));
        let refused = super::url(&query(QueryLanguage::PromQl, "$service"), PanelKind::Stat, &scope());
        assert!(refused.unwrap_err().starts_with("$service: "));
        let nothing = super::url(&query(QueryLanguage::Red, " "), PanelKind::Stat, &scope());
        assert_eq!(nothing.unwrap_err(), "There is no query yet.");
    }

    #[test]
    fn a_panel_leads_to_the_page_of_its_signal() {
        let page = |language, expr: &str| page(&query(language, expr), &scope()).map(|(_, href)| href);
        let prom = |expr: &str| page(QueryLanguage::PromQl, expr);
        assert_eq!(prom("rate(x[5m]) / 2").as_deref(), Some("/metrics?query=rate%28x%5B5m%5D%29%20/%202"));
        assert_eq!(
            page(
                QueryLanguage::TraceQl,
                "{ name = \"a|rate()\" } | quantile_over_time(duration, .9) by (name)"
            ),
            Some("/traces?query=%7B%20name%20%3D%20%22a%7Crate%28%29%22%20%7D".to_owned())
        );
        assert_eq!(page(QueryLanguage::Red, "$service").as_deref(), Some("/services/a%2F%22b"));
        assert_eq!(page(QueryLanguage::LogQl, "{}"), None);
    }
}
