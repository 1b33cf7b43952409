//! Which labels decide about an outcome, and which attributes they are read from.

use super::ast::{LabelFilter, LabelFormat, Stage};
use super::pipeline::{ERROR, ERROR_DETAILS};
use super::stream::{COLUMNS, DETECTED_LEVEL, LEVELS, OF_RECORD, is_of_stream, label_name};
use crate::Error;
use crate::logs::hints::attribute_keys;
use ocelli_api::TimeRange;
use ocelli_storage::Snapshot;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Attributes of records that are read.
#[derive(Clone, Debug)]
pub enum Keys {
    All,
    These(Arc<Vec<String>>),
}

impl Keys {
    pub fn list(&self) -> &[String] {
        match self {
            Keys::All => &[],
            Keys::These(keys) => keys,
        }
    }

    pub fn are_all(&self) -> bool {
        matches!(self, Keys::All)
    }
}

/// Labels by their names; `None` for all.
pub type Names = Option<BTreeSet<String>>;

/// Labels that are made, and what of.
#[derive(Clone, Debug)]
pub struct Needs {
    pub names: Names,
    pub keys: Keys,
}

impl Needs {
    pub const ALL: Needs = Needs { names: None, keys: Keys::All };

    /// Of a snapshot's rows in a range.
    pub fn of(snapshot: &Snapshot, range: TimeRange, names: Names) -> Result<Needs, Error> {
        Ok(Needs { keys: keys(snapshot, range, &names)?, names })
    }

    /// The columns that the labels are read from.
    pub fn columns(&self) -> Vec<&'static str> {
        let is_read = |column: &&'static str| match *column {
            "resource" => true,
            "scope" => self.has("scope_name") || self.has("scope_version"),
            "attributes" => self.keys.are_all() || !self.keys.list().is_empty(),
            "severity_number" => self.has("severity_number") || self.has(DETECTED_LEVEL),
            "severity_text" => self.has("severity_text") || self.has(DETECTED_LEVEL),
            name => self.has(name),
        };
        COLUMNS.into_iter().filter(is_read).collect()
    }

    pub fn has(&self, name: &str) -> bool {
        self.names.as_ref().is_none_or(|names| names.contains(name))
    }

    /// Whether all of them are of streams.
    pub fn are_of_streams(&self) -> bool {
        are_of_streams(&self.names)
    }
}

/// The labels that stages look at, or that are looked at behind them.
pub fn names(stages: &[Stage], behind: Names) -> Names {
    let mut names = behind?;
    for stage in stages {
        match stage {
            Stage::Labels(filter) => add_filter(filter, &mut names),
            // Which labels a template names is found out when it runs.
            Stage::LineFormat(_) => return None,
            Stage::LabelFormat(formats) => {
                for format in formats {
                    let LabelFormat::Rename { from, .. } = format else { return None };
                    names.insert(from.clone());
                }
            }
            // A name that a parser has from the line is told apart where the stream has it.
            Stage::Json(_)
            | Stage::Logfmt(_)
            | Stage::Regexp(_)
            | Stage::Pattern(_)
            | Stage::Unpack
            | Stage::Line(_)
            | Stage::Decolorize
            | Stage::Drop(_)
            | Stage::Keep(_) => {}
        }
    }
    // `x_extracted` is there where both the line and the stream have an x.
    let told_apart = names.iter().filter_map(|name| name.strip_suffix("_extracted").map(str::to_owned));
    let told_apart: Vec<String> = told_apart.collect();
    names.extend(told_apart);
    if names.contains(DETECTED_LEVEL) {
        names.extend(LEVELS.map(str::to_owned));
    }
    Some(names)
}

pub fn add_filter(filter: &LabelFilter, names: &mut BTreeSet<String>) {
    match filter {
        LabelFilter::And(a, b) | LabelFilter::Or(a, b) => {
            add_filter(a, names);
            add_filter(b, names);
        }
        LabelFilter::Test(test) => {
            names.insert(test.name().to_owned());
        }
    }
}

fn are_of_streams(names: &Names) -> bool {
    let told = |name: &String| is_of_stream(name) || [ERROR, ERROR_DETAILS].contains(&name.as_str());
    names.as_ref().is_some_and(|names| names.iter().all(told))
}

/// The attributes from which labels are made.
fn keys(snapshot: &Snapshot, range: TimeRange, names: &Names) -> Result<Keys, Error> {
    let Some(names) = names else { return Ok(Keys::All) };
    let mut wanted = names.clone();
    wanted.retain(|name| {
        let of_record = OF_RECORD.contains(&name.as_str()) && name != "trace_id" && name != "span_id";
        !of_record && !are_of_streams(&Some(BTreeSet::from([name.clone()])))
    });
    if wanted.is_empty() {
        return Ok(Keys::These(Arc::default()));
    }
    let known = attribute_keys(snapshot, range)?;
    if !known.whole {
        return Ok(Keys::All);
    }
    let makes = |key: &String| {
        let key = label_name(key);
        wanted
            .iter()
            .any(|name| name.strip_prefix(&*key).is_some_and(|rest| rest.is_empty() || rest.starts_with('_')))
    };
    Ok(Keys::These(Arc::new(known.own.into_keys().filter(makes).collect())))
}
