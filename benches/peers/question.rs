//! What every product is asked, and how an answer is counted.

use crate::common::bodies::{self, Kind};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// How many items there are.
    Count,
    /// All records of one trace.
    LogsOfTrace,
    /// The newest 100 records with two frequent words.
    NewestOfTwoWords,
    /// How many records have two words side by side.
    CountOfPhrase,
    /// Records over time by severity.
    Histogram,
    TraceById,
    /// The newest 20 traces of a service.
    TracesOfService,
    /// The newest 20 traces with a span that took long.
    TracesByDuration,
    /// The newest 20 traces with a span that has a rare attribute.
    TracesByAttribute,
    /// The sum of the series of one metric, every minute of six hours.
    SumOfMetric,
    /// Its rate, likewise.
    RateOfMetric,
    /// The ten largest of all series.
    TopSeries,
}

impl Question {
    pub fn of(kind: Kind) -> &'static [Question] {
        use Question::*;
        match kind {
            Kind::Spans => &[TraceById, TracesOfService, TracesByDuration, TracesByAttribute],
            Kind::Logs => &[LogsOfTrace, NewestOfTwoWords, CountOfPhrase, Histogram],
            Kind::Points => &[SumOfMetric, RateOfMetric, TopSeries],
        }
    }

    pub fn title(self) -> &'static str {
        match self {
            Question::Count => "count of all",
            Question::LogsOfTrace => "logs of a trace",
            Question::NewestOfTwoWords => "two words, newest 100",
            Question::CountOfPhrase => "count of a phrase",
            Question::Histogram => "histogram by severity",
            Question::TraceById => "trace by id",
            Question::TracesOfService => "traces of a service",
            Question::TracesByDuration => "traces by duration",
            Question::TracesByAttribute => "traces by attribute",
            Question::SumOfMetric => "sum of a metric, 6 h",
            Question::RateOfMetric => "rate of a metric, 6 h",
            Question::TopSeries => "topk over all series",
        }
    }
}

/// What is known about the data.
#[derive(Clone, Debug)]
pub struct Facts {
    pub kind: Kind,
    /// Nanoseconds since the Unix epoch, around all items.
    pub from_ns: u64,
    pub to_ns: u64,
    /// In hex; of the middle of the data.
    pub trace_id: String,
    pub service: &'static str,
}

impl Facts {
    pub fn of(kind: Kind, batches: usize) -> Facts {
        let middle = batches / 2;
        let trace_id = bodies::first_trace_id(middle).iter().map(|byte| format!("{byte:02x}")).collect();
        let (from_ns, to_ns) = (*bodies::FIRST_NS, bodies::end_ns(kind, batches));
        Facts { kind, from_ns, to_ns, trace_id, service: bodies::service(middle) }
    }

    pub fn begin_s(&self) -> u64 {
        self.from_ns / 1_000_000_000
    }

    pub fn end_s(&self) -> u64 {
        self.to_ns / 1_000_000_000
    }
}

/// A request, and how many results its answer has (`None` for an answer that is none).
pub struct Ask {
    pub path: String,
    pub parameters: Parameters,
    pub results: Results,
}

pub type Parameters = Vec<(&'static str, String)>;
pub type Results = fn(&str) -> Option<u64>;
