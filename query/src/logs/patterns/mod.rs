//! Which kinds of bodies there are: what programs print again and again with other numbers in it.
//!
//! First the changing parts of each body are masked, and equal ones counted; that is quick, needs no
//! order, and works on all cores. Then those that differ in few words become one template, as in Drain
//! (He et al. 2017): the same number of words, the same first one, at least half of the words equal.

mod mask;
mod release;
mod templates;

pub use release::first_of_release;

use super::filter::{Filter, column};
use super::meter::Meter;
use super::scan::{Chunk, Collector, Mergeable, Scan};
use crate::Error;
use crate::byte_hash::ByteHash;
use crate::http::run::Budget;
use arrow::array::{Int32Array, StringArray};
use mask::mask;
use ocelli_api::logs::{LogPattern, LogPatternsResponse, PatternChange, severity_class};
use ocelli_api::{TimeRange, UnixNano};
use ocelli_signal::Signal;
use ocelli_storage::Snapshot;
use std::collections::HashMap;
use templates::{Seen, Template, Templates};

/// Masked bodies that are counted before they become templates.
const MAX_BODIES: usize = 20_000;
/// A pattern surges or fades when its rate changes so many times …
const SURGE: f64 = 3.0;
/// … and so many records show it.
const SURGE_RECORDS: u64 = 10;

pub struct LogPatterns<'a> {
    pub filter: &'a Filter,
    pub range: TimeRange,
    /// What is from then on is compared with what was before.
    pub since: Option<UnixNano>,
    pub limit: usize,
}

pub fn patterns(
    snapshot: &Snapshot,
    wanted: &LogPatterns<'_>,
    budget: &Budget,
) -> Result<LogPatternsResponse, Error> {
    let range = wanted.range;
    let since = wanted.since.map_or(range.from.0, |since| since.0.clamp(range.from.0, range.to.0));
    let mut bodies = Bodies {
        meter: Meter::new(budget),
        since,
        counts: HashMap::default(),
        templates: Templates::default(),
        scratch: String::new(),
    };
    let sources = snapshot.sources(Signal::Logs, range.from.0, range.to.0.saturating_sub(1));
    let scan = Scan {
        filter: wanted.filter,
        signal: Signal::Logs,
        range,
        columns: &["body", "severity_number"],
        attributes: &[],
        newest_first: false,
    };
    let partial = scan.run_on_cores(&sources, budget, &mut bodies)?;
    bodies.settle();
    let (templates, other) = bodies.templates.finish();
    let compare = wanted.since.is_some();
    let now_s = (range.to.0 - since) as f64 / 1e9;
    let before_s = (since - range.from.0) as f64 / 1e9;
    let mut patterns: Vec<LogPattern> = templates
        .into_iter()
        .map(|template| pattern(template, compare.then_some((before_s, now_s))))
        .collect();
    patterns.sort_by(|a, b| rank(b).total_cmp(&rank(a)).then_with(|| a.template.cmp(&b.template)));
    let records = patterns.iter().map(|one| one.count + one.before.unwrap_or_default()).sum::<u64>() + other;
    let found = patterns.len() as u64;
    patterns.truncate(wanted.limit);
    let mut stats = budget.stats();
    stats.partial = partial;
    Ok(LogPatternsResponse { range, since: wanted.since, patterns, found, records, other, stats })
}

/// What is new comes first, then what surges, then what is frequent.
fn rank(pattern: &LogPattern) -> f64 {
    let news = match pattern.change {
        Some(PatternChange::New) => 2e18,
        Some(PatternChange::Surging) => 1e18,
        _ => 0.0,
    };
    news + pattern.count as f64 + pattern.before.unwrap_or_default() as f64 / 1e6
}

fn pattern(template: Template, seconds: Option<(f64, f64)>) -> LogPattern {
    let (text, query) = (template.text(), template.query());
    let Seen { count, before, first, last, severity, example, .. } = template.seen;
    let change = seconds.map(|(before_s, now_s)| {
        let (was, is) = (before as f64 / before_s.max(1e-9), count as f64 / now_s.max(1e-9));
        match (before, count) {
            (0, _) => PatternChange::New,
            (_, 0) => PatternChange::Gone,
            _ if is >= was * SURGE && count >= SURGE_RECORDS => PatternChange::Surging,
            _ if is <= was / SURGE && before >= SURGE_RECORDS => PatternChange::Fading,
            _ => PatternChange::Steady,
        }
    });
    LogPattern {
        query,
        template: text,
        count,
        before: seconds.map(|_| before),
        change,
        severity: severity_class(severity).to_owned(),
        first_seen: UnixNano(first),
        last_seen: UnixNano(last),
        example,
    }
}

struct Bodies<'b> {
    meter: Meter<'b>,
    since: i64,
    counts: HashMap<String, Seen, ByteHash>,
    templates: Templates,
    scratch: String,
}

impl Bodies<'_> {
    /// Makes templates of what was counted, in an order that is always the same.
    fn settle(&mut self) {
        let mut counts: Vec<(String, Seen)> = self.counts.drain().collect();
        counts.sort_unstable_by(|a, b| {
            let all = |seen: &Seen| seen.count + seen.before;
            all(&b.1).cmp(&all(&a.1)).then_with(|| a.0.cmp(&b.0))
        });
        counts.into_iter().for_each(|(masked, seen)| self.templates.add(&masked, seen));
        self.meter.clear();
    }
}

impl Collector for Bodies<'_> {
    fn take(&mut self, chunk: &Chunk<'_>) -> Result<(), Error> {
        let bodies: &StringArray = column(chunk.batch, "body")?;
        let severities: &Int32Array = column(chunk.batch, "severity_number")?;
        for row in chunk.passed.iter() {
            let (body, time) = (bodies.value(row), chunk.times.value(row));
            mask(body, &mut self.scratch);
            if let Some(seen) = self.counts.get_mut(self.scratch.as_str()) {
                seen.add(time, time < self.since, severities.value(row), body);
                continue;
            }
            if self.counts.len() >= MAX_BODIES {
                self.settle();
            }
            let seen = Seen::new(time, time < self.since, severities.value(row), body);
            self.meter.add(self.scratch.len() + seen.example.len() + size_of::<Seen>() + 64)?;
            self.counts.insert(self.scratch.clone(), seen);
        }
        Ok(())
    }

    fn reads_values(&self) -> bool {
        true
    }
}

impl Mergeable for Bodies<'_> {
    fn fork(&self) -> Self {
        Bodies {
            meter: self.meter.fork(),
            since: self.since,
            counts: HashMap::default(),
            templates: Templates::default(),
            scratch: String::new(),
        }
    }

    fn merge(&mut self, other: Self) -> Result<(), Error> {
        for (masked, more) in other.counts {
            match self.counts.get_mut(&masked) {
                Some(seen) => seen.join(more),
                None => drop(self.counts.insert(masked, more)),
            }
        }
        self.templates.join(other.templates);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
