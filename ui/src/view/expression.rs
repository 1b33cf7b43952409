//! The expression of an alert as a chart: what it compares, and with what.

use super::order;
use super::query_string::QueryString;
use super::series::Series;
use super::text::{number, shortest};
use serde::Deserialize;
use std::collections::BTreeMap;

/// More lines than these are not told apart.
pub const LINES: usize = 8;

const COLOURS: [&str; LINES] = ["--c1", "--c2", "--c3", "--c4", "--c5", "--c6", "--c7", "--c8"];

/// An expression taken apart at its last comparison.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    /// What has a value at all times, also where the alert does not hold.
    pub left: String,
    pub operator: &'static str,
    pub threshold: f64,
}

/// None where the expression is no comparison of one thing with a number.
pub fn compared(expression: &str) -> Option<Compared> {
    let at_top = top_level(expression);
    let has_word = ["and", "or", "unless"].iter().any(|word| has_word(&at_top, word));
    if has_word {
        return None;
    }
    // Of two operators at one place the longer comes first.
    let find = |operator: &'static str| at_top.rfind(operator).map(|at| (at, operator));
    let found = [">=", "<=", "==", "!=", ">", "<"].into_iter().filter_map(find);
    let (at, operator) = found.reduce(|best, next| if next.0 > best.0 + 1 { next } else { best })?;
    let threshold = number(expression[at + operator.len()..].trim())?;
    let left = expression[..at].trim();
    let is_one = !left.is_empty() && !top_level(left).contains(['<', '>', '=']);
    is_one.then(|| Compared { left: left.to_owned(), operator, threshold })
}

/// More windows than these are too narrow to be told apart.
const MOST_WINDOWS: i64 = 2_000;

/// A query of TraceQL and the window that a rule names behind it, in milliseconds: `{ … } | rate() [5m]`.
pub fn windowed(text: &str) -> Option<(&str, i64)> {
    let (query, window) = text.trim().strip_suffix(']')?.rsplit_once('[')?;
    let (mut window_ms, mut rest) = (0, window.trim());
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let unit = rest[digits..].find(|c: char| c.is_ascii_digit()).map_or(rest.len(), |at| digits + at);
        let unit_ms = match &rest[digits..unit] {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            "w" => 604_800_000,
            _ => return None,
        };
        window_ms += rest[..digits].parse::<i64>().ok()?.checked_mul(unit_ms)?;
        rest = &rest[unit..];
    }
    (window_ms > 0).then(|| (query.trim(), window_ms))
}

/// The expression with everything in brackets and quotes blanked, byte for byte.
fn top_level(expression: &str) -> String {
    let (mut depth, mut quote, mut escaped) = (0i32, None, false);
    let blank = |byte: u8| {
        let inside = depth > 0 || quote.is_some();
        match (quote, byte) {
            (Some(_), _) if escaped => escaped = false,
            (Some(open), b'\\') => escaped = open != b'`',
            (Some(open), byte) if byte == open => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'' | b'`') => quote = Some(byte),
            (None, b'(' | b'{' | b'[') => depth += 1,
            (None, b')' | b'}' | b']') => depth -= 1,
            _ => {}
        }
        if inside || quote.is_some() || depth > 0 || !byte.is_ascii() { ' ' } else { char::from(byte) }
    };
    expression.bytes().map(blank).collect()
}

fn has_word(text: &str, word: &str) -> bool {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':'))
        .any(|found| found.eq_ignore_ascii_case(word))
}

/// Answer of Prometheus' `query_range`, or of Tempo's.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct RangeAnswer {
    #[serde(default)]
    pub data: RangeData,
    /// Tempo's.
    #[serde(default)]
    pub series: Vec<TraceSeries>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct TraceSeries {
    pub labels: Vec<TraceLabel>,
    pub samples: Vec<TraceSample>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct TraceLabel {
    pub key: String,
    pub value: TraceValue,
}

/// Of what an attribute may be, what rules group by.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct TraceValue {
    #[serde(default, rename = "stringValue")]
    pub string: Option<String>,
    #[serde(default, rename = "intValue")]
    pub int: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct TraceSample {
    #[serde(rename = "timestampMs")]
    pub timestamp_ms: String,
    pub value: f64,
}

impl From<&TraceSeries> for RangeSeries {
    fn from(of: &TraceSeries) -> RangeSeries {
        let label = |label: &TraceLabel| {
            let value = label.value.string.clone().or(label.value.int.clone());
            (label.key.clone(), value.unwrap_or_default())
        };
        let sample = |sample: &TraceSample| {
            let ms = number(&sample.timestamp_ms)?;
            Some((ms / 1e3, shortest(sample.value)))
        };
        RangeSeries {
            metric: order::map(of.labels.iter().map(label)),
            values: of.samples.iter().filter_map(sample).collect(),
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct RangeData {
    pub result: Vec<RangeSeries>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct RangeSeries {
    pub metric: BTreeMap<String, String>,
    /// Seconds, and the number as a text.
    #[serde(default)]
    pub values: Vec<(f64, String)>,
}

/// Evenly spaced times of a query, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Steps {
    pub start_ms: i64,
    pub step_ms: i64,
    pub count: usize,
}

impl Steps {
    /// About `target` of them, whole seconds apart where the range is long enough, both ends included.
    pub fn over(from_ms: i64, to_ms: i64, target: i64) -> Self {
        let rough = ((to_ms - from_ms) / target.max(1)).max(1);
        let step_ms = if rough > 1_000 { (rough + 999) / 1_000 * 1_000 } else { rough };
        let count = usize::try_from((to_ms - from_ms) / step_ms).unwrap_or(0) + 1;
        Self { start_ms: from_ms, step_ms, count }
    }

    /// One for each window, where there are not too many.
    pub fn of_windows(from_ms: i64, to_ms: i64, window_ms: i64) -> Option<Self> {
        let start_ms = from_ms - from_ms.rem_euclid(window_ms);
        let count = (to_ms - start_ms) / window_ms + 1;
        (count <= MOST_WINDOWS).then(|| Self {
            start_ms,
            step_ms: window_ms,
            count: usize::try_from(count).unwrap_or(0),
        })
    }

    pub fn end_ms(self) -> i64 {
        self.start_ms + self.step_ms * (self.count as i64 - 1)
    }

    /// The request for a query at these times, as Prometheus, Loki and Tempo take it.
    pub fn ask(self, path: &str, query: &str) -> String {
        let url = QueryString::default().with("query", query).with("start", &seconds(self.start_ms));
        url.with("end", &seconds(self.end_ms())).with("step", &seconds(self.step_ms)).on(path)
    }
}

/// Milliseconds as the seconds of a request.
pub fn seconds(ms: i64) -> String {
    shortest(ms as f64 / 1e3)
}

/// The lines of an answer: those of the alert where one can tell, and its threshold on top.
pub fn lines(
    answer: &RangeAnswer,
    labels: &BTreeMap<String, String>,
    steps: Steps,
    threshold: Option<f64>,
) -> Vec<Series> {
    let is_own = |series: &&RangeSeries| {
        let mut named = series.metric.iter().filter(|(name, _)| *name != "__name__");
        named.all(|(name, value)| labels.get(name) == Some(value))
    };
    let of_traces: Vec<RangeSeries> = answer.series.iter().map(RangeSeries::from).collect();
    let all = || answer.data.result.iter().chain(&of_traces);
    let own: Vec<&RangeSeries> = all().filter(is_own).collect();
    let (shown, is_own) = if own.is_empty() { (all().collect(), false) } else { (own, true) };
    let line = |(series, colour): (&RangeSeries, &'static str)| Series {
        name: if is_own { "this alert".to_owned() } else { name(&series.metric) },
        colour,
        start_ms: steps.start_ms,
        step_ms: steps.step_ms,
        values: values(series, steps),
    };
    let mut lines: Vec<Series> = shown.into_iter().zip(COLOURS).map(line).collect();
    lines.extend(threshold.map(|threshold| Series {
        name: "threshold".to_owned(),
        colour: "--err",
        start_ms: steps.start_ms,
        step_ms: steps.step_ms,
        values: vec![Some(threshold); steps.count],
    }));
    lines
}

/// `{a="b"}` as short as it can be read.
fn name(metric: &BTreeMap<String, String>) -> String {
    let pairs: Vec<String> = metric
        .iter()
        .filter(|(name, _)| *name != "__name__")
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    if pairs.is_empty() { "value".to_owned() } else { pairs.join(" ") }
}

fn values(series: &RangeSeries, steps: Steps) -> Vec<Option<f64>> {
    let mut values = vec![None; steps.count];
    for (seconds, value) in &series.values {
        let index = ((seconds * 1_000.0 - steps.start_ms as f64) / steps.step_ms as f64).round();
        if index >= 0.0
            && let Some(place) = values.get_mut(index as usize)
        {
            *place = number(value);
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[test]
    fn a_comparison_is_taken_apart() {
        for (text, expect) in [
            ("up == 0", Some(("up", "==", 0.0))),
            ("rate(x{a=\"b>1\"}[5m] > 2) >= 1.5e3", Some(("rate(x{a=\"b>1\"}[5m] > 2)", ">=", 1500.0))),
            ("a / on(x) b{c!=\"d\"} > 0.05", Some(("a / on(x) b{c!=\"d\"}", ">", 0.05))),
            ("x <-1", Some(("x", "<", -1.0))),
            ("é{a=\"\\\"<\"} != 2", Some(("é{a=\"\\\"<\"}", "!=", 2.0))),
            ("a > 1 and b > 2", None),
            ("a > 1 OR b > 2", None),
            ("a > b", None),
            ("a > bool 1", None),
            ("1 < a > 2", None),
            ("absent(x)", None),
            ("(a > 1)", None),
            ("> 1", None),
        ] {
            let found = compared(text);
            let found = found.as_ref().map(|found| (found.left.as_str(), found.operator, found.threshold));
            assert_eq!(found, expect, "{text}");
        }
    }

    #[test]
    fn the_window_of_a_rule_over_traces() {
        let query = "{ name = \"a[5m]\" } | rate() by (name)";
        assert_eq!(windowed(&format!("{query} [5m] ")), Some((query, 300_000)));
        assert_eq!(windowed("{} | rate() [1h30m]").map(|found| found.1), Some(5_400_000));
        for wrong in
            ["{} | rate()", "{} | rate() []", "{} | rate() [5]", "{} | rate() [0s]", "{} | rate() [5x]"]
        {
            assert_eq!(windowed(wrong), None, "{wrong}");
        }
        let steps = Steps::of_windows(310_000, 1_000_000, 300_000).unwrap();
        assert_eq!((steps.start_ms, steps.count, steps.end_ms()), (300_000, 3, 900_000));
        assert_eq!(Steps::of_windows(0, 1_000_000_000, 1_000), None);
    }

    #[test]
    fn answers_of_tempo_are_lines_too() {
        let text = r#"{"series":[{"labels":[{"key":"name","value":{"stringValue":"pay"}}],
            "samples":[{"timestampMs":"300000","value":2.5},{"timestampMs":"900000","value":1}]}],"metrics":{}}"#;
        let answer: RangeAnswer = json::from_str(text).unwrap();
        let steps = Steps::of_windows(300_000, 900_000, 300_000).unwrap();
        let lines =
            lines(&answer, &BTreeMap::from([("name".to_owned(), "pay".to_owned())]), steps, Some(2.0));
        assert_eq!(lines[0].values, [Some(2.5), None, Some(1.0)]);
        assert_eq!((lines.len(), lines[0].name.as_str()), (2, "this alert"));
    }

    #[test]
    fn steps_cover_the_range() {
        let steps = Steps::over(1_000, 901_000, 300);
        assert_eq!((steps.step_ms, steps.count, steps.end_ms()), (3_000, 301, 901_000));
        assert_eq!(Steps::over(0, 100, 300).step_ms, 1);
        assert_eq!(Steps::over(0, 1_000_500, 300).step_ms, 4_000);
    }

    #[test]
    fn the_line_of_the_alert_and_its_threshold() {
        let text = r#"{"status":"success","data":{"resultType":"matrix","result":[
            {"metric":{"__name__":"x","job":"a"},"values":[[1,"1"],[2.001,"NaN"],[4,"2.5"],[99,"1"]]},
            {"metric":{"__name__":"x","job":"b"},"values":[[1,"7"]]}]},"warnings":["w"]}"#;
        let answer: RangeAnswer = json::from_str(text).unwrap();
        let steps = Steps { start_ms: 1_000, step_ms: 1_000, count: 4 };
        let labels = |job: &str| BTreeMap::from([("job".to_owned(), job.to_owned())]);
        let lines_of = |job: &str, threshold| lines(&answer, &labels(job), steps, threshold);
        let own = lines_of("a", Some(2.0));
        assert_eq!(own.len(), 2);
        assert_eq!(own[0].values, [Some(1.0), None, None, Some(2.5)]);
        assert_eq!((own[1].name.as_str(), &own[1].values), ("threshold", &vec![Some(2.0); 4]));
        let all = lines_of("other", None);
        let names: Vec<&str> = all.iter().map(|line| line.name.as_str()).collect();
        assert_eq!(names, ["job=a", "job=b"]);
    }
}
