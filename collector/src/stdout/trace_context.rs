//! Trace context in a log line: ids by any of their names, or a `traceparent`.

use super::json::Json;

/// What a record says of its trace.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TraceContext {
    pub trace_id: Option<[u8; 16]>,
    pub span_id: Option<[u8; 8]>,
    pub flags: Option<u32>,
}

pub const TRACE_ID: [&str; 5] = ["trace_id", "traceId", "trace.id", "traceID", "otelTraceID"];
pub const SPAN_ID: [&str; 5] = ["span_id", "spanId", "span.id", "spanID", "otelSpanID"];
pub const FLAGS: [&str; 4] = ["trace_flags", "traceFlags", "trace.flags", "otelTraceSampled"];
pub const TRACEPARENT: [&str; 2] = ["traceparent", "trace_parent"];

/// An id in hex of exactly this length, and not all zero.
pub fn id<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    if digits.len() != 2 * N {
        return None;
    }
    let mut id = [0; N];
    for (byte, pair) in id.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    (id != [0; N]).then_some(id)
}

fn digit(byte: u8) -> Option<u8> {
    (byte as char).to_digit(16).map(|digit| digit as u8)
}

/// Two hex digits as W3C writes them, or a number, or whether it is sampled.
pub fn flags(value: &Json) -> Option<u32> {
    match value {
        Json::Text(text) if text.len() <= 2 => u32::from_str_radix(text, 16).ok(),
        Json::Int(n) => u32::try_from(*n).ok().filter(|n| *n <= 0xff),
        Json::Bool(sampled) => Some(u32::from(*sampled)),
        _ => None,
    }
}

/// `00-<trace id>-<span id>-<flags>`. Source: W3C Trace Context.
pub fn traceparent(text: &str) -> Option<TraceContext> {
    let mut parts = text.trim().split('-');
    let version = parts.next().filter(|version| version.len() == 2 && *version != "ff")?;
    u8::from_str_radix(version, 16).ok()?;
    let trace_id = Some(id(parts.next()?)?);
    let span_id = Some(id(parts.next()?)?);
    let flags = Some(u32::from(u8::from_str_radix(parts.next()?, 16).ok()?));
    Some(TraceContext { trace_id, span_id, flags })
}

impl TraceContext {
    /// Fills what is missing.
    pub fn or(self, other: TraceContext) -> TraceContext {
        TraceContext {
            trace_id: self.trace_id.or(other.trace_id),
            span_id: self.span_id.or(other.span_id),
            flags: self.flags.or(other.flags),
        }
    }

    /// Looks at fields without taking them: the ones of a span that a record names.
    pub fn peek(fields: &[(String, Json)]) -> TraceContext {
        let find = |names: &[&str]| {
            fields.iter().find(|(key, _)| names.contains(&key.as_str())).map(|(_, value)| value)
        };
        let own = TraceContext {
            trace_id: find(&TRACE_ID).and_then(Json::as_text).and_then(id),
            span_id: find(&SPAN_ID).and_then(Json::as_text).and_then(id),
            flags: find(&FLAGS).and_then(flags),
        };
        own.or(find(&TRACEPARENT).and_then(Json::as_text).and_then(traceparent).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_traceparent_is_read_by_the_letter() {
        let context = traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00F067AA0BA902B7-01").unwrap();
        assert_eq!(context.flags, Some(1));
        assert_eq!(context.span_id, Some([0, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7]));
        for bad in [
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "4bf92f3577b34da6a3ce929d0e0e4736",
        ] {
            assert_eq!(traceparent(bad), None, "{bad}");
        }
    }
}
