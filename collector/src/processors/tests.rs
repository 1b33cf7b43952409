use super::{Red, RedStats};
use crate::limits::RedLimits;
use ocelli_signal::point::ExponentialHistogram;
use ocelli_signal::points::{FLAG_NO_RECORDED_VALUE, PointBody, Points};
use ocelli_signal::series::SeriesView;
use ocelli_signal::span_parts::{Number, iter_exemplars};
use ocelli_signal::spans::{SpanRow, SpansBuilder};
use ocelli_signal::wire::Writer;
use ocelli_signal::{AnyValue, Attributes, Batch, attributes, origin};
use std::collections::BTreeMap;
use std::time::Duration;

const SECOND: i64 = 1_000_000_000;
const START: i64 = 1_700_000_000 * SECOND;

#[derive(Clone)]
struct Sent {
    service: &'static str,
    row: SpanRow<'static>,
    attributes: Vec<(&'static str, &'static str)>,
}

const SERVER: i32 = 2;
const CLIENT: i32 = 3;
const PRODUCER: i32 = 4;
const CONSUMER: i32 = 5;

/// A span of one trace that lasts some milliseconds.
fn span(service: &'static str, name: &'static str, kind: i32, id: u8, parent: u8, ms: i64) -> Sent {
    let row = SpanRow {
        trace_id: [1; 16],
        span_id: [id; 8],
        parent_span_id: (parent > 0).then_some([parent; 8]),
        name,
        kind,
        start_time: START,
        end_time: START + ms * SECOND / 1000,
        ..SpanRow::default()
    };
    Sent { service, row, attributes: Vec::new() }
}

impl Sent {
    fn failed(mut self) -> Sent {
        self.row.status_code = 2;
        self
    }

    fn with(mut self, key: &'static str, value: &'static str) -> Sent {
        self.attributes.push((key, value));
        self
    }
}

fn observe(red: &Red, sequence: u64, spans: &[Sent]) {
    let mut builder = SpansBuilder::new();
    for sent in spans {
        let mut resource = Writer::new();
        attributes::put_pair(&mut resource, 1, "service.name", &AnyValue::String(sent.service));
        builder.set_resource(&origin::encode(resource.as_bytes(), ""));
        let pairs = sent.attributes.iter().map(|(key, value)| (*key, AnyValue::String(value)));
        let encoded = attributes::encode(pairs);
        builder.push(&SpanRow { attributes: &encoded, ..sent.row });
    }
    red.observe("default", sequence, &builder.finish());
}

fn red() -> Red {
    Red::new(RedLimits::default(), START)
}

#[derive(Debug, PartialEq)]
struct Seen {
    time: i64,
    start: i64,
    /// Of a sum the value, of a histogram the count; `None` when stale.
    count: Option<u64>,
}

/// The points of a batch by metric and attribute values: `calls{a,b}`.
fn points(batch: &Batch) -> BTreeMap<String, Vec<Seen>> {
    let points = Points::new(&batch.rows).unwrap();
    let mut seen: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for at in 0..points.len() {
        let row = points.row(at);
        let count = match row.body {
            PointBody::Number(Number::Int(n)) => Some(n as u64),
            PointBody::Other(bytes) => Some(ExponentialHistogram::parse(bytes).unwrap().count),
            PointBody::Empty => {
                assert_eq!(row.flags, FLAG_NO_RECORDED_VALUE);
                None
            }
            other => panic!("{other:?}"),
        };
        seen.entry(name_of(points.series(at))).or_default().push(Seen {
            time: row.time,
            start: row.start_time,
            count,
        });
    }
    seen
}

fn name_of(series: SeriesView<'_>) -> String {
    let values: Vec<_> = Attributes::of_column(series.attributes)
        .iter()
        .map(|(_, value)| value.as_str().unwrap_or("?").to_owned())
        .collect();
    let name =
        series.name.trim_start_matches("traces.span.metrics.").trim_start_matches("traces_service_graph_");
    format!("{name}{{{}}}", values.join(","))
}

/// The last count of every series of the graph, by edge: total, failed, server, client.
fn edges(batch: &Batch) -> BTreeMap<String, [u64; 4]> {
    let mut edges: BTreeMap<String, [u64; 4]> = BTreeMap::new();
    for (name, seen) in points(batch) {
        let Some((metric, edge)) = name.strip_prefix("request").and_then(|rest| rest.split_once('{')) else {
            continue;
        };
        let at = ["", "_failed", "_server", "_client"].iter().position(|known| *known == metric).unwrap();
        let edge = edge.trim_end_matches('}').to_owned();
        edges.entry(edge).or_default()[at] = seen.last().unwrap().count.unwrap();
    }
    edges
}

fn emit(red: &Red, now_ns: i64) -> Batch {
    let mut emitted = red.emit(now_ns);
    assert_eq!(emitted.len(), 1);
    emitted.remove(0).1
}

#[test]
fn a_new_series_says_first_that_it_was_zero() {
    let red = red();
    observe(&red, 7, &[span("cart", "GET /", SERVER, 1, 0, 20), span("cart", "GET /", SERVER, 2, 0, 30)]);
    let (tick, next) = (START + 5 * SECOND, START + 10 * SECOND);
    let mut emitted = red.emit(tick);
    let (tenant, batch, covers) = emitted.remove(0);
    assert_eq!((tenant.as_str(), covers), ("default", 7));
    let at = |time, count| Seen { time, start: START, count: Some(count) };
    let name = "{cart,SPAN_KIND_SERVER,GET /,STATUS_CODE_UNSET}";
    let expected = vec![at(START, 0), at(tick, 2)];
    assert_eq!(points(&batch)[&format!("calls{name}")], expected);
    assert_eq!(points(&batch)[&format!("duration{name}")], expected);

    observe(
        &red,
        8,
        &[span("cart", "GET /", SERVER, 3, 0, 20), span("cart", "GET /", SERVER, 4, 0, 20).failed()],
    );
    let batch = emit(&red, next);
    assert_eq!(points(&batch)[&format!("calls{name}")], vec![at(next, 3)]);
    let failed = "calls{cart,SPAN_KIND_SERVER,GET /,STATUS_CODE_ERROR}";
    let at = |time, count| Seen { time, start: tick, count: Some(count) };
    assert_eq!(points(&batch)[failed], vec![at(tick, 0), at(next, 1)]);
}

#[test]
fn a_beginning_that_was_not_stored_is_told_again() {
    let red = red();
    let name = "calls{cart,SPAN_KIND_SERVER,GET /,STATUS_CODE_UNSET}";
    observe(&red, 1, &[span("cart", "GET /", SERVER, 1, 0, 20)]);
    for tick in [START + 5 * SECOND, START + 10 * SECOND, START + 15 * SECOND] {
        let at = |time, count| Seen { time, start: START, count: Some(count) };
        assert_eq!(points(&emit(&red, tick))[name], vec![at(START, 0), at(tick, 1)]);
        red.not_stored("default");
    }
    emit(&red, START + 20 * SECOND);
    assert_eq!(points(&emit(&red, START + 25 * SECOND))[name].len(), 1);
}

#[test]
fn durations_come_with_exemplars_once() {
    let red = red();
    let spans: Vec<_> = (1..=20).map(|n| span("cart", "GET /", SERVER, n, 0, i64::from(n) * 10)).collect();
    observe(&red, 1, &spans);
    let batch = emit(&red, START + 5 * SECOND);
    let points = Points::new(&batch.rows).unwrap();
    let rows: Vec<_> = (0..points.len()).map(|at| points.row(at)).collect();
    let PointBody::Other(bytes) = rows.last().unwrap().body else { panic!("the last point is a histogram") };
    let histogram = ExponentialHistogram::parse(bytes).unwrap();
    assert_eq!((histogram.count, histogram.min, histogram.max), (20, Some(0.01), Some(0.2)));
    assert!((histogram.sum.unwrap() - 2.1).abs() < 1e-9);
    let exemplars: Vec<_> = iter_exemplars(rows.last().unwrap().exemplars).collect();
    let mut seconds: Vec<_> = exemplars.iter().map(|exemplar| exemplar.value.unwrap().as_f64()).collect();
    seconds.sort_by(f64::total_cmp);
    assert_eq!(seconds, [0.01, 0.18, 0.19, 0.2]);
    assert_eq!((exemplars[0].trace_id, exemplars[0].span_id), (&[1; 16][..], &[1; 8][..]));
    assert_eq!(exemplars[0].time_ns as i64, START + SECOND / 100);
    assert!(rows.iter().filter(|row| !row.exemplars.is_empty()).count() == 1);
    let batch = emit(&red, START + 10 * SECOND);
    let points = Points::new(&batch.rows).unwrap();
    assert!((0..points.len()).all(|at| points.row(at).exemplars.is_empty()));
}

#[test]
fn series_over_the_cap_flow_together() {
    let red = Red::new(RedLimits { span_series: 2, ..RedLimits::default() }, START);
    let names = ["a", "b", "c", "d", "c"];
    let spans: Vec<_> = names.iter().map(|name| span("cart", name, SERVER, 1, 0, 5)).collect();
    observe(&red, 1, &spans);
    let batch = emit(&red, START + 5 * SECOND);
    let seen = points(&batch);
    assert_eq!(seen["calls{?}"].last().unwrap().count, Some(3));
    assert_eq!(seen.keys().filter(|name| name.starts_with("calls")).count(), 3);
    assert_eq!((red.stats().series, red.stats().overflowed_spans), (2, 3));
    let points = Points::new(&batch.rows).unwrap();
    let series = (0..points.len()).map(|at| points.series(at).to_series());
    let overflow = series.filter(|series| {
        Attributes::of_column(&series.attributes).get("otel.metric.overflow") == Some(AnyValue::Bool(true))
    });
    assert_eq!(overflow.count(), 4, "a zero and a value of both metrics");
}

#[test]
fn an_idle_series_ends_and_begins_anew() {
    let red = Red::new(RedLimits { idle: Duration::from_secs(60), ..RedLimits::default() }, START);
    observe(&red, 1, &[span("cart", "GET /", SERVER, 1, 0, 20)]);
    emit(&red, START + 5 * SECOND);
    let name = "calls{cart,SPAN_KIND_SERVER,GET /,STATUS_CODE_UNSET}";
    assert_eq!(points(&emit(&red, START + 59 * SECOND))[name][0].count, Some(1));
    assert_eq!(points(&emit(&red, START + 60 * SECOND))[name][0].count, None);
    assert_eq!(red.emit(START + 65 * SECOND).len(), 0);
    observe(&red, 2, &[span("cart", "GET /", SERVER, 1, 0, 20)]);
    let start = START + 65 * SECOND;
    let at = |time, count| Seen { time, start, count: Some(count) };
    assert_eq!(points(&emit(&red, start + SECOND))[name], vec![at(start, 0), at(start + SECOND, 1)]);
}

#[test]
fn a_clock_that_goes_back_makes_no_older_points() {
    let red = red();
    observe(&red, 1, &[span("cart", "GET /", SERVER, 1, 0, 20)]);
    emit(&red, START + 5 * SECOND);
    let batch = emit(&red, START);
    assert!(points(&batch).values().flatten().all(|seen| seen.time == START + 5 * SECOND + 1));
}

#[test]
fn the_same_spans_make_the_same_points() {
    let both = [red(), red()];
    let batches = both.each_ref().map(|red| {
        for name in ["b", "a", "c"] {
            observe(
                red,
                1,
                &[
                    span("x", name, CLIENT, 1, 0, 3).with("server.address", "api"),
                    span("y", name, SERVER, 2, 1, 2),
                ],
            );
        }
        emit(red, START + 5 * SECOND)
    });
    assert_eq!(batches[0].rows, batches[1].rows);
}

#[test]
fn halves_meet_in_either_order() {
    let call = [span("web", "GET", CLIENT, 1, 0, 20), span("cart", "GET /", SERVER, 2, 1, 10)];
    for call in [[call[0].clone(), call[1].clone()], [call[1].clone(), call[0].clone()]] {
        let red = red();
        observe(&red, 1, &call[..1]);
        assert_eq!(red.stats().waiting, 1);
        observe(&red, 2, &call[1..]);
        assert_eq!(edges(&emit(&red, START + 5 * SECOND)), [("web,,cart".into(), [1, 0, 1, 1])].into());
        assert_eq!(red.stats(), RedStats { series: 2, edges: 1, ..RedStats::default() });
    }
}

#[test]
fn a_call_fails_when_either_side_fails() {
    let red = red();
    for (client, server) in [(true, false), (false, true), (true, true), (false, false)] {
        let mut call = [span("web", "GET", CLIENT, 1, 0, 20), span("cart", "GET /", SERVER, 2, 1, 10)];
        call[0].row.status_code = if client { 2 } else { 0 };
        call[1].row.status_code = if server { 2 } else { 1 };
        observe(&red, 1, &call);
    }
    assert_eq!(edges(&emit(&red, START + 5 * SECOND)), [("web,,cart".into(), [4, 3, 4, 4])].into());
}

#[test]
fn a_database_call_completes_alone() {
    let red = red();
    observe(
        &red,
        1,
        &[span("order", "SELECT", CLIENT, 1, 0, 2)
            .with("db.system.name", "sqlite")
            .with("db.namespace", "orders")],
    );
    observe(&red, 2, &[span("order", "GET", CLIENT, 2, 0, 2).with("db.system", "redis").failed()]);
    let expected =
        [("order,database,orders".into(), [1, 0, 1, 1]), ("order,database,redis".into(), [1, 1, 1, 1])];
    assert_eq!(edges(&emit(&red, START + 5 * SECOND)), expected.into());
    assert_eq!(red.stats().waiting, 0);
}

#[test]
fn a_peer_that_stays_silent_is_a_virtual_node() {
    let red = red();
    let call = span("payment", "POST", CLIENT, 1, 0, 900).with("url.full", "https://pay.example/v1");
    observe(&red, 1, &[call, span("payment", "POST", CLIENT, 2, 0, 5), span("lost", "GET", SERVER, 3, 9, 5)]);
    assert_eq!(edges(&emit(&red, START + 9 * SECOND)), BTreeMap::new());
    assert_eq!(
        edges(&emit(&red, START + 10 * SECOND)),
        [("payment,virtual_node,pay.example".into(), [1, 0, 1, 1])].into()
    );
    assert_eq!((red.stats().waiting, red.stats().unpaired), (0, 2));
}

#[test]
fn a_message_meets_all_its_consumers() {
    let red = red();
    let early = span("mail", "process", CONSUMER, 2, 1, 3);
    let send = span("order", "send", PRODUCER, 1, 0, 1).with("messaging.destination.name", "jobs");
    let late = span("audit", "process", CONSUMER, 3, 1, 3);
    observe(&red, 1, &[early.clone(), early]);
    observe(&red, 2, &[send]);
    observe(&red, 3, &[late]);
    emit(&red, START + 5 * SECOND);
    let expected = [
        ("order,messaging_system,audit".to_owned(), [1, 0, 1, 1]),
        ("order,messaging_system,mail".to_owned(), [2, 0, 2, 2]),
    ];
    assert_eq!(edges(&emit(&red, START + 10 * SECOND)), expected.into());
    assert_eq!((red.stats().waiting, red.stats().unpaired), (0, 0));
}

#[test]
fn a_consumer_without_parent_is_found_by_its_link() {
    let red = red();
    observe(&red, 1, &[span("order", "send", PRODUCER, 1, 0, 1)]);
    let mut link = Writer::new();
    link.put_message(1, |link| {
        link.put_bytes(1, &[1; 16]);
        link.put_bytes(2, &[1; 8]);
    });
    let mut consumer = span("mail", "process", CONSUMER, 2, 0, 1);
    (consumer.row.trace_id, consumer.row.links) = ([8; 16], link.into_bytes().leak());
    observe(&red, 2, &[consumer]);
    assert_eq!(
        edges(&emit(&red, START + 5 * SECOND)),
        [("order,messaging_system,mail".into(), [1, 0, 1, 1])].into()
    );
}

#[test]
fn waiting_halves_are_bounded() {
    let red = Red::new(RedLimits { waiting_halves: 10, ..RedLimits::default() }, START);
    let calls: Vec<_> = (1..=100).map(|n| span("web", "GET", CLIENT, n, 0, 1)).collect();
    observe(&red, 1, &calls);
    assert_eq!((red.stats().waiting, red.stats().unpaired), (10, 90));
}
