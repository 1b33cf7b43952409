//! <https://docs.victoriametrics.com/victoriametrics/single-server-victoriametrics/>

use crate::common::bodies::Kind;
use crate::product::{Addresses, Peer, Product};
use crate::prometheus::{self, Names};
use crate::question::{Ask, Facts, Question};
use std::path::Path;
use std::process::Command;

pub struct VictoriaMetrics(pub Peer);

impl VictoriaMetrics {
    pub const NAME: &str = "victoria-metrics";
}

/// It keeps OTLP's names as they come.
const METRICS: Names = Names {
    api: "/prometheus/api/v1",
    one: "{__name__=\"bench.requests.3\"}",
    all: "{__name__=~\"bench.requests..*\"}",
};

impl Product for VictoriaMetrics {
    fn name(&self) -> &'static str {
        "VictoriaMetrics"
    }

    fn version(&self) -> &str {
        &self.0.version
    }

    fn acknowledges(&self) -> &'static str {
        "from memory, written every 5 s (-inmemoryDataFlushInterval)"
    }

    fn command(&self, at: &Addresses, data: &Path) -> Command {
        let mut command = Command::new(&self.0.program);
        command.arg(format!("-httpListenAddr={}", at.api));
        command.arg(format!("-storageDataPath={}", data.display()));
        // Otherwise the quickest of several equal answers would come out of a cache of answers.
        command.arg("-search.disableCache");
        command
    }

    fn health_path(&self) -> &'static str {
        "/health"
    }

    fn push_url(&self, at: &Addresses, kind: Kind) -> String {
        format!("http://{}/opentelemetry{}", at.api, kind.path())
    }

    fn settle_paths(&self) -> &'static [&'static str] {
        &["/internal/force_flush", "/internal/force_merge"]
    }

    fn busy_metrics(&self) -> &'static [&'static str] {
        &["vm_active_force_merges", "vm_active_merges"]
    }

    fn caches(&self) -> &'static [&'static str] {
        &["cache", "tmp"]
    }

    fn ask(&self, question: Question, facts: &Facts) -> Option<Ask> {
        prometheus::ask(question, facts, &METRICS)
    }
}
