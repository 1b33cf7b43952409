//! The messages of OTLP as a table: what each field is called, its number and its type.
//!
//! Source: the `.proto` files of opentelemetry-proto 1.11.

/// A message type.
#[derive(Debug)]
pub struct Message {
    pub fields: &'static [FieldOf],
}

/// A field of a message.
#[derive(Debug)]
pub struct FieldOf {
    /// The name in the `.proto` file.
    pub proto: &'static str,
    /// The name in lowerCamelCase, which OTLP/JSON uses.
    pub json: &'static str,
    pub number: u32,
    pub kind: Type,
    pub repeated: bool,
    /// A member of a `oneof` or an `optional` field, where a default is not an absence.
    pub presence: bool,
}

/// What a field holds and how it goes over the wire.
#[derive(Debug, Clone, Copy)]
pub enum Type {
    String,
    Bool,
    Int64,
    UInt32,
    UInt64,
    SInt32,
    Fixed32,
    Fixed64,
    SFixed64,
    Double,
    Base64,
    /// Trace and span ids: hex, unlike other bytes.
    Hex,
    /// Names by number, from 0.
    Enum(&'static [&'static str]),
    Message(&'static Message),
}

impl Message {
    /// Finds a field by either of its names.
    pub fn field(&self, name: &str) -> Option<&'static FieldOf> {
        self.fields.iter().find(|field| field.json == name || field.proto == name)
    }
}

const fn one(json: &'static str, proto: &'static str, number: u32, kind: Type) -> FieldOf {
    FieldOf { proto, json, number, kind, repeated: false, presence: false }
}

const fn many(json: &'static str, proto: &'static str, number: u32, kind: Type) -> FieldOf {
    FieldOf { repeated: true, ..one(json, proto, number, kind) }
}

const fn maybe(json: &'static str, proto: &'static str, number: u32, kind: Type) -> FieldOf {
    FieldOf { presence: true, ..one(json, proto, number, kind) }
}

/// `repeated KeyValue`.
const fn pairs(json: &'static str, proto: &'static str, number: u32) -> FieldOf {
    many(json, proto, number, Type::Message(&KEY_VALUE))
}

const fn attributes(number: u32) -> FieldOf {
    pairs("attributes", "attributes", number)
}

const fn dropped_attributes(number: u32) -> FieldOf {
    one("droppedAttributesCount", "dropped_attributes_count", number, Type::UInt32)
}

const fn time(number: u32) -> FieldOf {
    one("timeUnixNano", "time_unix_nano", number, Type::Fixed64)
}

const fn start_time(number: u32) -> FieldOf {
    one("startTimeUnixNano", "start_time_unix_nano", number, Type::Fixed64)
}

const fn schema_url() -> FieldOf {
    one("schemaUrl", "schema_url", 3, Type::String)
}

static ANY_VALUE: Message = Message {
    fields: &[
        maybe("stringValue", "string_value", 1, Type::String),
        maybe("boolValue", "bool_value", 2, Type::Bool),
        maybe("intValue", "int_value", 3, Type::Int64),
        maybe("doubleValue", "double_value", 4, Type::Double),
        maybe("arrayValue", "array_value", 5, Type::Message(&VALUES)),
        maybe("kvlistValue", "kvlist_value", 6, Type::Message(&KEY_VALUES)),
        maybe("bytesValue", "bytes_value", 7, Type::Base64),
    ],
};

static VALUES: Message = Message { fields: &[many("values", "values", 1, Type::Message(&ANY_VALUE))] };

static KEY_VALUES: Message = Message { fields: &[pairs("values", "values", 1)] };

static KEY_VALUE: Message = Message {
    fields: &[one("key", "key", 1, Type::String), one("value", "value", 2, Type::Message(&ANY_VALUE))],
};

static SCOPE: Message = Message {
    fields: &[
        one("name", "name", 1, Type::String),
        one("version", "version", 2, Type::String),
        attributes(3),
        dropped_attributes(4),
    ],
};

static ENTITY_REF: Message = Message {
    fields: &[
        one("schemaUrl", "schema_url", 1, Type::String),
        one("type", "type", 2, Type::String),
        many("idKeys", "id_keys", 3, Type::String),
        many("descriptionKeys", "description_keys", 4, Type::String),
    ],
};

static RESOURCE: Message = Message {
    fields: &[
        attributes(1),
        dropped_attributes(2),
        many("entityRefs", "entity_refs", 3, Type::Message(&ENTITY_REF)),
    ],
};

const SCOPE_FIELD: FieldOf = one("scope", "scope", 1, Type::Message(&SCOPE));
const RESOURCE_FIELD: FieldOf = one("resource", "resource", 1, Type::Message(&RESOURCE));

pub static TRACE_REQUEST: Message =
    Message { fields: &[many("resourceSpans", "resource_spans", 1, Type::Message(&RESOURCE_SPANS))] };

static RESOURCE_SPANS: Message = Message {
    fields: &[
        RESOURCE_FIELD,
        many("scopeSpans", "scope_spans", 2, Type::Message(&SCOPE_SPANS)),
        schema_url(),
    ],
};

static SCOPE_SPANS: Message =
    Message { fields: &[SCOPE_FIELD, many("spans", "spans", 2, Type::Message(&SPAN)), schema_url()] };

static SPAN: Message = Message {
    fields: &[
        one("traceId", "trace_id", 1, Type::Hex),
        one("spanId", "span_id", 2, Type::Hex),
        one("traceState", "trace_state", 3, Type::String),
        one("parentSpanId", "parent_span_id", 4, Type::Hex),
        one("name", "name", 5, Type::String),
        one("kind", "kind", 6, Type::Enum(SPAN_KINDS)),
        start_time(7),
        one("endTimeUnixNano", "end_time_unix_nano", 8, Type::Fixed64),
        attributes(9),
        dropped_attributes(10),
        many("events", "events", 11, Type::Message(&EVENT)),
        one("droppedEventsCount", "dropped_events_count", 12, Type::UInt32),
        many("links", "links", 13, Type::Message(&LINK)),
        one("droppedLinksCount", "dropped_links_count", 14, Type::UInt32),
        one("status", "status", 15, Type::Message(&STATUS)),
        one("flags", "flags", 16, Type::Fixed32),
    ],
};

const SPAN_KINDS: &[&str] = &[
    "SPAN_KIND_UNSPECIFIED",
    "SPAN_KIND_INTERNAL",
    "SPAN_KIND_SERVER",
    "SPAN_KIND_CLIENT",
    "SPAN_KIND_PRODUCER",
    "SPAN_KIND_CONSUMER",
];

static EVENT: Message = Message {
    fields: &[time(1), one("name", "name", 2, Type::String), attributes(3), dropped_attributes(4)],
};

static LINK: Message = Message {
    fields: &[
        one("traceId", "trace_id", 1, Type::Hex),
        one("spanId", "span_id", 2, Type::Hex),
        one("traceState", "trace_state", 3, Type::String),
        attributes(4),
        dropped_attributes(5),
        one("flags", "flags", 6, Type::Fixed32),
    ],
};

static STATUS: Message = Message {
    fields: &[
        one("message", "message", 2, Type::String),
        one("code", "code", 3, Type::Enum(&["STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR"])),
    ],
};

pub static LOGS_REQUEST: Message =
    Message { fields: &[many("resourceLogs", "resource_logs", 1, Type::Message(&RESOURCE_LOGS))] };

static RESOURCE_LOGS: Message = Message {
    fields: &[RESOURCE_FIELD, many("scopeLogs", "scope_logs", 2, Type::Message(&SCOPE_LOGS)), schema_url()],
};

static SCOPE_LOGS: Message = Message {
    fields: &[SCOPE_FIELD, many("logRecords", "log_records", 2, Type::Message(&LOG_RECORD)), schema_url()],
};

static LOG_RECORD: Message = Message {
    fields: &[
        time(1),
        one("severityNumber", "severity_number", 2, Type::Enum(SEVERITIES)),
        one("severityText", "severity_text", 3, Type::String),
        one("body", "body", 5, Type::Message(&ANY_VALUE)),
        attributes(6),
        dropped_attributes(7),
        one("flags", "flags", 8, Type::Fixed32),
        one("traceId", "trace_id", 9, Type::Hex),
        one("spanId", "span_id", 10, Type::Hex),
        one("observedTimeUnixNano", "observed_time_unix_nano", 11, Type::Fixed64),
        one("eventName", "event_name", 12, Type::String),
    ],
};

#[rustfmt::skip]
const SEVERITIES: &[&str] = &[
    "SEVERITY_NUMBER_UNSPECIFIED",
    "SEVERITY_NUMBER_TRACE", "SEVERITY_NUMBER_TRACE2", "SEVERITY_NUMBER_TRACE3", "SEVERITY_NUMBER_TRACE4",
    "SEVERITY_NUMBER_DEBUG", "SEVERITY_NUMBER_DEBUG2", "SEVERITY_NUMBER_DEBUG3", "SEVERITY_NUMBER_DEBUG4",
    "SEVERITY_NUMBER_INFO", "SEVERITY_NUMBER_INFO2", "SEVERITY_NUMBER_INFO3", "SEVERITY_NUMBER_INFO4",
    "SEVERITY_NUMBER_WARN", "SEVERITY_NUMBER_WARN2", "SEVERITY_NUMBER_WARN3", "SEVERITY_NUMBER_WARN4",
    "SEVERITY_NUMBER_ERROR", "SEVERITY_NUMBER_ERROR2", "SEVERITY_NUMBER_ERROR3", "SEVERITY_NUMBER_ERROR4",
    "SEVERITY_NUMBER_FATAL", "SEVERITY_NUMBER_FATAL2", "SEVERITY_NUMBER_FATAL3", "SEVERITY_NUMBER_FATAL4",
];

pub static METRICS_REQUEST: Message =
    Message { fields: &[many("resourceMetrics", "resource_metrics", 1, Type::Message(&RESOURCE_METRICS))] };

static RESOURCE_METRICS: Message = Message {
    fields: &[
        RESOURCE_FIELD,
        many("scopeMetrics", "scope_metrics", 2, Type::Message(&SCOPE_METRICS)),
        schema_url(),
    ],
};

static SCOPE_METRICS: Message =
    Message { fields: &[SCOPE_FIELD, many("metrics", "metrics", 2, Type::Message(&METRIC)), schema_url()] };

static METRIC: Message = Message {
    fields: &[
        one("name", "name", 1, Type::String),
        one("description", "description", 2, Type::String),
        one("unit", "unit", 3, Type::String),
        maybe("gauge", "gauge", 5, Type::Message(&GAUGE)),
        maybe("sum", "sum", 7, Type::Message(&SUM)),
        maybe("histogram", "histogram", 9, Type::Message(&HISTOGRAM)),
        maybe("exponentialHistogram", "exponential_histogram", 10, Type::Message(&EXPONENTIAL_HISTOGRAM)),
        maybe("summary", "summary", 11, Type::Message(&SUMMARY)),
        pairs("metadata", "metadata", 12),
    ],
};

const fn data_points(kind: &'static Message) -> FieldOf {
    many("dataPoints", "data_points", 1, Type::Message(kind))
}

const TEMPORALITY: FieldOf = one(
    "aggregationTemporality",
    "aggregation_temporality",
    2,
    Type::Enum(&[
        "AGGREGATION_TEMPORALITY_UNSPECIFIED",
        "AGGREGATION_TEMPORALITY_DELTA",
        "AGGREGATION_TEMPORALITY_CUMULATIVE",
    ]),
);

static GAUGE: Message = Message { fields: &[data_points(&NUMBER_POINT)] };

static SUM: Message = Message {
    fields: &[data_points(&NUMBER_POINT), TEMPORALITY, one("isMonotonic", "is_monotonic", 3, Type::Bool)],
};

static HISTOGRAM: Message = Message { fields: &[data_points(&HISTOGRAM_POINT), TEMPORALITY] };

static EXPONENTIAL_HISTOGRAM: Message =
    Message { fields: &[data_points(&EXPONENTIAL_HISTOGRAM_POINT), TEMPORALITY] };

static SUMMARY: Message = Message { fields: &[data_points(&SUMMARY_POINT)] };

static NUMBER_POINT: Message = Message {
    fields: &[
        start_time(2),
        time(3),
        maybe("asDouble", "as_double", 4, Type::Double),
        many("exemplars", "exemplars", 5, Type::Message(&EXEMPLAR)),
        maybe("asInt", "as_int", 6, Type::SFixed64),
        attributes(7),
        one("flags", "flags", 8, Type::UInt32),
    ],
};

static HISTOGRAM_POINT: Message = Message {
    fields: &[
        start_time(2),
        time(3),
        one("count", "count", 4, Type::Fixed64),
        maybe("sum", "sum", 5, Type::Double),
        many("bucketCounts", "bucket_counts", 6, Type::Fixed64),
        many("explicitBounds", "explicit_bounds", 7, Type::Double),
        many("exemplars", "exemplars", 8, Type::Message(&EXEMPLAR)),
        attributes(9),
        one("flags", "flags", 10, Type::UInt32),
        maybe("min", "min", 11, Type::Double),
        maybe("max", "max", 12, Type::Double),
    ],
};

static EXPONENTIAL_HISTOGRAM_POINT: Message = Message {
    fields: &[
        attributes(1),
        start_time(2),
        time(3),
        one("count", "count", 4, Type::Fixed64),
        maybe("sum", "sum", 5, Type::Double),
        one("scale", "scale", 6, Type::SInt32),
        one("zeroCount", "zero_count", 7, Type::Fixed64),
        one("positive", "positive", 8, Type::Message(&BUCKETS)),
        one("negative", "negative", 9, Type::Message(&BUCKETS)),
        one("flags", "flags", 10, Type::UInt32),
        many("exemplars", "exemplars", 11, Type::Message(&EXEMPLAR)),
        maybe("min", "min", 12, Type::Double),
        maybe("max", "max", 13, Type::Double),
        one("zeroThreshold", "zero_threshold", 14, Type::Double),
    ],
};

static BUCKETS: Message = Message {
    fields: &[
        one("offset", "offset", 1, Type::SInt32),
        many("bucketCounts", "bucket_counts", 2, Type::UInt64),
    ],
};

static SUMMARY_POINT: Message = Message {
    fields: &[
        start_time(2),
        time(3),
        one("count", "count", 4, Type::Fixed64),
        one("sum", "sum", 5, Type::Double),
        many("quantileValues", "quantile_values", 6, Type::Message(&QUANTILE)),
        attributes(7),
        one("flags", "flags", 8, Type::UInt32),
    ],
};

static QUANTILE: Message = Message {
    fields: &[one("quantile", "quantile", 1, Type::Double), one("value", "value", 2, Type::Double)],
};

static EXEMPLAR: Message = Message {
    fields: &[
        time(2),
        maybe("asDouble", "as_double", 3, Type::Double),
        one("spanId", "span_id", 4, Type::Hex),
        one("traceId", "trace_id", 5, Type::Hex),
        maybe("asInt", "as_int", 6, Type::SFixed64),
        pairs("filteredAttributes", "filtered_attributes", 7),
    ],
};
