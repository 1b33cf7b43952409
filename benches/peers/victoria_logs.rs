//! <https://docs.victoriametrics.com/victorialogs/>

use crate::common::bodies::Kind;
use crate::product::{Addresses, Peer, Product};
use crate::question::{Ask, Facts, Question};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

pub struct VictoriaLogs(pub Peer);

impl VictoriaLogs {
    pub const NAME: &str = "victoria-logs";
}

impl Product for VictoriaLogs {
    fn name(&self) -> &'static str {
        "VictoriaLogs"
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
        command
    }

    fn health_path(&self) -> &'static str {
        "/health"
    }

    fn push_url(&self, at: &Addresses, kind: Kind) -> String {
        format!("http://{}/insert/opentelemetry{}", at.api, kind.path())
    }

    fn settle_paths(&self) -> &'static [&'static str] {
        &["/internal/force_flush", "/internal/force_merge"]
    }

    fn busy_metrics(&self) -> &'static [&'static str] {
        &["vl_active_force_merges", "vl_active_merges"]
    }

    fn caches(&self) -> &'static [&'static str] {
        &[]
    }

    fn ask(&self, question: Question, facts: &Facts) -> Option<Ask> {
        let ask = |path: &str, query: String, more: &[(&'static str, &str)], results| {
            let range = [("start", facts.from_ns.to_string()), ("end", facts.to_ns.to_string())];
            let more = more.iter().map(|(key, value)| (*key, (*value).to_owned()));
            let parameters = std::iter::once(("query", query)).chain(range).chain(more).collect();
            Some(Ask { path: format!("/select/logsql/{path}"), parameters, results })
        };
        let step = format!("{}s", (facts.end_s() - facts.begin_s()).div_ceil(60));
        match question {
            Question::Count => ask("query", "* | count() as items".into(), &[], items),
            Question::LogsOfTrace => ask("query", format!("trace_id:={}", facts.trace_id), &[], lines),
            Question::NewestOfTwoWords => ask("query", "card declined".into(), &[("limit", "100")], lines),
            Question::CountOfPhrase => {
                ask("query", "\"card declined\" | count() as items".into(), &[], items)
            }
            Question::Histogram => ask("hits", "*".into(), &[("step", &step), ("field", "severity")], hits),
            _ => None,
        }
    }
}

/// One result a line.
pub fn lines(text: &str) -> Option<u64> {
    Some(text.lines().filter(|line| !line.is_empty()).count() as u64)
}

/// The one line of a count.
pub fn items(text: &str) -> Option<u64> {
    serde_json::from_str::<Value>(text.trim()).ok()?["items"].as_str()?.parse().ok()
}

pub fn hits(text: &str) -> Option<u64> {
    let answer: Value = serde_json::from_str(text).ok()?;
    Some(answer["hits"].as_array()?.iter().filter_map(|group| group["total"].as_u64()).sum())
}
