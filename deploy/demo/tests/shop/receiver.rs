//! An OTLP gRPC receiver that keeps what it is sent.

use std::{collections::HashMap, fmt::Write, time::Duration};

use opentelemetry_proto::tonic::{
    collector::{
        metrics::v1::{
            ExportMetricsServiceRequest, ExportMetricsServiceResponse,
            metrics_service_server::{MetricsService, MetricsServiceServer},
        },
        trace::v1::{
            ExportTraceServiceRequest, ExportTraceServiceResponse,
            trace_service_server::{TraceService, TraceServiceServer},
        },
    },
    common::v1::{KeyValue, any_value::Value},
    resource::v1::Resource,
    trace::v1::{Span, status::StatusCode},
};
use tokio::{net::TcpListener, sync::watch};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status, transport::Server};

/// How long something may take to arrive: exports come twice a second.
const ARRIVAL_LIMIT: Duration = Duration::from_secs(30);

/// A received span, ids in hex; a root's parent is empty.
#[derive(Clone, Debug)]
pub struct Seen {
    pub service: String,
    pub version: String,
    pub name: String,
    pub kind: &'static str,
    pub trace_id: String,
    pub span_id: String,
    pub parent_span_id: String,
    pub start_ns: u64,
    pub duration: Duration,
    pub attributes: HashMap<String, String>,
    /// The description of an error status.
    pub error: Option<String>,
}

#[derive(Clone)]
pub struct Receiver {
    pub endpoint: String,
    spans: watch::Sender<Vec<Seen>>,
    /// The services whose points have arrived.
    points: watch::Sender<Vec<String>>,
}

impl Receiver {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let receiver = Receiver {
            endpoint: format!("http://{}", listener.local_addr().unwrap()),
            spans: watch::Sender::default(),
            points: watch::Sender::default(),
        };
        let server = Server::builder()
            .add_service(TraceServiceServer::new(receiver.clone()))
            .add_service(MetricsServiceServer::new(receiver.clone()));
        tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
        receiver
    }

    pub fn spans(&self) -> Vec<Seen> {
        self.spans.borrow().clone()
    }

    /// The spans of a trace, once so many have arrived.
    pub async fn trace(&self, trace_id: &str, count: usize) -> Vec<Seen> {
        let of_trace = |spans: &Vec<Seen>| -> Vec<Seen> {
            spans.iter().filter(|span| span.trace_id == trace_id).cloned().collect()
        };
        let mut changes = self.spans.subscribe();
        let arrived = changes.wait_for(|spans| of_trace(spans).len() >= count);
        match tokio::time::timeout(ARRIVAL_LIMIT, arrived).await {
            Ok(spans) => of_trace(&spans.unwrap()),
            Err(_) => panic!("fewer than {count} spans arrived: {}", tree(&of_trace(&self.spans()), "")),
        }
    }

    /// The first span that is asked for, once it has arrived.
    pub async fn first(&self, wanted: impl Fn(&Seen) -> bool) -> Seen {
        let mut changes = self.spans.subscribe();
        let arrived = changes.wait_for(|spans| spans.iter().any(&wanted));
        let spans =
            tokio::time::timeout(ARRIVAL_LIMIT, arrived).await.expect("the span did not arrive").unwrap();
        spans.iter().find(|span| wanted(span)).unwrap().clone()
    }

    /// Waits for metrics of a service.
    pub async fn points_of(&self, service: &str) {
        let mut changes = self.points.subscribe();
        let arrived = changes.wait_for(|services| services.iter().any(|name| name == service));
        tokio::time::timeout(ARRIVAL_LIMIT, arrived).await.expect("no metrics arrived").unwrap();
    }
}

#[tonic::async_trait]
impl TraceService for Receiver {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let mut seen = Vec::new();
        for group in request.into_inner().resource_spans {
            let resource = group.resource.unwrap_or_default();
            let spans = group.scope_spans.into_iter().flat_map(|scope| scope.spans);
            seen.extend(spans.map(|span| see(&resource, span)));
        }
        self.spans.send_modify(|spans| spans.extend(seen));
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

#[tonic::async_trait]
impl MetricsService for Receiver {
    async fn export(
        &self,
        request: Request<ExportMetricsServiceRequest>,
    ) -> Result<Response<ExportMetricsServiceResponse>, Status> {
        let resources = request.into_inner().resource_metrics.into_iter().filter_map(|group| group.resource);
        let names: Vec<String> =
            resources.map(|resource| text(&resource.attributes, "service.name")).collect();
        self.points.send_modify(|services| services.extend(names));
        Ok(Response::new(ExportMetricsServiceResponse::default()))
    }
}

fn see(resource: &Resource, span: Span) -> Seen {
    let status = span.status.unwrap_or_default();
    let failed = status.code == StatusCode::Error as i32;
    let attributes = span.attributes.iter().map(|pair| (pair.key.clone(), text(&span.attributes, &pair.key)));
    Seen {
        service: text(&resource.attributes, "service.name"),
        version: text(&resource.attributes, "service.version"),
        kind: ["unspecified", "internal", "server", "client", "producer", "consumer"][span.kind as usize],
        trace_id: hex(&span.trace_id),
        span_id: hex(&span.span_id),
        parent_span_id: hex(&span.parent_span_id),
        start_ns: span.start_time_unix_nano,
        duration: Duration::from_nanos(span.end_time_unix_nano - span.start_time_unix_nano),
        attributes: attributes.collect(),
        error: failed.then_some(status.message),
        name: span.name,
    }
}

fn text(attributes: &[KeyValue], key: &str) -> String {
    let value = attributes.iter().find(|pair| pair.key == key).and_then(|pair| pair.value.clone()?.value);
    match value {
        Some(Value::StringValue(text)) => text,
        Some(Value::IntValue(number)) => number.to_string(),
        other => other.map_or_else(String::new, |value| format!("{value:?}")),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The spans below a parent as indented lines `service kind name`, siblings by their start.
pub fn tree(spans: &[Seen], parent: &str) -> String {
    let mut lines = String::new();
    write_below(spans, parent, 0, &mut lines);
    lines
}

fn write_below(spans: &[Seen], parent: &str, depth: usize, lines: &mut String) {
    let mut children: Vec<&Seen> = spans.iter().filter(|span| span.parent_span_id == parent).collect();
    children.sort_by_key(|span| span.start_ns);
    for span in children {
        writeln!(lines, "{}{} {} {}", "  ".repeat(depth), span.service, span.kind, span.name).unwrap();
        write_below(spans, &span.span_id, depth + 1, lines);
    }
}
