//! Our own binary, by its native and its Prometheus API.

use crate::common::bodies::Kind;
use crate::common::process::cpu_s;
use crate::product::{Addresses, Product};
use crate::prometheus::{self, Names};
use crate::question::{Ask, Facts, Question};
use ocelli_storage::{Options, Store};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

pub struct Ocelli(pub PathBuf);

const METRICS: Names = Names {
    api: "/prometheus/api/v1",
    one: "bench_requests_3_total",
    all: "{__name__=~\"bench_requests_.*\"}",
};

impl Product for Ocelli {
    fn name(&self) -> &'static str {
        "Ocelli"
    }

    fn version(&self) -> &str {
        env!("CARGO_PKG_VERSION")
    }

    fn acknowledges(&self) -> &'static str {
        "after fsync of its WAL"
    }

    fn command(&self, at: &Addresses, data: &Path) -> Command {
        let mut command = Command::new(&self.0);
        let listeners = [("--listen", at.api), ("--otlp-http", at.push), ("--otlp-grpc", at.other)];
        command.arg("serve").arg("--data-dir").arg(data);
        for (flag, address) in listeners {
            command.arg(flag).arg(address.to_string());
        }
        command
    }

    fn health_path(&self) -> &'static str {
        "/health/ready"
    }

    fn push_url(&self, at: &Addresses, kind: Kind) -> String {
        format!("http://{}{}", at.push, kind.path())
    }

    /// It flushes when it is stopped.
    fn settle_paths(&self) -> &'static [&'static str] {
        &[]
    }

    fn busy_metrics(&self) -> &'static [&'static str] {
        &[]
    }

    /// It merges while it runs, what there is enough of; here the rest.
    fn merge_stopped(&self, data: &Path) -> anyhow::Result<f64> {
        let before = cpu_s("self")?;
        let merge = async {
            let store = Store::open(Options::new(data), None).await?;
            store.compact().await?;
            store.close().await
        };
        // On a thread of its own, as a runtime is running on this one.
        let merge = || {
            let runtime =
                tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
            anyhow::Ok(runtime.block_on(merge)?)
        };
        let merged = std::thread::scope(|scope| scope.spawn(merge).join());
        merged.map_err(|_| anyhow::anyhow!("the merge panicked"))??;
        Ok(cpu_s("self")? - before)
    }

    fn caches(&self) -> &'static [&'static str] {
        &[]
    }

    fn ask(&self, question: Question, facts: &Facts) -> Option<Ask> {
        let native = |path: &str, more: &[(&'static str, &str)], results| {
            let range = [("from", facts.from_ns.to_string()), ("to", facts.to_ns.to_string())];
            let more = more.iter().map(|(key, value)| (*key, (*value).to_owned()));
            Some(Ask { path: path.to_owned(), parameters: range.into_iter().chain(more).collect(), results })
        };
        let of_trace = format!("trace_id:{}", facts.trace_id);
        match question {
            Question::Count if facts.kind == Kind::Logs => native("/api/logs/histogram", &[], total),
            Question::Count if facts.kind == Kind::Spans => native("/api/system", &[], stored),
            Question::LogsOfTrace => native("/api/logs", &[("q", &of_trace)], records),
            Question::NewestOfTwoWords => native("/api/logs", &[("q", "card declined")], records),
            Question::CountOfPhrase => {
                native("/api/logs/histogram", &[("q", "\"card declined\""), ("buckets", "1")], total)
            }
            Question::Histogram => native("/api/logs/histogram", &[], total),
            Question::TraceById => native(&format!("/api/traces/{}", facts.trace_id), &[], spans),
            Question::TracesOfService => native("/api/traces", &[("service", facts.service)], traces),
            Question::TracesByDuration => native("/api/traces", &[("min_duration", "249900us")], traces),
            Question::TracesByAttribute => {
                native("/api/traces", &[("q", "http.response.status_code:500")], traces)
            }
            _ => prometheus::ask(question, facts, &METRICS),
        }
    }
}

fn length_at(text: &str, pointer: &str) -> Option<u64> {
    Some(serde_json::from_str::<Value>(text).ok()?.pointer(pointer)?.as_array()?.len() as u64)
}

pub fn records(text: &str) -> Option<u64> {
    length_at(text, "/records")
}

fn traces(text: &str) -> Option<u64> {
    length_at(text, "/traces")
}

fn spans(text: &str) -> Option<u64> {
    length_at(text, "/spans/span_id")
}

pub fn total(text: &str) -> Option<u64> {
    serde_json::from_str::<Value>(text).ok()?["total"].as_u64()
}

/// Rows in memory and in segments: all of them spans while no span metric has been emitted.
fn stored(text: &str) -> Option<u64> {
    let system: Value = serde_json::from_str(text).ok()?;
    Some(system["storage"]["memtable_rows"].as_u64()? + system["storage"]["segment_rows"].as_u64()?)
}
