//! Words about the span that is running, for code that is given none.

use opentelemetry::{Value, trace::Status};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// Sets an attribute of the current span, also one that its creation didn't name. Without effect
/// outside of any span.
pub fn set_attribute(key: &'static str, value: impl Into<Value>) {
    Span::current().set_attribute(key, value);
}

/// Marks the current span as failed. `error_type` has few values (a status, an error's kind);
/// `description` is for people.
pub fn fail(error_type: &str, description: impl Into<String>) {
    let span = Span::current();
    span.set_attribute("error.type", error_type.to_owned());
    span.set_status(Status::error(description.into()));
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::Status;

    use crate::testing::{Recorder, attribute};

    #[test]
    fn an_attribute_reaches_the_span_around_it() {
        let recorder = Recorder::new();
        recorder.run(|| tracing::info_span!("checkout").in_scope(|| super::set_attribute("order.id", 5001)));
        let span = recorder.spans().remove(0);
        assert_eq!(attribute(&span, "order.id").as_deref(), Some("5001"));
    }

    #[test]
    fn a_failure_is_the_spans_status() {
        let recorder = Recorder::new();
        recorder.run(|| tracing::info_span!("checkout").in_scope(|| super::fail("declined", "no money")));
        let span = recorder.spans().remove(0);
        assert_eq!(span.status, Status::error("no money"));
        assert_eq!(attribute(&span, "error.type").as_deref(), Some("declined"));
    }
}
