//! What the pages show: a small shop's telemetry, the same at every run.

use crate::harness::now_ns;
use crate::harness::otlp::{self, MS, SECOND, SpanKind, attribute, int, text};
use crate::harness::server::{Server, Settings};
use crate::harness::wait::{ensure, until};
use ocelli_api::services::ServicesResponse;
use std::time::Duration;

const FIGURES: Duration = Duration::from_secs(30);
const TRACES: u64 = 40;
/// The slow one, with the red span.
pub const SLOW: u128 = 0x51_0000_0000_0000_0000_0000_0000_0001;
pub const RED_SPAN: u64 = 0xbad;
pub const SERVICES: [&str; 3] = ["auth", "gateway", "payment"];

/// A server with data, and the range around it.
pub struct Seeded {
    pub server: Server,
    /// `from=…&to=…`, fixed, so that a page shows the same whenever it is opened.
    pub range: String,
}

pub async fn seeded() -> Seeded {
    let server = Settings::serve().config("red:\n  interval_s: 1\n").start().await;
    let now = now_ns() / SECOND * SECOND;
    for n in 0..TRACES {
        send_trace(&server, u128::from(n) + 0x1000, now - (TRACES - n) * SECOND, 20 * MS + n * MS, false)
            .await;
    }
    send_trace(&server, SLOW, now - 5 * SECOND, 2_500 * MS, true).await;
    until("the figures of all services", FIGURES, async || {
        let range = [("from", "now-5m"), ("to", "now")];
        let answer: ServicesResponse = server.api.try_get("/api/services", &range).await?;
        let names: Vec<&str> = answer.services.iter().map(|service| service.name.as_str()).collect();
        let payment = answer.services.iter().find(|service| service.name == "payment");
        let calls = payment.map_or(0.0, |service| service.red.calls.round());
        ensure(names == SERVICES && calls > TRACES as f64, || format!("{names:?}, {calls} payments"))
    })
    .await;
    let range = format!("from={}&to={}", now - 600 * SECOND, now_ns());
    Seeded { server, range }
}

/// gateway → auth, gateway → payment → its database; with logs of each.
async fn send_trace(server: &Server, trace: u128, start: u64, duration: u64, fails: bool) {
    let first = (trace as u64) << 8;
    let root = otlp::span(trace, first + 1, 0, "POST /checkout", start, duration);
    let auth = otlp::span(trace, first + 2, first + 1, "check token", start + MS, 5 * MS);
    let paying = start + 8 * MS;
    let call = otlp::of_kind(
        otlp::span(trace, first + 3, first + 1, "POST payment", paying, duration - 10 * MS),
        SpanKind::Client,
    );
    let red = if fails { RED_SPAN } else { first + 4 };
    let charge = otlp::span(trace, red, first + 3, "charge", paying + MS, duration - 12 * MS);
    let charge =
        otlp::with(charge, vec![attribute("order_id", int(5001)), attribute("card.brand", text("visa"))]);
    let charge = if fails { otlp::failed(charge, "card declined") } else { charge };
    let query = otlp::of_kind(
        otlp::span(trace, first + 5, red, "SELECT cards", paying + 2 * MS, MS),
        SpanKind::Client,
    );

    let word = if fails { "card declined by the bank" } else { "payment made" };
    let severity = if fails { 17 } else { 9 };
    let records = vec![
        otlp::inside(otlp::log(paying + 2 * MS, 9, "charging a card"), &charge),
        otlp::inside(otlp::log(paying + duration - 13 * MS, severity, word), &charge),
    ];
    let sender = server.sender();
    sender.send(&otlp::traces("gateway", vec![root, call])).await;
    sender.send(&otlp::traces("auth", vec![auth])).await;
    sender.send(&otlp::traces("payment", vec![charge, query])).await;
    sender.send(&otlp::logs("payment", records)).await;
}
