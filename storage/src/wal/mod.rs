//! The write-ahead log: what is acknowledged is here, fsynced, until it lies in published segments.
//!
//! `frame` is the layout of a record, `payload` its rows, `file` one file being written, `writer`
//! the thread with the group commit, `replay` the way back, `ledger` which files are still needed.
//! The format is described in `docs/format/wal.md`.

mod file;
mod frame;
mod join;
mod ledger;
mod payload;
mod queue;
mod replay;
mod window;
mod writer;

#[cfg(test)]
pub use frame::record_bytes;
pub use frame::{FILE_HEADER, Header, Previous};
pub use ledger::{Needed, WalLedger};
pub use payload::decode;
pub use queue::{Append, Queue};
pub use replay::{Finding, LoggedFile, Records, scan};
pub use window::{PIECE, Window};
pub use writer::{Committed, WalParts, WalWriter};
