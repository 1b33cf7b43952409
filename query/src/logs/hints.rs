//! What may be wrong with a question that found nothing.

use super::field::Field;
use super::filter::Filter;
use super::near::near;
use super::search::{Direction, LogSearch, search};
use crate::Error;
use crate::http::run::Budget;
use ocelli_api::logs::{LogHints, UnknownField};
use ocelli_api::{TimeRange, UnixNano};
use ocelli_signal::Signal;
use ocelli_storage::{AttributeKeys, Snapshot};

/// Fields that are no attributes; told as near names.
const OWN: [&str; 7] = ["body", "level", "service", "trace_id", "span_id", "scope", "event_name"];

/// Unknown fields that are told.
const MOST_TOLD: usize = 10;

/// Fields of a question that no record of a range has, and where records are if the range has none.
pub fn hints(
    snapshot: &Snapshot,
    names: impl IntoIterator<Item = String>,
    range: TimeRange,
    budget: &Budget,
) -> Result<Option<LogHints>, Error> {
    let mut hints = LogHints::default();
    if newest(snapshot, range, Direction::Older, budget)?.is_none() {
        hints.nearest_before = match range.from.0 {
            i64::MIN => None,
            from => newest(snapshot, between(i64::MIN, from), Direction::Older, budget)?,
        };
        hints.nearest_after = newest(snapshot, between(range.to.0, i64::MAX), Direction::Newer, budget)?;
    } else {
        hints.unknown_fields = unknown(snapshot, names, range, budget)?;
    }
    Ok(Some(hints).filter(|hints| *hints != LogHints::default()))
}

fn between(from: i64, to: i64) -> TimeRange {
    TimeRange { from: UnixNano(from), to: UnixNano(to) }
}

/// The time of the first record in a direction.
fn newest(
    snapshot: &Snapshot,
    range: TimeRange,
    direction: Direction,
    budget: &Budget,
) -> Result<Option<UnixNano>, Error> {
    let wanted =
        LogSearch { filter: &Filter::All, range, limit: 1, cursor: None, direction, page_bytes: usize::MAX };
    Ok(search(snapshot, &wanted, budget)?.records.first().map(|record| record.time))
}

/// Which attributes records of a range may have.
pub fn attribute_keys(snapshot: &Snapshot, range: TimeRange) -> Result<AttributeKeys, Error> {
    let mut keys = AttributeKeys::default();
    for source in snapshot.sources(Signal::Logs, range.from.0, range.to.0.saturating_sub(1)) {
        keys.join(source.attribute_keys()?);
    }
    Ok(keys)
}

/// Those of some names that surely no record has, with names that look alike.
fn unknown(
    snapshot: &Snapshot,
    names: impl IntoIterator<Item = String>,
    range: TimeRange,
    budget: &Budget,
) -> Result<Vec<UnknownField>, Error> {
    let names: Vec<String> = names.into_iter().collect();
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let keys = attribute_keys(snapshot, range)?;
    let there = |name: &String| match Field::parse(name) {
        Field::Resource(key) => keys.resource.contains(&key),
        Field::Attribute { key, or_resource } => {
            keys.own.contains_key(&key) || or_resource && keys.resource.contains(&key)
        }
        _ => true,
    };
    // Where there are too many names to know all of them, none is surely missing.
    let missing = names.iter().filter(|name| keys.whole && !there(name));
    let alike = |name: &String| {
        let bare =
            name.strip_prefix("resource.").or_else(|| name.strip_prefix("attributes.")).unwrap_or(name);
        let all = keys.own.keys().chain(&keys.resource).map(String::as_str).chain(OWN);
        near(bare, all).into_iter().map(str::to_owned).collect()
    };
    let told = missing.take(MOST_TOLD).map(|name| {
        // To compare names costs the more the more keys there are.
        budget.check()?;
        Ok(UnknownField { near: alike(name), name: name.clone() })
    });
    told.collect()
}
