//! The route tree.

use super::matchers::{self, Keys};
use super::reader::{Fields, Reader};
use crate::alerting::matcher;
use crate::promql::labels::Labels;
use crate::promql::select::Matcher;
use serde_yaml_ng::Value;
use std::collections::BTreeSet;

const GROUP_WAIT_MS: i64 = 30 * 1000;
const GROUP_INTERVAL_MS: i64 = 5 * 60 * 1000;
const REPEAT_INTERVAL_MS: i64 = 4 * 60 * 60 * 1000;
/// In `group_by`: by all labels.
const ALL: &str = "...";

/// Which alerts of a route are told of together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupBy {
    /// Those with the same labels: each alone.
    All,
    /// Those with the same values of these; without any, all of the route.
    Labels(Vec<String>),
}

impl Default for GroupBy {
    fn default() -> GroupBy {
        GroupBy::Labels(Vec::new())
    }
}

/// A node of the tree. What it does not say itself is its parent's; only the time intervals are its own.
#[derive(Clone, Debug)]
pub struct Route {
    pub receiver: String,
    pub group_by: GroupBy,
    pub matchers: Vec<Matcher>,
    /// Whether the routes behind this one are looked at too.
    pub goes_on: bool,
    /// From the first alert of a group to the first message.
    pub group_wait_ms: i64,
    /// From one message to the next one with something new.
    pub group_interval_ms: i64,
    /// From one message to the next one with nothing new.
    pub repeat_interval_ms: i64,
    pub mute_time_intervals: Vec<String>,
    pub active_time_intervals: Vec<String>,
    pub routes: Vec<Route>,
}

impl Route {
    pub fn root(receiver: &str, group_by: GroupBy) -> Route {
        Route {
            receiver: receiver.to_owned(),
            group_by,
            matchers: Vec::new(),
            goes_on: false,
            group_wait_ms: GROUP_WAIT_MS,
            group_interval_ms: GROUP_INTERVAL_MS,
            repeat_interval_ms: REPEAT_INTERVAL_MS,
            mute_time_intervals: Vec::new(),
            active_time_intervals: Vec::new(),
            routes: Vec::new(),
        }
    }

    fn child(&self) -> Route {
        let (matchers, routes) = (Vec::new(), Vec::new());
        let (mute_time_intervals, active_time_intervals) = (Vec::new(), Vec::new());
        Route { goes_on: false, matchers, routes, mute_time_intervals, active_time_intervals, ..self.clone() }
    }

    /// The routes that take an alert: the deepest ones that match; of siblings the first, and more where
    /// that goes on. None where this one doesn't match.
    pub fn matching<'r>(&'r self, labels: &Labels, found: &mut Vec<&'r Route>) {
        if !matcher::all_match(&self.matchers, labels) {
            return;
        }
        let before = found.len();
        for route in &self.routes {
            let known = found.len();
            route.matching(labels, found);
            if found.len() > known && !route.goes_on {
                break;
            }
        }
        if found.len() == before {
            found.push(self);
        }
    }

    pub fn group_labels(&self, labels: &Labels) -> Labels {
        match &self.group_by {
            GroupBy::All => labels.clone(),
            GroupBy::Labels(names) => labels.filtered(|name| names.iter().any(|wanted| wanted == name)),
        }
    }
}

/// What a route may name.
pub struct Names<'a> {
    pub receivers: BTreeSet<&'a str>,
    pub intervals: BTreeSet<&'a str>,
}

pub fn read(reader: &mut Reader, value: Value, names: &Names) -> Route {
    let mut fields = reader.fields(value);
    if !fields.has("receiver") {
        reader.problem("the first route needs a receiver: who is told of what no other route takes");
    }
    for key in ["matchers", "match", "match_re"] {
        if fields.has(key) {
            reader.problem_at_key(
                key,
                "the first route takes every alert and has no matchers; put them into one of its routes",
            );
        }
    }
    for key in ["mute_time_intervals", "active_time_intervals"] {
        if fields.has(key) {
            reader.problem_at_key(
                key,
                "the first route has no time intervals; put them into one of its routes",
            );
        }
    }
    if fields.has("continue") {
        reader.problem_at_key("continue", "behind the first route there is none to continue with");
    }
    let route = node(reader, &mut fields, &Route::root("", GroupBy::default()), names);
    fields.finish(reader, "the first route", NOT_HERE);
    route
}

const NOT_HERE: &[(&str, &str)] = &[("labels", "put what they say into the templates of the receiver")];

const KEYS: Keys = Keys { list: "matchers", equal: "match", regex: "match_re" };

fn node(reader: &mut Reader, fields: &mut Fields, parent: &Route, names: &Names) -> Route {
    let mut route = parent.child();
    if let Some(receiver) = fields.maybe_text(reader, "receiver") {
        if !names.receivers.contains(receiver.as_str()) {
            reader.problem_at("receiver", format!("no receiver is called {receiver:?}"));
        }
        route.receiver = receiver;
    }
    let has_group_by = fields.has("group_by");
    let labels = fields.texts(reader, "group_by");
    if has_group_by {
        route.group_by = group_by(reader, labels);
    }
    route.matchers = matchers::read(reader, fields, &KEYS);
    route.goes_on = fields.flag(reader, "continue").unwrap_or_default();
    route.group_wait_ms = fields.duration(reader, "group_wait").unwrap_or(route.group_wait_ms);
    route.group_interval_ms = interval(reader, fields, "group_interval", route.group_interval_ms);
    route.repeat_interval_ms = interval(reader, fields, "repeat_interval", route.repeat_interval_ms);
    route.mute_time_intervals = named(reader, fields, "mute_time_intervals", names);
    route.active_time_intervals = named(reader, fields, "active_time_intervals", names);
    let mut routes = Vec::new();
    fields.each(reader, "routes", |reader, value| {
        let mut fields = reader.fields(value);
        routes.push(node(reader, &mut fields, &route, names));
        fields.finish(reader, "a route", NOT_HERE);
    });
    route.routes = routes;
    route
}

fn group_by(reader: &mut Reader, labels: Vec<String>) -> GroupBy {
    let mut seen = BTreeSet::new();
    for (at, label) in labels.iter().enumerate() {
        if label.is_empty() {
            reader.problem_at_item("group_by", at, "a label needs a name");
        } else if !seen.insert(label) {
            reader.problem_at_item("group_by", at, format!("label {label:?} is there twice; keep one"));
        }
    }
    if !labels.iter().any(|label| label == ALL) {
        return GroupBy::Labels(labels);
    }
    if labels.len() > 1 {
        reader.problem_at("group_by", "... is all labels, and stands alone");
    }
    GroupBy::All
}

fn interval(reader: &mut Reader, fields: &mut Fields, key: &'static str, inherited: i64) -> i64 {
    let ms = fields.duration(reader, key).unwrap_or(inherited);
    if ms == 0 {
        reader.problem_at(key, format!("{key} must be longer than 0"));
    }
    ms
}

fn named(reader: &mut Reader, fields: &mut Fields, key: &'static str, names: &Names) -> Vec<String> {
    let named = fields.texts(reader, key);
    for (at, name) in named.iter().enumerate() {
        if !names.intervals.contains(name.as_str()) {
            reader.problem_at_item(key, at, format!("no time interval is called {name:?}"));
        }
    }
    named
}
