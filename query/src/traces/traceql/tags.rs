//! Names and values of attributes, for who writes a query. Of a large store the newest spans tell them.

use super::ast::{Intrinsic, Scope, Stage, What};
use super::eval::{Needs, SpanRef, View};
use super::parse::INTRINSICS;
use super::{Value, narrow, parse};
use crate::Error;
use crate::http::run::Budget;
use crate::logs::filter::{Filter, column};
use crate::logs::scan::{Chunk, Collector, Scan};
use arrow::array::BinaryArray;
use ocelli_api::TimeRange;
use ocelli_signal::origin::Scope as ScopeView;
use ocelli_signal::span_parts::{iter_events, iter_links};
use ocelli_signal::{Attributes, Signal};
use ocelli_storage::Snapshot;
use std::collections::BTreeSet;

pub use super::ast::Attribute;

/// Spans whose values are looked at, the newest.
const LOOK_ROWS: usize = 500_000;
/// Spans whose events, links and scopes are.
const LOOK_PARTS: usize = 20_000;

/// Names by where the attributes belong.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TagNames {
    pub resource: BTreeSet<String>,
    pub span: BTreeSet<String>,
    pub event: BTreeSet<String>,
    pub link: BTreeSet<String>,
    pub instrumentation: BTreeSet<String>,
}

/// What spans have without being sent as an attribute.
pub fn intrinsics() -> impl Iterator<Item = &'static str> {
    INTRINSICS.into_iter().map(|(name, _)| name)
}

pub fn names(snapshot: &Snapshot, range: TimeRange, budget: &Budget) -> Result<TagNames, Error> {
    let mut names = TagNames::default();
    let sources = snapshot.sources(Signal::Spans, range.from.0, range.to.0.saturating_sub(1));
    for source in &sources {
        budget.check()?;
        let keys = source.attribute_keys()?;
        names.span.extend(keys.own.into_keys());
        names.resource.extend(keys.resource);
    }
    let mut parts = Parts { names, left: LOOK_PARTS };
    let columns = &["events", "links", "scope"];
    let scan = Scan { columns, ..newest(&Filter::All, range) };
    scan.run(&sources, budget, &mut parts)?;
    Ok(parts.names)
}

fn newest<'a>(filter: &'a Filter, range: TimeRange) -> Scan<'a> {
    Scan { filter, signal: Signal::Spans, range, columns: &[], attributes: &[], newest_first: true }
}

struct Parts {
    names: TagNames,
    left: usize,
}

impl Collector for Parts {
    fn take(&mut self, chunk: &Chunk<'_>) -> Result<(), Error> {
        let events: &BinaryArray = column(chunk.batch, "events")?;
        let links: &BinaryArray = column(chunk.batch, "links")?;
        let view = View::new(chunk.batch)?;
        for row in chunk.passed.iter().take(self.left) {
            self.left -= 1;
            iter_events(events.value(row)).for_each(|event| add(&mut self.names.event, event.attributes));
            iter_links(links.value(row)).for_each(|link| add(&mut self.names.link, link.attributes));
            let scope = ScopeView::parse(view.scope(row)).unwrap_or_default();
            add(&mut self.names.instrumentation, scope.attributes());
        }
        Ok(())
    }

    fn floor(&self) -> i64 {
        if self.left == 0 { i64::MAX } else { i64::MIN }
    }
}

fn add(names: &mut BTreeSet<String>, attributes: Attributes<'_>) {
    for (key, _) in attributes.iter() {
        if !names.contains(key) {
            names.insert(key.to_owned());
        }
    }
}

/// An attribute or intrinsic as it is written in a query.
pub fn attribute(text: &str) -> Result<Attribute, Error> {
    let query = parse(&format!("{{ }} | select({text})"));
    let stages = query.map(|query| query.pipeline.0);
    match stages.as_deref() {
        Ok([_, Stage::Select(list)]) if list.len() == 1 => Ok(list[0].clone()),
        _ => Err(Error::bad_parameter(
            "tag",
            format!("'{text}' is not an attribute, as in span.key or .key, or an intrinsic"),
        )),
    }
}

/// Spans that may pass a query; all where it can't be read.
pub fn filter(query: &str) -> Filter {
    parse(query).map_or(Filter::All, |query| narrow::pipeline(&query.pipeline).answer)
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TypedValue {
    /// `string`, `int`, `float`, `bool`, `duration` or `keyword`, which is written bare.
    pub kind: &'static str,
    pub text: String,
}

pub struct TagValues<'a> {
    pub attribute: &'a Attribute,
    pub filter: &'a Filter,
    pub range: TimeRange,
    pub limit: usize,
}

/// Up to `limit` values of an attribute. What is another on every span (ids, durations, places in the
/// trace) is not told.
pub fn values(
    snapshot: &Snapshot,
    wanted: &TagValues<'_>,
    budget: &Budget,
) -> Result<BTreeSet<TypedValue>, Error> {
    let (attribute, only_roots) = match &wanted.attribute.what {
        What::Intrinsic(Intrinsic::RootName) => (of_span(What::Intrinsic(Intrinsic::Name)), true),
        What::Intrinsic(Intrinsic::RootService) => {
            (of_span(What::Key(Scope::Resource, super::eval::SERVICE.to_owned())), true)
        }
        What::Intrinsic(intrinsic) if !is_listed(*intrinsic) => return Ok(BTreeSet::new()),
        what => (of_span(what.clone()), false),
    };
    let mut needs = Needs::default();
    needs.columns.insert("start_time");
    needs.attribute(&attribute);
    if only_roots {
        needs.columns.insert("parent_span_id");
    }
    let columns: Vec<&'static str> = needs.columns.into_iter().collect();
    let attributes: Vec<String> = needs.keys.into_iter().collect();
    let scan = Scan { columns: &columns, attributes: &attributes, ..newest(wanted.filter, wanted.range) };
    let range = wanted.range;
    let sources = snapshot.sources(Signal::Spans, range.from.0, range.to.0.saturating_sub(1));
    let mut values = Values {
        attribute: &attribute,
        only_roots,
        found: BTreeSet::new(),
        limit: wanted.limit,
        left: LOOK_ROWS,
    };
    // What was found in time is enough to be helpful.
    scan.run(&sources, budget, &mut values)?;
    Ok(values.found)
}

/// A parent has the attributes that spans have.
fn of_span(what: What) -> Attribute {
    Attribute { of_parent: false, what }
}

fn is_listed(intrinsic: Intrinsic) -> bool {
    matches!(
        intrinsic,
        Intrinsic::Name
            | Intrinsic::Status
            | Intrinsic::StatusMessage
            | Intrinsic::Kind
            | Intrinsic::EventName
            | Intrinsic::ScopeName
            | Intrinsic::ScopeVersion
    )
}

struct Values<'a> {
    attribute: &'a Attribute,
    only_roots: bool,
    found: BTreeSet<TypedValue>,
    limit: usize,
    left: usize,
}

impl Collector for Values<'_> {
    fn take(&mut self, chunk: &Chunk<'_>) -> Result<(), Error> {
        let view = View::new(chunk.batch)?;
        for row in chunk.passed.iter() {
            if self.left == 0 || self.found.len() >= self.limit {
                break;
            }
            self.left -= 1;
            if !self.only_roots || view.parent(row).is_none() {
                self.add(&SpanRef::of_row(&view, row).attribute(self.attribute));
            }
        }
        Ok(())
    }

    fn floor(&self) -> i64 {
        if self.left == 0 || self.found.len() >= self.limit { i64::MAX } else { i64::MIN }
    }
}

impl Values<'_> {
    fn add(&mut self, value: &Value<'_>) {
        let kind = match value {
            Value::Text(text) if !text.is_empty() => "string",
            Value::Int(_) => "int",
            Value::Float(_) => "float",
            Value::Bool(_) => "bool",
            Value::Duration(_) => "duration",
            Value::Status(_) | Value::Kind(_) => "keyword",
            Value::Many(many) => return many.iter().for_each(|value| self.add(value)),
            Value::Text(_) | Value::Nil | Value::Other(_) => return,
        };
        if self.found.len() < self.limit {
            self.found.insert(TypedValue { kind, text: value.to_string() });
        }
    }
}
