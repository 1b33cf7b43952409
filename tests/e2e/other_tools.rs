//! The query APIs of other products, asked as their clients ask, of the real server: the same from memory
//! and from files.

mod jaeger;
mod loki;
mod tempo;

use crate::harness::now_ns;
use crate::harness::otlp::{self, MS, SECOND, SpanKind, attribute, int, text};
use crate::harness::server::{Server, Settings};

type Parameters<'a> = &'a [(&'a str, &'a str)];

const SLOW: u128 = 0xabc0_0001;
const FAST: u128 = 0xabc0_0002;

/// A slow trace of two services with an error, and a fast one; gives when they began.
async fn seed(server: &Server) -> u64 {
    let start = now_ns() / SECOND * SECOND - 30 * SECOND;
    let root = otlp::span(SLOW, 1, 0, "POST /checkout", start, 900 * MS);
    let call =
        otlp::of_kind(otlp::span(SLOW, 2, 1, "POST bank", start + 100 * MS, 700 * MS), SpanKind::Client);
    let call = otlp::with(call, vec![attribute("http.response.status_code", int(502))]);
    let charge = otlp::failed(otlp::span(SLOW, 3, 2, "charge", start + 150 * MS, 600 * MS), "declined");
    let charge = otlp::with(charge, vec![attribute("card.kind", text("debit"))]);
    let quick = otlp::span(FAST, 4, 0, "GET /products", start + 2 * SECOND, 5 * MS);
    let sender = server.sender();
    sender.send(&otlp::traces("gateway", vec![root, call, quick])).await;
    sender.send(&otlp::traces("bank", vec![charge])).await;
    start
}

fn settings() -> Settings {
    Settings::serve().config("red:\n  interval_s: 1\n")
}
