"""What the SDK handed to its exporter, in the JSON shapes of the query API.

Written from the SDK's own objects, not from the bytes that the exporter made of them, so that a
comparison with the API's answer covers the whole way.
"""

import base64
import math
from collections.abc import Mapping, Sequence

from opentelemetry.sdk.metrics import export

KINDS = {
    export.Gauge: "gauge",
    export.Sum: "sum",
    export.Histogram: "histogram",
    export.ExponentialHistogram: "exponential_histogram",
}
# OTLP: the flags say whether the parent's context is remote, and that they say so.
HAS_IS_REMOTE = 0x100
IS_REMOTE = 0x200


def double(value):
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")


def any_value(value):
    if value is None:
        return {}
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": double(value)}
    if isinstance(value, str):
        return {"stringValue": value}
    if isinstance(value, bytes):
        return {"bytesValue": base64.b64encode(value).decode()}
    if isinstance(value, Mapping):
        return {"kvlistValue": {"values": attributes(value)}}
    if isinstance(value, Sequence):
        return {"arrayValue": {"values": [any_value(item) for item in value]}}
    raise TypeError(f"{type(value)} is no attribute value")


def attributes(mapping):
    return [{"key": key, "value": any_value(value)} for key, value in (mapping or {}).items()]


def resource(value):
    return {"attributes": attributes(value.attributes), "schema_url": value.schema_url}


def scope(value):
    return {
        "name": value.name,
        "version": value.version or "",
        "attributes": attributes(value.attributes),
        "schema_url": value.schema_url or "",
    }


def trace_id(value):
    return f"{value:032x}" if value else ""


def span_id(value):
    return f"{value:016x}" if value else ""


def flags(context):
    return HAS_IS_REMOTE | (IS_REMOTE if context and context.is_remote else 0)


def span(value):
    return {
        "trace_id": trace_id(value.context.trace_id),
        "span_id": span_id(value.context.span_id),
        "parent_span_id": span_id(value.parent.span_id) if value.parent else "",
        "trace_state": value.context.trace_state.to_header(),
        "flags": flags(value.parent),
        "name": value.name,
        # The SDK counts from 0, OTLP from 1.
        "kind": value.kind.value + 1,
        "start": str(value.start_time),
        "end": str(value.end_time),
        "status_code": value.status.status_code.value,
        "status_message": value.status.description or "",
        "attributes": attributes(value.attributes),
        "dropped_attributes_count": value.dropped_attributes,
        "events": [event(item) for item in value.events],
        "dropped_events_count": value.dropped_events,
        "links": [link(item) for item in value.links],
        "dropped_links_count": value.dropped_links,
        "resource": resource(value.resource),
        "scope": scope(value.instrumentation_scope),
    }


def event(value):
    return {
        "time": str(value.timestamp),
        "name": value.name,
        "attributes": attributes(value.attributes),
        "dropped_attributes_count": value.dropped_attributes,
    }


def link(value):
    # This exporter leaves a link's trace_state out.
    return {
        "trace_id": trace_id(value.context.trace_id),
        "span_id": span_id(value.context.span_id),
        "flags": flags(value.context),
        "attributes": attributes(value.attributes),
        "dropped_attributes_count": value.dropped_attributes,
    }


def log(value):
    record = value.log_record
    return {
        "time": str(record.timestamp or record.observed_timestamp),
        "observed_time": str(record.observed_timestamp),
        "severity_number": record.severity_number.value if record.severity_number else 0,
        "severity_text": record.severity_text or "",
        "body": any_value(record.body),
        "attributes": attributes(record.attributes),
        "dropped_attributes_count": value.dropped_attributes,
        "flags": int(record.trace_flags or 0),
        "trace_id": trace_id(record.trace_id),
        "span_id": span_id(record.span_id),
        "event_name": record.event_name or "",
        "resource": resource(value.resource),
        "scope": scope(value.instrumentation_scope),
    }


def metrics(data):
    """One entry a data point, each with all that names its series."""
    points = []
    for resource_metrics in data.resource_metrics:
        for scope_metrics in resource_metrics.scope_metrics:
            for metric in scope_metrics.metrics:
                for value in metric.data.data_points:
                    points.append(
                        {
                            "name": metric.name,
                            "kind": KINDS[type(metric.data)],
                            "unit": metric.unit or "",
                            "description": metric.description or "",
                            "temporality": int(getattr(metric.data, "aggregation_temporality", 0)),
                            "is_monotonic": getattr(metric.data, "is_monotonic", False),
                            "attributes": attributes(value.attributes),
                            "resource": resource(resource_metrics.resource),
                            "scope": scope(scope_metrics.scope),
                            "point": point(value),
                        }
                    )
    return points


def point(value):
    return {
        "start": str(value.start_time_unix_nano or 0),
        "time": str(value.time_unix_nano),
        "flags": getattr(value, "flags", 0),
        "value": point_value(value),
        "exemplars": [exemplar(item) for item in value.exemplars],
    }


def point_value(value):
    if hasattr(value, "value"):
        return number(value.value)
    shape = {"count": str(value.count), "sum": value.sum, "min": value.min, "max": value.max}
    if hasattr(value, "explicit_bounds"):
        shape["bucketCounts"] = [str(count) for count in value.bucket_counts]
        shape["explicitBounds"] = list(value.explicit_bounds)
        return shape
    shape["scale"] = value.scale
    shape["zeroCount"] = str(value.zero_count)
    for side in ("positive", "negative"):
        buckets = getattr(value, side)
        if buckets.bucket_counts:
            counts = [str(count) for count in buckets.bucket_counts]
            shape[side] = {"offset": buckets.offset, "bucketCounts": counts}
    return shape


def number(value):
    return {"asInt": str(value)} if isinstance(value, int) else {"asDouble": double(value)}


def exemplar(value):
    return {
        "time": str(value.time_unix_nano),
        "value": number(value.value),
        "trace_id": trace_id(value.trace_id),
        "span_id": span_id(value.span_id),
        "filtered_attributes": attributes(value.filtered_attributes),
    }
