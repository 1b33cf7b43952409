//! What the unit tests watch: the spans, points and log lines of one subscriber, kept in memory.

use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use opentelemetry::{Key, Value};
use opentelemetry_sdk::{
    error::OTelSdkResult,
    metrics::{
        PeriodicReader, SdkMeterProvider, Temporality,
        data::{AggregatedMetrics, MetricData, ResourceMetrics},
        exporter::PushMetricExporter,
    },
    trace::{SdkTracerProvider, SpanData, SpanExporter},
};
use tracing::Dispatch;
use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

use crate::{Telemetry, subscriber::subscriber};

/// A whole telemetry of its own, not installed globally, so that tests run side by side.
pub(crate) struct Recorder {
    telemetry: Telemetry,
    dispatch: Dispatch,
    meters: SdkMeterProvider,
    spans: Arc<Mutex<Vec<SpanData>>>,
    points: Arc<Mutex<Vec<HistogramPoint>>>,
    log: Log,
}

/// One data point of a histogram.
#[derive(Clone, Debug)]
pub(crate) struct HistogramPoint {
    name: String,
    pub(crate) count: u64,
    pub(crate) sum: f64,
    pub(crate) attributes: Vec<(String, Value)>,
}

impl Recorder {
    pub(crate) fn new() -> Self {
        Self::with_log_filter("info")
    }

    pub(crate) fn with_log_filter(filter: &str) -> Self {
        let (spans, points, log) = (Arc::default(), Arc::default(), Log::default());
        let tracers =
            SdkTracerProvider::builder().with_simple_exporter(KeptSpans(Arc::clone(&spans))).build();
        let reader = PeriodicReader::builder(KeptPoints(Arc::clone(&points))).build();
        let meters = SdkMeterProvider::builder().with_reader(reader).build();
        let dispatch = Dispatch::new(subscriber(&tracers, EnvFilter::new(filter), log.clone()));
        let telemetry = Telemetry::new(tracers, meters.clone()).unwrap();
        Recorder { telemetry, dispatch, meters, spans, points, log }
    }

    pub(crate) fn telemetry(&self) -> Telemetry {
        self.telemetry.clone()
    }

    pub(crate) fn meter_provider(&self) -> &SdkMeterProvider {
        &self.meters
    }

    pub(crate) fn run<T>(&self, work: impl FnOnce() -> T) -> T {
        tracing::dispatcher::with_default(&self.dispatch, work)
    }

    pub(crate) fn run_async<T>(&self, work: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        self.run(|| runtime.block_on(work))
    }

    /// The ended spans, in the order in which they ended.
    pub(crate) fn spans(&self) -> Vec<SpanData> {
        self.spans.lock().unwrap().clone()
    }

    /// The written log lines as JSON.
    pub(crate) fn log_lines(&self) -> Vec<serde_json::Value> {
        let text = String::from_utf8(self.log.0.lock().unwrap().clone()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The only point of a histogram.
    pub(crate) fn histogram(&self, name: &str) -> HistogramPoint {
        self.meters.force_flush().unwrap();
        let points = self.points.lock().unwrap();
        let mut found = points.iter().filter(|point| point.name == name);
        let point = found.next().unwrap_or_else(|| panic!("no point of {name} in {points:?}"));
        assert!(found.next().is_none(), "more than one point of {name}: {points:?}");
        point.clone()
    }
}

/// An attribute's value as text.
pub(crate) fn attribute(span: &SpanData, name: &str) -> Option<String> {
    span.attributes
        .iter()
        .find(|pair| pair.key == Key::new(name.to_owned()))
        .map(|pair| pair.value.to_string())
}

#[derive(Debug)]
struct KeptSpans(Arc<Mutex<Vec<SpanData>>>);

impl SpanExporter for KeptSpans {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.0.lock().unwrap().extend(batch);
        Ok(())
    }
}

struct KeptPoints(Arc<Mutex<Vec<HistogramPoint>>>);

impl PushMetricExporter for KeptPoints {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        let mut kept = self.0.lock().unwrap();
        // Cumulative: the last export says everything.
        kept.clear();
        for metric in metrics.scope_metrics().flat_map(|scope| scope.metrics()) {
            let AggregatedMetrics::F64(MetricData::Histogram(histogram)) = metric.data() else { continue };
            kept.extend(histogram.data_points().map(|point| HistogramPoint {
                name: metric.name().to_owned(),
                count: point.count(),
                sum: point.sum(),
                attributes:
                    point.attributes().map(|pair| (pair.key.to_string(), pair.value.clone())).collect(),
            }));
        }
        Ok(())
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }

    fn temporality(&self) -> Temporality {
        Temporality::Cumulative
    }
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Log;

    fn make_writer(&'a self) -> Log {
        self.clone()
    }
}
