//! The table of spans.

use super::columns::{Column, Make};
use super::rows::Kind;
use crate::traces::fields::{KINDS, STATUSES};
use ocelli_signal::Signal;

pub static KIND: Kind = Kind {
    name: "spans",
    signal: Signal::Spans,
    time: "start_time",
    columns: &[
        Column::new("start_time", &["start_time"], Make::Time),
        Column::new("duration_ns", &["start_time", "end_time"], Make::Duration),
        Column::new("service", &["service"], Make::Service),
        Column::new("name", &["name"], Make::Text),
        Column::new("kind", &["kind"], Make::Named(&KINDS)),
        Column::new("status", &["status_code"], Make::Named(&STATUSES)),
        Column::new("status_message", &["status_message"], Make::Text),
        Column::new("attributes", &["attributes"], Make::Attributes),
        Column::new("trace_id", &["trace_id"], Make::Id),
        Column::new("span_id", &["span_id"], Make::Id),
        Column::new("parent_span_id", &["parent_span_id"], Make::Id),
        Column::new("end_time", &["end_time"], Make::Time),
        Column::new("scope", &["scope"], Make::ScopeName),
        Column::new("resource", &["resource"], Make::Resource),
        Column::new("events", &["events"], Make::Events),
        Column::new("links", &["links"], Make::Links),
        Column::new("trace_state", &["trace_state"], Make::Text),
    ],
};
