//! When an alerting rule would have fired, had it been there before.

use super::alert::{Alert, AlertState};
use super::file::Rule;
use super::inputs::Inputs;
use super::language::{Language, Matrix};
use super::state::{Asked, Context, RuleState, vector};
use crate::Error;
use crate::promql::labels::Labels;
use crate::promql::select::Select;
use crate::promql::value::Sample;
use crate::promql::{Answer, Data, Query, duration_text, run};
use ocelli_api::UnixNano;
use ocelli_api::alerts::RuleEpisode;
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

impl Episode {
    /// As the API tells it.
    pub fn shown(self) -> RuleEpisode {
        let nanos = |ms: i64| UnixNano(ms.saturating_mul(1_000_000));
        RuleEpisode {
            labels: self.labels.to_map(),
            annotations: self.annotations.to_map(),
            since: nanos(self.since_ms),
            fired_at: nanos(self.fired_ms),
            resolved_at: self.resolved_ms.map(nanos),
            peak: Some(self.peak).filter(|peak| peak.is_finite()),
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Preview {
    /// By time.
    pub episodes: Vec<Episode>,
    pub count: u64,
    /// The time in which at least one alert would have fired.
    pub firing_ms: i64,
}

/// Evaluates a rule at every step. `ask` answers at one time; what `known` has need not be asked.
pub fn preview(
    rule: &Rule,
    over: Over,
    known: &Known,
    ask: &mut Asked,
    check: &(dyn Fn() -> Result<(), Error> + Sync),
) -> Result<Preview, Error> {
    let (mut found, mut firing) = (Preview::default(), BTreeMap::new());
    // Texts are made once for each episode, not at each step.
    let mut bare = rule.clone();
    bare.alert.iter_mut().for_each(|alert| alert.annotations.clear());
    let mut state = RuleState::new(bare);
    for time_ms in over.times() {
        check()?;
        let mut answer = |language: Language, text: &str, at_ms: i64| match text == rule.expr {
            true => Ok(of_vector(at_ms, known.0.get(&at_ms).cloned().unwrap_or_default())),
            false => ask(language, text, at_ms),
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

/// What an expression gives, by time.
#[derive(Debug, Default)]
pub struct Known(BTreeMap<i64, Vector>);

impl Known {
    /// Of PromQL at each step, by one query. `select` gives series for the whole range.
    pub fn of_points(
        expr: &str,
        over: Over,
        select: &mut Select,
        check: &(dyn Fn() -> Result<(), Error> + Sync),
    ) -> Result<Known, Error> {
        let query = Query {
            max_samples: over.max_samples,
            ..Query::range(expr, over.from_ms, over.to_ms, over.interval_ms)
        };
        let answer = run(&query, select, &check)?;
        match answer.data {
            Data::Matrix(matrix) => Ok(Known::of(matrix)),
            Data::Scalar(values) => {
                let one = |(time_ms, value)| (time_ms, vec![(Labels::default(), Sample::Float(value))]);
                Ok(Known(values.into_iter().map(one).collect()))
            }
            other => {
                vector(Answer { data: other, ..nothing() })?;
                Ok(Known::default())
            }
        }
    }

    pub fn of(matrix: Matrix) -> Known {
        let mut by_time: BTreeMap<i64, Vector> = BTreeMap::new();
        for (labels, samples) in matrix {
            for (time_ms, sample) in samples {
                by_time.entry(time_ms).or_default().push((labels.clone(), sample));
            }
        }
        Known(by_time)
    }
}

fn nothing() -> Answer {
    let data = Data::Vector(0, Vec::new());
    Answer { data, warnings: Vec::new(), infos: Vec::new(), samples: Default::default() }
}

/// `would have fired 3 times in 1d: …`, or `would never have fired in 1d`.
pub fn verdict(found: &Preview, over: Over) -> String {
    let length = duration_text((over.to_ms - over.from_ms).max(over.interval_ms));
    let times = match found.count {
        0 => return format!("would never have fired in {length}"),
        1 => "once".to_owned(),
        several => format!("{several} times"),
    };
    let at = |episode: &Episode| UnixNano(episode.fired_ms.saturating_mul(1_000_000)).to_rfc3339();
    let shown: Vec<String> = found.episodes.iter().take(5).map(at).collect();
    let colon = if shown.is_empty() { "" } else { ": " };
    format!("would have fired {times} in {length}{colon}{}", shown.join(", "))
}

fn of_vector(time_ms: i64, vector: Vector) -> Answer {
    Answer { data: Data::Vector(time_ms, vector), ..nothing() }
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
        let known = Known::of_points(&rule.expr, over, &mut select, &|| Ok(())).unwrap();
        let found = preview(&rule, over, &known, &mut ask, &|| Ok(())).unwrap();
        let one = |episode: &Episode| {
            let end = episode.resolved_ms.map_or("-".to_owned(), |ms| (ms / MINUTE).to_string());
            let (since, fired) = (episode.since_ms / MINUTE, episode.fired_ms / MINUTE);
            format!("{since}/{fired}/{end} peak {} {}", episode.peak, episode.annotations.get("summary"))
        };
        let told = verdict(&found, over);
        let wanted = match found.count {
            0 => "would never have fired in 10m".to_owned(),
            1 => "would have fired once in 10m: 19".to_owned(),
            several => format!("would have fired {several} times in 10m: 19"),
        };
        assert!(told.starts_with(&wanted), "{told}");
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
