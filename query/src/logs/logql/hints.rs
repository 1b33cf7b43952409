//! What may be wrong with a query that found no line, in sentences.

use super::ast::{LogQuery, Stage};
use super::needs::add_filter;
use super::pipeline::{ERROR, ERROR_DETAILS};
use super::stream::{DETECTED_LEVEL, OF_RECORD, label_name, stream_names};
use crate::Error;
use crate::http::run::Budget;
use crate::logs::hints::{attribute_keys, hints as of_range};
use crate::logs::near::did_you_mean;
use ocelli_api::TimeRange;
use ocelli_storage::Snapshot;
use std::collections::BTreeSet;

/// Where lines are if the range has none; else labels of the query that no record of the range has.
pub fn hints(
    snapshot: &Snapshot,
    query: &LogQuery,
    range: TimeRange,
    budget: &Budget,
) -> Result<Vec<String>, Error> {
    if let Some(found) = of_range(snapshot, [], range, budget)? {
        let before =
            found.nearest_before.map(|time| format!("the last one before it is of {}", time.to_rfc3339()));
        let after =
            found.nearest_after.map(|time| format!("the first one after it is of {}", time.to_rfc3339()));
        let places: Vec<String> = before.into_iter().chain(after).collect();
        return Ok(vec![format!("there are no lines in the range; {}", places.join(", "))]);
    }
    let keys = attribute_keys(snapshot, range)?;
    if !keys.whole {
        return Ok(Vec::new());
    }
    let streams = stream_names();
    let of_streams: BTreeSet<String> = keys
        .resource
        .iter()
        .map(|key| label_name(key).into_owned())
        .filter(|name| streams.contains(name))
        .collect();
    let mut told = Vec::new();
    let stream_labels: Vec<&str> = of_streams.iter().map(String::as_str).collect();
    for matcher in query.matchers.iter().filter(|matcher| !matcher.matches("")) {
        if !of_streams.contains(&matcher.name) {
            let near = did_you_mean(&matcher.name, &stream_labels);
            told.push(format!("no stream has the label {}{near}", matcher.name));
        }
    }
    let all = keys.own.keys().chain(&keys.resource).map(|key| label_name(key).into_owned());
    let all: BTreeSet<String> = all.chain(OF_RECORD.map(str::to_owned)).collect();
    let names: Vec<&str> = all.iter().map(String::as_str).collect();
    for name in tested_first(&query.stages) {
        // A member of a map has a longer name than its attribute.
        let is_there = names.iter().any(|known| {
            name.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
        });
        if !is_there {
            told.push(format!("no record has the label {name}{}", did_you_mean(&name, &names)));
        }
    }
    Ok(told)
}

/// Labels that are tested in front of every stage that could make one.
fn tested_first(stages: &[Stage]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for stage in stages {
        match stage {
            Stage::Labels(filter) => add_filter(filter, &mut names),
            Stage::Line(_) | Stage::LineFormat(_) | Stage::Decolorize => {}
            _ => break,
        }
    }
    names.retain(|name| ![ERROR, ERROR_DETAILS, DETECTED_LEVEL].contains(&name.as_str()));
    names
}
