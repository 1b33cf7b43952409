//! Who calls whom: the two halves of a call, its client span and its server span, meet here.
//!
//! A client or producer span has the key (trace, its span id), a server or consumer span the key
//! (trace, its parent). A call to a database completes alone. A client span whose other half does
//! not come stands for a call to a peer that sends no spans: a virtual node.

use super::emission::{Due, Emission, Life, Metric};
use super::exemplars::{Exemplar, Exemplars};
use super::histogram::DurationHistogram;
use super::known::Known;
use super::names::Names;
use super::peer::Peer;
use super::span_metrics::{exemplar_of, seconds_of};
use crate::limits::RedLimits;
use ocelli_signal::Kind;
use ocelli_signal::span_parts::iter_links;
use ocelli_signal::spans::{STATUS_ERROR, Spans};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use xxhash_rust::xxh3::{xxh3_64_with_seed, xxh3_128_with_seed};

const SCOPE: &str = "ocelli.service_graph";

const fn metric(name: &'static str, description: &'static str, kind: Kind) -> Metric {
    Metric { name, description, kind, scope: SCOPE }
}

const TOTAL: Metric = metric("traces_service_graph_request", "Calls from client to server", Kind::Sum);
const FAILED: Metric =
    metric("traces_service_graph_request_failed", "Calls whose client or server span failed", Kind::Sum);
const SERVER: Metric = metric(
    "traces_service_graph_request_server",
    "Durations of calls as the server sees them",
    Kind::ExponentialHistogram,
);
const CLIENT: Metric = metric(
    "traces_service_graph_request_client",
    "Durations of calls as the client sees them",
    Kind::ExponentialHistogram,
);

const SPAN_KIND_SERVER: i32 = 2;
const SPAN_KIND_CLIENT: i32 = 3;
const SPAN_KIND_PRODUCER: i32 = 4;
const SPAN_KIND_CONSUMER: i32 = 5;

/// (trace, span of the caller).
type CallKey = (u128, u64);

/// The edges of one tenant.
pub struct ServiceGraph {
    limits: RedLimits,
    names: Names,
    waiting: HashMap<CallKey, Waiting>,
    /// When each key began to wait, oldest first; keys that met are skipped.
    order: VecDeque<(i64, CallKey)>,
    edges: Vec<Edge>,
    known: Known,
    overflow: Option<Edge>,
    unpaired: u64,
}

/// The half of a call that came first. A message may be consumed more than once.
enum Waiting {
    Caller { half: Half, peer: Option<Arc<str>>, producer: bool, met: bool },
    Callee { half: Half, more: Vec<Half> },
}

struct Half {
    service: Arc<str>,
    failed: bool,
    exemplar: Exemplar,
}

/// `connection_type` of an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Connection {
    Direct,
    Database,
    Messaging,
    Virtual,
}

impl Connection {
    fn as_str(self) -> &'static str {
        match self {
            Connection::Direct => "",
            Connection::Database => "database",
            Connection::Messaging => "messaging_system",
            Connection::Virtual => "virtual_node",
        }
    }
}

struct Edge {
    hash: u128,
    total: (Vec<u8>, u64),
    failed: (Vec<u8>, u64),
    server: (Vec<u8>, DurationHistogram, Exemplars),
    client: (Vec<u8>, DurationHistogram, Exemplars),
    life: Life,
}

impl ServiceGraph {
    pub fn new(limits: RedLimits) -> ServiceGraph {
        ServiceGraph {
            limits,
            names: Names::default(),
            waiting: HashMap::new(),
            order: VecDeque::new(),
            edges: Vec::new(),
            known: Known::default(),
            overflow: None,
            unpaired: 0,
        }
    }

    pub fn edges(&self) -> usize {
        self.edges.len()
    }

    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Halves that were given up without making an edge.
    pub fn unpaired(&self) -> u64 {
        self.unpaired
    }

    /// Looks at spans. `now_ns` is the time of the last emission.
    pub fn observe(&mut self, spans: &Spans<'_>, now_ns: i64) {
        for row in 0..spans.len() {
            match spans.kind.value(row) {
                SPAN_KIND_CLIENT | SPAN_KIND_PRODUCER => self.caller(spans, row, now_ns),
                SPAN_KIND_SERVER | SPAN_KIND_CONSUMER => self.callee(spans, row, now_ns),
                _ => {}
            }
        }
        while self.waiting.len() > self.limits.waiting_halves {
            self.give_up_oldest(now_ns);
        }
    }

    fn half(&mut self, spans: &Spans<'_>, row: usize) -> Half {
        Half {
            service: self.names.share(spans.service(row)),
            failed: spans.status_code.value(row) == STATUS_ERROR,
            exemplar: exemplar_of(spans, row, seconds_of(spans, row)),
        }
    }

    fn caller(&mut self, spans: &Spans<'_>, row: usize, now_ns: i64) {
        let half = self.half(spans, row);
        let producer = spans.kind.value(row) == SPAN_KIND_PRODUCER;
        let peer = Peer::of(spans.attributes.value(row));
        if let Some(database) = peer.database.filter(|_| !producer) {
            self.complete(now_ns, Some(&half), None, database, Connection::Database);
            return;
        }
        let key = (u128::from_be_bytes(spans.trace_id(row)), u64::from_be_bytes(spans.span_id(row)));
        let connection = if producer { Connection::Messaging } else { Connection::Direct };
        let met = match self.waiting.remove(&key) {
            Some(Waiting::Callee { half: callee, more }) => {
                for callee in std::iter::once(callee).chain(more) {
                    self.complete(now_ns, Some(&half), Some(&callee), &callee.service, connection);
                }
                true
            }
            _ => false,
        };
        // A message may have more consumers; a call has one server.
        if producer || !met {
            let peer = peer.name.map(|name| self.names.share(name));
            self.wait(key, Waiting::Caller { half, peer, producer, met }, now_ns);
        }
    }

    fn callee(&mut self, spans: &Spans<'_>, row: usize, now_ns: i64) {
        let Some(key) = caller_key(spans, row) else { return };
        let half = self.half(spans, row);
        match self.waiting.remove(&key) {
            Some(Waiting::Caller { half: caller, peer, producer, .. }) => {
                let connection = if producer { Connection::Messaging } else { Connection::Direct };
                self.complete(now_ns, Some(&caller), Some(&half), &half.service, connection);
                if producer {
                    // Its place in `order` is still there.
                    self.waiting.insert(key, Waiting::Caller { half: caller, peer, producer, met: true });
                }
            }
            Some(Waiting::Callee { half: first, mut more }) => {
                more.push(half);
                self.waiting.insert(key, Waiting::Callee { half: first, more });
            }
            None => self.wait(key, Waiting::Callee { half, more: Vec::new() }, now_ns),
        }
    }

    fn wait(&mut self, key: CallKey, waiting: Waiting, now_ns: i64) {
        self.waiting.insert(key, waiting);
        self.order.push_back((now_ns, key));
    }

    /// Ends the wait of the oldest key.
    fn give_up_oldest(&mut self, now_ns: i64) {
        let Some((_, key)) = self.order.pop_front() else { return };
        match self.waiting.remove(&key) {
            Some(Waiting::Caller { half, peer: Some(peer), met: false, producer }) => {
                let connection = if producer { Connection::Messaging } else { Connection::Virtual };
                self.complete(now_ns, Some(&half), None, &peer, connection);
            }
            Some(Waiting::Caller { met: false, .. }) => self.unpaired += 1,
            Some(Waiting::Callee { more, .. }) => self.unpaired += 1 + more.len() as u64,
            Some(Waiting::Caller { .. }) | None => {}
        }
    }

    fn complete(
        &mut self,
        now_ns: i64,
        client: Option<&Half>,
        server: Option<&Half>,
        server_name: &str,
        connection: Connection,
    ) {
        let limit = self.limits.exemplars;
        let client_name = client.map_or("", |half| &half.service);
        let edge = self.edge(client_name, server_name, connection, now_ns);
        edge.life.see(now_ns);
        edge.total.1 += 1;
        edge.failed.1 +=
            u64::from(client.is_some_and(|half| half.failed) || server.is_some_and(|half| half.failed));
        // Who completes alone is measured where it was seen.
        for (half, (_, histogram, exemplars)) in
            [(server.or(client), &mut edge.server), (client, &mut edge.client)]
        {
            if let Some(half) = half {
                histogram.record(half.exemplar.seconds);
                exemplars.offer(half.exemplar, limit);
            }
        }
    }

    fn edge(&mut self, client: &str, server: &str, connection: Connection, now_ns: i64) -> &mut Edge {
        let seed = xxh3_64_with_seed(client.as_bytes(), connection as u64);
        let hash = xxh3_128_with_seed(server.as_bytes(), seed);
        if let Some(at) = self.known.get(&hash) {
            return &mut self.edges[*at];
        }
        if self.edges.len() >= self.limits.graph_edges {
            return self.overflow.get_or_insert_with(|| Edge::new(0, now_ns, Metric::overflow_series));
        }
        let attributes = [("client", client), ("connection_type", connection.as_str()), ("server", server)];
        self.known.insert(hash, self.edges.len());
        self.edges.push(Edge::new(hash, now_ns, |metric| metric.series(&attributes)));
        let last = self.edges.len() - 1;
        &mut self.edges[last]
    }

    /// Ends the waits that are over, and appends the points of all edges.
    pub fn emit(&mut self, out: &mut Emission) {
        let patience_ns = i64::try_from(self.limits.pair_within.as_nanos()).unwrap_or(i64::MAX);
        let idle_ns = i64::try_from(self.limits.idle.as_nanos()).unwrap_or(i64::MAX);
        let now_ns = out.tick.now_ns;
        while self.order.front().is_some_and(|(since_ns, _)| now_ns.saturating_sub(*since_ns) >= patience_ns)
        {
            self.give_up_oldest(now_ns);
        }
        let before = self.edges.len();
        self.edges.retain_mut(|edge| edge.emit(out, idle_ns) != Due::Stale);
        if self.edges.len() != before {
            self.known = self.edges.iter().enumerate().map(|(at, edge)| (edge.hash, at)).collect();
        }
        if let Some(overflow) = &mut self.overflow
            && overflow.emit(out, idle_ns) == Due::Stale
        {
            self.overflow = None;
        }
    }
}

/// The caller of a server or consumer span: its parent, or what a consumer without parent links to.
fn caller_key(spans: &Spans<'_>, row: usize) -> Option<CallKey> {
    if let Some(parent) = spans.parent_span_id(row) {
        return Some((u128::from_be_bytes(spans.trace_id(row)), u64::from_be_bytes(parent)));
    }
    let link = iter_links(spans.links.value(row)).next()?;
    let (trace_id, span_id) = (link.trace_id.try_into().ok()?, link.span_id.try_into().ok()?);
    (spans.kind.value(row) == SPAN_KIND_CONSUMER)
        .then(|| (u128::from_be_bytes(trace_id), u64::from_be_bytes(span_id)))
}

impl Edge {
    fn new(hash: u128, now_ns: i64, series: impl Fn(&Metric) -> Vec<u8>) -> Edge {
        Edge {
            hash,
            total: (series(&TOTAL), 0),
            failed: (series(&FAILED), 0),
            server: (series(&SERVER), DurationHistogram::default(), Exemplars::default()),
            client: (series(&CLIENT), DurationHistogram::default(), Exemplars::default()),
            life: Life::new(now_ns),
        }
    }

    fn emit(&mut self, out: &mut Emission, idle_ns: i64) -> Due {
        let due = self.life.due(out.tick, idle_ns);
        for (series, count) in [&self.total, &self.failed] {
            out.sum(series, due, *count);
        }
        for (series, histogram, exemplars) in [&mut self.server, &mut self.client] {
            out.histogram(series, due, histogram, exemplars);
        }
        due
    }
}
