//! What can be asked of traces.

use super::{CURSOR, FROM, Form, Param, Route, Schemas, TO, param};
use ocelli_api::{explain, traces};

const TRACE_ID: Param = param("trace_id", Form::Required, "32 hex digits.");
const SPAN_QUERY: Param = param(
    "q",
    Form::Text,
    "The language of log search over one span. Fields: name, kind, status, duration, service, span_id, scope, \
     resource.KEY, any attribute; bare words are searched in the name.",
);
const SERVICE: Param = param("service", Form::Text, "`service.name` of the span's resource.");
const OPERATION: Param = param("operation", Form::Text, "The span's name.");
const STATUS: Param = param("status", Form::Choice(&["unset", "ok", "error"]), "The span's status.");
const MIN_DURATION: Param = param("min_duration", Form::Text, "Of the span: 250ms, 1.5s, 2m.");
const MAX_DURATION: Param = param("max_duration", Form::Text, "Of the span, like `min_duration`.");
const TRACEQL: &str =
    "TraceQL: { resource.service.name = \"cart\" && duration > 1s } >> { status = error } | count() > 2.";

pub static ROUTES: &[Route] = &[
    Route {
        path: "/api/traces",
        id: "searchTraces",
        tag: "traces",
        summary: "Traces with a span on which all filters hold",
        parameters: &[
            FROM,
            TO,
            SERVICE,
            OPERATION,
            STATUS,
            MIN_DURATION,
            MAX_DURATION,
            SPAN_QUERY,
            param("query", Form::Text, TRACEQL),
            param("sort", Form::Choice(&["newest", "slowest"]), "Newest, where not given."),
            param("limit", Form::Number(20, 1, 1_000), "Traces of a page."),
            CURSOR,
        ],
        answer: Schemas::of::<traces::TracesResponse>,
    },
    Route {
        path: "/api/traces/metrics",
        id: "getTraceMetrics",
        tag: "traces",
        summary: "Series made of spans by TraceQL",
        parameters: &[
            param("query", Form::Required, "TraceQL that ends in rate() or another function of metrics."),
            FROM,
            TO,
            param("step", Form::Text, "A duration: 30s, 1m. About 100 steps where not given."),
            param("exemplars", Form::Number(0, 0, 100), "Spans that are named of each series."),
        ],
        answer: Schemas::of::<traces::TraceMetricsResponse>,
    },
    Route {
        path: "/api/traces/statistics",
        id: "getStatistics",
        tag: "traces",
        summary: "Where the time of the newest matching traces went, by operation",
        parameters: &[
            FROM,
            TO,
            SERVICE,
            OPERATION,
            STATUS,
            MIN_DURATION,
            MAX_DURATION,
            param("query", Form::Text, TRACEQL),
            param("limit", Form::Number(200, 1, 5_000), "Traces that are looked at."),
        ],
        answer: Schemas::of::<traces::StatisticsResponse>,
    },
    Route {
        path: "/api/traces/{trace_id}/statistics",
        id: "getTraceStatistics",
        tag: "traces",
        summary: "Where the time of a trace went, by operation",
        parameters: &[TRACE_ID],
        answer: Schemas::of::<traces::StatisticsResponse>,
    },
    Route {
        path: "/api/traces/explain",
        id: "explainTraces",
        tag: "traces",
        summary: "Which attributes and which part of the path set some spans apart",
        parameters: &[
            FROM,
            TO,
            SERVICE,
            OPERATION,
            STATUS,
            MIN_DURATION,
            MAX_DURATION,
            param("query", Form::Text, TRACEQL),
            param(
                "baseline_from",
                Form::Text,
                "Where not given, the baseline is the other spans of the same range.",
            ),
            param("baseline_to", Form::Text, "Like `to`, of the baseline."),
            param("limit", Form::Number(20, 1, 200), "Attributes of the answer."),
        ],
        answer: Schemas::of::<explain::ExplainResponse>,
    },
    Route {
        path: "/api/traces/diff",
        id: "compareTraces",
        tag: "traces",
        summary: "Two traces beside each other, by path of service and operation",
        parameters: &[
            param("a", Form::Required, "The id of one trace: 32 hex digits."),
            param("b", Form::Required, "The id of the other."),
        ],
        answer: Schemas::of::<traces::DiffResponse>,
    },
    Route {
        path: "/api/traces/{trace_id}",
        id: "getTrace",
        tag: "traces",
        summary: "A trace's skeleton in columns, depth first",
        parameters: &[
            TRACE_ID,
            param("root", Form::Text, "The id of a span: only its subtree."),
            param("depth", Form::Number(4_294_967_295, 0, 4_294_967_295), "Levels below the root."),
            param("offset", Form::Number(0, 0, 100_000_000), "Rows to pass over."),
            param("limit", Form::Number(100_000, 1, 100_000), "Rows of the answer."),
        ],
        answer: Schemas::of::<traces::TraceResponse>,
    },
    Route {
        path: "/api/traces/{trace_id}/spans/{span_id}",
        id: "getSpan",
        tag: "traces",
        summary: "Everything that was sent of one span",
        parameters: &[TRACE_ID, param("span_id", Form::Required, "16 hex digits.")],
        answer: Schemas::of::<traces::SpanDetail>,
    },
];
