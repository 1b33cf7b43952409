//! Where a page of records ended.
//!
//! Records are in order of time, then of a hash of their content, both descending. Neither depends
//! on where a record lies, so a flush or a compaction between two pages changes nothing. Records
//! that are equal in everything are told apart by how many of them were given already.

use crate::Error;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Of the last record given.
    pub time: i64,
    pub hash: u64,
    /// How many records of this time and hash were given.
    pub given: u32,
}

impl Cursor {
    pub fn encode(&self) -> String {
        format!("{}-{:x}-{}", self.time, self.hash, self.given)
    }

    pub fn parse(text: &str) -> Result<Cursor, Error> {
        let parse = || {
            // A time before 1970 begins with a minus.
            let (rest, given) = text.rsplit_once('-')?;
            let (time, hash) = rest.rsplit_once('-')?;
            Some(Cursor {
                time: time.parse().ok()?,
                hash: u64::from_str_radix(hash, 16).ok()?,
                given: given.parse().ok()?,
            })
        };
        parse().ok_or_else(|| {
            Error::bad_parameter(
                "cursor",
                format!("'{text}' is not a next_cursor or previous_cursor of another page"),
            )
        })
    }
}

/// The place of a record of this time and content: `1795230245000000001-feed`, as records are named.
pub fn record_id(time: i64, hash: u64) -> String {
    format!("{time}-{hash:x}")
}

/// The place right before a record by its name.
pub fn of_record(id: &str) -> Result<Cursor, Error> {
    Cursor::parse(&format!("{id}-0"))
        .map_err(|_| Error::bad_parameter("id", format!("'{id}' is not the id of a log record")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip() {
        for time in [0, -5, 1_795_230_245_000_000_001, i64::MIN] {
            let cursor = Cursor { time, hash: 0xfeed, given: 3 };
            assert_eq!(Cursor::parse(&cursor.encode()).unwrap(), cursor);
        }
        assert_eq!(of_record(&record_id(-5, 0xfeed)).unwrap(), Cursor { time: -5, hash: 0xfeed, given: 0 });
        assert!(of_record("5").is_err());
        assert!(Cursor::parse("abc").unwrap_err().to_string().contains("'abc' is not a next_cursor"));
    }
}
