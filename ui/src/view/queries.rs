//! Queries that others ask: what to say of one, and the page that asks the same.

use super::dashboards::request::search;
use super::query_string::QueryString;
use super::text::number;
use super::traceql::FILTERS;
use ocelli_api::queries::{QueryRun, QueryState};

/// Parameters that hold the query itself.
const TEXTS: [&str; 5] = ["q", "query", "match[]", "match", "service"];
/// What is shown before a query about a moment.
const INSTANT_MS: i64 = 900_000;

/// The query, or what was called where it has none.
pub fn text(run: &QueryRun) -> String {
    let parameters = QueryString::parse(&run.parameters);
    TEXTS.iter().find_map(|key| parameters.get(key)).unwrap_or(&run.request).to_owned()
}

/// All that was asked for, a parameter a line.
pub fn whole(run: &QueryRun) -> String {
    let parameters = QueryString::parse(&run.parameters);
    let lines = parameters.pairs().map(|(key, value)| format!("\n{key}={value}"));
    let cut = if run.are_cut { " (long ones are cut)" } else { "" };
    format!("{}{}{cut}\n{}", run.request, lines.collect::<String>(), run.user_agent)
}

/// Where the same is asked on a page, with its range.
pub fn page(run: &QueryRun) -> Option<String> {
    let (_, path) = run.request.split_once(' ').filter(|_| !run.are_cut)?;
    let parameters = QueryString::parse(&run.parameters);
    match path {
        "/api/logs"
        | "/api/logs/histogram"
        | "/api/logs/facets"
        | "/api/logs/patterns"
        | "/api/logs/export" => Some(parameters.only(&["q", "from", "to"]).on("/logs")),
        "/api/traces" => Some(parameters.only(&[&FILTERS[..], &["from", "to"]].concat()).on("/traces")),
        "/api/traces/metrics" => {
            let found = search(parameters.get("query")?).to_owned();
            Some(parameters.only(&["from", "to"]).with("query", &found).on("/traces"))
        }
        "/prometheus/api/v1/query" | "/prometheus/api/v1/query_range" => {
            let now_ms = run.started.0 / 1_000_000;
            let end = parameters.get("end").or_else(|| parameters.get("time"));
            let end = end.map_or_else(|| now_ms.to_string(), in_ms);
            let start = parameters.get("start").map(in_ms);
            let start = start.unwrap_or_else(|| (now_ms - INSTANT_MS).to_string());
            let query = QueryString::default().with("query", parameters.get("query")?);
            Some(query.with("from", &start).with("to", &end).on("/metrics"))
        }
        _ => None,
    }
}

/// A time of Prometheus, seconds with a fraction, as pages take it; else it is one of RFC 3339, which they take too.
fn in_ms(time: &str) -> String {
    number(time).map_or_else(|| time.to_owned(), |seconds| ((seconds * 1e3).round() as i64).to_string())
}

/// Class, glyph and word.
pub fn state(state: QueryState) -> (&'static str, &'static str, &'static str) {
    match state {
        QueryState::Running => ("", "▶", "runs"),
        QueryState::Cancelled => ("hint", "■", "cancelled"),
        QueryState::Done => ("ok", "✔", "done"),
        QueryState::Failed => ("sev-error", "✖", "failed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ocelli_api::{TimeRange, UnixNano};

    fn run(request: &str, parameters: &str) -> QueryRun {
        QueryRun {
            request: request.into(),
            parameters: parameters.into(),
            user_agent: "curl".into(),
            started: UnixNano(1_795_806_453_000_000_000),
            ..QueryRun::default()
        }
    }

    #[test]
    fn a_query_is_told_and_asked_again_on_its_page() {
        let check = |request: &str, parameters: &str, says: &str, page_of: Option<&str>| {
            let run = run(request, parameters);
            assert_eq!((&*text(&run), page(&run).as_deref()), (says, page_of), "{request}");
            assert_eq!(page(&QueryRun { are_cut: true, ..run }), None);
        };
        check("GET /api/logs", "q=a+b&limit=9&from=1&to=2", "a b", Some("/logs?q=a%20b&from=1&to=2"));
        let histogram = "GET /api/logs/histogram";
        check(histogram, "from=1&to=2", histogram, Some("/logs?from=1&to=2"));
        check("GET /api/traces", "service=a&limit=1&from=1", "a", Some("/traces?service=a&from=1"));
        let figures = "query=%7B%7D+%7C+rate()&from=1&step=5s";
        check("GET /api/traces/metrics", figures, "{} | rate()", Some("/traces?from=1&query=%7B%7D"));
        check("GET /api/traces/abc", "", "GET /api/traces/abc", None);
        check("GET /api/sql", "query=SELECT+1", "SELECT 1", None);
        check("", "", "", None);
    }

    #[test]
    fn a_range_of_prometheus_is_one_of_the_page() {
        let of = |parameters: &str| {
            let href = page(&run("POST /prometheus/api/v1/query_range", parameters)).unwrap();
            let query = QueryString::parse(href.split_once('?').unwrap().1);
            assert_eq!(query.get("query"), Some("up"));
            let range = TimeRange::parse(query.get("from").unwrap(), query.get("to").unwrap(), UnixNano(0));
            range.map(|range| (range.from.0 / 1_000_000, range.to.0 / 1_000_000)).unwrap()
        };
        let ms = 1_795_800_000_500;
        assert_eq!(of("query=up&start=1795800000.5&end=1795800600"), (ms, ms + 599_500));
        assert_eq!(of("query=up&start=2026-11-27T17:20:00.5Z&end=2026-11-27T17:30:00Z"), (ms, ms + 599_500));
        assert_eq!(of("query=up"), (1_795_806_453_000 - INSTANT_MS, 1_795_806_453_000));
    }

    #[test]
    fn nothing_of_it_is_hidden() {
        assert_eq!(whole(&run("GET /api/logs", "q=a%0A&from=1")), "GET /api/logs\nq=a\n\nfrom=1\ncurl");
    }
}
