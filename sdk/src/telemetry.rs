//! The handle on a service's telemetry: what instruments its edges, and what flushes it at the end.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    http::{HeaderValue, header::CONTENT_TYPE},
    middleware::from_fn_with_state,
    response::{IntoResponse, Response},
    routing::{MethodRouter, get},
};
use opentelemetry::metrics::{Meter, MeterProvider as _};
use opentelemetry_sdk::{metrics::SdkMeterProvider, trace::SdkTracerProvider};
use prometheus::{Encoder, Registry, TextEncoder};

use crate::{Database, Error, HttpClient, Queue, database, durations::Durations, http_client, http_server};

/// How long [`Telemetry::shutdown`] waits for the receiver.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(5);

/// The telemetry of this process. Cheap to clone; keep one until the end for [`Telemetry::shutdown`].
#[derive(Clone)]
pub struct Telemetry {
    inner: Arc<Inner>,
}

struct Inner {
    traces: SdkTracerProvider,
    metrics: SdkMeterProvider,
    registry: Registry,
    server: Durations,
    client: Durations,
    database: Durations,
}

impl Telemetry {
    pub(crate) fn new(traces: SdkTracerProvider, metrics: SdkMeterProvider) -> Result<Self, Error> {
        let registry = Registry::new();
        let meter = metrics.meter("ocelli-sdk");
        let server = Durations::register(&meter, &registry, &http_server::DURATION)?;
        let client = Durations::register(&meter, &registry, &http_client::DURATION)?;
        let database = Durations::register(&meter, &registry, &database::DURATION)?;
        Ok(Telemetry { inner: Arc::new(Inner { traces, metrics, registry, server, client, database }) })
    }

    /// Instruments every route of a router: a server span that continues the caller's trace, and
    /// `http.server.request.duration`. Routes that are added afterwards stay without.
    pub fn http_server<S: Clone + Send + Sync + 'static>(&self, router: Router<S>) -> Router<S> {
        router.layer(from_fn_with_state(self.inner.server.clone(), http_server::observe))
    }

    /// An HTTP client whose requests are client spans, carry the trace along, and count in
    /// `http.client.request.duration`.
    pub fn http_client(&self, client: reqwest::Client) -> HttpClient {
        HttpClient::new(client, self.inner.client.clone())
    }

    /// Spans and `db.client.operation.duration` for the queries of one database. `system` is a value of
    /// `db.system.name` (`sqlite`, `postgresql`, …), `namespace` the database's name.
    pub fn database(&self, system: &'static str, namespace: impl Into<Arc<str>>) -> Database {
        Database::new(system, namespace.into(), self.inner.database.clone())
    }

    /// Spans for the messages of one queue or topic. `system` is a value of `messaging.system`.
    pub fn queue(&self, system: &'static str, destination: impl Into<Arc<str>>) -> Queue {
        Queue::new(system, destination.into())
    }

    /// A meter for the service's own OpenTelemetry metrics, exported over OTLP.
    pub fn meter(&self, name: &'static str) -> Meter {
        self.inner.metrics.meter(name)
    }

    /// The registry behind `/metrics`, for the service's own `prometheus` metrics.
    pub fn registry(&self) -> &Registry {
        &self.inner.registry
    }

    /// Everything registered, in the Prometheus text format 0.0.4.
    pub fn metrics_text(&self) -> String {
        let mut text = Vec::new();
        // Writing to memory fails only for a metric family without samples, which `gather` leaves out.
        let _ = TextEncoder::new().encode(&self.inner.registry.gather(), &mut text);
        String::from_utf8_lossy(&text).into_owned()
    }

    /// Answers a scrape: `app.route("/metrics", telemetry.metrics_handler())`. Added after
    /// [`Telemetry::http_server`], scrapes make no spans.
    pub fn metrics_handler<S: Clone + Send + Sync + 'static>(&self) -> MethodRouter<S> {
        let telemetry = self.clone();
        get(move || async move { telemetry.metrics_response() })
    }

    fn metrics_response(&self) -> Response {
        let content_type = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
        ([(CONTENT_TYPE, content_type)], self.metrics_text()).into_response()
    }

    /// Sends what is waiting and keeps running.
    pub async fn flush(&self) -> Result<(), Error> {
        self.finish(SHUTDOWN_TIMEOUT, |inner| {
            let traces = inner.traces.force_flush();
            let metrics = inner.metrics.force_flush();
            (traces.map_err(|error| error.to_string()), metrics.map_err(|error| error.to_string()))
        })
        .await
    }

    /// Sends what is waiting and stops; to be awaited last in `main`, while the runtime still runs.
    /// Waits up to five seconds; [`Telemetry::shutdown_within`] takes another limit.
    pub async fn shutdown(&self) -> Result<(), Error> {
        self.shutdown_within(SHUTDOWN_TIMEOUT).await
    }

    /// As [`Telemetry::shutdown`], for a service that has to be gone at a certain time.
    pub async fn shutdown_within(&self, timeout: Duration) -> Result<(), Error> {
        self.finish(timeout, move |inner| {
            let traces = inner.traces.shutdown_with_timeout(timeout);
            let metrics = inner.metrics.shutdown_with_timeout(timeout);
            (traces.map_err(|error| error.to_string()), metrics.map_err(|error| error.to_string()))
        })
        .await
    }

    /// Runs the blocking end of the providers on a thread of its own: their export needs this runtime
    /// to go on meanwhile, and a runtime that ends would wait for its blocking tasks, but not for this.
    async fn finish(
        &self,
        timeout: Duration,
        work: impl FnOnce(&Inner) -> (Result<(), String>, Result<(), String>) + Send + 'static,
    ) -> Result<(), Error> {
        let inner = self.inner.clone();
        let (done, outcome) = tokio::sync::oneshot::channel();
        std::thread::spawn(move || {
            // Nobody listens any more after the timeout.
            let _ = done.send(work(&inner));
        });
        match tokio::time::timeout(timeout, outcome).await {
            Ok(Ok((Ok(()), Ok(())))) => Ok(()),
            Ok(Ok((Err(reason), _))) => Err(Error::Flush { what: "spans", reason }),
            Ok(Ok((_, Err(reason)))) => Err(Error::Flush { what: "metrics", reason }),
            Ok(Err(_)) => Err(Error::Flush { what: "spans", reason: "the flushing thread ended".into() }),
            Err(_) => Err(Error::FlushTimeout(timeout)),
        }
    }
}
