//! Jaeger (<https://www.jaegertracing.io/docs/>) with its own store on disk, Badger; what else it can be run with
//! is a server of its own.

use crate::common::bodies::Kind;
use crate::product::{Addresses, Peer, Product};
use crate::question::{Ask, Facts, Question};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

pub struct Jaeger(pub Peer);

impl Jaeger {
    pub const NAME: &str = "jaeger";
}

impl Product for Jaeger {
    fn name(&self) -> &'static str {
        "Jaeger"
    }

    fn version(&self) -> &str {
        &self.0.version
    }

    fn acknowledges(&self) -> &'static str {
        "from a queue in memory"
    }

    fn command(&self, at: &Addresses, data: &Path) -> Command {
        let config = data.with_extension("yaml");
        // Started without its settings it says so itself.
        let _ = std::fs::write(&config, settings(at, data));
        let mut command = Command::new(&self.0.program);
        command.arg("--config").arg(config);
        // It traces itself, and would store that.
        command.env("OTEL_TRACES_SAMPLER", "always_off");
        command
    }

    fn health_path(&self) -> &'static str {
        "/api/services"
    }

    fn push_url(&self, at: &Addresses, kind: Kind) -> String {
        format!("http://{}{}", at.push, kind.path())
    }

    fn settle_paths(&self) -> &'static [&'static str] {
        &[]
    }

    fn busy_metrics(&self) -> &'static [&'static str] {
        &[]
    }

    fn caches(&self) -> &'static [&'static str] {
        &[]
    }

    fn ask(&self, _: Question, _: &Facts) -> Option<Ask> {
        None
    }
}

/// No sampling, nothing dropped from its queue, kept for long; else as it comes.
fn settings(at: &Addresses, data: &Path) -> String {
    let (api, push, other, data) = (at.api, at.push, at.other, data.display());
    format!(
        "service:
  extensions: [jaeger_storage, jaeger_query]
  telemetry: {{metrics: {{level: none}}, logs: {{level: warn}}}}
  pipelines:
    traces: {{receivers: [otlp], exporters: [jaeger_storage_exporter]}}
extensions:
  jaeger_query:
    storage: {{traces: main}}
    http: {{endpoint: '{api}'}}
    grpc: {{endpoint: '{other}'}}
  jaeger_storage:
    backends:
      main:
        badger:
          directories: {{keys: '{data}/keys', values: '{data}/values'}}
          ephemeral: false
          ttl: {{spans: 87600h}}
receivers:
  otlp: {{protocols: {{http: {{endpoint: '{push}'}}}}}}
exporters:
  jaeger_storage_exporter: {{trace_storage: main}}
"
    )
}

pub fn traces(text: &str) -> Option<u64> {
    Some(serde_json::from_str::<Value>(text).ok()?["data"].as_array()?.len() as u64)
}

pub fn spans(text: &str) -> Option<u64> {
    Some(serde_json::from_str::<Value>(text).ok()?.pointer("/data/0/spans")?.as_array()?.len() as u64)
}
