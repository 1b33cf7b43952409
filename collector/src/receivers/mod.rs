//! What listens: one file a protocol. A receiver reads a body and words the answer; what happens in
//! between is the same for all (`intake`).

mod body;
pub mod compression;
pub mod grpc;
pub mod http;
mod remote_write;
mod status;

use crate::Collector;
use axum::routing::MethodRouter;

/// Everything that is pushed over HTTP, each with its method and path.
pub fn http_endpoints(collector: &Collector) -> Vec<(&'static str, MethodRouter)> {
    let mut all = http::endpoints(collector);
    all.extend(remote_write::endpoints(collector));
    all
}
