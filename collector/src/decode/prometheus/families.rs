//! What senders tell of metrics: type, help and unit.
//!
//! Version 2 tells it with each series. Version 1 tells it every minute, by family of metrics and in
//! requests of its own, so it is remembered and goes with the samples that come after.

use super::request::Request;
use crate::decode::DecodeError;
use ocelli_signal::prometheus::{METADATA_TYPE, METADATA_UNIT};
use ocelli_signal::wire::{Reader, Writer};
use ocelli_signal::{AnyValue, WireError, attributes};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Families that are remembered. When there are more all are forgotten: those that are still sent are
/// back within a minute.
const MAX_FAMILIES: usize = 20_000;
/// Longer help texts and units are not taken.
const MAX_TEXT_BYTES: usize = 4 << 10;

/// By the number of both versions.
const TYPES: [&str; 8] =
    ["unknown", "counter", "gauge", "histogram", "gaugehistogram", "summary", "info", "stateset"];
/// What a family's name has behind it where it becomes the name of a series.
const SUFFIXES: [&str; 6] = ["_total", "_bucket", "_count", "_sum", "_created", "_info"];

/// What is known of one family.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Family {
    pub help: String,
    /// In the form of an `attributes` column.
    pub metadata: Vec<u8>,
}

impl Family {
    pub fn new(kind: i32, help: &str, unit: &str) -> Family {
        let kind = usize::try_from(kind).ok().and_then(|kind| TYPES.get(kind)).unwrap_or(&TYPES[0]);
        let text = |text: &str| if text.len() > MAX_TEXT_BYTES { String::new() } else { text.to_owned() };
        let unit = text(unit);
        let mut metadata = Writer::new();
        attributes::put_pair(&mut metadata, 1, METADATA_TYPE, &AnyValue::String(kind));
        if !unit.is_empty() {
            attributes::put_pair(&mut metadata, 1, METADATA_UNIT, &AnyValue::String(&unit));
        }
        Family { help: text(help), metadata: metadata.into_bytes() }
    }
}

/// The families of version 1, by name.
#[derive(Debug, Default)]
pub struct Families(Mutex<HashMap<String, Family>>);

impl Families {
    /// Takes in what a request says of metrics apart from its series.
    pub fn learn(&self, request: &Request<'_>) -> Result<(), DecodeError> {
        for message in request.metadata() {
            let (name, family) = parse(message?)?;
            if name.is_empty() || name.len() > MAX_TEXT_BYTES {
                continue;
            }
            let mut known = self.locked();
            if known.len() >= MAX_FAMILIES && !known.contains_key(name) {
                known.clear();
            }
            known.insert(name.to_owned(), family);
        }
        Ok(())
    }

    /// The family of a series' name.
    pub fn of(&self, name: &str) -> Family {
        let known = self.locked();
        let stem = || {
            SUFFIXES.iter().filter_map(|suffix| name.strip_suffix(suffix)).find_map(|stem| known.get(stem))
        };
        known.get(name).or_else(stem).cloned().unwrap_or_default()
    }

    fn locked(&self) -> MutexGuard<'_, HashMap<String, Family>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `MetricMetadata` of version 1.
fn parse(message: &[u8]) -> Result<(&str, Family), WireError> {
    let (mut kind, mut name, mut help, mut unit) = (0, "", "", "");
    for field in Reader::new(message) {
        match field? {
            (1, field) => kind = field.i32(),
            (2, field) => name = field.str()?,
            (4, field) => help = field.str()?,
            (5, field) => unit = field.str()?,
            _ => {}
        }
    }
    Ok((name, Family::new(kind, help, unit)))
}

/// `Metadata` of a series of version 2.
pub fn of_series(request: &Request<'_>, message: &[u8]) -> Result<Family, DecodeError> {
    let (mut kind, mut help, mut unit) = (0, "", "");
    for field in Reader::new(message) {
        match field? {
            (1, field) => kind = field.i32(),
            (3, field) => help = request.symbol(field.u64())?,
            (4, field) => unit = request.symbol(field.u64())?,
            _ => {}
        }
    }
    Ok(Family::new(kind, help, unit))
}
