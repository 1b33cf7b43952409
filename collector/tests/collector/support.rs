//! A sink in memory, and requests against the real routers.

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use ocelli_collector::{Collector, Ledger, Limits, Sink, SinkError, grpc_endpoints, http_endpoints};
use ocelli_signal::Batch;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::Semaphore;
use tower::ServiceExt;

/// The time of the tests' clock.
pub const NOW_NS: i64 = 1_714_979_290_000_000_000;

/// Keeps batches, or fails as it is told.
pub struct MemorySink {
    pub batches: Mutex<Vec<(String, Batch)>>,
    pub failure: Mutex<Option<SinkError>>,
    /// A write takes a permit, so that a test can hold writes up.
    pub permits: Semaphore,
}

impl Sink for MemorySink {
    fn write<'a>(&'a self, tenant: &'a str, batch: Batch) -> BoxFuture<'a, Result<(), SinkError>> {
        async move {
            self.permits.acquire().await.unwrap().forget();
            if let Some(failure) = self.failure.lock().unwrap().clone() {
                return Err(failure);
            }
            self.batches.lock().unwrap().push((tenant.to_owned(), batch));
            Ok(())
        }
        .boxed()
    }
}

/// A collector with its routers.
pub struct World {
    pub sink: Arc<MemorySink>,
    pub ledger: Arc<Ledger>,
    pub router: Router,
    pub clock: Arc<AtomicI64>,
}

impl World {
    pub fn new() -> World {
        World::with_limits(Limits::default())
    }

    pub fn with_limits(limits: Limits) -> World {
        let sink = Arc::new(MemorySink {
            batches: Mutex::default(),
            failure: Mutex::default(),
            permits: Semaphore::new(1000),
        });
        let ledger = Arc::new(Ledger::new());
        let clock = Arc::new(AtomicI64::new(NOW_NS));
        let time = clock.clone();
        let collector = Collector::new(sink.clone(), ledger.clone(), limits)
            .with_clock(Arc::new(move || time.load(Ordering::Relaxed)));
        let endpoints = http_endpoints(&collector).into_iter().chain(grpc_endpoints(&collector));
        let router = endpoints.fold(Router::new(), |router, (endpoint, handler)| {
            router.route(endpoint.strip_prefix("POST ").unwrap(), handler)
        });
        World { sink, ledger, router, clock }
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap();
        let trailers = body.trailers().cloned().unwrap_or_default();
        Answer { status: parts.status, headers: parts.headers, trailers, body: body.to_bytes() }
    }

    pub async fn post(&self, path: &str, content_type: &str, body: impl Into<Body>) -> Answer {
        self.send(Request::post(path).header("content-type", content_type).body(body.into()).unwrap()).await
    }

    /// A unary gRPC call with a message as it is, and the flag that says whether it is compressed.
    pub async fn call(&self, path: &str, headers: &[(&str, &str)], compressed: u8, message: &[u8]) -> Answer {
        let mut framed = vec![compressed];
        framed.extend_from_slice(&u32::try_from(message.len()).unwrap().to_be_bytes());
        framed.extend_from_slice(message);
        let request = headers
            .iter()
            .fold(Request::post(path), |request, (name, value)| request.header(*name, *value))
            .header("content-type", "application/grpc")
            .header("te", "trailers");
        self.send(request.body(framed.into()).unwrap()).await
    }

    pub fn batches(&self) -> Vec<Batch> {
        self.sink.batches.lock().unwrap().iter().map(|(_, batch)| batch.clone()).collect()
    }

    pub fn rows(&self) -> usize {
        self.batches().iter().map(|batch| batch.rows.num_rows()).sum()
    }

    pub fn fail_with(&self, failure: Option<SinkError>) {
        *self.sink.failure.lock().unwrap() = failure;
    }

    /// How often requests were refused for a reason.
    pub fn refused(&self, reason: &str) -> u64 {
        self.ledger.snapshot().refused().get(reason).copied().unwrap_or(0)
    }
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub trailers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The code of a gRPC answer, which is in the headers when there is no message.
    pub fn grpc_status(&self) -> &str {
        let value = self.trailers.get("grpc-status").or(self.headers.get("grpc-status")).unwrap();
        value.to_str().unwrap()
    }

    /// The message of a gRPC answer.
    pub fn grpc_message(&self) -> &[u8] {
        &self.body[5..]
    }
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
