//! Words about the span that is running, for code that is given none.

use opentelemetry::Value;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// Sets an attribute of the current span, also one that its creation didn't name. Without effect
/// outside of any span.
pub fn set_attribute(key: &'static str, value: impl Into<Value>) {
    Span::current().set_attribute(key, value);
}

#[cfg(test)]
mod tests {
    use crate::testing::{Recorder, attribute};

    #[test]
    fn an_attribute_reaches_the_span_around_it() {
        let recorder = Recorder::new();
        recorder.run(|| tracing::info_span!("checkout").in_scope(|| super::set_attribute("order.id", 5001)));
        let span = recorder.spans().remove(0);
        assert_eq!(attribute(&span, "order.id").as_deref(), Some("5001"));
    }
}
