//! Evaluates the rules over the series of a test group and makes its checks.

use super::compare::{self, Shown};
use super::format::{AlertTest, TestFile, TestGroup};
use super::{Failure, Report};
use crate::Error;
use crate::promql::select::{Selection, StoredSeries};
use crate::promql::testing::TestStore;
use crate::promql::{Query, duration_text, run as run_query};
use crate::rules::alert::{ALERT_NAME, AlertState};
use crate::rules::file::{self, yaml};
use crate::rules::files::matching;
use crate::rules::{Context, Group, Inputs, Language, RuleState};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

const DEFAULT_INTERVAL_MS: i64 = 60_000;
/// A test that would evaluate more often is refused.
const MAX_EVALUATIONS: i64 = 10_000_000;

/// Runs all test groups; an error is what keeps every one of them from running.
pub fn file(report: &mut Report, text: &str) -> Result<(), Failure> {
    let test: TestFile =
        yaml::read(text).map_err(|problem| Failure(format!("    {}:{problem}", report.path.display())))?;
    let order = eval_order(&test)?;
    let mut groups = load(report, &test)?;
    // Groups that are not named come first, as with promtool.
    groups.sort_by_key(|group| order.get(&group.name).map_or(0, |at| at + 1));
    let interval_ms = test.evaluation_interval.map_or(0, |span| span.0);
    let interval_ms = if interval_ms == 0 { DEFAULT_INTERVAL_MS } else { interval_ms };
    for group in &test.tests {
        let mut run = GroupRun::new(group, &groups, interval_ms, test.fuzzy_compare)?;
        if let Err(failure) = run.all(report) {
            report.failures.push(failure);
        }
    }
    Ok(())
}

fn eval_order(test: &TestFile) -> Result<HashMap<String, usize>, Failure> {
    let mut order = HashMap::new();
    for (at, name) in test.group_eval_order.iter().enumerate() {
        if order.insert(name.clone(), at).is_some() {
            return Err(Failure(format!("    group name repeated in evaluation order: {name}")));
        }
    }
    Ok(order)
}

/// The groups of all rule files; their names are relative to the folder of the test.
fn load(report: &mut Report, test: &TestFile) -> Result<Vec<Group>, Failure> {
    let folder = report.path.parent().unwrap_or(Path::new("")).to_owned();
    let mut groups: Vec<Group> = Vec::new();
    for pattern in &test.rule_files {
        let failed = |name: &str, error: std::io::Error| Failure(format!("    {name}: {error}"));
        let mut found = matching(&folder, pattern).map_err(|error| failed(pattern, error))?;
        // As with promtool, also where the pattern is a name.
        found.retain(|path| path.exists());
        if found.is_empty() {
            report.warnings.push(format!("no file match pattern {pattern}"));
        }
        for path in found {
            let name = path.display().to_string();
            let text = std::fs::read_to_string(&path).map_err(|error| failed(&name, error))?;
            let read = file::parse(&name, &text).map_err(|problems| {
                let lines = problems.iter().map(|problem| format!("    {name}:{problem}"));
                Failure(lines.collect::<Vec<_>>().join("\n"))
            })?;
            groups.extend(read);
        }
    }
    Ok(groups)
}

/// One test group while it runs.
struct GroupRun<'a> {
    test: &'a TestGroup,
    groups: Vec<(Context, Vec<RuleState>)>,
    store: TestStore,
    interval_ms: i64,
    start_ms: i64,
    fuzzy: bool,
}

impl<'a> GroupRun<'a> {
    fn new(test: &'a TestGroup, groups: &[Group], interval_ms: i64, fuzzy: bool) -> Result<Self, Failure> {
        let context = |group: &Group| Context {
            query_offset_ms: group.query_offset_ms.unwrap_or(0),
            limit: group.limit,
            external_labels: test.external_labels.0.clone(),
            external_url: test.external_url.clone(),
            settling: false,
        };
        let states = |group: &Group| group.rules.iter().cloned().map(RuleState::new).collect();
        let mut store = TestStore::default();
        let step_ms = test.interval.map_or(interval_ms, |span| span.0);
        for series in &test.input_series {
            let line = format!("{} {}", series.series, series.values);
            let loaded = store.load_line(&line, test.start_timestamp.0, step_ms);
            loaded.map_err(|why| {
                Failure(format!("    {}input series {:?}: {why}", named(test), series.series))
            })?;
        }
        Ok(GroupRun {
            test,
            groups: groups.iter().map(|group| (context(group), states(group))).collect(),
            store,
            interval_ms,
            start_ms: test.start_timestamp.0,
            fuzzy,
        })
    }

    fn all(&mut self, report: &mut Report) -> Result<(), Failure> {
        if let Some(test) = self.test.alert_rule_test.iter().find(|test| test.alertname.is_empty()) {
            let name = self.test.name.as_str();
            let group = if name.is_empty() { String::new() } else { format!(" (in TestGroup {name})") };
            return Err(Failure(format!(
                "    an item under alert_rule_test misses required attribute alertname at eval_time {}{group}",
                duration_text(test.eval_time.0)
            )));
        }
        let alerts = self.test.alert_rule_test.iter().map(|test| test.eval_time.0);
        let last =
            alerts.chain(self.test.promql_expr_test.iter().map(|test| test.eval_time.0)).max().unwrap_or(0);
        if last / self.interval_ms > MAX_EVALUATIONS {
            return Err(Failure(format!(
                "    more than {MAX_EVALUATIONS} evaluations; use a longer evaluation_interval"
            )));
        }
        let mut at = 0;
        while at <= last {
            self.evaluate(at)?;
            let due = |test: &&AlertTest| (at..at + self.interval_ms).contains(&test.eval_time.0);
            for test in self.test.alert_rule_test.iter().filter(due) {
                report.checks += 1;
                report.failures.extend(self.check_alerts(test));
            }
            at += self.interval_ms;
        }
        self.check_exprs(report, self.start_ms + at - self.interval_ms);
        Ok(())
    }

    /// All groups at so many milliseconds after the start.
    fn evaluate(&mut self, at_ms: i64) -> Result<(), Failure> {
        let (mut failed, subquery_step_ms) = (Vec::new(), self.interval_ms);
        for (context, rules) in &mut self.groups {
            for rule in rules {
                let (store, until_ms) = (&self.store, self.start_ms + at_ms);
                let mut ask = |language: Language, query: &str, time_ms: i64| {
                    if language != Language::PromQl {
                        let why = format!(
                            "only PromQL can be tested over made-up series, not {}",
                            language.as_str()
                        );
                        return Err(Error::Execution(why));
                    }
                    let mut select = |selection: &_| Ok(seen(store, selection, until_ms));
                    let query = Query { subquery_step_ms, ..Query::instant(query, time_ms) };
                    run_query(&query, &mut select, &|| Ok(()))
                };
                match rule.evaluate(self.start_ms + at_ms, context, &mut ask, &mut |_, _, _| Inputs::Complete)
                {
                    Ok(recorded) => {
                        for one in recorded {
                            self.store.put(&one.labels, one.time_ms, one.sample);
                        }
                    }
                    Err(error) => failed.push(format!(
                        "    rule: {}, time: {}, err: {}",
                        rule.rule.name,
                        duration_text(at_ms),
                        message(&error, &rule.rule.expr)
                    )),
                }
            }
        }
        if failed.is_empty() { Ok(()) } else { Err(Failure(failed.join("\n"))) }
    }

    fn check_alerts(&self, test: &AlertTest) -> Option<Failure> {
        let rules = self.groups.iter().flat_map(|(_, rules)| rules);
        let of_name = rules.filter(|state| state.rule.alert.is_some() && state.rule.name == test.alertname);
        let firing =
            of_name.flat_map(|state| state.alerts().filter(|alert| alert.state == AlertState::Firing));
        let mut got: Vec<_> = firing
            .map(|alert| Shown { labels: alert.labels.clone(), annotations: alert.annotations.clone() })
            .collect();
        let expected = test.exp_alerts.iter().flatten().map(|alert| {
            let labels = alert.exp_labels.0.iter().cloned();
            let name = [(ALERT_NAME.to_owned(), test.alertname.clone())];
            Shown {
                labels: crate::promql::labels::Labels::new(labels.chain(name)),
                annotations: crate::promql::labels::Labels::new(alert.exp_annotations.0.iter().cloned()),
            }
        });
        let mut expected: Vec<_> = expected.collect();
        got.sort();
        expected.sort();
        (got != expected).then(|| {
            Failure(format!(
                "{}    alertname: {}, time: {}, \n        exp:{}, \n        got:{}",
                named(self.test),
                test.alertname,
                duration_text(test.eval_time.0),
                compare::alerts(&expected),
                compare::alerts(&got)
            ))
        })
    }

    fn check_exprs(&self, report: &mut Report, until_ms: i64) {
        for test in &self.test.promql_expr_test {
            report.checks += 1;
            let query = Query {
                subquery_step_ms: self.interval_ms,
                ..Query::instant(&test.expr, self.start_ms + test.eval_time.0)
            };
            let mut select = |selection: &_| Ok(seen(&self.store, selection, until_ms));
            let answer =
                run_query(&query, &mut select, &|| Ok(())).map_err(|error| message(&error, &test.expr));
            let difference = answer.and_then(|answer| {
                let got = crate::rules::state::vector(answer).map_err(|error| error.to_string())?;
                compare::samples(test.exp_samples.as_deref().unwrap_or_default(), got, self.fuzzy)
            });
            let head = format!(
                "{}    expr: {:?}, time: {}",
                named(self.test),
                test.expr,
                duration_text(test.eval_time.0)
            );
            match difference {
                Ok(None) => {}
                Ok(Some(difference)) => report.failures.push(Failure(format!("{head},{difference}"))),
                Err(why) => report.failures.push(Failure(format!("{head}, err: {why}"))),
            }
        }
    }
}

/// What a query sees: as with promtool, series are loaded evaluation by evaluation, so that nothing after the
/// last one is there, even where a check is later.
fn seen(store: &TestStore, selection: &Selection, until_ms: i64) -> Vec<StoredSeries> {
    let mut found =
        store.select(&Selection { until_ms: selection.until_ms.min(until_ms), ..selection.clone() });
    for series in &mut found {
        series.samples = Arc::new(series.samples.between(i64::MIN, until_ms));
    }
    found
}

/// The line that says which test group it was, if it has a name.
fn named(test: &TestGroup) -> String {
    if test.name.is_empty() { String::new() } else { format!("    name: {},\n", test.name) }
}

/// With the place in the expression where that is known.
fn message(error: &Error, expr: &str) -> String {
    match error {
        Error::BadQuery { message, offset } => {
            let place = crate::promql::annotations::line_and_column(expr, offset.unwrap_or_default());
            format!("{place}: parse error: {message}")
        }
        other => other.to_string(),
    }
}
