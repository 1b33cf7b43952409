//! The collector from its outside: requests in through the routers, batches out through a sink.

mod bad_input;
mod decode;
mod grpc;
mod http;
mod properties;
mod rate;
mod samples;
mod stdout;
mod support;
