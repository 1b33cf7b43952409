//! Acknowledgements: somebody has taken on an alert, and need not be told of it again.

use serde::{Deserialize, Serialize};

/// Of the name and the note. Each is kept once for each of the alerts.
const MOST_NAME_CHARS: usize = 200;
const MOST_NOTE_CHARS: usize = 2_000;

/// An acknowledgement as it is kept with each of its alerts. Times are milliseconds since the epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledgement {
    /// The same in all alerts that were acknowledged together.
    pub id: String,
    pub by: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    pub at_ms: i64,
    /// When it is as if it had not been given; None for when the alert is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_ms: Option<i64>,
}

impl Acknowledgement {
    pub fn holds(&self, now_ms: i64) -> bool {
        self.until_ms.is_none_or(|until| now_ms < until)
    }

    /// The field that is wrong with one that is given now, and what of it.
    pub fn check(&self, now_ms: i64) -> Result<(), (&'static str, String)> {
        let too_long = |most: usize| format!("is longer than {most} characters");
        if self.by.trim().is_empty() {
            return Err(("by", "is missing: who takes the alert on?".to_owned()));
        }
        if self.by.chars().count() > MOST_NAME_CHARS {
            return Err(("by", too_long(MOST_NAME_CHARS)));
        }
        if self.note.chars().count() > MOST_NOTE_CHARS {
            return Err(("note", too_long(MOST_NOTE_CHARS)));
        }
        if !self.holds(now_ms) {
            return Err(("until", "is in the past".to_owned()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn acknowledgement() -> Acknowledgement {
        Acknowledgement {
            id: "1".to_owned(),
            by: "ada".to_owned(),
            note: String::new(),
            at_ms: 1_000,
            until_ms: Some(2_000),
        }
    }

    #[test]
    fn it_holds_until_its_end() {
        let bounded = acknowledgement();
        assert!(bounded.holds(1_999) && !bounded.holds(2_000));
        assert!(Acknowledgement { until_ms: None, ..bounded }.holds(i64::MAX));
    }

    #[test]
    fn what_is_wrong_is_told_at_its_field() {
        let good = acknowledgement();
        assert_eq!(good.check(1_000), Ok(()));
        let field = |wrong: Acknowledgement| wrong.check(1_000).unwrap_err().0;
        assert_eq!(field(Acknowledgement { by: " ".to_owned(), ..good.clone() }), "by");
        assert_eq!(field(Acknowledgement { by: "x".repeat(201), ..good.clone() }), "by");
        assert_eq!(field(Acknowledgement { note: "ü".repeat(2_001), ..good.clone() }), "note");
        assert_eq!(field(Acknowledgement { until_ms: Some(1_000), ..good.clone() }), "until");
        assert_eq!(Acknowledgement { note: "ü".repeat(2_000), ..good }.check(1_000), Ok(()));
    }

    #[test]
    fn records_are_read_again() {
        let kept = Acknowledgement { until_ms: None, ..acknowledgement() };
        let text = serde_json::to_string(&kept).unwrap();
        assert_eq!(text, r#"{"id":"1","by":"ada","at_ms":1000}"#);
        assert_eq!(serde_json::from_str::<Acknowledgement>(&text).unwrap(), kept);
    }
}
