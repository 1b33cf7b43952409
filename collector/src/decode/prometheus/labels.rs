//! The labels of a series or an exemplar.

use super::Version;
use super::request::{LABELS, Request};
use crate::decode::otlp::check::ItemError;
use crate::limits::DecodeLimits;
use crate::reason::Rejection;
use ocelli_signal::wire::{Field, Reader, varints};

/// Name and value.
pub type Label<'m> = (&'m str, &'m str);

/// The label that carries the metric's name.
pub const METRIC_NAME: &str = "__name__";

/// Reads the labels of a message into `out`, sorted by name. A label without a value is none.
pub fn read<'m>(
    request: &Request<'m>,
    message: &'m [u8],
    limits: &DecodeLimits,
    out: &mut Vec<Label<'m>>,
) -> Result<(), ItemError> {
    out.clear();
    match request.version {
        Version::One => inline(message, limits.attributes, out)?,
        Version::Two => referred(request, message, limits.attributes, out)?,
    }
    if out.iter().any(|(name, _)| name.is_empty()) {
        return Err(Rejection::InvalidLabels.into());
    }
    out.retain(|(_, value)| !value.is_empty());
    if !out.is_sorted_by_key(|(name, _)| *name) {
        out.sort_by_key(|(name, _)| *name);
    }
    if out.windows(2).any(|two| two[0].0 == two[1].0) {
        return Err(Rejection::InvalidLabels.into());
    }
    Ok(())
}

/// No more than `limit` are read: an empty one is two bytes on the wire, and many in memory.
fn inline<'m>(message: &'m [u8], limit: usize, out: &mut Vec<Label<'m>>) -> Result<(), ItemError> {
    for field in Reader::new(message) {
        let (LABELS, Field::Bytes(label)) = field? else { continue };
        let (mut name, mut value) = ("", "");
        for field in Reader::new(label) {
            match field? {
                (1, field) => name = field.str()?,
                (2, field) => value = field.str()?,
                _ => {}
            }
        }
        if out.len() == limit {
            return Err(Rejection::TooManyAttributes.into());
        }
        out.push((name, value));
    }
    Ok(())
}

/// References come in pairs: a name, a value.
fn referred<'m>(
    request: &Request<'m>,
    message: &'m [u8],
    limit: usize,
    out: &mut Vec<Label<'m>>,
) -> Result<(), ItemError> {
    let (mut references, mut told) = (Vec::new(), 0);
    for field in Reader::new(message) {
        if let (LABELS, field) = field? {
            varints(field, |reference| {
                told += 1;
                if told <= 2 * limit {
                    references.push(reference);
                }
            })?;
        }
    }
    if told > 2 * limit {
        return Err(Rejection::TooManyAttributes.into());
    }
    let (pairs, rest) = references.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(Rejection::InvalidLabels.into());
    }
    for [name, value] in pairs {
        out.push((request.symbol(*name)?, request.symbol(*value)?));
    }
    Ok(())
}
