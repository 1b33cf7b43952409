//! One rule from evaluation to evaluation: what it gives, and which of its series have ended.
//!
//! Source: Prometheus `rules` package (`RecordingRule.Eval`, `Group.Eval`).

use super::alert::{Alert, Alerts};
use super::file::Rule;
use super::inputs::Inputs;
use super::language::Language;
use super::present::Present;
use crate::Error;
use crate::promql::labels::{Labels, METRIC_NAME, Pair};
use crate::promql::value::{Sample, stale_nan};
use crate::promql::{Answer, Data};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What all rules of a group share.
#[derive(Clone, Debug, Default)]
pub struct Context {
    pub query_offset_ms: i64,
    /// The most series or alerts of one rule; 0 for any number.
    pub limit: usize,
    /// For the templates of alerts.
    pub external_labels: Vec<(String, String)>,
    pub external_url: String,
    /// The server has just begun to take data in: what is not there yet may be on its way.
    pub settling: bool,
}

/// Answers an instant query at a time in milliseconds.
pub type Asked<'a> = dyn FnMut(Language, &str, i64) -> Result<Answer, Error> + 'a;

/// What is known of a rule's input at a time, where the expression no longer gives an alert.
pub type Look<'a> = dyn FnMut(&Rule, i64, &mut Asked) -> Inputs + 'a;

/// A sample to be kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    pub labels: Labels,
    pub time_ms: i64,
    pub sample: Sample,
}

/// A rule with what it remembers.
#[derive(Clone, Debug)]
pub struct RuleState {
    pub rule: Rule,
    /// The series of the evaluation before.
    previous: Arc<Present>,
    alerts: Alerts,
}

impl RuleState {
    pub fn new(rule: Rule) -> RuleState {
        RuleState { rule, previous: Arc::default(), alerts: Alerts::default() }
    }

    /// The series that were there at the evaluation before, where somebody else knows: after a restart.
    pub fn resume(&mut self, previous: &[Labels]) {
        self.previous = Arc::new(Present::of(previous));
    }

    /// The alerts that are pending, firing, or resolved not long ago.
    pub fn alerts(&self) -> impl Iterator<Item = &Alert> {
        self.alerts.iter()
    }

    /// Takes back alerts as an earlier process knew them.
    pub fn resume_alerts(&mut self, alerts: impl IntoIterator<Item = Alert>) {
        self.alerts.resume(alerts);
    }

    /// Takes back what an earlier process knew of a pending or firing alert.
    pub fn restore_alert(&mut self, labels: &Labels, active_at_ms: i64) {
        self.alerts.restore(labels, active_at_ms);
    }

    /// Evaluates at a time. What it gives is to be kept before the next rule of the group is asked. A
    /// series that has ended gets a stale marker; after an error nothing is known of any.
    pub fn evaluate(
        &mut self,
        time_ms: i64,
        context: &Context,
        ask: &mut Asked,
        look: &mut Look,
    ) -> Result<Vec<Recorded>, Error> {
        let looked_at = time_ms.saturating_sub(context.query_offset_ms);
        let vector = vector(ask(self.rule.language, &self.rule.expr, looked_at)?)?;
        let (vector, present) = match self.rule.alert {
            Some(_) => {
                let inputs = match self.alerts.are_missed_by(&vector) {
                    true if context.settling => Inputs::Incomplete,
                    true => look(&self.rule, looked_at, ask),
                    false => Inputs::Complete,
                };
                let vector = self.alerts.evaluate(&self.rule, vector, &inputs, time_ms, context, ask)?;
                let present = Present::of(vector.iter().map(|(labels, _)| labels));
                (vector, present)
            }
            None => record(&self.rule, vector, context.limit)?,
        };
        let ended = self.previous.without(&present);
        self.previous = Arc::new(present);
        let stale = ended.into_iter().map(|labels| (labels, Sample::Float(stale_nan())));
        let recorded = vector.into_iter().chain(stale).map(|(labels, sample)| Recorded {
            labels,
            time_ms: looked_at,
            sample,
        });
        Ok(recorded.collect())
    }

    /// The stale markers of a rule that is there no more.
    pub fn end(&mut self, time_ms: i64) -> Vec<Recorded> {
        let stale = |labels| Recorded { labels, time_ms, sample: Sample::Float(stale_nan()) };
        let ended = std::mem::take(&mut self.previous).without(&Present::default());
        ended.into_iter().map(stale).collect()
    }
}

type Vector = Vec<(Labels, Sample)>;

/// The answer to a rule's expression.
pub fn vector(answer: Answer) -> Result<Vector, Error> {
    match answer.data {
        Data::Vector(_, vector) => Ok(vector),
        Data::Scalar(values) => {
            let value = values.first().map_or(f64::NAN, |(_, value)| *value);
            Ok(vec![(Labels::default(), Sample::Float(value))])
        }
        _ => Err(Error::Execution("rule result is not a vector or scalar".to_owned())),
    }
}

/// What a rule sets of the labels of its series.
pub struct RuleLabels(Vec<Pair>);

impl RuleLabels {
    pub fn of(rule: &Rule) -> RuleLabels {
        let own = rule.labels.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        // The last of equal names wins.
        let all: BTreeMap<&str, &str> = [(METRIC_NAME, rule.name.as_str())].into_iter().chain(own).collect();
        RuleLabels(all.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }

    /// The labels of a recorded series, which shares the texts of what was found.
    pub fn over(&self, labels: &Labels) -> Labels {
        labels.with_all(&self.0)
    }
}

/// What the error says when two series of a result become one.
const SAME_LABELS: &str = "vector contains metrics with the same labelset after applying rule labels";

fn record(rule: &Rule, vector: Vector, limit: usize) -> Result<(Vector, Present), Error> {
    let own = RuleLabels::of(rule);
    let recorded: Vector = vector.into_iter().map(|(labels, sample)| (own.over(&labels), sample)).collect();
    let present = check_record(recorded.iter().map(|(labels, _)| labels), limit)?;
    Ok((recorded, present))
}

/// The series of one evaluation, if they may be that.
pub fn check_record<'a>(series: impl Iterator<Item = &'a Labels>, limit: usize) -> Result<Present, Error> {
    let present = Present::of(series);
    if present.has_twins() {
        return Err(Error::Execution(SAME_LABELS.to_owned()));
    }
    if limit > 0 && present.len() > limit {
        return Err(Error::LimitExceeded(format!("exceeded limit of {limit} with {} series", present.len())));
    }
    Ok(present)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(text: &str) -> Rule {
        let text = format!("groups: [{{name: g, rules: [{text}]}}]");
        crate::rules::file::parse("r.yml", &text).unwrap()[0].rules[0].clone()
    }

    fn answer(labels: &[&[(&str, &str)]]) -> Answer {
        let series = |pairs: &&[(&str, &str)]| (Labels::new(pairs.iter().copied()), Sample::Float(1.0));
        let data = Data::Vector(0, labels.iter().map(series).collect());
        Answer { data, warnings: Vec::new(), infos: Vec::new(), samples: Default::default() }
    }

    fn check(state: &mut RuleState, time_ms: i64, limit: usize, found: &[&[(&str, &str)]]) -> String {
        let context = Context { query_offset_ms: 10, limit, ..Context::default() };
        let mut ask = |_, _: &_, at| {
            assert_eq!(at, time_ms - 10);
            Ok(answer(found))
        };
        let outcome = state.evaluate(time_ms, &context, &mut ask, &mut |_, _, _| Inputs::Complete);
        match outcome {
            Ok(all) => {
                assert!(all.iter().all(|one| one.time_ms == time_ms - 10));
                let text = |one: &Recorded| {
                    format!("{}{}", one.labels, if one.sample.is_stale() { " ends" } else { "" })
                };
                all.iter().map(text).collect::<Vec<_>>().join(" ")
            }
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_recording_rule_names_its_series_and_ends_them() {
        let mut state = RuleState::new(rule("{record: a:b, expr: up, labels: {team: x, gone: ''}}"));
        let found =
            check(&mut state, 100, 0, &[&[("__name__", "up"), ("job", "a"), ("gone", "g")], &[("job", "b")]]);
        assert_eq!(found, r#"{__name__="a:b", job="a", team="x"} {__name__="a:b", job="b", team="x"}"#);
        let found = check(&mut state, 200, 0, &[&[("job", "b")]]);
        assert_eq!(found, r#"{__name__="a:b", job="b", team="x"} {__name__="a:b", job="a", team="x"} ends"#);
        assert_eq!(check(&mut state, 300, 0, &[&[("job", "b")]]), r#"{__name__="a:b", job="b", team="x"}"#);
        assert_eq!(state.end(400).len(), 1);
        assert_eq!(state.end(400).len(), 0);
    }

    #[test]
    fn what_a_rule_must_not_give_is_an_error_and_ends_nothing() {
        let mut state = RuleState::new(rule("{record: a, expr: up, labels: {job: x}}"));
        assert_eq!(check(&mut state, 100, 1, &[&[("job", "a")]]), r#"{__name__="a", job="x"}"#);
        assert_eq!(check(&mut state, 200, 0, &[&[("job", "a")], &[("job", "b")]]), SAME_LABELS);
        let two: [&[(&str, &str)]; 2] = [&[("i", "a")], &[("i", "b")]];
        assert_eq!(check(&mut state, 300, 1, &two), "exceeded limit of 1 with 2 series");
        assert_eq!(check(&mut state, 400, 1, &[]), r#"{__name__="a", job="x"} ends"#);
    }
}
