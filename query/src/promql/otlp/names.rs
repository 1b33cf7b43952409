//! Metric and label names: OTLP's into Prometheus'.

use ocelli_signal::prometheus;
use ocelli_signal::series::{Kind, Series};

/// UCUM units that Prometheus writes out in a name.
const UNITS: [(&str, &str); 32] = [
    ("d", "days"),
    ("h", "hours"),
    ("min", "minutes"),
    ("s", "seconds"),
    ("ms", "milliseconds"),
    ("us", "microseconds"),
    ("ns", "nanoseconds"),
    ("By", "bytes"),
    ("KiBy", "kibibytes"),
    ("MiBy", "mebibytes"),
    ("GiBy", "gibibytes"),
    ("TiBy", "tibibytes"),
    ("KBy", "kilobytes"),
    ("MBy", "megabytes"),
    ("GBy", "gigabytes"),
    ("TBy", "terabytes"),
    ("kBy", "kilobytes"),
    ("m", "meters"),
    ("V", "volts"),
    ("A", "amperes"),
    ("J", "joules"),
    ("W", "watts"),
    ("g", "grams"),
    ("Cel", "celsius"),
    ("Hz", "hertz"),
    ("1", ""),
    ("%", "percent"),
    ("bit", "bits"),
    ("kbit", "kilobits"),
    ("Mbit", "megabits"),
    ("Gbit", "gigabits"),
    ("mo", "months"),
];

/// Units after a slash: `By/s` is `bytes_per_second`.
const PER_UNITS: [(&str, &str); 7] = [
    ("s", "second"),
    ("m", "minute"),
    ("min", "minute"),
    ("h", "hour"),
    ("d", "day"),
    ("w", "week"),
    ("mo", "month"),
];

/// The Prometheus name of a metric, without the suffixes of a histogram's or summary's parts.
pub fn metric_name(series: &Series) -> String {
    if prometheus::is_native(series) {
        return series.name.to_string();
    }
    let is_total = series.kind == Kind::Sum && series.is_monotonic;
    let mut tokens: Vec<&str> = split(&series.name).collect();
    let (unit, per) = series.unit.split_once('/').unwrap_or((&series.unit, ""));
    let unit = unit_words(&UNITS, unit);
    let per = unit_words(&PER_UNITS, per);
    if is_total {
        tokens.retain(|token| *token != "total");
    }
    let unit_tokens: Vec<&str> = split(&unit).filter(|token| !tokens.contains(token)).collect();
    tokens.extend(unit_tokens);
    let per_tokens: Vec<&str> = split(&per).collect();
    if !per_tokens.is_empty() && !per_tokens.iter().all(|token| tokens.contains(token)) {
        tokens.push("per");
        tokens.extend(per_tokens);
    }
    if is_total {
        tokens.push("total");
    }
    if &*series.unit == "1" && series.kind == Kind::Gauge && !tokens.contains(&"ratio") {
        tokens.push("ratio");
    }
    let name = tokens.join("_");
    if name.starts_with(|c: char| c.is_ascii_digit()) { format!("_{name}") } else { name }
}

/// Curly braces in a unit are a comment.
fn unit_words(table: &[(&str, &str)], unit: &str) -> String {
    let unit = unit.trim();
    if unit.is_empty() || unit.contains(['{', '}']) {
        return String::new();
    }
    table.iter().find(|(symbol, _)| *symbol == unit).map_or(unit, |(_, words)| words).to_owned()
}

fn split(name: &str) -> impl Iterator<Item = &str> {
    name.split(|c: char| !(c.is_ascii_alphanumeric() || c == ':')).filter(|token| !token.is_empty())
}

/// The Prometheus name of an attribute.
pub fn label_name(key: &str) -> String {
    let safe: String = key.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    if safe.starts_with(|c: char| c.is_ascii_digit()) {
        return format!("key_{safe}");
    }
    if safe.starts_with('_') && !safe.starts_with("__") {
        return format!("key{safe}");
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, unit: &str, kind: Kind, expect: &str) {
        let is_monotonic = kind == Kind::Sum;
        let series = Series { name: name.into(), unit: unit.into(), kind, is_monotonic, ..Series::default() };
        assert_eq!(metric_name(&series), expect);
    }

    #[test]
    fn metric_names() {
        check("http.server.request.duration", "s", Kind::Histogram, "http_server_request_duration_seconds");
        check("traces.span.metrics.calls", "", Kind::Sum, "traces_span_metrics_calls_total");
        check("requests_total", "1", Kind::Sum, "requests_total");
        check("system.network.io", "By", Kind::Sum, "system_network_io_bytes_total");
        check("disk.rate", "By/s", Kind::Gauge, "disk_rate_bytes_per_second");
        check("cpu.utilization", "1", Kind::Gauge, "cpu_utilization_ratio");
        check("queue.length", "{items}", Kind::Gauge, "queue_length");
        check("process_cpu_seconds", "s", Kind::Sum, "process_cpu_seconds_total");
        check("2xx.count", "", Kind::Gauge, "_2xx_count");
        check("job:http:rate", "", Kind::Gauge, "job:http:rate");
    }

    #[test]
    fn label_names() {
        let names = ["http.request.method", "2xx", "_private", "__reserved__", "a-b"].map(label_name);
        assert_eq!(names, ["http_request_method", "key_2xx", "key_private", "__reserved__", "a_b"]);
    }
}
