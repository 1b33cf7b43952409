//! When an alerting rule would have fired, had it been there before.

use super::alert::{Alert, AlertState};
use super::file::Rule;
use super::inputs::Inputs;
use super::language::Language;
use super::state::{Asked, Context, RuleState, vector};
use crate::Error;
use crate::promql::labels::Labels;
use crate::promql::select::Select;
use crate::promql::value::Sample;
use crate::promql::{Answer, Data, Query, run};
use std::collections::BTreeMap;

/// Episodes that are told; all are counted.
pub const MOST_EPISODES: usize = 100;

/// The times at which a rule is evaluated, both ends included. Milliseconds.
#[derive(Clone, Copy, Debug)]
pub struct Over {
    pub from_ms: i64,
    pub to_ms: i64,
    pub interval_ms: i64,
    pub max_samples: u64,
}

impl Over {
    pub fn steps(&self) -> i64 {
        (self.to_ms - self.from_ms).max(0) / self.interval_ms.max(1) + 1
    }

    fn times(self) -> impl Iterator<Item = i64> {
        (0..self.steps()).map(move |at| self.from_ms + at * self.interval_ms)
    }
}

/// One alert from its firing to its end.
#[derive(Clone, Debug, PartialEq)]
pub struct Episode {
    pub labels: Labels,
    pub annotations: Labels,
    pub since_ms: i64,
    pub fired_ms: i64,
    /// None where it still fires at the end.
    pub resolved_ms: Option<i64>,
    /// The value of the greatest magnitude while it fired.
    pub peak: f64,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Preview {
    /// By time.
    pub episodes: Vec<Episode>,
    pub count: u64,
    /// The time in which at least one alert would have fired.
    pub firing_ms: i64,
}

/// Evaluates a rule at every step. `ask` answers at one time, `select` gives series for a whole range.
pub fn preview(
    rule: &Rule,
    over: Over,
    ask: &mut Asked,
    select: &mut Select,
    check: &(dyn Fn() -> Result<(), Error> + Sync),
) -> Result<Preview, Error> {
    let by_time = match rule.language {
        Language::PromQl => Some(by_time(rule, over, select, check)?),
        _ => None,
    };
    let (mut found, mut firing) = (Preview::default(), BTreeMap::new());
    // Texts are made once for each episode, not at each step.
    let mut bare = rule.clone();
    bare.alert.iter_mut().for_each(|alert| alert.annotations.clear());
    let mut state = RuleState::new(bare);
    for time_ms in over.times() {
        check()?;
        let mut answer = |language: Language, text: &str, at_ms: i64| match &by_time {
            Some(all) if text == rule.expr => {
                Ok(of_vector(at_ms, all.get(&at_ms).cloned().unwrap_or_default()))
            }
            _ => ask(language, text, at_ms),
        };
        state.evaluate(time_ms, &Context::default(), &mut answer, &mut |_, _, _| Inputs::Complete)?;
        let mut is_firing = false;
        for alert in state.alerts() {
            match alert.state {
                AlertState::Pending => {}
                AlertState::Firing => {
                    is_firing = true;
                    note(&mut firing, alert, time_ms);
                }
                AlertState::Resolved => end(&mut found, &mut firing, alert, time_ms),
            }
        }
        found.firing_ms += if is_firing { over.interval_ms } else { 0 };
    }
    for (_, episode) in firing {
        keep(&mut found, episode);
    }
    found.episodes.sort_by_key(|episode| episode.fired_ms);
    for episode in &mut found.episodes {
        episode.annotations =
            super::alert::annotations(rule, &episode.labels, episode.peak, episode.fired_ms, ask);
    }
    Ok(found)
}

fn note(firing: &mut BTreeMap<Labels, Episode>, alert: &Alert, time_ms: i64) {
    let episode = firing.entry(alert.labels.clone()).or_insert_with(|| Episode {
        labels: alert.labels.clone(),
        annotations: Labels::default(),
        since_ms: alert.active_at_ms,
        fired_ms: alert.fired_at_ms.unwrap_or(time_ms),
        resolved_ms: None,
        peak: alert.value,
    });
    if alert.value.abs() > episode.peak.abs() {
        episode.peak = alert.value;
    }
}

fn end(found: &mut Preview, firing: &mut BTreeMap<Labels, Episode>, alert: &Alert, time_ms: i64) {
    if let Some(episode) = firing.remove(&alert.labels) {
        keep(found, Episode { resolved_ms: Some(alert.resolved_at_ms.unwrap_or(time_ms)), ..episode });
    }
}

fn keep(found: &mut Preview, episode: Episode) {
    found.count += 1;
    if found.episodes.len() < MOST_EPISODES {
        found.episodes.push(episode);
    }
}

type Vector = Vec<(Labels, Sample)>;

/// What the expression gives at each step, by one query.
fn by_time(
    rule: &Rule,
    over: Over,
    select: &mut Select,
    check: &(dyn Fn() -> Result<(), Error> + Sync),
) -> Result<BTreeMap<i64, Vector>, Error> {
    let query = Query {
        max_samples: over.max_samples,
        ..Query::range(&rule.expr, over.from_ms, over.to_ms, over.interval_ms)
    };
    let answer = run(&query, select, &check)?;
    let mut by_time: BTreeMap<i64, Vector> = BTreeMap::new();
    match answer.data {
        Data::Matrix(matrix) => {
            for (labels, samples) in matrix {
                for (time_ms, sample) in samples {
                    by_time.entry(time_ms).or_default().push((labels.clone(), sample));
                }
            }
        }
        Data::Scalar(values) => {
            let one = |(time_ms, value)| (time_ms, vec![(Labels::default(), Sample::Float(value))]);
            by_time.extend(values.into_iter().map(one));
        }
        other => {
            let answer =
                Answer { data: other, warnings: Vec::new(), infos: Vec::new(), samples: Default::default() };
            vector(answer)?;
        }
    }
    Ok(by_time)
}

fn of_vector(time_ms: i64, vector: Vector) -> Answer {
    let data = Data::Vector(time_ms, vector);
    Answer { data, warnings: Vec::new(), infos: Vec::new(), samples: Default::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promql::select::Selection;
    use crate::promql::testing::TestStore;

    const MINUTE: i64 = 60_000;

    fn check(line: &str, rule: &str, expect: &str) {
        let mut store = TestStore::default();
        store.load_line(line, 0, MINUTE).unwrap();
        let text = format!("groups: [{{name: g, rules: [{rule}]}}]");
        let rule = crate::rules::file::parse("r.yml", &text).unwrap()[0].rules[0].clone();
        let over = Over { from_ms: 0, to_ms: 10 * MINUTE, interval_ms: MINUTE, max_samples: 1_000 };
        let mut select = |selection: &Selection| Ok(store.select(selection));
        let mut ask = |_: Language, text: &str, time_ms: i64| {
            let mut select = |selection: &Selection| Ok(store.select(selection));
            run(&Query::instant(text, time_ms), &mut select, &|| Ok(()))
        };
        let found = preview(&rule, over, &mut ask, &mut select, &|| Ok(())).unwrap();
        let one = |episode: &Episode| {
            let end = episode.resolved_ms.map_or("-".to_owned(), |ms| (ms / MINUTE).to_string());
            let (since, fired) = (episode.since_ms / MINUTE, episode.fired_ms / MINUTE);
            format!("{since}/{fired}/{end} peak {} {}", episode.peak, episode.annotations.get("summary"))
        };
        let shown: Vec<String> = found.episodes.iter().map(one).collect();
        assert_eq!(format!("{} in {}m: {}", found.count, found.firing_ms / MINUTE, shown.join(", ")), expect);
    }

    #[test]
    fn episodes_have_their_times_and_peaks() {
        let rule = "{alert: High, expr: x > 2, for: 1m, annotations: {summary: '{{ $value }} of {{ $labels.job }}'}}";
        check(
            "x{job=\"a\"} 0 3 5 4 0 3 0 3 3 3 9",
            rule,
            "2 in 5m: 1/2/4 peak 5 5 of a, 7/8/- peak 9 9 of a",
        );
        check("x{job=\"a\"} 0x10", rule, "0 in 0m: ");
        check("x 1x10", "{alert: Always, expr: vector(1)}", "1 in 11m: 0/0/- peak 1 ");
    }
}
