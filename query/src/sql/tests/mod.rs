//! SQL as a client sees it, and that what is passed over changes no answer.

mod hostile;
mod narrowed;
mod tables;

use crate::http::testing::Client;
use form_urlencoded::byte_serialize;
use serde_json::Value;

/// The rows of an answer.
async fn rows(client: &Client, query: &str) -> Vec<Value> {
    let body = client.ok(&uri(query)).await;
    body["rows"].as_array().unwrap_or_else(|| panic!("{query}: {body}")).clone()
}

async fn refused(client: &Client, query: &str, status: u16) -> Value {
    client.error(&uri(query), status).await
}

fn uri(query: &str) -> String {
    format!("/api/sql?query={}", byte_serialize(query.as_bytes()).collect::<String>())
}
