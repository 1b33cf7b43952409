//! <https://docs.victoriametrics.com/victoriatraces/>: questions over Jaeger's API.

use crate::common::bodies::Kind;
use crate::product::{Addresses, Peer, Product};
use crate::question::{Ask, Facts, Question};
use crate::victoria_logs::items;
use serde_json::Value;
use std::path::Path;
use std::process::Command;

pub struct VictoriaTraces(pub Peer);

impl VictoriaTraces {
    pub const NAME: &str = "victoria-traces";
}

impl Product for VictoriaTraces {
    fn name(&self) -> &'static str {
        "VictoriaTraces"
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
        &["vl_active_force_merges", "vl_active_merges", "vt_active_force_merges", "vt_active_merges"]
    }

    fn caches(&self) -> &'static [&'static str] {
        &[]
    }

    fn ask(&self, question: Question, facts: &Facts) -> Option<Ask> {
        let search = |more: &[(&'static str, &str)]| {
            let range = [
                ("start", (facts.from_ns / 1000).to_string()),
                ("end", (facts.to_ns / 1000).to_string()),
                ("limit", "20".to_owned()),
                ("service", facts.service.to_owned()),
            ];
            let more = more.iter().map(|(key, value)| (*key, (*value).to_owned()));
            let parameters = range.into_iter().chain(more).collect();
            Some(Ask { path: "/select/jaeger/api/traces".to_owned(), parameters, results: traces })
        };
        match question {
            Question::Count => {
                let parameters = vec![("query", "span_id:* | count() as items".to_owned())];
                Some(Ask { path: "/select/logsql/query".to_owned(), parameters, results: items })
            }
            Question::TraceById => {
                let path = format!("/select/jaeger/api/traces/{}", facts.trace_id);
                Some(Ask { path, parameters: Vec::new(), results: spans })
            }
            Question::TracesOfService => search(&[]),
            Question::TracesByDuration => search(&[("minDuration", "249900us")]),
            Question::TracesByAttribute => search(&[("tags", "{\"http.response.status_code\":\"500\"}")]),
            _ => None,
        }
    }
}

fn traces(text: &str) -> Option<u64> {
    Some(serde_json::from_str::<Value>(text).ok()?["data"].as_array()?.len() as u64)
}

fn spans(text: &str) -> Option<u64> {
    let answer: Value = serde_json::from_str(text).ok()?;
    Some(answer["data"].get(0)?["spans"].as_array()?.len() as u64)
}
