//! What counts events, in PromQL or in a language over logs or spans, over a window that is put in later.

use crate::promql::ast::{ExprKind, RangeMode};
use crate::promql::duration_text;
use crate::promql::{parse_expr, visit};
use crate::rules::Language;
use regex::Regex;
use std::sync::LazyLock;

#[derive(Clone, Debug, PartialEq)]
pub struct Events {
    pub language: Language,
    /// As it was written. `{{.window}}` stands for the window; a query without it that names just counters
    /// is about their increase, and one with ranges of its own is taken as it is at each time.
    pub expr: String,
}

/// Sloth's variable, as a Go template writes it.
static WINDOW: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\{\{-?\s*\.window\s*-?\}\}").ok());
static RATE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\b(?:rate|irate)\s*\(").ok());
static SPAN_WINDOW: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\[\s*[0-9a-z]+\s*\]\s*$").ok());

impl Events {
    pub fn promql(expr: &str) -> Events {
        Events { language: Language::PromQl, expr: expr.trim().to_owned() }
    }

    pub fn has_window(&self) -> bool {
        WINDOW.as_ref().is_some_and(|window| window.is_match(&self.expr))
    }

    /// The expression for one number: what happened in the window before the time it is asked at.
    pub fn over(&self, window_ms: i64) -> String {
        let expr = self.filled(window_ms);
        match self.language {
            Language::PromQl => format!("sum({})", self.with_edges(&expr, window_ms)),
            Language::LogQl => format!("sum({expr})"),
            Language::TraceQl => expr,
        }
    }

    fn filled(&self, window_ms: i64) -> String {
        let length = duration_text(window_ms);
        let filled = match WINDOW.as_ref() {
            Some(window) => window.replace_all(&self.expr, length.as_str()).into_owned(),
            None => self.expr.clone(),
        };
        let names_window = SPAN_WINDOW.as_ref().is_some_and(|window| window.is_match(&filled));
        match self.language {
            Language::TraceQl if !names_window => format!("{filled} [{length}]"),
            _ => filled,
        }
    }

    /// What a number of [`Events::over`] must be multiplied with to be a count: a rate is one a second.
    pub fn seconds(&self, window_ms: i64) -> f64 {
        let is_rate = RATE.as_ref().is_some_and(|rate| rate.is_match(&self.expr));
        if is_rate { window_ms as f64 / 1e3 } else { 1.0 }
    }

    /// Increases from edge to edge of the window, so that those of windows side by side add up to that of
    /// all of them; a plain `rate` leaves out what lies between the last sample of one and the first of
    /// the next, and guesses it.
    fn with_edges(&self, expr: &str, window_ms: i64) -> String {
        // What can't be parsed is told by `check`.
        let Ok(tree) = parse_expr(expr) else { return expr.to_owned() };
        let mut edits: Vec<(usize, String)> = Vec::new();
        let mut has_range = false;
        visit(&tree, &mut |node| match &node.kind {
            ExprKind::Matrix(..) | ExprKind::Subquery(_) => has_range = true,
            ExprKind::Call(call) if matches!(call.function.name, "rate" | "increase") => {
                for arg in &call.args {
                    if let ExprKind::Matrix(selector, _) = &arg.unwrapped().kind
                        && selector.mode == RangeMode::Plain
                    {
                        edits.push((arg.unwrapped().span.end, " anchored".to_owned()));
                    }
                }
            }
            _ => {}
        });
        if !has_range {
            visit(&tree, &mut |node| {
                if matches!(node.kind, ExprKind::Vector(_)) {
                    edits.push((node.span.start, "increase(".to_owned()));
                    edits.push((node.span.end, format!("[{}] anchored)", duration_text(window_ms))));
                }
            });
        }
        // From the end, so that places stay.
        edits.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
        let mut out = expr.to_owned();
        edits.into_iter().for_each(|(at, text)| out.insert_str(at, &text));
        out
    }

    /// Why it can't be counted with.
    pub fn check(&self) -> Result<(), String> {
        if self.expr.is_empty() {
            return Err("the query is empty".to_owned());
        }
        if self.language == Language::TraceQl && self.expr.contains(" by") && self.groups() {
            return Err("a query over spans must give one number: leave out by(…)".to_owned());
        }
        // In the text as it is written first, so that a place in it can be told.
        let window_ms = 300_000;
        let filled = self.filled(window_ms);
        self.language.check(&filled)?;
        self.language.check(&self.over(window_ms))
    }

    fn groups(&self) -> bool {
        static BY: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\)\s*by\s*\(").ok());
        BY.as_ref().is_some_and(|by| by.is_match(&self.expr))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(language: Language, expr: &str, expect: &str) {
        let events = Events { language, expr: expr.to_owned() };
        assert_eq!(events.check(), Ok(()), "{expr}");
        assert_eq!(events.over(60_000), expect);
    }

    #[test]
    fn windows_are_put_in_from_edge_to_edge() {
        use Language::*;
        check(
            PromQl,
            r#"sum(rate(x{code=~"5.."}[{{.window}}])) - sum(rate(y[{{ .window }}] offset 1m))"#,
            r#"sum(sum(rate(x{code=~"5.."}[1m] anchored)) - sum(rate(y[1m] offset 1m anchored)))"#,
        );
        check(
            PromQl,
            "x_total{a=\"b\"} + y_total",
            "sum(increase(x_total{a=\"b\"}[1m] anchored) + increase(y_total[1m] anchored))",
        );
        check(PromQl, "sum(rate(x[5m]))", "sum(sum(rate(x[5m] anchored)))");
        check(PromQl, "sum(rate(x[5m] smoothed))", "sum(sum(rate(x[5m] smoothed)))");
        check(PromQl, "max_over_time(x[{{.window}}])", "sum(max_over_time(x[1m]))");
        check(
            LogQl,
            r#"sum by (a) (count_over_time({app="x"} |= "bad" [{{.window}}]))"#,
            r#"sum(sum by (a) (count_over_time({app="x"} |= "bad" [1m])))"#,
        );
        check(
            TraceQl,
            "{ status = error } | count_over_time()",
            "{ status = error } | count_over_time() [1m]",
        );
        check(TraceQl, "{ status = error } | rate() [{{.window}}]", "{ status = error } | rate() [1m]");
    }

    #[test]
    fn a_rate_is_counted_by_the_second() {
        assert_eq!(Events::promql("sum(rate(x[{{.window}}]))").seconds(60_000), 60.0);
        assert_eq!(Events::promql("sum(increase(x[{{.window}}]))").seconds(60_000), 1.0);
        assert_eq!(Events::promql("http_rate").seconds(60_000), 1.0);
    }

    #[test]
    fn what_can_not_be_counted_is_told() {
        let why = |language, expr: &str| Events { language, expr: expr.to_owned() }.check().unwrap_err();
        assert!(why(Language::PromQl, "sum(rate(x[{{.window}}])").contains("parse error"));
        assert!(why(Language::PromQl, "x[{{.window}}]").contains("gives a range vector"));
        assert!(why(Language::TraceQl, "{} | rate() by (name)").contains("one number"));
        assert!(why(Language::LogQl, r#"{a="b"}"#).contains("log lines"));
    }
}
