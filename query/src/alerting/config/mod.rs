//! Alertmanager's configuration file, read unchanged.
//!
//! Source: Alertmanager's documentation, "Configuration", and what its `config` package refuses. What is
//! not done here is refused by name and place, so that no file is half obeyed. All that is wrong is told at
//! once.

mod global;
mod http;
mod inhibit;
mod integrations;
mod intervals;
mod matchers;
mod reader;
mod receivers;
mod route;
#[cfg(test)]
mod tests;

pub use inhibit::InhibitRule;
pub use route::{GroupBy, Route};

use super::receiver::Receiver;
use super::times::TimeInterval;
use crate::rules::file::yaml::Problem;
use reader::Reader;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

/// When an alert from outside, that has no end, is over.
const RESOLVE_TIMEOUT_MS: i64 = 5 * 60 * 1000;
/// Whom the route tells where there is no file: nobody, but the alerts are grouped, and can be silenced.
const NOBODY: &str = "nobody";

/// A whole configuration; every name in it is defined.
#[derive(Clone, Debug)]
pub struct Config {
    /// The root: it has no matchers, and takes what no other route does.
    pub route: Route,
    pub receivers: Vec<Receiver>,
    pub inhibit_rules: Vec<InhibitRule>,
    /// A time is in a named interval when it is in one of the list.
    pub time_intervals: BTreeMap<String, Vec<TimeInterval>>,
    /// Patterns of files with notification templates, as they are written: relative to the file's folder.
    pub templates: Vec<String>,
    /// How long an alert from outside fires that has no end and is not sent again.
    pub resolve_timeout_ms: i64,
}

impl Default for Config {
    fn default() -> Config {
        let group_by = GroupBy::Labels(vec!["alertname".to_owned(), "service_name".to_owned()]);
        Config {
            route: Route::root(NOBODY, group_by),
            receivers: vec![Receiver { name: NOBODY.to_owned(), integrations: Vec::new() }],
            inhibit_rules: Vec::new(),
            time_intervals: BTreeMap::new(),
            templates: Vec::new(),
            resolve_timeout_ms: RESOLVE_TIMEOUT_MS,
        }
    }
}

impl Config {
    pub fn receiver(&self, name: &str) -> Option<&Receiver> {
        self.receivers.iter().find(|receiver| receiver.name == name)
    }
}

/// Reads the secret that a file holds; a path is as it is written, relative to the configuration's folder.
pub type ReadSecret<'a> = &'a dyn Fn(&Path) -> io::Result<String>;

/// The configuration of a file, or everything that is wrong with it.
pub fn read(text: &str, secret: ReadSecret) -> Result<Config, Vec<Problem>> {
    let (mut reader, value) = Reader::begin(text).map_err(|problem| vec![problem])?;
    let mut file = reader.fields(value);
    let global = match file.take("global") {
        Some(value) => reader.within("global", |reader| global::read(reader, value, secret)),
        None => global::Global::default(),
    };
    let time_intervals = intervals::read(&mut reader, &mut file);
    let receivers = receivers::read(&mut reader, &mut file, &global, secret);
    let names = route::Names {
        receivers: receivers.iter().map(|receiver| receiver.name.as_str()).collect(),
        intervals: time_intervals.keys().map(String::as_str).collect(),
    };
    let route = match file.take("route") {
        Some(value) => reader.within("route", |reader| route::read(reader, value, &names)),
        None => {
            reader.problem("a configuration needs a route: who is told of what no other route takes");
            Route::root("", GroupBy::default())
        }
    };
    let inhibit_rules = inhibit::read(&mut reader, &mut file);
    let templates = file.texts(&mut reader, "templates");
    file.finish(
        &mut reader,
        "the configuration",
        &[
            ("tracing", "Ocelli's own traces are set in its own configuration; remove it here"),
            ("event_recorder", "what happened to an alert is kept in any case; remove it"),
        ],
    );
    let mut problems = reader.problems;
    if !problems.is_empty() {
        problems.sort_by_key(|problem| (problem.line, problem.column));
        return Err(problems);
    }
    let resolve_timeout_ms = global.resolve_timeout_ms.unwrap_or(RESOLVE_TIMEOUT_MS);
    Ok(Config { route, receivers, inhibit_rules, time_intervals, templates, resolve_timeout_ms })
}
