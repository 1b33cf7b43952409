//! The questions about spans, to Ocelli, to Jaeger and to VictoriaTraces, which speaks Jaeger's API.

use crate::Arguments;
use crate::common::bodies::{BATCH, Kind};
use crate::jaeger::{self, Jaeger};
use crate::product::Product;
use crate::question::{Ask, Facts, Parameters, Results};
use crate::store::{self, Query};
use crate::victoria_traces::VictoriaTraces;

pub async fn run(arguments: &Arguments) -> anyhow::Result<String> {
    let peer = |name: &str| arguments.peer.iter().find(|peer| peer.name == name).cloned();
    let jaeger = peer(Jaeger::NAME).map(|peer| Box::new(Jaeger(peer)) as Box<dyn Product>);
    let victoria = peer(VictoriaTraces::NAME).map(|peer| Box::new(VictoriaTraces(peer)) as Box<dyn Product>);
    let products = store::beside_ours(arguments, jaeger.into_iter().chain(victoria));
    let facts = Facts::of(Kind::Spans, arguments.spans.div_ceil(BATCH));
    store::table(arguments, &products, &facts, arguments.spans, "spans", queries(&facts)).await
}

/// How many elements an array of the answer has.
fn length(text: &str, name: &str) -> Option<u64> {
    let answer: serde_json::Value = serde_json::from_str(text).ok()?;
    Some(answer[name].as_array()?.len() as u64)
}

fn traces(text: &str) -> Option<u64> {
    length(text, "traces")
}

fn rows(text: &str) -> Option<u64> {
    let answer: serde_json::Value = serde_json::from_str(text).ok()?;
    Some(answer["spans"]["span_id"].as_array()?.len() as u64)
}

/// In the order of the table.
fn queries(facts: &Facts) -> Vec<Query> {
    let ours = |path: &str, parameters: Parameters, results: Results| {
        let range = [("from", facts.from_ns.to_string()), ("to", facts.to_ns.to_string())];
        let parameters = range.into_iter().chain(parameters).collect();
        ("Ocelli", Ask { path: path.to_owned(), parameters, results })
    };
    // Of both of Jaeger's kind; they want a service.
    let theirs = |path: &str, parameters: Parameters, results: Results| {
        let ask = |root: &str| Ask { path: format!("{root}{path}"), parameters: parameters.clone(), results };
        [("Jaeger", ask("/api")), ("VictoriaTraces", ask("/select/jaeger/api"))]
    };
    let search = |more: &[(&'static str, &str)]| {
        let range = [
            ("start", (facts.from_ns / 1_000).to_string()),
            ("end", (facts.to_ns / 1_000).to_string()),
            ("limit", "20".to_owned()),
            ("service", facts.service.to_owned()),
        ];
        let more = more.iter().map(|(key, value)| (*key, (*value).to_owned()));
        theirs("/traces", range.into_iter().chain(more).collect(), jaeger::traces)
    };
    let all = |title, ours: (&'static str, Ask), theirs: [(&'static str, Ask); 2]| Query {
        title,
        asks: std::iter::once(ours).chain(theirs).collect(),
    };
    let by = |parameters: &[(&'static str, &str)]| {
        let limit = ("limit", "20".to_owned());
        let parameters = parameters.iter().map(|(key, value)| (*key, (*value).to_owned())).chain([limit]);
        ours("/api/traces", parameters.collect(), traces)
    };
    let own = |title, query: &str| Query { title, asks: vec![by(&[("query", query)])] };
    let own_path = |title, path: &str, query: &str, results: Results| Query {
        title,
        asks: vec![ours(path, vec![("query", query.to_owned())], results)],
    };
    let service = facts.service;
    let trace = &facts.trace_id;
    vec![
        all(
            "trace by id",
            ours(&format!("/api/traces/{trace}"), Vec::new(), rows),
            theirs(&format!("/traces/{trace}"), Vec::new(), jaeger::spans),
        ),
        all("by service, newest 20", by(&[("service", service)]), search(&[])),
        all(
            "by service and minimum duration, newest 20",
            by(&[("service", service), ("min_duration", "249900us")]),
            search(&[("minDuration", "249900us")]),
        ),
        all(
            "by service and attribute, newest 20",
            by(&[("service", service), ("q", "http.response.status_code:500")]),
            search(&[("tags", "{\"http.response.status_code\":\"500\"}")]),
        ),
        all(
            "by service and an attribute that none has",
            by(&[("service", service), ("q", "app.user.session.id:none")]),
            search(&[("tags", "{\"app.user.session.id\":\"none\"}")]),
        ),
        own("TraceQL: by minimum duration", "{ duration > 249900us }"),
        own("TraceQL: by an attribute that is a number", "{ span.app.user.id = 54321 }"),
        own(
            "TraceQL: errors below a service",
            &format!("{{ resource.service.name = \"{service}\" }} >> {{ status = error }}"),
        ),
        own("TraceQL: three errors in a trace", "{ status = error } | count() > 2"),
        own_path(
            "TraceQL: rate by service",
            "/api/traces/metrics",
            "{ } | rate() by (resource.service.name)",
            series,
        ),
        own_path(
            "TraceQL: 99 % of durations",
            "/api/traces/metrics",
            "{ status = error } | quantile_over_time(duration, .99)",
            series,
        ),
    ]
}

fn series(text: &str) -> Option<u64> {
    length(text, "series")
}
