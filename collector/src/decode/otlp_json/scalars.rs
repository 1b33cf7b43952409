//! Single values of OTLP/JSON: numbers as numbers or strings, ids as hex, bytes as base64.

use super::messages::Type;
use crate::decode::hex;
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Padding is optional; the URL-safe alphabet is mapped to this one first.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// A JSON value that is neither a list nor an object.
#[derive(Debug, Clone, Copy)]
pub enum Json<'a> {
    Bool(bool),
    Int(i64),
    UInt(u64),
    Float(f64),
    Text(&'a str),
}

/// The same value for the wire.
#[derive(Debug, PartialEq)]
pub enum Scalar<'a> {
    Varint(u64),
    Fixed32(u32),
    Fixed64(u64),
    Text(&'a str),
    Bytes(Vec<u8>),
}

/// What a type is called in an error.
pub fn expected(kind: Type) -> &'static str {
    match kind {
        Type::String => "a string",
        Type::Bool => "true or false",
        Type::Int64 | Type::SFixed64 => "a 64-bit integer as a number or a string",
        Type::UInt64 | Type::Fixed64 => "an unsigned 64-bit integer as a number or a string",
        Type::UInt32 | Type::Fixed32 => "an unsigned 32-bit integer",
        Type::SInt32 => "a 32-bit integer",
        Type::Double => "a number, or \"NaN\", \"Infinity\" or \"-Infinity\"",
        Type::Base64 => "a base64 string",
        Type::Hex => "a string of hex digits",
        Type::Enum(_) => "the number of an enum value",
        Type::Message(_) => "an object",
    }
}

/// Converts a value; `None` when it is not of this type.
pub fn convert(kind: Type, value: Json<'_>) -> Option<Scalar<'_>> {
    Some(match kind {
        Type::String => match value {
            Json::Text(text) => Scalar::Text(text),
            _ => return None,
        },
        Type::Bool => match value {
            Json::Bool(flag) => Scalar::Varint(u64::from(flag)),
            Json::Text(text) => Scalar::Varint(u64::from(text.parse::<bool>().ok()?)),
            _ => return None,
        },
        Type::Int64 => Scalar::Varint(i64::try_from(integer(value)?).ok()? as u64),
        Type::SFixed64 => Scalar::Fixed64(i64::try_from(integer(value)?).ok()? as u64),
        Type::UInt64 => Scalar::Varint(u64::try_from(integer(value)?).ok()?),
        Type::Fixed64 => Scalar::Fixed64(u64::try_from(integer(value)?).ok()?),
        Type::UInt32 => Scalar::Varint(u64::from(u32::try_from(integer(value)?).ok()?)),
        Type::Fixed32 => Scalar::Fixed32(u32::try_from(integer(value)?).ok()?),
        Type::SInt32 => {
            let n = i32::try_from(integer(value)?).ok()?;
            Scalar::Varint(u64::from(((n << 1) ^ (n >> 31)) as u32))
        }
        Type::Double => Scalar::Fixed64(double(value)?.to_bits()),
        Type::Enum(names) => Scalar::Varint(enum_number(names, value)?),
        Type::Hex => match value {
            Json::Text(text) => Scalar::Bytes(hex::parse(text)?),
            _ => return None,
        },
        Type::Base64 => match value {
            Json::Text(text) => Scalar::Bytes(base64(text)?),
            _ => return None,
        },
        Type::Message(_) => return None,
    })
}

/// `1`, `"1"`, and as the JSON mapping of proto3 has it, `1.0` and `"1e3"`.
fn integer(value: Json<'_>) -> Option<i128> {
    match value {
        Json::Int(n) => Some(i128::from(n)),
        Json::UInt(n) => Some(i128::from(n)),
        Json::Float(n) => whole(n),
        Json::Text(text) => text.parse().ok().or_else(|| text.parse().ok().and_then(whole)),
        Json::Bool(_) => None,
    }
}

/// A double without a fraction, up to where doubles are exact integers.
fn whole(n: f64) -> Option<i128> {
    (n.fract() == 0.0 && n.abs() <= 9_007_199_254_740_992.0).then_some(n as i128)
}

fn double(value: Json<'_>) -> Option<f64> {
    match value {
        Json::Int(n) => Some(n as f64),
        Json::UInt(n) => Some(n as f64),
        Json::Float(n) => Some(n),
        Json::Text("NaN") => Some(f64::NAN),
        Json::Text("Infinity") => Some(f64::INFINITY),
        Json::Text("-Infinity") => Some(f64::NEG_INFINITY),
        Json::Text(text) => text.parse().ok().filter(|n: &f64| n.is_finite()),
        Json::Bool(_) => None,
    }
}

/// An `int32` on the wire: negative numbers are sign-extended.
fn enum_number(names: &[&str], value: Json<'_>) -> Option<u64> {
    if let Json::Text(text) = value
        && let Some(number) = names.iter().position(|name| *name == text)
    {
        return Some(number as u64);
    }
    let number = i32::try_from(integer(value)?).ok()?;
    Some(i64::from(number) as u64)
}

fn base64(text: &str) -> Option<Vec<u8>> {
    let standard: Vec<u8> = text
        .bytes()
        .map(|byte| match byte {
            b'-' => b'+',
            b'_' => b'/',
            other => other,
        })
        .collect();
    BASE64.decode(standard).ok()
}
