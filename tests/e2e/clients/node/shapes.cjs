// What the SDK handed to its exporter, in the JSON shapes of the query API.
//
// Written from the SDK's own objects, not from the bytes that the exporter made of them, so that a
// comparison with the API's answer covers the whole way.

const { ValueType } = require("@opentelemetry/api");
const { AggregationTemporality, DataPointType } = require("@opentelemetry/sdk-metrics");

const KINDS = {
  [DataPointType.GAUGE]: "gauge",
  [DataPointType.SUM]: "sum",
  [DataPointType.HISTOGRAM]: "histogram",
  [DataPointType.EXPONENTIAL_HISTOGRAM]: "exponential_histogram",
};
// OTLP's numbers are not the SDK's.
const TEMPORALITIES = { [AggregationTemporality.DELTA]: 1, [AggregationTemporality.CUMULATIVE]: 2 };
const HAS_IS_REMOTE = 0x100;
const IS_REMOTE = 0x200;

const nanos = ([seconds, rest]) => String(BigInt(seconds) * 1_000_000_000n + BigInt(rest));

// A JavaScript number without a fraction is an integer to this SDK.
function anyValue(value) {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value === "number") {
    return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  }
  if (value instanceof Uint8Array) return { bytesValue: Buffer.from(value).toString("base64") };
  if (Array.isArray(value)) return { arrayValue: { values: value.map(anyValue) } };
  if (value && typeof value === "object") return { kvlistValue: { values: attributes(value) } };
  return {};
}

const attributes = (all) => Object.entries(all ?? {}).map(([key, value]) => ({ key, value: anyValue(value) }));

const resource = (value) => ({ attributes: attributes(value.attributes), schema_url: value.schemaUrl ?? "" });

const scope = (value) => ({
  name: value.name,
  version: value.version ?? "",
  attributes: attributes(value.attributes),
  schema_url: value.schemaUrl ?? "",
});

const flags = (own, other) => (own & 0xff) | HAS_IS_REMOTE | (other?.isRemote ? IS_REMOTE : 0);

function span(value) {
  const context = value.spanContext();
  return {
    trace_id: context.traceId,
    span_id: context.spanId,
    parent_span_id: value.parentSpanContext?.spanId ?? "",
    trace_state: context.traceState?.serialize() ?? "",
    flags: flags(context.traceFlags, value.parentSpanContext),
    name: value.name,
    kind: value.kind + 1,
    start: nanos(value.startTime),
    end: nanos(value.endTime),
    status_code: value.status.code,
    status_message: value.status.message ?? "",
    attributes: attributes(value.attributes),
    dropped_attributes_count: value.droppedAttributesCount,
    events: value.events.map((event) => ({
      time: nanos(event.time),
      name: event.name,
      attributes: attributes(event.attributes),
      dropped_attributes_count: event.droppedAttributesCount ?? 0,
    })),
    dropped_events_count: value.droppedEventsCount,
    links: value.links.map((link) => ({
      trace_id: link.context.traceId,
      span_id: link.context.spanId,
      trace_state: link.context.traceState?.serialize() ?? "",
      flags: flags(link.context.traceFlags, link.context),
      attributes: attributes(link.attributes),
      dropped_attributes_count: link.droppedAttributesCount ?? 0,
    })),
    dropped_links_count: value.droppedLinksCount,
    resource: resource(value.resource),
    scope: scope(value.instrumentationScope),
  };
}

function log(value) {
  const observed = nanos(value.hrTimeObserved);
  const time = nanos(value.hrTime);
  return {
    time: time === "0" ? observed : time,
    observed_time: observed,
    severity_number: value.severityNumber ?? 0,
    severity_text: value.severityText ?? "",
    body: anyValue(value.body),
    attributes: attributes(value.attributes),
    dropped_attributes_count: value.droppedAttributesCount,
    flags: value.spanContext?.traceFlags ?? 0,
    trace_id: value.spanContext?.traceId ?? "",
    span_id: value.spanContext?.spanId ?? "",
    event_name: value.eventName ?? "",
    resource: resource(value.resource),
    scope: scope(value.instrumentationScope),
  };
}

// One entry a data point, each with all that names its series.
const metrics = (batch) =>
  batch.scopeMetrics.flatMap((scoped) =>
    scoped.metrics.flatMap((metric) =>
      metric.dataPoints.map((value) => ({
        name: metric.descriptor.name,
        kind: KINDS[metric.dataPointType],
        unit: metric.descriptor.unit,
        description: metric.descriptor.description,
        temporality: metric.dataPointType === DataPointType.GAUGE ? 0 : TEMPORALITIES[metric.aggregationTemporality],
        is_monotonic: metric.isMonotonic ?? false,
        attributes: attributes(value.attributes),
        resource: resource(batch.resource),
        scope: scope(scoped.scope),
        point: {
          start: nanos(value.startTime),
          time: nanos(value.endTime),
          flags: 0,
          value: pointValue(metric, value.value),
          exemplars: [],
        },
      })),
    ),
  );

function pointValue(metric, value) {
  if (typeof value === "number") {
    return metric.descriptor.valueType === ValueType.INT ? { asInt: String(value) } : { asDouble: value };
  }
  const shape = { count: String(value.count), sum: value.sum, min: value.min, max: value.max };
  if (metric.dataPointType === DataPointType.HISTOGRAM) {
    return { ...shape, bucketCounts: value.buckets.counts.map(String), explicitBounds: value.buckets.boundaries };
  }
  const side = ({ offset, bucketCounts }) => ({ offset, bucketCounts: bucketCounts.map(String) });
  return {
    ...shape,
    scale: value.scale,
    zeroCount: String(value.zeroCount),
    positive: side(value.positive),
    negative: side(value.negative),
  };
}

module.exports = { log, metrics, span };
