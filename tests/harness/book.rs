//! Numbered telemetry of all signals, and a book about what of it was acknowledged.

use super::api::Api;
use super::now_ns;
use super::otlp::{self, attribute, int, trace_hex};
use super::sender::{Export, Sender};
use ocelli_api::metrics::MetricPointsResponse;
use ocelli_api::traces::TraceResponse;
use std::collections::BTreeMap;

const SERVICE: &str = "book";
const ITEMS: u64 = 20;

/// Whether each number was acknowledged; those that were not may be there or not.
#[derive(Debug, Default)]
pub struct Book {
    next: u64,
    traces: BTreeMap<u64, bool>,
    logs: BTreeMap<u64, bool>,
    points: BTreeMap<u64, bool>,
}

impl Book {
    /// One request of each signal; whether all were acknowledged.
    pub async fn write(&mut self, sender: &Sender) -> bool {
        self.next += ITEMS;
        let (first, numbers, now) = (self.next, self.next..self.next + ITEMS, now_ns());
        let spans =
            (1..=ITEMS).map(|id| otlp::span(first.into(), id, u64::from(id > 1), "work", now, 1000 * id));
        let traces = is_taken(sender, &otlp::traces(SERVICE, spans.collect())).await;
        self.traces.insert(first, traces);
        let record = |number: u64| {
            let mut record = otlp::log(now, 9, "a record that has to be there afterwards");
            record.attributes = vec![attribute("number", int(number as i64))];
            record
        };
        let logs = is_taken(sender, &otlp::logs(SERVICE, numbers.clone().map(record).collect())).await;
        self.logs.extend(numbers.clone().map(|number| (number, logs)));
        // No two points of the series have one time.
        let time = |number: u64| now / otlp::SECOND * otlp::SECOND + number;
        let point = |number: u64| otlp::int_point(time(number), number as i64);
        let points =
            is_taken(sender, &otlp::gauge(SERVICE, "book.points", numbers.clone().map(point).collect()))
                .await;
        self.points.extend(numbers.map(|number| (number, points)));
        traces && logs && points
    }

    /// The same, which must be acknowledged.
    pub async fn must_write(&mut self, sender: &Sender) {
        assert!(self.write(sender).await, "telemetry is refused");
    }

    /// What was acknowledged is there, once.
    pub async fn check(&self, api: &Api) {
        for (trace, acknowledged) in &self.traces {
            let (status, body) =
                api.answer(&format!("/api/traces/{}", trace_hex((*trace).into())), &[]).await;
            assert!(status.is_success() || !acknowledged, "trace {trace}: {status} {body}");
            if status.is_success() {
                let trace: TraceResponse = serde_json::from_value(body).expect("an answer of the API");
                assert_eq!(trace.spans.span_id.len() as u64, ITEMS, "{trace:?}");
            }
        }
        let number = |record: &ocelli_api::logs::LogRecord| -> u64 {
            let number = record.attributes.iter().find(|attribute| attribute.key == "number");
            let number = number.and_then(|number| number.value.0["intValue"].as_str());
            number.and_then(|number| number.parse().ok()).expect("a record has its number")
        };
        let records = api.all_logs(&format!("service:{SERVICE}"), 5_000).await;
        compare("log records", &self.logs, records.iter().map(number));
        let answer: MetricPointsResponse = api.find("/api/metrics/points", &[("name", "book.points")]).await;
        let points = answer.series.iter().flat_map(|series| &series.points);
        let value = |value: &serde_json::Value| value["asInt"].as_str().and_then(|text| text.parse().ok());
        compare("points", &self.points, points.map(|point| value(&point.value).expect("an integer")));
    }
}

fn compare(what: &str, sent: &BTreeMap<u64, bool>, found: impl Iterator<Item = u64>) {
    let mut times: BTreeMap<u64, u64> = BTreeMap::new();
    found.for_each(|number| *times.entry(number).or_default() += 1);
    let is_lost = |(number, acknowledged): &(&u64, &bool)| **acknowledged && !times.contains_key(number);
    let lost = sent.iter().filter(is_lost).count();
    let twice = times.values().filter(|times| **times > 1).count();
    assert_eq!((lost, twice), (0, 0), "{what} that are lost, and that are there twice, of {}", sent.len());
    assert!(times.keys().all(|number| sent.contains_key(number)), "{what} that nobody sent");
}

async fn is_taken<R: Export>(sender: &Sender, request: &R) -> bool {
    sender.try_send(request).await.is_ok_and(|answer| answer == R::Answer::default())
}
