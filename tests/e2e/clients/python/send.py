"""Sends traces, metrics and logs with the OpenTelemetry SDK and prints what was sent as JSON.

    send.py {grpc|http} ENDPOINT {none|gzip} SERVICE

ENDPOINT is a base URL. Ends with an error when the SDK says that anything was not taken.
"""

import json
import random
import sys
import time

from opentelemetry import trace
from opentelemetry._logs import SeverityNumber
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import Counter, MeterProvider
from opentelemetry.sdk.metrics.export import AggregationTemporality, PeriodicExportingMetricReader
from opentelemetry.sdk.metrics.view import (
    ExplicitBucketHistogramAggregation,
    ExponentialBucketHistogramAggregation,
    View,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags, TraceState

import shapes

SCHEMA = "https://opentelemetry.io/schemas/1.37.0"
EVERY_TYPE = {
    "text": "Grüße, 世界 🔭 \"quoted\"\n\tand more",
    "empty.text": "",
    "yes": True,
    "no": False,
    "zero": 0,
    "largest": 2**63 - 1,
    "smallest": -(2**63),
    "double": 0.1,
    "whole.double": 5.0,
    "tiny": 5e-324,
    "negative.zero": -0.0,
    "infinite": float("inf"),
    "minus.infinite": float("-inf"),
    "not.a.number": float("nan"),
    "texts": ["a", "", "c"],
    "ints": [1, -2, 3],
    "doubles": [1.5, 2.0],
    "bools": [True, False],
    "no.items": [],
}
# What only some of the SDK takes; OTLP has it everywhere.
NESTED = {
    "bytes": bytes(range(256)),
    "nothing": None,
    "mixed": [1, "two", 3.0, None, [True, b"\x00"]],
    "map": {"inner": {"n": 5, "list": [1.0, "x"]}, "deep": {"er": [[]]}},
}


def recording(base, name, encode, sent):
    """The exporter, which also notes what it is asked to send and that it was taken."""

    class Recording(base):
        def export(self, batch, *args, **kwargs):
            sent[name].extend(encode(batch))
            result = super().export(batch, *args, **kwargs)
            if result.name != "SUCCESS":
                raise SystemExit(f"{name} were not taken: {result}")
            return result

    return Recording


def exporters(protocol, endpoint, compression, sent):
    if protocol == "grpc":
        from grpc import Compression
        from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
        from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

        packed = Compression.Gzip if compression == "gzip" else Compression.NoCompression
        options = {name: {"endpoint": endpoint, "insecure": True} for name in ("traces", "metrics", "logs")}
    else:
        from opentelemetry.exporter.otlp.proto.http import Compression
        from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        packed = Compression.Gzip if compression == "gzip" else Compression.NoCompression
        options = {name: {"endpoint": f"{endpoint}/v1/{name}"} for name in ("traces", "metrics", "logs")}
    options["metrics"]["preferred_temporality"] = {Counter: AggregationTemporality.DELTA}
    each = lambda encode: lambda batch: [encode(item) for item in batch]
    return (
        recording(OTLPSpanExporter, "spans", each(shapes.span), sent)(compression=packed, **options["traces"]),
        recording(OTLPMetricExporter, "points", shapes.metrics, sent)(compression=packed, **options["metrics"]),
        recording(OTLPLogExporter, "logs", each(shapes.log), sent)(compression=packed, **options["logs"]),
    )


def send_traces(tracer):
    state = TraceState([("vendor", "x:1"), ("other", "2")])
    elsewhere = SpanContext(random.getrandbits(128) | 1, random.getrandbits(64) | 1, True, TraceFlags(1), state)
    remote = trace.set_span_in_context(trace.NonRecordingSpan(elsewhere))
    with tracer.start_as_current_span("GET /cart", remote, SpanKind.SERVER, EVERY_TYPE) as server:
        server.set_attributes(NESTED)
        server.add_event("cache.miss", {"key": "cart:7", "ttl": 0.5}, timestamp=time.time_ns() - 5)
        server.add_event("without attributes")
        links = [Link(elsewhere, {"why": "batch", "n": 1}), Link(elsewhere)]
        with tracer.start_as_current_span("SELECT carts", kind=SpanKind.CLIENT, links=links) as client:
            client.set_status(Status(StatusCode.ERROR, "connection reset: ≈3 ms"))
            try:
                raise ValueError("boom <b>not markup</b>")
            except ValueError as error:
                client.record_exception(error)
        for kind in (SpanKind.PRODUCER, SpanKind.CONSUMER, SpanKind.INTERNAL):
            with tracer.start_as_current_span(f"step {kind.name}", kind=kind) as step:
                step.set_status(StatusCode.OK)
        with tracer.start_as_current_span("too much") as much:
            much.set_attributes({f"k{n}": n for n in range(200)})
            for n in range(200):
                much.add_event(f"event {n}")
    with tracer.start_as_current_span("a trace of its own"):
        pass


def send_logs(logger, tracer):
    for number in SeverityNumber:
        logger.emit(
            timestamp=time.time_ns(),
            severity_number=number,
            severity_text=number.name,
            body=f"severity {number.name}",
            attributes={"n": number.value},
        )
    with tracer.start_as_current_span("logging"):
        logger.emit(
            timestamp=time.time_ns(), body="inside a span", attributes=EVERY_TYPE | NESTED, event_name="cart.opened"
        )
    logger.emit(body="no time of its own", severity_number=SeverityNumber.WARN)
    for body in ({"map": {"n": 5, "b": b"\xff"}, "list": [1, 2.5, None]}, ["a", 1, True], 7, 7.0, True, b"\x00\x01", None, ""):
        logger.emit(timestamp=time.time_ns(), body=body, attributes={"type": type(body).__name__})


def send_metrics(meter, provider, tracer):
    counter = meter.create_counter("client.requests", "1", "Requests, as deltas")
    up_down = meter.create_up_down_counter("client.open", "{connection}", "Open connections")
    gauge = meter.create_gauge("client.temperature", "Cel")
    explicit = meter.create_histogram("client.latency", "s", "Explicit buckets")
    exponential = meter.create_histogram("client.size", "By", "Exponential buckets")
    meter.create_observable_counter("client.cpu", [lambda _: observe()], "s", "Observed")
    for round_number in range(2):
        with tracer.start_as_current_span("measured"):
            counter.add(3 + round_number, {"route": "/cart", "ok": True})
            counter.add(2.5, {"route": "/pay"})
            up_down.add(-7, {"pool": "db"})
            gauge.set(-3.25, {"room": 1})
            gauge.set(float(round_number), EVERY_TYPE)
            for value in (0.0, 0.004, 0.005, 0.3, 99.0):
                explicit.record(value, {"route": "/cart"})
            for value in (0.0, 1.0, 1.5, 1e6, 1e-6, 3.0):
                exponential.record(value, {"route": "/cart"})
        if not provider.force_flush():
            raise SystemExit("points were not taken")


def observe():
    from opentelemetry.metrics import Observation

    return [Observation(12.5, {"state": "user"}), Observation(3, {"state": "system"})]


def main():
    protocol, endpoint, compression, service = sys.argv[1:]
    sent = {"spans": [], "points": [], "logs": []}
    spans, points, logs = exporters(protocol, endpoint, compression, sent)
    resource = Resource({"service.name": service, "service.version": "1.2.3", "cores": 8, "up": True}, SCHEMA)
    limits = SpanLimits(max_events=128)

    tracers = TracerProvider(resource=resource, span_limits=limits, shutdown_on_exit=False)
    tracers.add_span_processor(BatchSpanProcessor(spans, max_export_batch_size=4))
    tracer = tracers.get_tracer("client", "9.9", SCHEMA, {"scope.attribute": 1})
    loggers = LoggerProvider(resource=resource, shutdown_on_exit=False)
    loggers.add_log_record_processor(BatchLogRecordProcessor(logs, max_export_batch_size=8))
    views = [
        View(instrument_name="client.size", aggregation=ExponentialBucketHistogramAggregation(max_size=20)),
        View(instrument_name="client.latency", aggregation=ExplicitBucketHistogramAggregation([0.005, 0.1, 1.0])),
    ]
    reader = PeriodicExportingMetricReader(points, export_interval_millis=float("inf"))
    meters = MeterProvider([reader], resource, shutdown_on_exit=False, views=views)

    send_traces(tracer)
    send_logs(loggers.get_logger("client.logger", "2.0", SCHEMA, {"scope.attribute": True}), tracer)
    send_metrics(meters.get_meter("client.meter", "3.0", SCHEMA), meters, tracer)
    for provider in (tracers, loggers):
        if not provider.force_flush():
            raise SystemExit("the SDK could not deliver in time")
    # What the exporters say about themselves would be sent now, after it was printed.
    json.dump(sent, sys.stdout)


main()
