//! W3C trace context and baggage, in and out of headers and messages.
//!
//! The propagator is fixed (`traceparent`, `tracestate`, `baggage`) instead of the global one, so that
//! a service continues traces even where another library forgot to install it.

use std::{collections::BTreeMap, sync::LazyLock};

use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::{
    Context,
    propagation::{Extractor, Injector, TextMapCompositePropagator, TextMapPropagator},
};
use opentelemetry_sdk::propagation::{BaggagePropagator, TraceContextPropagator};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// What a message carries so that the trace goes on at the other end: lower-case header names and
/// values, to be stored beside the body (a column, message attributes, a JSON object).
pub type Carrier = BTreeMap<String, String>;

static PROPAGATOR: LazyLock<TextMapCompositePropagator> = LazyLock::new(w3c);

/// The propagator of this crate, to install as the global one too.
pub(crate) fn w3c() -> TextMapCompositePropagator {
    TextMapCompositePropagator::new(vec![
        Box::new(TraceContextPropagator::new()),
        Box::new(BaggagePropagator::new()),
    ])
}

/// The context of a span for a message: `traceparent` and, where there are any, `tracestate` and
/// `baggage`. Empty when the span is not recorded by this crate's subscriber.
pub fn carrier_of(span: &Span) -> Carrier {
    let mut carrier = Carrier::new();
    PROPAGATOR.inject_context(&span.context(), &mut CarrierMap(&mut carrier));
    carrier
}

/// The context that a message carries, to be given to [`continue_from`]. Whatever can't be
/// read is ignored, as the W3C recommendation demands: the trace then begins anew.
pub fn context_of(carrier: &Carrier) -> Context {
    let known: Carrier = carrier.iter().map(|(key, value)| (key.to_lowercase(), value.clone())).collect();
    PROPAGATOR.extract_with_context(&Context::new(), &KnownCarrier(&known))
}

/// Writes the context of a span into the headers of a request.
pub fn inject_headers(span: &Span, headers: &mut HeaderMap) {
    PROPAGATOR.inject_context(&span.context(), &mut Headers(headers));
}

/// The context that the headers of a request carry.
pub fn context_of_headers(headers: &HeaderMap) -> Context {
    PROPAGATOR.extract_with_context(&Context::new(), &KnownHeaders(headers))
}

/// Makes a span that was just created, and not entered yet, a child of a remote one. Without effect
/// when the span is filtered out or no subscriber of this crate is there.
pub fn continue_from(span: &Span, parent: Context) {
    // The errors say that nobody records the span; then there is no parent to keep either.
    let _ = span.set_parent(parent);
}

struct CarrierMap<'a>(&'a mut Carrier);

impl Injector for CarrierMap<'_> {
    fn set(&mut self, key: &str, value: String) {
        // An empty tracestate says nothing.
        if !value.is_empty() {
            self.0.insert(key.to_lowercase(), value);
        }
    }
}

struct KnownCarrier<'a>(&'a Carrier);

impl Extractor for KnownCarrier<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(&key.to_lowercase()).map(String::as_str)
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(String::as_str).collect()
    }
}

struct Headers<'a>(&'a mut HeaderMap);

impl Injector for Headers<'_> {
    fn set(&mut self, key: &str, value: String) {
        let name = HeaderName::from_bytes(key.as_bytes());
        let value = HeaderValue::from_str(&value);
        if let (Ok(name), Ok(value)) = (name, value)
            && !value.is_empty()
        {
            self.0.insert(name, value);
        }
    }
}

struct KnownHeaders<'a>(&'a HeaderMap);

impl Extractor for KnownHeaders<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(|value| value.to_str().ok())
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(HeaderName::as_str).collect()
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::TraceContextExt;

    use super::*;

    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn headers_of_any_case_name_the_remote_parent() {
        let carrier = Carrier::from([("TraceParent".to_owned(), PARENT.to_owned())]);
        let context = context_of(&carrier);
        let span = context.span().span_context().clone();
        assert!(span.is_remote() && span.is_sampled());
        assert_eq!(span.trace_id().to_string(), "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(span.span_id().to_string(), "b7ad6b7169203331");
    }

    #[test]
    fn a_broken_traceparent_begins_a_new_trace() {
        for broken in
            ["", "00-zz-b7ad6b7169203331-01", "00-00000000000000000000000000000000-b7ad6b7169203331-01"]
        {
            let mut headers = HeaderMap::new();
            headers.insert("traceparent", HeaderValue::from_str(broken).unwrap());
            assert!(!context_of_headers(&headers).has_active_span(), "{broken:?} was taken");
        }
    }
}
