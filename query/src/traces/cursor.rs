//! Where a page of traces ended: the value that they are sorted by, and the trace id.

use crate::Error;
use crate::logs::filter::id::{parse_hex, to_hex};

/// Descending, so that the greatest comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TraceKey {
    /// The start of the newest matching span, or the duration, in nanoseconds.
    pub value: i64,
    pub trace_id: [u8; 16],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceCursor {
    /// Of the last trace given.
    pub last: TraceKey,
    /// How many traces the pages so far had; tells how far the next one has to look.
    pub given: usize,
}

impl TraceCursor {
    pub fn encode(&self) -> String {
        format!("{}-{}-{}", self.last.value, to_hex(&self.last.trace_id), self.given)
    }

    pub fn parse(text: &str) -> Result<TraceCursor, Error> {
        let parse = || {
            // The value may begin with a minus.
            let (rest, given) = text.rsplit_once('-')?;
            let (value, id) = rest.rsplit_once('-')?;
            let trace_id = parse_hex(id)?.try_into().ok()?;
            let last = TraceKey { value: value.parse().ok()?, trace_id };
            Some(TraceCursor { last, given: given.parse::<u32>().ok()? as usize })
        };
        parse().ok_or_else(|| {
            Error::bad_parameter("cursor", format!("'{text}' is not a next_cursor of an earlier page"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip() {
        let cursor = TraceCursor { last: TraceKey { value: -7, trace_id: [0xab; 16] }, given: 20 };
        assert_eq!(TraceCursor::parse(&cursor.encode()).unwrap(), cursor);
        assert!(TraceCursor::parse("1-ab").unwrap_err().to_string().starts_with("cursor: '1-ab' is not"));
    }
}
