//! Files of objectives: which format each document is in, and what is wrong in all of them.

use super::documents::{Document, documents};
use super::model::Slo;
use super::{openslo, own, sloth};
use crate::rules::Problem;
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Own,
    Sloth,
    SlothResource,
    OpenSlo,
}

fn format_of(document: &Document) -> Option<Format> {
    let (api, keys) = (document.word("apiVersion").unwrap_or_default(), document.keys());
    if api.starts_with("openslo/") {
        Some(Format::OpenSlo)
    } else if api.starts_with("sloth.slok.dev/") {
        Some(Format::SlothResource)
    } else if document.word("version").is_some_and(|version| version.starts_with("prometheus/")) {
        Some(Format::Sloth)
    } else if !keys.is_empty() && keys.iter().all(|key| key == "slos") {
        Some(Format::Own)
    } else {
        None
    }
}

/// Whether a YAML file is one of objectives.
pub fn is_slo_file(text: &str) -> bool {
    documents(text).iter().any(|document| format_of(document).is_some())
}

const UNKNOWN: &str = "this is no file of objectives: it begins with `slos:`, `version: prometheus/v1` (Sloth), \
    `apiVersion: sloth.slok.dev/v1` or `apiVersion: openslo/v1`";

/// The objectives of a file, or everything that is wrong with it. `file` is its name.
pub fn parse(file: &str, text: &str) -> Result<Vec<Slo>, Vec<Problem>> {
    let name: Arc<str> = file.into();
    let (mut slos, mut problems, mut open) = (Vec::new(), Vec::new(), Vec::new());
    let mut take = |read: Result<Vec<Slo>, Vec<Problem>>| match read {
        Ok(read) => slos.extend(read),
        Err(found) => problems.extend(found),
    };
    let mut unknown = Vec::new();
    for document in documents(text) {
        match format_of(&document) {
            Some(Format::Own) => take(own::read(&name, document, true)),
            Some(Format::Sloth) => take(sloth::read(&name, document)),
            Some(Format::SlothResource) => take(sloth::read_resource(&name, document)),
            // Documents of OpenSLO name each other.
            Some(Format::OpenSlo) => open.push(document),
            None => unknown
                .push(document.unreadable().unwrap_or_else(|| document.placed(Problem::whole(UNKNOWN)))),
        }
    }
    take(openslo::read(&name, &open));
    problems.extend(unknown);
    problems.sort_by_key(|problem| (problem.line, problem.column));
    if problems.is_empty() { Ok(slos) } else { Err(problems) }
}

/// One objective: a file that holds no other.
pub fn parse_one(file: &str, text: &str) -> Result<Slo, Vec<Problem>> {
    let mut slos = parse(file, text)?;
    match (slos.pop(), slos.len()) {
        (Some(slo), 0) => Ok(slo),
        (_, others) => {
            let count = if others > 0 { others + 1 } else { 0 };
            let message = format!("one objective is saved at a time; here are {count}");
            Err(vec![Problem { field: "slos".to_owned(), ..Problem::whole(message) }])
        }
    }
}

/// The objectives under `slos:` of a configuration; its other keys are not looked at.
pub fn of_config(file: &str, text: &str) -> Result<Vec<Slo>, Vec<Problem>> {
    let document = Document { text, lines_before: 0 };
    own::read(&file.into(), document, false)
}

/// Objectives of the same id: their series would be one.
pub fn duplicates(slos: &[Slo]) -> Vec<String> {
    let mut known: BTreeMap<String, &str> = BTreeMap::new();
    let mut found = Vec::new();
    for slo in slos {
        match known.get(&slo.id()) {
            Some(other) => found.push(format!(
                "{}: objective {:?} is there twice; rename one: the other is in {other}",
                slo.file,
                slo.id()
            )),
            None => {
                known.insert(slo.id(), &slo.file);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests;
