//! Tells an alert that is over from one of which nothing is known.
//!
//! An expression that gives nothing for an alert says that its condition is false, or that there is nothing
//! to judge by: the sender is cut off, its data is late, there is no traffic to have an error rate. Only
//! the first resolves an alert.

use super::file::Rule;
use super::language::Language;
use super::state::{Asked, vector};
use crate::Error;
use crate::promql::labels::Labels;
use crate::promql::select::{Select, Selection, StoredSeries};
use crate::promql::{selectors, without_comparisons};

/// A series that ended so long before an evaluation is not looked for.
const ENDS_MS: i64 = 15 * 60_000;

/// What is known of a rule's input at one time.
#[derive(Clone, Debug)]
pub enum Inputs {
    /// Whatever the expression does not give is not so.
    Complete,
    /// Nothing that the expression does not give is known.
    Incomplete,
    Seen {
        /// What can be judged.
        present: Vec<Labels>,
        /// What has ended because its source said so.
        ended: Vec<Labels>,
    },
}

impl Inputs {
    /// Looks for what the rule's comparisons are about.
    pub fn look(rule: &Rule, time_ms: i64, ask: &mut Asked, select: &mut Select) -> Result<Inputs, Error> {
        // Of events there is nothing between them to be seen.
        if rule.language != Language::PromQl {
            return Ok(Inputs::Complete);
        }
        let Some(compared) = without_comparisons(&rule.expr)? else { return Ok(Inputs::Complete) };
        let found = vector(ask(rule.language, &compared, time_ms)?)?;
        // 0 of 0 is no ratio.
        let present =
            found.into_iter().filter(|(_, sample)| sample.float().is_none_or(|value| !value.is_nan()));
        let present = present.map(|(labels, _)| labels.without_name()).collect();
        let mut ended = Vec::new();
        for matchers in selectors(&rule.expr)? {
            let after_ms = time_ms.saturating_sub(ENDS_MS);
            let found = select(&Selection { matchers, after_ms, until_ms: time_ms })?;
            ended.extend(
                found
                    .iter()
                    .filter(|series| has_ended(series, time_ms))
                    .map(|series| series.labels.without_name()),
            );
        }
        Ok(Inputs::Seen { present, ended })
    }

    /// Whether nothing is known of a series that the expression gave before.
    pub fn are_missing(&self, series: &Labels) -> bool {
        match self {
            Inputs::Complete => false,
            Inputs::Incomplete => true,
            Inputs::Seen { present, ended } => !present.iter().chain(ended).any(|other| agree(series, other)),
        }
    }
}

/// Whether a series has its stale marker. A recorded one has it also when its rule had nothing to record.
fn has_ended(series: &StoredSeries, time_ms: i64) -> bool {
    let recorded = series.labels.metric_name().contains(':');
    !recorded
        && series.samples.between(i64::MIN, time_ms).in_order().last().is_some_and(|(_, one)| one.is_stale())
}

/// Whether two label sets may be about the same: operators drop labels and bring others in.
fn agree(a: &Labels, b: &Labels) -> bool {
    a.iter().all(|(name, value)| matches!(b.get(name), "") || b.get(name) == value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promql::testing::TestStore;
    use crate::promql::{Query, run};
    use std::cell::RefCell;

    const MINUTE: i64 = 60_000;

    /// What is missing at minute 10, of alerts of `{job="a"}` and `{job="b"}`.
    fn check(lines: &[&str], expr: &str, expect: &str) {
        let mut store = TestStore::default();
        lines.iter().for_each(|line| store.load_line(line, 0, MINUTE).unwrap());
        let store = RefCell::new(store);
        let mut select = |selection: &Selection| Ok(store.borrow().select(selection));
        let mut ask = |_: Language, text: &str, time_ms: i64| {
            let mut select = |selection: &Selection| Ok(store.borrow().select(selection));
            run(&Query::instant(text, time_ms), &mut select, &|| Ok(()))
        };
        let text = format!("groups: [{{name: g, rules: [{{alert: A, expr: '{expr}'}}]}}]");
        let rule = crate::rules::file::parse("r.yml", &text).unwrap()[0].rules[0].clone();
        let inputs = Inputs::look(&rule, 10 * MINUTE, &mut ask, &mut select).unwrap();
        let missing = ["a", "b"].into_iter().filter(|job| inputs.are_missing(&Labels::new([("job", *job)])));
        assert_eq!(missing.collect::<Vec<_>>().join(" "), expect, "{expr}");
    }

    #[test]
    fn low_is_known_and_nothing_is_not() {
        let late = "up{job=\"b\"} 0 0";
        check(&["up{job=\"a\"} 1x10", late], "up == 0", "b");
        check(&["up{job=\"a\"} 1x10"], "up == 0", "b");
        check(&["up{job=\"a\"} 1x10", late], "absent(up) == 1", "");
        check(&["up{job=\"a\"} 1x10", late], "count by (job) (up == 0) > 2", "b");
    }

    #[test]
    fn a_ratio_of_nothing_is_not_known() {
        let lines = ["t{job=\"a\"} 0+6x10", "e{job=\"a\"} 0x10", "t{job=\"b\"} 7x10", "e{job=\"b\"} 1x10"];
        check(&lines, "rate(e[5m]) / rate(t[5m]) > 0.1", "b");
    }

    #[test]
    fn what_its_source_has_ended_is_over() {
        check(&["up{job=\"a\"} 0x4 stale", "up{job=\"b\"} 0x4"], "up == 0", "b");
        check(&["x:up{job=\"a\"} 0x4 stale", "x:up{job=\"b\"} 0x4 stale"], "x:up == 0", "a b");
    }
}
