//! Calls, errors and durations of every operation: by service, span name, span kind and status.

use super::emission::{Due, Emission, Life, Metric};
use super::exemplars::{Exemplar, Exemplars};
use super::histogram::DurationHistogram;
use super::known::Known;
use crate::limits::RedLimits;
use ocelli_signal::Kind;
use ocelli_signal::spans::Spans;
use xxhash_rust::xxh3::{xxh3_64_with_seed, xxh3_128_with_seed};

const SCOPE: &str = "ocelli.span_metrics";

const CALLS: Metric = Metric {
    name: "traces.span.metrics.calls",
    description: "Spans, by service, operation, kind and status",
    kind: Kind::Sum,
    scope: SCOPE,
};

const DURATION: Metric = Metric {
    name: "traces.span.metrics.duration",
    description: "Durations of spans, by service, operation, kind and status",
    kind: Kind::ExponentialHistogram,
    scope: SCOPE,
};

/// The series of one tenant.
pub struct SpanMetrics {
    limits: RedLimits,
    /// In the order of their first span, so that emissions are deterministic.
    series: Vec<Operation>,
    /// Index into `series` by the hash of service, name, kind and status.
    known: Known,
    /// Takes the spans that would need one series too many.
    overflow: Option<Operation>,
    overflowed_spans: u64,
}

struct Operation {
    hash: u128,
    calls: Vec<u8>,
    durations: Vec<u8>,
    histogram: DurationHistogram,
    exemplars: Exemplars,
    life: Life,
}

impl SpanMetrics {
    pub fn new(limits: RedLimits) -> SpanMetrics {
        SpanMetrics {
            limits,
            series: Vec::new(),
            known: Known::default(),
            overflow: None,
            overflowed_spans: 0,
        }
    }

    pub fn series(&self) -> usize {
        self.series.len()
    }

    pub fn overflowed_spans(&self) -> u64 {
        self.overflowed_spans
    }

    /// Counts spans. `now_ns` is the time of the last emission.
    pub fn observe(&mut self, spans: &Spans<'_>, now_ns: i64) {
        let limit = self.limits.exemplars;
        for row in 0..spans.len() {
            let operation = self.operation(spans, row, now_ns);
            let seconds = seconds_of(spans, row);
            operation.life.see(now_ns);
            operation.histogram.record(seconds);
            operation.exemplars.offer(exemplar_of(spans, row, seconds), limit);
        }
    }

    fn operation(&mut self, spans: &Spans<'_>, row: usize, now_ns: i64) -> &mut Operation {
        let (service, name) = (spans.service(row), spans.name.value(row));
        let (kind_number, kind) = kind_of(spans.kind.value(row));
        let (status_number, status) = status_of(spans.status_code.value(row));
        let numbers = kind_number << 8 | status_number;
        let hash = xxh3_128_with_seed(name.as_bytes(), xxh3_64_with_seed(service.as_bytes(), numbers));
        if let Some(at) = self.known.get(&hash) {
            return &mut self.series[*at];
        }
        if self.series.len() >= self.limits.span_series {
            self.overflowed_spans += 1;
            return self.overflow.get_or_insert_with(|| Operation {
                hash: 0,
                calls: CALLS.overflow_series(),
                durations: DURATION.overflow_series(),
                histogram: DurationHistogram::default(),
                exemplars: Exemplars::default(),
                life: Life::new(now_ns),
            });
        }
        let attributes =
            [("service.name", service), ("span.kind", kind), ("span.name", name), ("status.code", status)];
        self.known.insert(hash, self.series.len());
        self.series.push(Operation {
            hash,
            calls: CALLS.series(&attributes),
            durations: DURATION.series(&attributes),
            histogram: DurationHistogram::default(),
            exemplars: Exemplars::default(),
            life: Life::new(now_ns),
        });
        let last = self.series.len() - 1;
        &mut self.series[last]
    }

    /// Appends the points of all series.
    pub fn emit(&mut self, out: &mut Emission) {
        let idle_ns = i64::try_from(self.limits.idle.as_nanos()).unwrap_or(i64::MAX);
        let before = self.series.len();
        self.series.retain_mut(|operation| operation.emit(out, idle_ns) != Due::Stale);
        if self.series.len() != before {
            self.known = self.series.iter().enumerate().map(|(at, operation)| (operation.hash, at)).collect();
        }
        if let Some(overflow) = &mut self.overflow
            && overflow.emit(out, idle_ns) == Due::Stale
        {
            self.overflow = None;
        }
    }
}

impl Operation {
    fn emit(&mut self, out: &mut Emission, idle_ns: i64) -> Due {
        let due = self.life.due(out.tick, idle_ns);
        out.sum(&self.calls, due, self.histogram.count());
        out.histogram(&self.durations, due, &self.histogram, &mut self.exemplars);
        due
    }
}

/// Duration of a span; negative when it ends before it starts.
pub fn seconds_of(spans: &Spans<'_>, row: usize) -> f64 {
    spans.end_time.value(row).saturating_sub(spans.start_time.value(row)) as f64 / 1e9
}

pub fn exemplar_of(spans: &Spans<'_>, row: usize, seconds: f64) -> Exemplar {
    Exemplar {
        trace_id: spans.trace_id(row),
        span_id: spans.span_id(row),
        time_ns: spans.end_time.value(row),
        seconds: seconds.max(0.0),
    }
}

/// Unknown numbers are as good as none: they must not make series of the same name.
fn kind_of(kind: i32) -> (u64, &'static str) {
    match kind {
        1 => (1, "SPAN_KIND_INTERNAL"),
        2 => (2, "SPAN_KIND_SERVER"),
        3 => (3, "SPAN_KIND_CLIENT"),
        4 => (4, "SPAN_KIND_PRODUCER"),
        5 => (5, "SPAN_KIND_CONSUMER"),
        _ => (0, "SPAN_KIND_UNSPECIFIED"),
    }
}

fn status_of(code: i32) -> (u64, &'static str) {
    match code {
        1 => (1, "STATUS_CODE_OK"),
        2 => (2, "STATUS_CODE_ERROR"),
        _ => (0, "STATUS_CODE_UNSET"),
    }
}
