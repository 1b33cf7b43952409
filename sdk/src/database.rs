//! Client spans and durations for database queries, whichever driver runs them.
//!
//! Names and attributes: OpenTelemetry semantic conventions, database client spans (stable).

use std::{fmt::Display, sync::Arc, time::Instant};

use tracing::{Instrument, Span, field::Empty};

use crate::{
    durations::{Description, Durations},
    query_summary::{Summary, summarize},
};

pub(crate) const DURATION: Description = Description {
    name: "db.client.operation.duration",
    help: "Duration of database client operations.",
    attributes: &["db.system.name", "db.namespace", "db.operation.name", "db.collection.name", "error.type"],
};

/// One database as its queries' spans name it. Cheap to clone.
#[derive(Clone)]
pub struct Database {
    system: &'static str,
    namespace: Arc<str>,
    durations: Durations,
}

impl Database {
    pub(crate) fn new(system: &'static str, namespace: Arc<str>, durations: Durations) -> Self {
        Database { system, namespace, durations }
    }

    /// Runs a query inside a client span. `text` is recorded as it is: give it with placeholders, never
    /// with values in it. The span's name is the query's summary, such as `SELECT orders`.
    ///
    /// ```no_run
    /// # async fn example(database: ocelli_sdk::Database) -> Result<(), std::io::Error> {
    /// const COUNT: &str = "SELECT count(*) FROM orders WHERE customer = ?";
    /// let count = database.query(COUNT, async { Ok::<_, std::io::Error>(7) }).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Those of the query, which also mark the span.
    pub async fn query<T, E: Display>(
        &self,
        text: &'static str,
        query: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let started = Instant::now();
        let summary = summarize(text);
        let span = self.span(text, &summary);
        let outcome = query.instrument(span.clone()).await;
        let error_type = if outcome.is_err() { error_type::<E>() } else { "" };
        if let Err(error) = &outcome {
            span.record("error.type", error_type);
            span.record("otel.status_description", error.to_string());
        }
        let collection = summary.collection.as_deref().unwrap_or("");
        let labels = [self.system, &self.namespace, &summary.operation, collection, error_type];
        self.durations.record(started.elapsed().as_secs_f64(), &labels);
        outcome
    }

    fn span(&self, text: &'static str, summary: &Summary) -> Span {
        let name = if summary.text.is_empty() { self.system } else { &summary.text };
        tracing::info_span!(
            target: "ocelli_sdk",
            "db.query",
            "otel.name" = name,
            "otel.kind" = "client",
            "db.system.name" = self.system,
            "db.namespace" = &*self.namespace,
            "db.operation.name" = (!summary.operation.is_empty()).then_some(&*summary.operation),
            "db.collection.name" = summary.collection.as_deref(),
            "db.query.summary" = (!summary.text.is_empty()).then_some(&*summary.text),
            "db.query.text" = text,
            "error.type" = Empty,
            "otel.status_description" = Empty,
        )
    }
}

/// The error's type without its path: few values, as the conventions ask for.
fn error_type<E>() -> &'static str {
    let name = std::any::type_name::<E>();
    let plain = name.split('<').next().unwrap_or(name);
    // `sqlx_core::error::Error` says more than `Error`.
    plain.rsplit("::").next().filter(|last| *last != "Error").unwrap_or(plain)
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::{SpanKind, Status};

    use crate::testing::{Recorder, attribute};

    #[test]
    fn a_query_is_a_client_span_named_by_its_summary() {
        let recorder = Recorder::new();
        let database = recorder.telemetry().database("sqlite", "orders");
        let text = "SELECT total FROM orders WHERE id = ?";
        let total = recorder.run_async(database.query(text, async { Ok::<_, std::io::Error>(42) })).unwrap();
        assert_eq!(total, 42);
        let span = recorder.spans().remove(0);
        assert_eq!((span.name.as_ref(), span.span_kind.clone()), ("SELECT orders", SpanKind::Client));
        assert_eq!(span.status, Status::Unset);
        for (name, value) in [
            ("db.system.name", "sqlite"),
            ("db.namespace", "orders"),
            ("db.operation.name", "SELECT"),
            ("db.collection.name", "orders"),
            ("db.query.summary", "SELECT orders"),
            ("db.query.text", text),
        ] {
            assert_eq!(attribute(&span, name).as_deref(), Some(value), "{name}");
        }
        assert_eq!(recorder.histogram("db.client.operation.duration").count, 1);
    }

    #[test]
    fn a_failed_query_marks_its_span_and_is_handed_on() {
        let recorder = Recorder::new();
        let database = recorder.telemetry().database("sqlite", "orders");
        let failing = async { Err::<(), _>(std::io::Error::other("no such table: ledger")) };
        let error = recorder.run_async(database.query("SELECT 1 FROM ledger", failing)).unwrap_err();
        assert_eq!(error.to_string(), "no such table: ledger");
        let span = recorder.spans().remove(0);
        let expected = Status::error("no such table: ledger");
        assert_eq!(span.status, expected);
        assert_eq!(attribute(&span, "error.type").as_deref(), Some("std::io::error::Error"));
    }
}
