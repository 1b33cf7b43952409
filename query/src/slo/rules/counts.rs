//! How many events there were since the slot before, and how many of them were bad.

use super::{BAD, Made, TOTAL, number, quoted};
use crate::promql::duration_text;
use crate::rules::{Language, Rule};
use crate::slo::expr::Events;
use crate::slo::model::{Counted, Indicator, Method, Spans};

/// Both counts, and before them what is asked in another language than PromQL.
pub fn rules(made: &Made) -> Vec<Rule> {
    let mut sources = Sources { made, rules: Vec::new() };
    let (total, bad) = sources.counts();
    let mut rules = sources.rules;
    // Their labels are few: whoever changes a label of an objective keeps its past.
    rules.push(made.record(TOTAL, total, made.ids()));
    rules.push(made.record(BAD, bad, made.ids()));
    rules
}

struct Sources<'a> {
    made: &'a Made<'a>,
    rules: Vec<Rule>,
}

impl Sources<'_> {
    /// Expressions in PromQL for the total and for what of it is bad.
    fn counts(&mut self) -> (String, String) {
        match &self.made.slo.indicator {
            Indicator::Availability(spans) => {
                let failed = r#"status_code="STATUS_CODE_ERROR""#;
                self.of_events(self.calls(spans, ""), self.calls(spans, failed), true)
            }
            Indicator::Latency { spans, under_ms } => {
                let all = self.durations(spans);
                let slow = number(*under_ms as f64 / 1e3);
                let slow = format!("histogram_count({all}) * histogram_fraction({slow}, +Inf, {all})");
                self.of_events(format!("histogram_count({all})"), slow, true)
            }
            Indicator::Ratio { counted, total } => {
                let (events, is_bad) = match counted {
                    Counted::Good(events) => (events, false),
                    Counted::Bad(events) => (events, true),
                };
                let total = self.source("total", total);
                let counted = self.source(if is_bad { "bad" } else { "good" }, events);
                self.of_events(total, counted, is_bad)
            }
            Indicator::Share { events, is_bad } => {
                let share = self.source("share", events);
                let share = if *is_bad { share } else { format!("1 - ({share})") };
                let bad = match self.made.slo.method {
                    Method::Timeslices { target, .. } => format!("({share}) > bool {}", number(1.0 - target)),
                    _ => format!("clamp({share}, 0, 1)"),
                };
                (known(&share), self.where_known(&bad))
            }
            Indicator::Threshold { value, op, bound } => {
                let value = self.source("value", value);
                (known(&value), self.where_known(&format!("(({value}) {op} bool {bound}) == bool 0")))
            }
        }
    }

    fn of_events(&self, total: String, counted: String, is_bad: bool) -> (String, String) {
        let recorded = self.recorded_total();
        // What is counted has no series before the first of its kind; and 0 of 0 is none.
        let counted = format!("(({counted}) >= 0 or on() vector(0))");
        let share = format!("{counted} / on() ({total})");
        match self.made.slo.method {
            Method::Occurrences => {
                let bad = if is_bad { counted } else { format!("clamp_min({recorded} - on() {counted}, 0)") };
                (total, self.where_known(&bad))
            }
            Method::Timeslices { target, .. } => {
                let (op, bound) = if is_bad { (">", 1.0 - target) } else { ("<", target) };
                (known(&total), self.where_known(&format!("({share}) {op} bool {}", number(bound))))
            }
            Method::RatioTimeslices { .. } => {
                let bad = if is_bad { share } else { format!("1 - {share}") };
                (known(&total), self.where_known(&format!("(clamp({bad}, 0, 1) >= 0 or on() vector(0))")))
            }
        }
    }

    fn recorded_total(&self) -> String {
        format!("{TOTAL}{}", self.made.selector())
    }

    /// Only where there is a total at the same slot.
    fn where_known(&self, expr: &str) -> String {
        format!("{expr} and on() {}", self.recorded_total())
    }

    /// An expression in PromQL for what events count: the query itself, or the series that it is recorded as.
    fn source(&mut self, which: &str, events: &Events) -> String {
        let interval_ms = self.made.slo.interval_ms();
        let seconds = events.seconds(interval_ms);
        let mut expr = events.over(interval_ms);
        if seconds != 1.0 {
            expr = format!("{expr} * {seconds}");
        }
        if events.language == Language::PromQl {
            return expr;
        }
        let name = format!("slo:sli_source:{which}");
        let rule = self.made.record(name.clone(), expr, self.made.ids());
        self.rules.push(Rule { language: events.language, ..rule });
        format!("sum({name}{})", self.made.selector())
    }

    fn calls(&self, spans: &Spans, more: &str) -> String {
        let interval = duration_text(self.made.slo.interval_ms());
        format!("sum(increase(traces_span_metrics_calls_total{}[{interval}] anchored))", labels(spans, more))
    }

    fn durations(&self, spans: &Spans) -> String {
        let interval = duration_text(self.made.slo.interval_ms());
        format!(
            "sum(increase(traces_span_metrics_duration_seconds{}[{interval}] anchored))",
            labels(spans, "")
        )
    }
}

/// 1 where there is a number.
fn known(expr: &str) -> String {
    format!("count(({expr}) >= -Inf)")
}

/// The matchers of the metrics of spans; `more` is one of its own.
pub fn labels(spans: &Spans, more: &str) -> String {
    let mut matchers = vec![format!("service_name={}", quoted(&spans.service))];
    matchers.extend(spans.operation.iter().map(|name| format!("span_name={}", quoted(name))));
    match spans.kinds.as_slice() {
        [] => {}
        [one] => matchers.push(format!("span_kind=\"{one}\"")),
        several => matchers.push(format!("span_kind=~\"{}\"", several.join("|"))),
    }
    if !more.is_empty() {
        matchers.push(more.to_owned());
    }
    format!("{{{}}}", matchers.join(","))
}
