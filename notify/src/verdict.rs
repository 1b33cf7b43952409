//! What became of a parcel.

use std::time::Duration;

/// What became of a parcel. The texts are for people, and hold no secret of the target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The receiver has taken it.
    Delivered { detail: String },
    /// Not now, or not known: the same parcel may be sent again.
    Retry {
        why: String,
        /// What the receiver asks for, at most [`crate::limits::RETRY_AFTER_MAX`].
        after: Option<Duration>,
    },
    /// Sending the same again would end the same.
    Refused { why: String },
}

pub(crate) fn retry(why: impl Into<String>) -> Verdict {
    Verdict::Retry { why: why.into(), after: None }
}

pub(crate) fn refused(why: impl Into<String>) -> Verdict {
    Verdict::Refused { why: why.into() }
}

/// An error with its causes: libraries tell the half of it in each.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.contains(&next) {
            text = format!("{text}: {next}");
        }
        cause = error.source();
    }
    text
}
