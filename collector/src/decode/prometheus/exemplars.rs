//! The exemplars of a request, by series: in the form of an `exemplars` column they go with the first
//! sample of their series that comes.

use super::labels::{self, Label};
use super::request::{Request, messages};
use crate::decode::DecodeError;
use crate::decode::hex;
use crate::decode::otlp::check::ItemError;
use crate::limits::DecodeLimits;
use ocelli_signal::wire::{Reader, Writer};
use ocelli_signal::{AnyValue, WireError, attributes};
use std::collections::HashMap;

/// The labels that OTLP has fields for.
const TRACE_ID: &str = "trace_id";
const SPAN_ID: &str = "span_id";

/// What a label takes beside its texts, about.
const LABEL_BYTES: usize = 64;

/// Those that no sample has taken yet.
#[derive(Default)]
pub struct Exemplars(HashMap<Key, Pending>);

type Key = Vec<(String, String)>;

#[derive(Default)]
pub struct Pending {
    pub list: Writer,
    pub count: u64,
    /// Nanoseconds; of the newest.
    pub time_ns: i64,
}

impl Exemplars {
    pub fn gather(request: &Request<'_>, limits: &DecodeLimits) -> Result<Exemplars, DecodeError> {
        let mut all = Exemplars::default();
        let (mut of_series, mut own) = (Vec::new(), Vec::new());
        // Many may refer to one long text.
        let mut room = Room(limits.all_series_bytes);
        let wanted = request.numbers().exemplars;
        for series in request.series() {
            let series = series?;
            let mut pending: Option<&mut Pending> = None;
            for message in messages(series, wanted) {
                let message = message?;
                if pending.is_none() {
                    match labels::read(request, series, limits, &mut of_series) {
                        Ok(()) => {
                            room.take(&of_series, limits)?;
                            pending = Some(all.0.entry(key(&of_series)).or_default());
                        }
                        // Its samples are rejected with a reason.
                        Err(ItemError::Rejected(_)) => break,
                        Err(ItemError::Fatal(error)) => return Err(error),
                    }
                }
                let Some(pending) = &mut pending else { break };
                if pending.count >= limits.parts as u64 {
                    break;
                }
                match labels::read(request, message, limits, &mut own) {
                    Ok(()) => {
                        room.take(&own, limits)?;
                        pending.add(message, &own)?;
                    }
                    Err(ItemError::Rejected(_)) => {}
                    Err(ItemError::Fatal(error)) => return Err(error),
                }
            }
        }
        all.0.retain(|_, pending| pending.count > 0);
        Ok(all)
    }

    /// Those of a series, once.
    pub fn take(&mut self, labels: &[Label<'_>]) -> Option<Pending> {
        if self.0.is_empty() { None } else { self.0.remove(&key(labels)) }
    }

    /// Those whose series has no sample in the request.
    pub fn into_rest(self) -> impl Iterator<Item = (Key, Pending)> {
        self.0.into_iter()
    }
}

/// Bytes that exemplars and the labels of their series may still take.
struct Room(usize);

impl Room {
    fn take(&mut self, labels: &[Label<'_>], limits: &DecodeLimits) -> Result<(), DecodeError> {
        let bytes: usize = labels.iter().map(|(name, value)| name.len() + value.len() + LABEL_BYTES).sum();
        let limit = limits.all_series_bytes as u64;
        let what = "bytes of exemplars with their labels";
        self.0 = self.0.checked_sub(bytes).ok_or(DecodeError::TooMany { limit, what })?;
        Ok(())
    }
}

fn key(labels: &[Label<'_>]) -> Key {
    labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

impl Pending {
    /// Appends one as OTLP has it. What has no time is left out, as no query could find it.
    fn add(&mut self, message: &[u8], labels: &[Label<'_>]) -> Result<(), WireError> {
        let (mut value, mut time_ms) = (0.0, 0);
        for field in Reader::new(message) {
            match field? {
                (2, field) => value = field.f64(),
                (3, field) => time_ms = field.i64(),
                _ => {}
            }
        }
        let Some(time_ns) = time_ms.checked_mul(1_000_000).filter(|time| *time > 0) else { return Ok(()) };
        self.list.put_message(1, |exemplar| {
            exemplar.put_fixed64(2, time_ns as u64);
            exemplar.put_double_always(3, value);
            for (name, text) in labels {
                match *name {
                    TRACE_ID if put_id::<16>(exemplar, 5, text) => {}
                    SPAN_ID if put_id::<8>(exemplar, 4, text) => {}
                    _ => attributes::put_pair(exemplar, 7, name, &AnyValue::String(text)),
                }
            }
        });
        self.count += 1;
        self.time_ns = self.time_ns.max(time_ns);
        Ok(())
    }
}

/// Writes an id that is one: as many digits, and in the form in which it is read again.
fn put_id<const N: usize>(out: &mut Writer, field: u32, text: &str) -> bool {
    let is_id = |id: &Vec<u8>| id.len() == N && id.iter().any(|byte| *byte != 0);
    let is_lower = !text.bytes().any(|digit| digit.is_ascii_uppercase());
    let id = hex::parse(text).filter(|id| is_lower && is_id(id));
    id.iter().for_each(|id| out.put_bytes(field, id));
    id.is_some()
}
