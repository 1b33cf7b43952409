//! Files of objectives: which format each document is in, and what is wrong in all of them.

use super::definitions::Definitions;
use super::documents::{Document, File};
use super::model::Slo;
use super::{openslo, own, sloth};
use crate::rules::Problem;
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Own,
    SliPlugins,
    Sloth,
    SlothResource,
    AlertWindows,
    OpenSlo,
}

pub(super) fn format_of(document: &Document) -> Option<Format> {
    let (api, keys) = (document.word("apiVersion").unwrap_or_default(), document.keys());
    if api.starts_with("openslo/") {
        Some(Format::OpenSlo)
    } else if api.starts_with("sloth.slok.dev/") {
        let is_catalog = document.word("kind").as_deref() == Some("AlertWindows");
        Some(if is_catalog { Format::AlertWindows } else { Format::SlothResource })
    } else if document.word("version").is_some_and(|version| version.starts_with("prometheus/")) {
        Some(Format::Sloth)
    } else if !keys.is_empty() && keys.iter().all(|key| key == "slos") {
        Some(Format::Own)
    } else if !keys.is_empty() && keys.iter().all(|key| key == "sli_plugins") {
        Some(Format::SliPlugins)
    } else {
        None
    }
}

/// Whether a YAML file is one of objectives.
pub fn is_slo_file(text: &str) -> bool {
    File::new(text).documents().iter().any(|document| format_of(document).is_some())
}

const UNKNOWN: &str = "this is no file of objectives: it begins with `slos:`, `sli_plugins:`, `version: prometheus/v1` (Sloth), \
    `apiVersion: sloth.slok.dev/v1` or `apiVersion: openslo/v1`";

/// The objectives of a file, or everything that is wrong with it. `file` is its name.
pub fn parse(file: &str, text: &str) -> Read {
    parse_beside(&Definitions::default(), file, text)
}

/// The same of a file beside others, with what they define.
pub fn parse_beside(others: &Definitions, file: &str, text: &str) -> Read {
    let mut definitions = others.clone();
    let problems = definitions.take(file, text);
    read(&definitions, file, text, problems)
}

pub type Read = Result<Vec<Slo>, Vec<Problem>>;

/// Files, by name and text, that may use what each other define, and all that they define.
pub fn parse_all(files: &[(String, String)]) -> (Definitions, Vec<Read>) {
    let mut definitions = Definitions::default();
    let wrong: Vec<Vec<Problem>> = files.iter().map(|(file, text)| definitions.take(file, text)).collect();
    let each = files.iter().zip(wrong);
    let all = each.map(|((file, text), wrong)| read(&definitions, file, text, wrong)).collect();
    (definitions, all)
}

fn read(definitions: &Definitions, file: &str, text: &str, mut problems: Vec<Problem>) -> Read {
    let name: Arc<str> = file.into();
    let (mut slos, mut open) = (Vec::new(), Vec::new());
    let mut take = |read: Read| match read {
        Ok(read) => slos.extend(read),
        Err(found) => problems.extend(found),
    };
    let (file, mut unknown) = (File::new(text), Vec::new());
    for document in file.documents() {
        match format_of(&document) {
            Some(Format::Own) => take(own::read(&name, document, true)),
            Some(Format::Sloth) => take(sloth::read(&name, document, definitions)),
            Some(Format::SlothResource) => take(sloth::read_resource(&name, document, definitions)),
            Some(Format::SliPlugins | Format::AlertWindows) => {}
            // Documents of OpenSLO name each other.
            Some(Format::OpenSlo) => open.push(document),
            None => unknown
                .push(document.unreadable().unwrap_or_else(|| document.placed(Problem::whole(UNKNOWN)))),
        }
    }
    take(openslo::read(&name, &open, definitions.openslo()));
    problems.extend(unknown);
    problems.sort_by_key(|problem| (problem.line, problem.column));
    // What is wrong with something that several objectives share is told once.
    problems.dedup();
    definitions.apply(&mut slos);
    if problems.is_empty() { Ok(slos) } else { Err(problems) }
}

/// One objective: a file that holds no other.
pub fn parse_one(others: &Definitions, file: &str, text: &str) -> Result<Slo, Vec<Problem>> {
    let mut slos = parse_beside(others, file, text)?;
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
pub fn of_config(others: &Definitions, file: &str, text: &str) -> Read {
    let document = Document { text, lines_before: 0 };
    let mut slos = own::read(&file.into(), document, false)?;
    others.apply(&mut slos);
    Ok(slos)
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
