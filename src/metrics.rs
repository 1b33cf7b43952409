//! `/metrics`: Ocelli's own figures for Prometheus, and the health endpoints.

use crate::mount::{Endpoint, exported};
use crate::system::System;
use crate::ui_files;
use axum::http::header::{ACCEPT, VARY};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use ocelli_api::storage::MemorySummary;
use ocelli_storage::{Reason, RetentionSummary};
use prometheus::{Encoder, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the server takes in and answers; false while it starts and while it stops.
pub type Ready = Arc<AtomicBool>;

pub fn endpoints(system: System, ready: Ready) -> Vec<Endpoint> {
    let handlers = vec![
        ("GET /metrics", get(move |headers: HeaderMap| async move { page_or_metrics(&headers, &system) })),
        ("GET /health/live", get(|| async { "live\n" })),
        ("GET /health/ready", get(move || async move { health(&ready) })),
    ];
    exported(handlers).collect()
}

fn health(ready: &Ready) -> Response {
    if ready.load(Ordering::Acquire) {
        "ready\n".into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "not ready: starting or stopping\n").into_response()
    }
}

/// A browser that is sent to `/metrics` wants the page of that name, whoever else asks the figures.
fn page_or_metrics(headers: &HeaderMap, system: &System) -> Response {
    let accepts = headers.get(ACCEPT).and_then(|accepts| accepts.to_str().ok());
    let mut response = match accepts.is_some_and(|accepts| accepts.contains("text/html")) {
        true => ui_files::index(headers),
        false => metrics(system),
    };
    response.headers_mut().append(VARY, HeaderValue::from_static("accept"));
    response
}

fn metrics(system: &System) -> Response {
    match encode(system) {
        Ok(text) => ([("content-type", prometheus::TEXT_FORMAT)], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "metrics can't be encoded");
            (StatusCode::INTERNAL_SERVER_ERROR, format!("metrics can't be encoded: {error}\n"))
                .into_response()
        }
    }
}

/// The figures are kept elsewhere; a registry is filled with them for each scrape.
fn encode(system: &System) -> prometheus::Result<Vec<u8>> {
    let registry = Registry::new();
    let counter = |name, help, labels: &[&str]| {
        let counter = IntCounterVec::new(Opts::new(name, help), labels)?;
        registry.register(Box::new(counter.clone()))?;
        prometheus::Result::Ok(counter)
    };
    let flow = ["signal", "source"];
    let received = counter("ocelli_ingest_received_total", "Items that came in.", &flow)?;
    let stored = counter("ocelli_ingest_stored_total", "Items that were kept, fsynced.", &flow)?;
    let bytes = counter("ocelli_ingest_bytes_total", "Decompressed bytes of stored requests.", &flow)?;
    let repeated = counter("ocelli_ingest_repeated_requests_total", "Retries that were recognised.", &flow)?;
    let rejected =
        counter("ocelli_ingest_rejected_total", "Items that were refused.", &["signal", "source", "reason"])?;
    let refused = counter(
        "ocelli_ingest_refused_requests_total",
        "Requests refused as a whole.",
        &["source", "reason"],
    )?;

    let ledger = system.ledger.snapshot();
    for flow in &ledger.flows {
        let labels = [flow.signal.as_str(), flow.source.as_str()];
        received.with_label_values(&labels).inc_by(flow.received);
        stored.with_label_values(&labels).inc_by(flow.stored);
        bytes.with_label_values(&labels).inc_by(flow.bytes);
        repeated.with_label_values(&labels).inc_by(flow.repeated_requests);
        for (reason, count) in &flow.rejected {
            rejected.with_label_values(&[labels[0], labels[1], reason.as_str()]).inc_by(*count);
        }
    }
    for refusal in &ledger.refused {
        refused.with_label_values(&[refusal.source.as_str(), refusal.reason]).inc_by(refusal.requests);
    }
    store_gauges(system, &registry)?;
    crate::rules::register(&system.rules.status(), &registry)?;
    crate::time::register(&system.clock, &system.arrivals, &registry)?;
    let mut text = Vec::new();
    TextEncoder::new().encode(&registry.gather(), &mut text)?;
    Ok(text)
}

fn store_gauges(system: &System, registry: &Registry) -> prometheus::Result<()> {
    let summary = system.store.summary();
    let gauges = [
        ("ocelli_memtable_rows", "Rows that are not in a segment yet.", summary.memtable_rows),
        ("ocelli_memtable_bytes", "Memory of those rows.", summary.memtable_bytes),
        ("ocelli_wal_bytes", "Bytes of the write-ahead log.", summary.wal_bytes),
        ("ocelli_segments", "Segments.", summary.segments),
        ("ocelli_segment_rows", "Rows of all segments.", summary.segment_rows),
        ("ocelli_segment_bytes", "Bytes of all segments.", summary.segment_bytes),
        ("ocelli_quarantined", "Damaged pieces that were set aside.", summary.quarantined.len() as u64),
        (
            "ocelli_ingest_refusing",
            "1 while telemetry is refused because of memory or the disk.",
            u64::from(summary.refusing.is_some()),
        ),
        (
            "ocelli_segments_merging",
            "Whether segments are being merged.",
            summary.compaction.running.is_some().into(),
        ),
        ("ocelli_uptime_seconds", "Since the process started.", system.started.elapsed().as_secs()),
    ];
    for (name, help, value) in gauges {
        let gauge = IntGauge::new(name, help)?;
        gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        registry.register(Box::new(gauge))?;
    }
    let counters = [
        ("ocelli_merges_total", "Merges of segments.", summary.compaction.merges),
        ("ocelli_merged_rows_total", "Rows that were merged.", summary.compaction.rows_merged),
        (
            "ocelli_merge_failures_total",
            "Merges that failed; each is tried again.",
            summary.compaction.failures,
        ),
    ];
    for (name, help, value) in counters {
        let counter = IntCounter::new(name, help)?;
        counter.inc_by(value);
        registry.register(Box::new(counter))?;
    }
    removed_counters(&summary.retention, registry)?;
    memory_gauges(&system.memory(&summary), registry)?;
    let info = IntGaugeVec::new(Opts::new("ocelli_build_info", "Always 1."), &["version"])?;
    info.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
    registry.register(Box::new(info))
}

fn removed_counters(retention: &RetentionSummary, registry: &Registry) -> prometheus::Result<()> {
    let counter = |name, help| {
        let counter = IntCounterVec::new(Opts::new(name, help), &["reason"])?;
        registry.register(Box::new(counter.clone()))?;
        prometheus::Result::Ok(counter)
    };
    let segments = counter("ocelli_removed_segments_total", "Segments removed by age, or for want of disk.")?;
    let rows = counter("ocelli_removed_rows_total", "Rows of those segments.")?;
    let bytes = counter("ocelli_removed_bytes_total", "Bytes of those segments.")?;
    for reason in Reason::ALL {
        let removed = retention.removed.get(&reason).copied().unwrap_or_default();
        segments.with_label_values(&[reason.as_str()]).inc_by(removed.segments);
        rows.with_label_values(&[reason.as_str()]).inc_by(removed.rows);
        bytes.with_label_values(&[reason.as_str()]).inc_by(removed.bytes);
    }
    Ok(())
}

fn memory_gauges(memory: &MemorySummary, registry: &Registry) -> prometheus::Result<()> {
    let gauge = |name, help| {
        let gauge = IntGaugeVec::new(Opts::new(name, help), &["part"])?;
        registry.register(Box::new(gauge.clone()))?;
        prometheus::Result::Ok(gauge)
    };
    let used = gauge("ocelli_memory_used_bytes", "What a part of the memory budget holds.")?;
    let limit = gauge("ocelli_memory_limit_bytes", "What a part of the memory budget may hold.")?;
    for part in &memory.parts {
        let number = |bytes| i64::try_from(bytes).unwrap_or(i64::MAX);
        used.with_label_values(&[part.part.as_str()]).set(number(part.used_bytes));
        limit.with_label_values(&[part.part.as_str()]).set(number(part.limit_bytes));
    }
    Ok(())
}
