//! The tracing subscriber: spans go to OpenTelemetry, events become log lines.

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::{
    EnvFilter, Layer,
    filter::{FilterExt, LevelFilter, filter_fn},
    fmt::MakeWriter,
    layer::SubscriberExt,
    registry,
};

use crate::log_line::LogLines;

/// What is logged where `RUST_LOG` is unset. OpenTelemetry's own chatter at INFO says nothing about
/// the service; an unreachable receiver does, and is told once, by the SDK, not by its exporter too.
pub(crate) const DEFAULT_LOG_FILTER: &str =
    "info,opentelemetry=warn,opentelemetry_sdk=warn,opentelemetry-otlp=error";

/// Joins the two halves. `log_filter` decides on events only: a filter that hid spans from the log
/// layer would take the trace ids away from the lines inside of them.
pub(crate) fn subscriber<W>(
    provider: &SdkTracerProvider,
    log_filter: EnvFilter,
    writer: W,
) -> impl Subscriber + Send + Sync + 'static
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let spans = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("ocelli-sdk"))
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false)
        .with_target(false)
        .with_filter(filter_fn(belongs_in_trace).with_max_level_hint(LevelFilter::INFO));
    let lines = LogLines::new(writer).with_filter(log_filter.or(filter_fn(|metadata| metadata.is_span())));
    registry().with(spans).with(lines)
}

/// Spans from INFO upwards: below are the spans of the HTTP stack that carries the export itself.
/// Events from WARN upwards, because a log line with the span's id is there for all of them.
fn belongs_in_trace(metadata: &Metadata<'_>) -> bool {
    // Levels order by verbosity: INFO is less than DEBUG.
    if metadata.is_span() { *metadata.level() <= Level::INFO } else { *metadata.level() <= Level::WARN }
}
