//! Producer and consumer spans for queues and topics.
//!
//! Names and attributes: OpenTelemetry semantic conventions, messaging spans (development).

use std::sync::Arc;

use tracing::{Span, field::Empty};

use crate::context::{Carrier, carrier_of, context_of, continue_from};

/// One queue or topic as the spans of its messages name it. Cheap to clone.
#[derive(Clone)]
pub struct Queue {
    system: &'static str,
    destination: Arc<str>,
}

impl Queue {
    pub(crate) fn new(system: &'static str, destination: Arc<str>) -> Self {
        Queue { system, destination }
    }

    /// A producer span for one message, and what the message has to carry. Run the sending inside of it.
    pub fn send(&self, message_id: &str) -> (Span, Carrier) {
        let span = tracing::info_span!(
            target: "ocelli_sdk",
            "messaging.send",
            "otel.name" = format!("send {}", self.destination),
            "otel.kind" = "producer",
            "messaging.system" = self.system,
            "messaging.destination.name" = &*self.destination,
            "messaging.operation.type" = "send",
            "messaging.operation.name" = "send",
            "messaging.message.id" = message_id,
            "error.type" = Empty,
            "otel.status_description" = Empty,
        );
        let carrier = carrier_of(&span);
        (span, carrier)
    }

    /// A consumer span for one message: a child of the producer's span, so that the trace goes on.
    /// Run the processing inside of it.
    pub fn process(&self, message_id: &str, carrier: &Carrier) -> Span {
        let span = tracing::info_span!(
            target: "ocelli_sdk",
            parent: None,
            "messaging.process",
            "otel.name" = format!("process {}", self.destination),
            "otel.kind" = "consumer",
            "messaging.system" = self.system,
            "messaging.destination.name" = &*self.destination,
            "messaging.operation.type" = "process",
            "messaging.operation.name" = "process",
            "messaging.message.id" = message_id,
            "error.type" = Empty,
            "otel.status_description" = Empty,
        );
        continue_from(&span, context_of(carrier));
        span
    }

    /// Marks the span of a message that could not be sent or processed. `error_type` has few values.
    pub fn failed(&self, span: &Span, error_type: &str, description: &str) {
        span.record("error.type", error_type);
        span.record("otel.status_description", description);
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::{SpanKind, Status};

    use crate::testing::{Recorder, attribute};

    #[test]
    fn the_consumer_continues_the_producers_trace() {
        let recorder = Recorder::new();
        let queue = recorder.telemetry().queue("sqlite", "order-events");
        let carrier = recorder.run(|| {
            let (span, carrier) = queue.send("17");
            drop(span.entered());
            carrier
        });
        recorder.run(|| {
            let span = queue.process("17", &carrier);
            queue.failed(&span, "render", "no template");
            drop(span.entered());
        });
        let [sent, processed] = recorder.spans().try_into().unwrap();
        assert_eq!((sent.name.as_ref(), sent.span_kind), ("send order-events", SpanKind::Producer));
        assert_eq!(processed.name, "process order-events");
        assert_eq!(processed.span_kind, SpanKind::Consumer);
        assert_eq!(processed.span_context.trace_id(), sent.span_context.trace_id());
        assert_eq!(processed.parent_span_id, sent.span_context.span_id());
        assert_eq!(attribute(&processed, "messaging.message.id").as_deref(), Some("17"));
        assert_eq!(processed.status, Status::error("no template"));
        assert_eq!(sent.status, Status::Unset);
    }
}
