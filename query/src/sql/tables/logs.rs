//! The table of log records.

use super::columns::{Column, Make};
use super::rows::Kind;
use ocelli_signal::Signal;

pub static KIND: Kind = Kind {
    name: "logs",
    signal: Signal::Logs,
    time: "time",
    columns: &[
        Column::new("time", &["time"], Make::Time),
        Column::new("level", &["severity_number", "severity_text"], Make::Level),
        Column::new("service", &["service"], Make::Service),
        Column::new("body", &["body"], Make::Text),
        Column::new("attributes", &["attributes"], Make::Attributes),
        Column::new("trace_id", &["trace_id"], Make::Id),
        Column::new("span_id", &["span_id"], Make::Id),
        Column::new("severity_number", &["severity_number"], Make::Int),
        Column::new("severity_text", &["severity_text"], Make::Text),
        Column::new("event_name", &["event_name"], Make::Text),
        Column::new("scope", &["scope"], Make::ScopeName),
        Column::new("resource", &["resource"], Make::Resource),
        Column::new("observed_time", &["observed_time"], Make::TimeOrNone),
    ],
};
