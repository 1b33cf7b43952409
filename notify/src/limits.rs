//! Every bound of a delivery, once, with the reason for its size.

use std::time::Duration;

const KIB: usize = 1 << 10;

/// A whole delivery, from the look-up of the name to the end of the answer, where a target says nothing else.
pub const TIMEOUT: Duration = Duration::from_secs(10);
/// More is no patience but a place taken.
pub const TIMEOUT_MAX: Duration = Duration::from_secs(60);
/// For each address of a name, so that one that swallows packets leaves time for the next.
pub const CONNECT: Duration = Duration::from_secs(4);
/// Addresses of one name that are tried. All that it has are checked.
pub const ADDRESSES_TRIED: usize = 4;
/// A name with more addresses than this is no receiver's.
pub const ADDRESSES: usize = 64;

/// What is read of an answer; the rest is left where it is.
pub const ANSWER_BYTES: usize = 64 * KIB;
/// The head of an answer, and the buffer that it is read through.
pub const ANSWER_HEAD_BYTES: usize = 32 * KIB;
pub const ANSWER_HEADERS: usize = 100;
/// Where the status alone decides, the text of the answer is worth this much waiting.
pub const DETAIL: Duration = Duration::from_secs(2);
/// What is told of an answer's text.
pub const DETAIL_CHARS: usize = 300;

/// A parcel. Slack and Alertmanager take less, and say so.
pub const PARCEL_BYTES: usize = 1024 * KIB;
/// PagerDuty's documented bound for an event.
pub const PAGERDUTY_EVENT_BYTES: usize = 512_000;
/// A subject that a mail program shows; RFC 5322 allows 998 bytes a line.
pub const SUBJECT_CHARS: usize = 250;
/// Recipients of one mail: RFC 5321, 4.5.3.1.8, has every server take 100.
pub const RECIPIENTS: usize = 100;

/// One line of an SMTP reply: RFC 5321 says 512, servers say more.
pub const SMTP_LINE_BYTES: usize = 4 * KIB;
/// All replies of one SMTP session.
pub const SMTP_REPLY_BYTES: usize = ANSWER_BYTES;

/// A receiver that asks for more patience is asked again after this.
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(3600);

// A session of SMTP reads whole lines.
const _: () = assert!(SMTP_LINE_BYTES <= SMTP_REPLY_BYTES);
// hyper refuses a smaller buffer.
const _: () = assert!(ANSWER_HEAD_BYTES >= 8 * KIB);
