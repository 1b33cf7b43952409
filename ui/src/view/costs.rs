//! Metrics by what they cost.

use super::order::sort_by;
use super::text::lower;
use super::traceql::quote;
use ocelli_api::metrics::MetricSummary;

/// Those whose OTLP or Prometheus name holds the text, the dearest first.
pub fn found(metrics: &[MetricSummary], find: &str) -> Vec<MetricSummary> {
    let find = lower(find);
    let holds = |name: &str| lower(name).contains(&find);
    let mut found: Vec<_> = metrics
        .iter()
        .filter(|metric| holds(&metric.name) || holds(&metric.prometheus_name))
        .cloned()
        .collect();
    sort_by(&mut found, |a, b| (b.series, b.bytes, &a.name).cmp(&(a.series, a.bytes, &b.name)));
    found
}

/// The selector of one metric by its OTLP name; empty for all. A text of TraceQL is one of PromQL too.
pub fn selector(name: &str) -> String {
    if name.is_empty() { String::new() } else { format!("{{__name__={}}}", quote(name)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dearest_come_first() {
        let metric = |name: &str, prometheus_name: &str, series| MetricSummary {
            name: name.into(),
            prometheus_name: prometheus_name.into(),
            series,
            ..MetricSummary::default()
        };
        let all = [metric("a.b", "a_b_total", 1), metric("c", "c", 7), metric("d", "d", 1)];
        let names = |find| found(&all, find).into_iter().map(|metric| metric.name).collect::<Vec<_>>();
        assert_eq!(names(""), ["c", "a.b", "d"]);
        assert_eq!(names("B_Total"), ["a.b"]);
    }

    #[test]
    fn a_hostile_name_stays_one_value() {
        assert_eq!(selector("a\"}\\"), r#"{__name__="a\"}\\"}"#);
        assert_eq!(selector(""), "");
    }
}
