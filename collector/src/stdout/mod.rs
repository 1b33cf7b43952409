//! What a program prints becomes log records: JSON lines in the shapes of the common loggers, plain
//! lines, and stack traces over several lines.
//!
//! Bytes and the time come in, OTLP requests go out; who reads the pipe and who sends the requests is
//! not known here. Nothing is lost: what is not recognised stays as an attribute or in the body.
//! A time without a zone is taken as UTC in JSON, and left alone in plain text.

mod json;
mod level;
mod parser;
mod plain;
mod record;
mod shapes;
mod stack;
mod text;
mod time;
mod trace_context;

pub use parser::{LineParser, Stream};
