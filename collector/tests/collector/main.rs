//! The collector from its outside: requests in through the routers, batches out through a sink.

// A test that fails may panic, in its helpers too.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod bad_input;
mod decode;
mod grpc;
mod http;
mod properties;
mod rate;
mod remote_write;
mod samples;
mod stdout;
mod support;
