//! How cumulative series go out: when each begins, and what a point of it looks like.

use super::exemplars::Exemplars;
use super::histogram::DurationHistogram;
use ocelli_signal::points::{FLAG_NO_RECORDED_VALUE, PointBody, PointRow, PointsBuilder};
use ocelli_signal::series::TEMPORALITY_CUMULATIVE;
use ocelli_signal::span_parts::Number;
use ocelli_signal::wire::Writer;
use ocelli_signal::{AnyValue, Kind, Series, attributes, origin};

/// One emission: its time and that of the one before, in nanoseconds since the Unix epoch.
#[derive(Clone, Copy, Debug)]
pub struct Tick {
    pub previous_ns: i64,
    pub now_ns: i64,
    /// Series that began at this time or later tell so again: what told it was not stored.
    pub told_from_ns: i64,
}

/// The life of a series. A new one first says that it was zero at the tick before, so that a rate
/// sees its first calls, and after a restart sees the reset.
#[derive(Clone, Copy, Debug)]
pub struct Life {
    start_ns: Option<i64>,
    seen_ns: i64,
}

/// What a series has to say at a tick.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Due {
    /// Values since `start_ns`; with `first`, zeros at the start before them.
    Values { start_ns: i64, first: bool },
    /// The series ends.
    Stale,
}

impl Life {
    pub fn new(seen_ns: i64) -> Life {
        Life { start_ns: None, seen_ns }
    }

    pub fn see(&mut self, now_ns: i64) {
        self.seen_ns = now_ns;
    }

    pub fn due(&mut self, tick: Tick, idle_ns: i64) -> Due {
        match self.start_ns {
            Some(_) if tick.now_ns.saturating_sub(self.seen_ns) >= idle_ns => Due::Stale,
            Some(start_ns) => Due::Values { start_ns, first: start_ns >= tick.told_from_ns },
            None => {
                self.start_ns = Some(tick.previous_ns);
                Due::Values { start_ns: tick.previous_ns, first: true }
            }
        }
    }
}

/// The points of one emission.
pub struct Emission {
    pub tick: Tick,
    pub points: PointsBuilder,
    exemplars: Writer,
}

impl Emission {
    pub fn new(tick: Tick) -> Emission {
        Emission { tick, points: PointsBuilder::new(), exemplars: Writer::new() }
    }

    /// A monotonic sum.
    pub fn sum(&mut self, series: &[u8], due: Due, value: u64) {
        self.points.set_series(series);
        let number = |value: u64| PointBody::Number(Number::Int(value as i64));
        match due {
            Due::Stale => self.stale(),
            Due::Values { start_ns, first } => {
                if first {
                    self.push(start_ns, start_ns, number(0));
                }
                self.push(start_ns, self.tick.now_ns, number(value));
            }
        }
    }

    /// A histogram with the exemplars of the time since the last tick.
    pub fn histogram(
        &mut self,
        series: &[u8],
        due: Due,
        values: &DurationHistogram,
        exemplars: &mut Exemplars,
    ) {
        self.points.set_series(series);
        match due {
            Due::Stale => self.stale(),
            Due::Values { start_ns, first } => {
                if first {
                    self.push(start_ns, start_ns, PointBody::Other(&values.to_zero_point().encode()));
                }
                exemplars.drain_to(&mut self.exemplars);
                self.push(start_ns, self.tick.now_ns, PointBody::Other(&values.to_point().encode()));
            }
        }
    }

    fn stale(&mut self) {
        let time = self.tick.now_ns;
        self.points.push(&PointRow { time, flags: FLAG_NO_RECORDED_VALUE, ..PointRow::default() });
    }

    fn push(&mut self, start_time: i64, time: i64, body: PointBody<'_>) {
        let exemplars = if time == start_time { &[] } else { self.exemplars.as_bytes() };
        self.points.push(&PointRow { start_time, time, flags: 0, body, exemplars });
        if time != start_time {
            self.exemplars.clear();
        }
    }
}

/// A metric that a processor makes.
pub struct Metric {
    pub name: &'static str,
    pub description: &'static str,
    pub kind: Kind,
    pub scope: &'static str,
}

impl Metric {
    /// The encoded series with these attributes, which must be sorted by key.
    pub fn series(&self, pairs: &[(&str, &str)]) -> Vec<u8> {
        self.encode(attributes::encode(pairs.iter().map(|(key, value)| (*key, AnyValue::String(value)))))
    }

    /// The series that takes what is over the limit. Source: OpenTelemetry metrics SDK, "Overflow
    /// attribute".
    pub fn overflow_series(&self) -> Vec<u8> {
        self.encode(attributes::encode([("otel.metric.overflow", AnyValue::Bool(true))]))
    }

    fn encode(&self, attributes: Vec<u8>) -> Vec<u8> {
        let mut scope = Writer::new();
        scope.put_bytes(1, self.scope.as_bytes());
        Series {
            name: self.name.into(),
            description: self.description.into(),
            unit: if self.kind == Kind::ExponentialHistogram { "s".into() } else { String::new().into() },
            kind: self.kind,
            temporality: TEMPORALITY_CUMULATIVE,
            is_monotonic: self.kind == Kind::Sum,
            attributes: attributes.into(),
            scope: origin::encode(scope.as_bytes(), "").into(),
            ..Series::default()
        }
        .encode()
    }
}
