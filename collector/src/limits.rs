//! Every bound of the collector, by name. Going over one is answered and counted, never cut short
//! in silence.

use std::time::Duration;

/// What one process takes in at most. The defaults are far above what an SDK sends.
#[derive(Clone, Debug)]
pub struct Limits {
    /// A request body as it comes over the wire.
    pub body_bytes: usize,
    /// A request body after decompression; the same bound for gRPC messages.
    pub decompressed_bytes: usize,
    /// All bodies that are being read, decoded or written at one time.
    pub in_flight_bytes: usize,
    /// What a sender is told to wait when `in_flight_bytes` is used up.
    pub retry_after: Duration,
    /// Bodies that are remembered to recognise a retry.
    pub retry_window_bodies: usize,
    pub retry_window_age: Duration,
    pub decode: DecodeLimits,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            body_bytes: 64 << 20,
            decompressed_bytes: 64 << 20,
            in_flight_bytes: 192 << 20,
            retry_after: Duration::from_secs(1),
            retry_window_bodies: 64 << 10,
            retry_window_age: Duration::from_secs(120),
            decode: DecodeLimits::default(),
        }
    }
}

/// What one request may hold once it is decoded. Nesting is bounded by
/// `ocelli_signal::any_value::MAX_DEPTH`.
#[derive(Clone, Debug)]
pub struct DecodeLimits {
    /// Spans, log records or data points; an empty record is two bytes on the wire and a whole row
    /// in memory.
    pub items: u64,
    /// Attributes of one span, record, point, event, link, exemplar, resource or scope.
    pub attributes: usize,
    /// Events of one span, links of one span, exemplars of one point: each of them.
    pub parts: usize,
    /// Name, unit, attributes, resource and scope of one series.
    pub series_bytes: usize,
    /// All series of a request: every one of them repeats its resource and scope.
    pub all_series_bytes: usize,
}

impl Default for DecodeLimits {
    fn default() -> DecodeLimits {
        DecodeLimits {
            items: 1_000_000,
            attributes: 4096,
            parts: 16_384,
            series_bytes: 256 << 10,
            all_series_bytes: 256 << 20,
        }
    }
}

/// Larger bodies are decoded on a thread where blocking is allowed.
pub const BLOCKING_BYTES: usize = 512 << 10;

/// Bounds of the span processors, each for one tenant.
#[derive(Clone, Debug)]
pub struct RedLimits {
    /// Series of span metrics; one more takes the overflow.
    pub span_series: usize,
    /// Edges of the service graph; one more takes the overflow.
    pub graph_edges: usize,
    /// Spans that wait for their other half.
    pub waiting_halves: usize,
    /// How long a client span waits for its server span.
    pub pair_within: Duration,
    /// A series without spans for so long ends with a stale marker.
    pub idle: Duration,
    /// Exemplars of one series in one emission.
    pub exemplars: usize,
}

impl Default for RedLimits {
    fn default() -> RedLimits {
        RedLimits {
            span_series: 10_000,
            graph_edges: 5_000,
            waiting_halves: 200_000,
            pair_within: Duration::from_secs(10),
            idle: Duration::from_secs(900),
            exemplars: 4,
        }
    }
}

/// Buckets of an exponential histogram; as many as the OpenTelemetry SDKs keep by default.
pub const MAX_BUCKETS: usize = 160;

/// Bounds of the parser of stdout lines.
#[derive(Clone, Debug)]
pub struct LineLimits {
    /// A longer line becomes several records, each marked with its part.
    pub line_bytes: usize,
    /// A record with its stack trace.
    pub joined_bytes: usize,
    /// How long a record waits for more lines of its stack trace.
    pub join_within: Duration,
}

impl Default for LineLimits {
    fn default() -> LineLimits {
        LineLimits { line_bytes: 1 << 20, joined_bytes: 1 << 20, join_within: Duration::from_millis(250) }
    }
}

const _: () = assert!(BLOCKING_BYTES < 64 << 20, "a body of the largest size must not block the runtime");
const _: () = assert!(MAX_BUCKETS >= 2, "downscaling ends at two buckets");
