//! The routes of logs.

use super::{FROM, Form, Param, Route, Schemas, TO, param};
use ocelli_api::logs;

const LOG_CURSOR: Param = param(
    "cursor",
    Form::Text,
    "`next_cursor` of another page, or its `previous_cursor` with `direction=newer`.",
);
const LOG_QUERY: Param = param(
    "q",
    Form::Text,
    "Log search: words, \"phrases\", prefix*, /regex/, field:value, field:>5, field:[1 TO 5], AND OR NOT - ( ). \
     Fields: level, service, trace_id, span_id, body, event_name, scope, resource.KEY, any attribute.",
);

pub static ROUTES: &[Route] = &[
    Route {
        path: "/api/logs",
        id: "searchLogs",
        tag: "logs",
        summary: "Log records, newest first",
        parameters: &[
            LOG_QUERY,
            FROM,
            TO,
            param("limit", Form::Number(100, 1, 10_000), "Records of a page."),
            LOG_CURSOR,
            param(
                "direction",
                Form::Choice(&["older", "newer"]),
                "On which side of the cursor; older, where not given.",
            ),
        ],
        answer: Schemas::of::<logs::LogsResponse>,
    },
    Route {
        path: "/api/logs/context",
        id: "getLogContext",
        tag: "logs",
        summary: "What was logged around a record",
        parameters: &[
            param("id", Form::Required, "`id` of the record."),
            param("before", Form::Number(20, 0, 1_000), "How many older records."),
            param("after", Form::Number(20, 0, 1_000), "How many newer ones."),
            param(
                "of",
                Form::Choice(&["stream", "all"]),
                "Of the same resource, where not given; or of all.",
            ),
            param("from", Form::Text, "Any time, where not given."),
            param("to", Form::Text, "Any time, where not given."),
        ],
        answer: Schemas::of::<logs::LogContextResponse>,
    },
    Route {
        path: "/api/logs/stats",
        id: "getLogStats",
        tag: "logs",
        summary: "Figures over log records, by fields and by time",
        parameters: &[
            param(
                "q",
                Form::Required,
                "A search, a bar and what is wanted: … | stats count(), sum(f), avg(f), min(f), max(f), uniq(f), \
                 quantile(0.99, f), rate() by (field, time(5m)) | sort by count() desc | limit 10; or … | top 10 by field.",
            ),
            FROM,
            TO,
        ],
        answer: Schemas::of::<logs::LogStatsResponse>,
    },
    Route {
        path: "/api/logs/histogram",
        id: "countLogs",
        tag: "logs",
        summary: "Log records by severity over time",
        parameters: &[
            LOG_QUERY,
            FROM,
            TO,
            param("buckets", Form::Number(60, 1, 500), "About how many; the width is a readable step."),
            param("by", Form::Text, "A field instead of the severity."),
            param("top", Form::Number(8, 1, 50), "Of it the most frequent values."),
        ],
        answer: Schemas::of::<logs::LogHistogramResponse>,
    },
    Route {
        path: "/api/logs/facets",
        id: "getLogFacets",
        tag: "logs",
        summary: "Which values fields have, and how often",
        parameters: &[
            LOG_QUERY,
            FROM,
            TO,
            param("fields", Form::Text, "Names with commas between; those worth showing, where not given."),
            param("limit", Form::Number(10, 1, 1_000), "Values of a field."),
            param("rows", Form::Number(1_000_000, 1, 100_000_000), "The newest so many records are counted."),
        ],
        answer: Schemas::of::<logs::LogFacetsResponse>,
    },
    Route {
        path: "/api/logs/patterns",
        id: "getLogPatterns",
        tag: "logs",
        summary: "Which kinds of bodies there are, and what is new or surging since a time",
        parameters: &[
            LOG_QUERY,
            FROM,
            TO,
            param("since", Form::Text, "What is from then on is compared with what is before. Like `from`."),
            param(
                "since_release",
                Form::Text,
                "The same, from the first record of a `service.version` on: SERVICE@VERSION or VERSION.",
            ),
            param("limit", Form::Number(50, 1, 1_000), "Patterns."),
        ],
        answer: Schemas::of::<logs::LogPatternsResponse>,
    },
    Route {
        path: "/api/logs/export",
        id: "exportLogs",
        tag: "logs",
        summary: "Records as a file, newest first: a JSON object a line (as in `searchLogs`), or CSV",
        parameters: &[
            LOG_QUERY,
            FROM,
            TO,
            param("format", Form::Choice(&["ndjson", "csv"]), "ndjson, where not given."),
            param(
                "fields",
                Form::Text,
                "Columns of CSV, with commas between; `time` and `attributes` are two.",
            ),
            param(
                "limit",
                Form::Number(10_000, 1, 1_000_000),
                "Records; that older ones are left out is said at the end.",
            ),
        ],
        answer: Schemas::of::<logs::LogRecord>,
    },
    Route {
        path: "/api/logs/tail",
        id: "tailLogs",
        tag: "logs",
        summary: "Records as they come in: server-sent events `record` and `skipped`, or messages of a WebSocket",
        parameters: &[LOG_QUERY],
        answer: Schemas::of::<logs::LogTailEvent>,
    },
];
