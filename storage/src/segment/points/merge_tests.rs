use super::*;
use crate::cache::Cache;
use crate::catalog::SegmentEntry;
use crate::disk::memory::MemoryDisk;
use crate::memtable::{Part, SeriesCache};
use crate::report::Reports;
use crate::segment::merge::Merge;
use crate::segment::partition::Partition;
use crate::segment::{self, Segment, SegmentContext};
use crate::snapshot::{Snapshot, View};
use crate::test_rows;
use ocelli_signal::points::{PointBody, PointRow, PointsBuilder};
use ocelli_signal::span_parts::Number;
use ocelli_signal::{Kind, Series, Signal};
use proptest::prelude::*;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

type Keep<'a> = dyn Fn(&str, i64) -> bool + Sync + 'a;

/// A point of a test: series, service, time, and what it holds.
#[derive(Clone, Copy, Debug)]
struct Row {
    series: u8,
    service: u8,
    time: i64,
    body: u8,
    described: bool,
}

const BITS: [u64; 4] =
    [0x7ff0_0000_0000_0002, 0xfff8_0000_0000_0001, 0x8000_0000_0000_0000, 0x3fe0_0000_0000_0000];

fn push(builder: &mut PointsBuilder, row: &Row, arrival: u32) {
    let kind = if row.body == 4 { Kind::Histogram } else { Kind::Gauge };
    let series = Series {
        name: format!("m{}", row.series).into(),
        description: if row.described { "new" } else { "old" }.into(),
        kind,
        resource: test_rows::resource(row.service as usize).into(),
        ..Series::default()
    };
    builder.set_series(&series.encode());
    let other = ocelli_signal::point::Histogram { count: u64::from(arrival), ..Default::default() }.encode();
    let exemplars = test_rows::exemplars();
    let body = match row.body {
        0 => PointBody::Empty,
        1 => PointBody::Number(Number::Int(i64::from(arrival) - 5)),
        4 => PointBody::Other(&other),
        _ => PointBody::Number(Number::Double(f64::from_bits(BITS[arrival as usize % 4]))),
    };
    builder.push(&PointRow {
        start_time: row.time / 7,
        time: row.time,
        flags: arrival,
        body,
        exemplars: if row.body == 3 { &exemplars } else { &[] },
    });
}

struct Rig {
    disk: MemoryDisk,
    cache: SeriesCache,
    inputs: Vec<Arc<Segment>>,
    arrived: u32,
}

impl Rig {
    fn new() -> Rig {
        Rig { disk: MemoryDisk::default(), cache: SeriesCache::default(), inputs: Vec::new(), arrived: 0 }
    }

    fn open(&self, entry: SegmentEntry) -> Arc<Segment> {
        let context = SegmentContext {
            disk: Arc::new(self.disk.clone()),
            cache: Arc::new(Cache::new(1 << 20)),
            reports: Reports::default(),
            trash: Default::default(),
        };
        Arc::new(Segment::new(entry, context))
    }

    fn add(&mut self, rows: &[Row]) {
        let mut builder = PointsBuilder::new();
        for row in rows {
            push(&mut builder, row, self.arrived);
            self.arrived += 1;
        }
        let sequence = self.inputs.len() as u64 + 1;
        let part = Part::new(Signal::Points, builder.finish(), sequence, 0, &self.cache).unwrap();
        let draft = Draft {
            tenant: "default",
            signal: Signal::Points,
            partition: Partition::of(0),
            level: 0,
            batches: vec![part.rows],
            first_sequence: sequence,
            last_sequence: sequence,
            covered: 0,
            created_at: 0,
            flush_partitions: Vec::new(),
            series: &self.cache,
        };
        let entry = segment::write(&self.disk, &draft, 1).unwrap();
        self.inputs.push(self.open(entry));
    }

    fn merge(&self, keep: &Keep<'_>) -> Option<Arc<Segment>> {
        let stop = AtomicBool::new(false);
        let job = Merge::of(&self.inputs, keep, 1, &stop).unwrap();
        merge(&self.disk, &job).unwrap().map(|entry| self.open(entry))
    }
}

/// Every point of some segments in the order in which a query gives them, as text.
fn told(segments: Vec<Arc<Segment>>, keep: &Keep<'_>) -> Vec<String> {
    let view = View { parts: Vec::new(), segments };
    let series = Snapshot::new(View::default(), view, View::default())
        .series(&mut |_: &Series| true, i64::MIN, i64::MAX)
        .unwrap();
    let mut lines = Vec::new();
    for of in series {
        let service =
            ocelli_signal::origin::Resource::parse(&of.series.resource).unwrap().service_name().to_owned();
        for point in of.points.iter().filter(|point| keep(&service, point.time)) {
            let bits = match point.value {
                crate::PointValue::Double(value) => value.to_bits(),
                _ => 0,
            };
            lines.push(format!("{:032x} {:?} {point:?} {bits:x}", of.id, of.series));
        }
    }
    lines
}

fn check(rig: &Rig, keep: &Keep<'_>) {
    let expected = told(rig.inputs.clone(), keep);
    let Some(merged) = rig.merge(keep) else {
        assert!(expected.is_empty());
        return;
    };
    assert_eq!(merged.entry.rows, expected.len() as u64);
    let services = &merged.entry.services.named;
    assert_eq!(services.values().map(|service| service.rows).sum::<u64>(), merged.entry.rows);
    let list = merged.series().unwrap();
    assert!(list.windows(2).all(|two| two[0].order() < two[1].order()), "each series once, in order");
    assert_eq!(list.iter().map(|entry| entry.min_time).min(), Some(merged.entry.min_time));
    assert_eq!(list.iter().map(|entry| entry.max_time).max(), Some(merged.entry.max_time));
    assert_eq!(told(vec![merged], &|_, _| true), expected);
}

fn row() -> impl Strategy<Value = Row> {
    (0u8..5, 0u8..2, 0i64..12, 0u8..5, any::<bool>())
        .prop_map(|(series, service, time, body, described)| Row { series, service, time, body, described })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn a_merge_gives_what_its_inputs_give(
        inputs in prop::collection::vec(prop::collection::vec(row(), 1..40), 1..5),
        from in prop::array::uniform2(0i64..14),
    ) {
        let mut rig = Rig::new();
        inputs.iter().for_each(|rows| rig.add(rows));
        check(&rig, &|_, _| true);
        check(&rig, &|service, time| time >= from[usize::from(service == "shop-1")]);
    }
}

#[test]
fn a_series_longer_than_a_batch_keeps_its_order() {
    let mut rig = Rig::new();
    for input in 0..3 {
        let rows: Vec<Row> = (0..30_000)
            .map(|at| Row {
                series: u8::from(at % 3 == 0),
                service: 0,
                // Times of the inputs interleave, and some are equal.
                time: at * 10 + input * (at % 7),
                body: 1 + (at % 2) as u8,
                described: input == 1,
            })
            .collect();
        rig.add(&rows);
    }
    check(&rig, &|_, _| true);
    check(&rig, &|_, time| time >= 123_456);
    assert!(rig.merge(&|_, _| false).is_none());
}

#[test]
fn inputs_without_some_columns_get_them() {
    let mut rig = Rig::new();
    let row = |series, body, time| Row { series, service: 0, time, body, described: false };
    rig.add(&[row(1, 1, 5), row(2, 1, 6)]);
    rig.add(&[row(1, 2, 7), row(3, 4, 0)]);
    rig.add(&[row(0, 3, 0), row(1, 0, 5)]);
    check(&rig, &|_, _| true);
}
