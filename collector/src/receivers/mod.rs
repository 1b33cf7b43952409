//! What listens: one file a protocol. A receiver reads a body and words the answer; what happens in
//! between is the same for all (`intake`).

pub mod compression;
pub mod grpc;
pub mod http;
mod status;
