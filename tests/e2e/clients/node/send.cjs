// Sends traces, metrics and logs with the OpenTelemetry SDK over HTTP/JSON and prints what was sent.
//
//     send.cjs ENDPOINT {none|gzip} SERVICE
//
// ENDPOINT is a base URL. Ends with an error when the SDK says that anything was not taken.

const { randomBytes } = require("node:crypto");

const { ROOT_CONTEXT, SpanKind, SpanStatusCode, TraceFlags, ValueType, createTraceState, trace } = require("@opentelemetry/api");
const { SeverityNumber } = require("@opentelemetry/api-logs");
const { OTLPLogExporter } = require("@opentelemetry/exporter-logs-otlp-http");
const { OTLPMetricExporter } = require("@opentelemetry/exporter-metrics-otlp-http");
const { OTLPTraceExporter } = require("@opentelemetry/exporter-trace-otlp-http");
const { resourceFromAttributes } = require("@opentelemetry/resources");
const { BatchLogRecordProcessor, LoggerProvider } = require("@opentelemetry/sdk-logs");
const { AggregationType, MeterProvider, PeriodicExportingMetricReader } = require("@opentelemetry/sdk-metrics");
const { BasicTracerProvider, BatchSpanProcessor } = require("@opentelemetry/sdk-trace-base");
const shapes = require("./shapes.cjs");

const SCHEMA = "https://opentelemetry.io/schemas/1.37.0";
const LONG_MS = 3_600_000;
const EVERY_TYPE = {
  text: 'Grüße, 世界 🔭 "quoted"\n\tand more',
  "empty.text": "",
  yes: true,
  no: false,
  zero: 0,
  "largest.safe": Number.MAX_SAFE_INTEGER,
  "smallest.safe": Number.MIN_SAFE_INTEGER,
  double: 0.1,
  tiny: 5e-324,
  texts: ["a", "", "c"],
  ints: [1, -2, 3],
  bools: [true, false],
  "no.items": [],
};
// What OTLP has and this SDK's types allow for logs only.
const NESTED = {
  bytes: Uint8Array.from({ length: 256 }, (_, n) => n),
  nothing: null,
  mixed: [1, "two", 3.5, [true, Uint8Array.of(0)]],
  map: { inner: { n: 5, list: [1.25, "x"] } },
};

const [endpoint, compression, service] = process.argv.slice(2);
const sent = { spans: [], points: [], logs: [] };

// The exporter, which also notes what it is asked to send and that it was taken.
function recording(Base, path, name, encode) {
  class Recording extends Base {
    export(batch, done) {
      sent[name].push(...encode(batch));
      super.export(batch, (result) => {
        if (result.code !== 0) fail(`${name} were not taken: ${result.error}`);
        done(result);
      });
    }
  }
  return new Recording({ url: `${endpoint}/v1/${path}`, compression });
}

function fail(why) {
  console.error(why);
  process.exit(1);
}

const now = () => {
  const ms = Date.now();
  return [Math.floor(ms / 1000), (ms % 1000) * 1_000_000 + (Number(process.hrtime.bigint() % 1_000_000n))];
};

function sendTraces(tracer) {
  const elsewhere = {
    traceId: randomBytes(16).toString("hex"),
    spanId: randomBytes(8).toString("hex"),
    traceFlags: TraceFlags.SAMPLED,
    isRemote: true,
    traceState: createTraceState("vendor=x:1,other=2"),
  };
  const remote = trace.setSpanContext(ROOT_CONTEXT, elsewhere);
  const server = tracer.startSpan("GET /cart", { kind: SpanKind.SERVER, attributes: EVERY_TYPE }, remote);
  server.addEvent("cache.miss", { key: "cart:7", ttl: 0.5 }, now());
  server.addEvent("without attributes");
  const inside = trace.setSpan(ROOT_CONTEXT, server);
  const links = [{ context: elsewhere, attributes: { why: "batch", n: 1 } }, { context: elsewhere }];
  const client = tracer.startSpan("SELECT carts", { kind: SpanKind.CLIENT, links }, inside);
  client.recordException(new Error("boom <b>not markup</b>"));
  client.setStatus({ code: SpanStatusCode.ERROR, message: "connection reset: ≈3 ms" });
  client.end();
  for (const kind of [SpanKind.PRODUCER, SpanKind.CONSUMER, SpanKind.INTERNAL]) {
    const step = tracer.startSpan(`step ${SpanKind[kind]}`, { kind }, inside);
    step.setStatus({ code: SpanStatusCode.OK });
    step.end();
  }
  const much = tracer.startSpan("too much", {}, inside);
  for (let n = 0; n < 200; n++) {
    much.setAttribute(`k${n}`, n);
    much.addEvent(`event ${n}`);
  }
  much.end();
  server.end();
  tracer.startSpan("a trace of its own", {}, ROOT_CONTEXT).end();
  return inside;
}

function sendLogs(logger, inside) {
  const numbers = Object.values(SeverityNumber).filter((number) => typeof number === "number");
  for (const severityNumber of numbers) {
    const severityText = SeverityNumber[severityNumber];
    const attributes = { n: severityNumber };
    logger.emit({ timestamp: now(), severityNumber, severityText, body: `severity ${severityText}`, attributes });
  }
  const attributes = { ...EVERY_TYPE, ...NESTED };
  logger.emit({ timestamp: now(), body: "inside a span", attributes, context: inside, eventName: "cart.opened" });
  const bodies = [{ map: { n: 5, b: Uint8Array.of(255) } }, ["a", 1, true], 7, 7.5, true, Uint8Array.of(0, 1), ""];
  for (const body of bodies) logger.emit({ timestamp: now(), body, attributes: { type: typeof body } });
  logger.emit({ timestamp: now(), attributes: { type: "no body" } });
}

async function sendMetrics(meter, provider) {
  const counter = meter.createCounter("client.requests", { unit: "1", description: "Requests", valueType: ValueType.INT });
  const seconds = meter.createCounter("client.busy", { unit: "s" });
  const upDown = meter.createUpDownCounter("client.open", { unit: "{connection}", valueType: ValueType.INT });
  const gauge = meter.createGauge("client.temperature", { unit: "Cel" });
  const explicit = meter.createHistogram("client.latency", { unit: "s", description: "Explicit buckets" });
  const exponential = meter.createHistogram("client.size", { unit: "By", description: "Exponential buckets" });
  for (let round = 0; round < 2; round++) {
    counter.add(3 + round, { route: "/cart", ok: true });
    seconds.add(2.5, { route: "/pay" });
    upDown.add(-7, { pool: "db" });
    gauge.record(-3.25, { room: 1 });
    gauge.record(round, EVERY_TYPE);
    for (const value of [0, 0.004, 0.005, 0.3, 99]) explicit.record(value, { route: "/cart" });
    for (const value of [0, 1, 1.5, 1e6, 1e-6, 3]) exponential.record(value, { route: "/cart" });
    await provider.forceFlush();
  }
}

async function main() {
  const resource = resourceFromAttributes(
    { "service.name": service, "service.version": "1.2.3", cores: 8, up: true },
    { schemaUrl: SCHEMA },
  );
  const each = (encode) => (batch) => batch.map(encode);
  const spans = recording(OTLPTraceExporter, "traces", "spans", each(shapes.span));
  const logs = recording(OTLPLogExporter, "logs", "logs", each(shapes.log));
  const points = recording(OTLPMetricExporter, "metrics", "points", shapes.metrics);

  const spanProcessors = [new BatchSpanProcessor(spans, { maxExportBatchSize: 4 })];
  const tracers = new BasicTracerProvider({ resource, spanProcessors });
  const processors = [new BatchLogRecordProcessor({ exporter: logs, maxExportBatchSize: 8 })];
  const loggers = new LoggerProvider({ resource, processors });
  const reader = new PeriodicExportingMetricReader({ exporter: points, exportIntervalMillis: LONG_MS });
  const views = [
    { instrumentName: "client.size", aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM, options: { maxSize: 20 } } },
    {
      instrumentName: "client.latency",
      aggregation: { type: AggregationType.EXPLICIT_BUCKET_HISTOGRAM, options: { boundaries: [0.005, 0.1, 1] } },
    },
  ];
  const meters = new MeterProvider({ resource, readers: [reader], views });

  const inside = sendTraces(tracers.getTracer("client", "9.9", { schemaUrl: SCHEMA }));
  sendLogs(loggers.getLogger("client.logger", "2.0", { schemaUrl: SCHEMA }), inside);
  await sendMetrics(meters.getMeter("client.meter", "3.0", { schemaUrl: SCHEMA }), meters);
  await tracers.forceFlush();
  await loggers.forceFlush();
  process.stdout.write(JSON.stringify(sent), () => process.exit(0));
}

main().catch((error) => fail(error.stack));
