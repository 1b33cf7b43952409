//! All labels of records, or those of them that are needed.

use super::needs::Needs;
use super::pipeline::{Category, Labels};
use super::stream::{DETECTED_LEVEL, Distinct, LEVELS, Pairs, StreamRows, flatten, label_name};
use crate::Error;
use crate::logs::filter::attribute::Own;
use crate::logs::filter::column;
use crate::logs::filter::id::to_hex;
use arrow::array::{
    Array, BinaryArray, FixedSizeBinaryArray, Int32Array, RecordBatch, StringArray, UInt32Array,
};
use ocelli_api::logs::severity_class;
use ocelli_signal::origin::Scope;
use ocelli_signal::{AnyValue, Attributes};
use ocelli_storage::value_column;
use std::borrow::Cow;

/// Its attributes are left out: no index tells which there are.
fn of_scope(scope: &[u8]) -> Pairs {
    let scope = Scope::parse(scope).unwrap_or_default();
    let named = [("scope_name", scope.name), ("scope_version", scope.version)];
    named.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

/// The labels of a batch's rows. A column that none of them needs may be missing.
pub struct LabelRows<'a> {
    streams: StreamRows<'a>,
    scopes: Option<Distinct<'a, Pairs>>,
    severity_number: Option<&'a Int32Array>,
    severity_text: Option<&'a StringArray>,
    ids: Vec<(&'static str, &'a FixedSizeBinaryArray)>,
    flags: Option<&'a UInt32Array>,
    event_name: Option<&'a StringArray>,
    attributes: Option<&'a BinaryArray>,
    needs: &'a Needs,
    /// Attributes that have a column of their own in the batch.
    columns: Vec<(&'a str, Own<'a>)>,
}

impl<'a> LabelRows<'a> {
    /// Reads [`Needs::columns`]. Of some keys the values may be in columns of their own.
    pub fn of(batch: &'a RecordBatch, needs: &'a Needs) -> Result<LabelRows<'a>, Error> {
        let read = needs.columns();
        let is_read = |name: &str| read.contains(&name);
        let apart = needs.keys.list().iter().filter(|key| batch.column_by_name(&value_column(key)).is_some());
        let columns = apart.map(|key| Ok((key.as_str(), Own::of(batch, key)?)));
        let ids = ["trace_id", "span_id"].into_iter().filter(|name| is_read(name));
        let text = |name: &str| is_read(name).then(|| column::<StringArray>(batch, name)).transpose();
        Ok(LabelRows {
            streams: StreamRows::of(batch)?,
            scopes: is_read("scope").then(|| Distinct::of(batch, "scope", of_scope)).transpose()?,
            severity_number: is_read("severity_number")
                .then(|| column(batch, "severity_number"))
                .transpose()?,
            severity_text: text("severity_text")?,
            ids: ids.map(|name| Ok((name, column(batch, name)?))).collect::<Result<_, Error>>()?,
            flags: is_read("flags").then(|| column(batch, "flags")).transpose()?,
            event_name: text("event_name")?,
            attributes: is_read("attributes").then(|| column(batch, "attributes")).transpose()?,
            needs,
            columns: columns.collect::<Result<_, Error>>()?,
        })
    }

    /// A record's own fields come before attributes that are called the same, and those before what
    /// its scope and its resource say.
    pub fn labels(&self, row: usize) -> Labels<'_> {
        let mut labels = self.streams.labels(row);
        let mut put = |name: Cow<'a, str>, value: Cow<'a, str>| {
            if self.needs.has(&name) {
                labels.put(Category::Metadata, name, value);
            }
        };
        for (name, ids) in self.ids.iter().filter(|(_, ids)| ids.is_valid(row)) {
            put(Cow::Borrowed(name), Cow::Owned(to_hex(ids.value(row))));
        }
        put(Cow::Borrowed("severity_text"), Cow::Borrowed(self.severity_text(row)));
        let flags = self.flags.map_or(0, |flags| i64::from(flags.value(row)));
        for (name, number) in [("severity_number", i64::from(self.severity_number(row))), ("flags", flags)] {
            if number != 0 && self.needs.has(name) {
                put(Cow::Borrowed(name), Cow::Owned(number.to_string()));
            }
        }
        let event_name = self.event_name.map_or("", |names| names.value(row));
        put(Cow::Borrowed("event_name"), Cow::Borrowed(event_name));
        let listed = self.attributes.map(|lists| Attributes::of_column(lists.value(row)).iter());
        let apart = self.columns.iter().filter_map(|(key, own)| Some((*key, own.get(row)?)));
        for (key, value) in listed.into_iter().flatten().chain(apart) {
            match value {
                AnyValue::String(text) => put(label_name(key), Cow::Borrowed(text)),
                value => flatten(key, &value, &mut |name, value| {
                    put(Cow::Owned(name.to_owned()), Cow::Owned(value));
                }),
            }
        }
        if let Some(scopes) = &self.scopes {
            self.put_pairs(&mut labels, scopes.value(row));
        }
        self.put_pairs(&mut labels, &self.streams.origin(row).metadata);
        if self.needs.has(DETECTED_LEVEL) {
            let level = self.level(row, &labels);
            labels.put(Category::Metadata, Cow::Borrowed(DETECTED_LEVEL), Cow::Borrowed(level));
        }
        labels
    }

    fn severity_text(&self, row: usize) -> &'a str {
        self.severity_text.map_or("", |texts| texts.value(row))
    }

    fn severity_number(&self, row: usize) -> i32 {
        self.severity_number.map_or(0, |numbers| numbers.value(row))
    }

    fn put_pairs<'p>(&self, labels: &mut Labels<'p>, pairs: &'p Pairs) {
        for (name, value) in pairs.iter().filter(|(name, _)| self.needs.has(name)) {
            labels.put(Category::Metadata, Cow::Borrowed(name), Cow::Borrowed(value));
        }
    }

    /// By the severity's number, else by its text, else by an attribute that tells it.
    fn level(&self, row: usize, labels: &Labels<'_>) -> &'static str {
        let number = self.severity_number(row);
        if (1..=24).contains(&number) {
            return severity_class(number);
        }
        let told = std::iter::once(self.severity_text(row))
            .chain(LEVELS.into_iter().filter_map(|name| labels.get(name)))
            .find_map(level_of);
        told.unwrap_or("unknown")
    }
}

fn level_of(text: &str) -> Option<&'static str> {
    Some(match text.to_ascii_lowercase().as_str() {
        "trace" | "trc" => "trace",
        "debug" | "dbg" => "debug",
        "info" | "inf" | "information" | "notice" => "info",
        "warn" | "warning" | "wrn" => "warn",
        "error" | "err" => "error",
        "critical" | "crit" => "critical",
        "fatal" | "panic" | "emergency" | "alert" => "fatal",
        _ => return None,
    })
}
