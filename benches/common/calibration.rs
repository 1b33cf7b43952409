//! What this machine does with well-known work, so that the figures of two machines compare.
#![allow(dead_code, reason = "every bench uses its part")]

use super::bodies::{self, BATCH, Kind};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use std::hint::black_box;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::time::Instant;

const BODIES: usize = 50;

fn span_bodies() -> Vec<Vec<u8>> {
    (0..BODIES).map(|batch| bodies::body(Kind::Spans, batch)).collect()
}

/// One thread that compresses bodies of spans with zstd at level 1.
pub fn zstd_mb_per_s() -> anyhow::Result<f64> {
    let bodies = span_bodies();
    let bytes: usize = bodies.iter().map(Vec::len).sum();
    let started = Instant::now();
    for body in &bodies {
        black_box(zstd::bulk::compress(body, 1)?);
    }
    Ok(bytes as f64 / started.elapsed().as_secs_f64() / 1e6)
}

/// One thread that copies 64 MiB, which is more than the caches hold.
pub fn memcpy_gb_per_s() -> f64 {
    const BYTES: usize = 64 << 20;
    const TIMES: usize = 16;
    let from = vec![1u8; BYTES];
    let mut to = vec![0u8; BYTES];
    let started = Instant::now();
    for _ in 0..TIMES {
        to.copy_from_slice(black_box(&from));
        black_box(&to);
    }
    (BYTES * TIMES) as f64 / started.elapsed().as_secs_f64() / 1e9
}

/// Overwrites of 256 KiB, each made durable before the next, in the directory for temporary files.
pub fn fdatasync_per_s() -> anyhow::Result<f64> {
    const TIMES: u32 = 200;
    let mut file = tempfile::tempfile()?;
    let block = vec![1u8; 256 << 10];
    file.write_all(&block)?;
    file.sync_all()?;
    let started = Instant::now();
    for _ in 0..TIMES {
        file.write_all_at(&block, 0)?;
        file.sync_data()?;
    }
    Ok(f64::from(TIMES) / started.elapsed().as_secs_f64())
}

/// One thread that decodes OTLP spans into prost's types, in millions of spans.
pub fn prost_m_per_s() -> anyhow::Result<f64> {
    let bodies = span_bodies();
    let started = Instant::now();
    for body in &bodies {
        black_box(ExportTraceServiceRequest::decode(body.as_slice())?);
    }
    Ok((BODIES * BATCH) as f64 / started.elapsed().as_secs_f64() / 1e6)
}
