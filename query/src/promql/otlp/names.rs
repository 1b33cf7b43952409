//! Metric and label names: OTLP's into Prometheus'.

use ocelli_signal::prometheus;
use ocelli_signal::series::{Kind, Series};

/// UCUM units that Prometheus writes out in a name. The specification's table, and `KBy`, which
/// Prometheus knows for `kBy`.
const UNITS: [(&str, &str); 27] = [
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
    ("TiBy", "tebibytes"),
    ("kBy", "kilobytes"),
    ("KBy", "kilobytes"),
    ("MBy", "megabytes"),
    ("GBy", "gigabytes"),
    ("TBy", "terabytes"),
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
];

/// Units after a slash: `By/s` is `bytes_per_second`. Prometheus reads `m` as a minute here.
const PER_UNITS: [(&str, &str); 8] = [
    ("s", "second"),
    ("m", "minute"),
    ("min", "minute"),
    ("h", "hour"),
    ("d", "day"),
    ("w", "week"),
    ("mo", "month"),
    ("y", "year"),
];

/// The Prometheus name of a metric, without the suffixes of a histogram's or summary's parts. The
/// OTLP name where nothing of it can be in a Prometheus one.
pub fn metric_name(series: &Series) -> String {
    if prometheus::is_native(series) {
        return series.name.to_string();
    }
    let mut tokens: Vec<&str> = split(&series.name).collect();
    let (unit, per) = series.unit.split_once('/').unwrap_or((&series.unit, ""));
    let (unit, per) = (unit_words(&UNITS, unit), unit_words(&PER_UNITS, per));
    add_unit(&mut tokens, split(&unit).collect());
    if !per.is_empty() {
        add_unit(&mut tokens, ["per"].into_iter().chain(split(&per)).collect());
    }
    if series.kind == Kind::Sum && series.is_monotonic {
        put_last(&mut tokens, "total");
    }
    // Units of counters are often "1" by mistake, and a counter is no ratio.
    if &*series.unit == "1" && series.kind == Kind::Gauge {
        put_last(&mut tokens, "ratio");
    }
    let name = tokens.join("_");
    match name.chars().next() {
        None => series.name.to_string(),
        Some(first) if first.is_ascii_digit() => format!("_{name}"),
        Some(_) => name,
    }
}

/// A unit as Prometheus' metadata has it: `bytes_per_second`.
pub fn unit_name(unit: &str) -> String {
    let (unit, per) = unit.split_once('/').unwrap_or((unit, ""));
    let (unit, per) = (unit_words(&UNITS, unit), unit_words(&PER_UNITS, per));
    let per = if per.is_empty() { per } else { format!("per_{per}") };
    split(&unit).chain(split(&per)).collect::<Vec<_>>().join("_")
}

/// Unless the name has it.
fn add_unit<'a>(tokens: &mut Vec<&'a str>, unit: Vec<&'a str>) {
    if !unit.is_empty() && !tokens.windows(unit.len()).any(|some| some == unit) {
        tokens.extend(unit);
    }
}

fn put_last<'a>(tokens: &mut Vec<&'a str>, suffix: &'a str) {
    tokens.retain(|token| *token != suffix);
    tokens.push(suffix);
}

/// What is in curly braces is a comment.
fn unit_words(table: &[(&str, &str)], unit: &str) -> String {
    let mut bare = String::new();
    let mut rest = unit;
    while let Some((before, inside)) = rest.split_once('{') {
        let Some((_, after)) = inside.split_once('}') else { return String::new() };
        bare.push_str(before);
        rest = after;
    }
    bare.push_str(rest);
    let bare = bare.trim();
    if bare.contains('}') {
        return String::new();
    }
    table.iter().find(|(symbol, _)| *symbol == bare).map_or(bare, |(_, words)| words).to_owned()
}

fn split(name: &str) -> impl Iterator<Item = &str> {
    name.split(|c: char| !(c.is_ascii_alphanumeric() || c == ':')).filter(|token| !token.is_empty())
}

/// The Prometheus name of an attribute.
pub fn label_name(key: &str) -> String {
    let safe = label_part(key);
    if safe.is_empty() || safe.starts_with(|c: char| c.is_ascii_digit()) {
        return format!("key_{safe}");
    }
    if safe.starts_with('_') && !safe.starts_with("__") {
        return format!("key{safe}");
    }
    safe
}

/// An attribute's key as a part of a label's name.
pub fn label_part(key: &str) -> String {
    key.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
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
        check("metric__with..many", "", Kind::Gauge, "metric_with_many");
        check("@#", "", Kind::Gauge, "@#");
        check("___", "By", Kind::Gauge, "bytes");
    }

    #[test]
    fn units() {
        check("requests", "1/s", Kind::Gauge, "requests_per_second");
        check("requests", "{request}/s", Kind::Gauge, "requests_per_second");
        check("requests", "1/m", Kind::Gauge, "requests_per_minute");
        check("renewals", "1/y", Kind::Sum, "renewals_per_year_total");
        check("memory", "By/{cpu}", Kind::Gauge, "memory_bytes");
        check("memory", "By{resident}", Kind::Gauge, "memory_bytes");
        check("memory", "{resident", Kind::Gauge, "memory");
        check("memory", "kBy", Kind::Gauge, "memory_kilobytes");
        check("disk_bytes_per_second", "By/s", Kind::Gauge, "disk_bytes_per_second");
        check("second.hand", "1/s", Kind::Gauge, "second_hand_per_second");
        check("fan", "unit@with#special/chars", Kind::Gauge, "fan_unit_with_special_per_chars");
        check("custom_metric", "custom_unit", Kind::Gauge, "custom_metric_custom_unit");
        check("x", "unit__two", Kind::Gauge, "x_unit_two");
        check("temperature", "°C", Kind::Gauge, "temperature_C");
        check("battery", "%", Kind::Gauge, "battery_percent");
        check("bytes.read", "By", Kind::Sum, "bytes_read_total");
        check("link", "bit", Kind::Gauge, "link_bit");
    }

    #[test]
    fn units_by_themselves() {
        for (unit, expect) in [
            ("s", "seconds"),
            ("By/s", "bytes_per_second"),
            ("1", ""),
            ("{item}/min", "per_minute"),
            ("x y", "x_y"),
        ] {
            assert_eq!(unit_name(unit), expect);
        }
    }

    #[test]
    fn total_and_ratio_come_last_and_once() {
        check("total.requests", "", Kind::Sum, "requests_total");
        check("ratio.hits", "1", Kind::Gauge, "hits_ratio");
        check("items", "1", Kind::Sum, "items_total");
        check("latency", "1", Kind::Histogram, "latency");
        let queue = Series { name: "queue".into(), unit: "1".into(), kind: Kind::Sum, ..Series::default() };
        assert_eq!(metric_name(&queue), "queue");
    }

    #[test]
    fn label_names() {
        let names =
            ["http.request.method", "2xx", "_private", "__reserved__", "a--b", "", "é"].map(label_name);
        let expected =
            ["http_request_method", "key_2xx", "key_private", "__reserved__", "a__b", "key_", "key_"];
        assert_eq!(names, expected);
    }
}
