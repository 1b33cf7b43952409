use super::testing::{Rig, written};
use super::*;
use crate::limits;
use crate::memtable::{Part, SeriesCache};
use crate::snapshot::{PointValue, SeriesPoints, Snapshot, View};
use crate::test_compare::assert_same_rows;
use crate::test_rows;
use arrow::array::{Array, AsArray, UInt32Array};
use arrow::compute::{concat_batches, take_record_batch};
use ocelli_signal::spans::Spans;
use std::path::Path;

fn rig(signal: Signal, rows: usize) -> Rig {
    // Two batches, so that their dictionaries differ.
    written(
        signal,
        vec![test_rows::batch(signal, 0, rows / 3), test_rows::batch(signal, rows / 3, rows - rows / 3)],
        1,
    )
}

fn read_whole(segment: &Segment, columns: Option<&[&str]>, rows: Option<&Rows>) -> RecordBatch {
    let batches = segment.read(columns, rows).unwrap();
    concat_batches(batches[0].schema_ref(), &batches).unwrap()
}

#[test]
fn spans_and_logs_of_every_type_come_back_bit_exact() {
    for signal in [Signal::Spans, Signal::Logs] {
        let rig = rig(signal, 20_000);
        rig.segment.check_files().unwrap();
        assert_same_rows(&read_whole(&rig.segment, None, None), &rig.expected);
    }
}

#[test]
fn selected_rows_and_columns_are_those_of_the_whole() {
    let rig = rig(Signal::Logs, 30_000);
    let wanted = [0, 5, 6, 7, 8_191, 8_192, 16_384, 29_999];
    let rows = Rows::new(wanted.to_vec());
    let expected = take_record_batch(&rig.expected, &UInt32Array::from(wanted.to_vec())).unwrap();
    assert_same_rows(&read_whole(&rig.segment, None, Some(&rows)), &expected);
    let columns = ["body", "scope", "attributes", "time"];
    let places: Vec<usize> = columns.iter().map(|name| expected.schema().index_of(name).unwrap()).collect();
    assert_same_rows(
        &read_whole(&rig.segment, Some(&columns), Some(&rows)),
        &expected.project(&places).unwrap(),
    );
    let ends = read_whole(&self::rig(Signal::Spans, 10).segment, Some(&["end_time"]), None);
    assert_eq!((ends.num_columns(), ends.num_rows()), (1, 10));
    assert!(rig.segment.read(Some(&["absent"]), None).is_err());
    assert!(rig.segment.read(None, Some(&Rows::default())).unwrap().is_empty());
}

fn rows_of_trace(rig: &Rig, id: &[u8; 16]) -> RecordBatch {
    let spans = Spans::new(&rig.expected).unwrap();
    let rows = (0..spans.len() as u32).filter(|row| spans.trace_id.value(*row as usize) == id);
    take_record_batch(&rig.expected, &UInt32Array::from_iter_values(rows)).unwrap()
}

fn assert_finds_traces(rig: &Rig) {
    for n in [0, 1_234, 2_999] {
        let id = test_rows::trace_id(n);
        let found = rig.segment.trace(&id).unwrap();
        let found = concat_batches(&Signal::Spans.schema(), &found).unwrap();
        assert_same_rows(&found, &rows_of_trace(rig, &id));
        assert!(found.num_rows() > 0);
    }
    assert!(rig.segment.trace(&[9; 16]).unwrap().is_empty());
}

#[test]
fn a_trace_is_found_whole_and_an_absent_one_is_not() {
    let rig = rig(Signal::Spans, 3_000);
    assert_finds_traces(&rig);
    assert!(rig.segment.context.reports.list().is_empty());
}

#[test]
fn without_its_list_a_trace_is_found_by_its_ids_and_the_loss_is_told() {
    let damaged = rig(Signal::Spans, 3_000);
    damaged.disk.damage(&damaged.segment.entry.path(TRACES_SUFFIX), |bytes| bytes[100] ^= 1);
    let missing = rig(Signal::Spans, 3_000);
    missing.disk.remove(&missing.segment.entry.path(TRACES_SUFFIX)).unwrap();
    missing.segment.check_files().unwrap();
    for rig in [damaged, missing] {
        assert_finds_traces(&rig);
        assert_eq!(rig.segment.context.reports.list().len(), 1);
        assert!(!rig.segment.is_damaged());
    }
}

#[test]
fn the_index_and_a_scan_find_the_same_rows() {
    let rig = rig(Signal::Logs, 5_000);
    let bodies = rig.expected.column_by_name("body").unwrap().as_string::<i32>().clone();
    for query in [
        TextQuery::Word("USER3".into()),
        TextQuery::Word("order 17".into()),
        TextQuery::Prefix("user1".into()),
        TextQuery::And(vec![TextQuery::Word("paid".into()), TextQuery::Word("user5".into())]),
        TextQuery::Or(vec![TextQuery::Word("state".into()), TextQuery::Word("4711".into())]),
    ] {
        let scan: Vec<u32> =
            (0..bodies.len() as u32).filter(|row| matches(&query, bodies.value(*row as usize))).collect();
        let mut found = rig.segment.candidates(&query).unwrap().unwrap();
        let found = found.within(0..bodies.len() as u32);
        assert_eq!(found.as_slice(), scan, "{query:?}");
        assert!(!scan.is_empty(), "{query:?}");
    }
}

fn matches(query: &TextQuery, body: &str) -> bool {
    let words = crate::tokenize(body);
    match query {
        TextQuery::Word(text) => crate::tokenize(text).iter().all(|word| words.contains(word)),
        TextQuery::Prefix(text) => words.iter().any(|word| word.starts_with(text.as_str())),
        TextQuery::And(parts) => parts.iter().all(|part| matches(part, body)),
        TextQuery::Or(parts) => parts.iter().any(|part| matches(part, body)),
    }
}

#[test]
fn a_small_segment_has_no_index() {
    let rig = written(Signal::Logs, vec![test_rows::batch(Signal::Logs, 0, 20)], 21);
    assert!(rig.segment.candidates(&TextQuery::Word("paid".into())).unwrap().is_none());
}

#[test]
fn a_damaged_index_is_reported_and_the_rows_are_read_instead() {
    let rig = rig(Signal::Logs, 500);
    rig.disk.damage(&rig.segment.entry.path(INDEX_SUFFIX), |bytes| bytes[100] ^= 1);
    assert!(rig.segment.candidates(&TextQuery::Word("paid".into())).unwrap().is_none());
    assert_eq!(rig.segment.context.reports.list().len(), 1);
    assert_same_rows(&read_whole(&rig.segment, None, None), &rig.expected);
}

#[test]
fn a_damaged_footer_is_an_error_that_names_the_file() {
    let rig = rig(Signal::Spans, 100);
    rig.disk.damage(&rig.segment.entry.path(ROWS_SUFFIX), |bytes| {
        let at = bytes.len() - 40;
        bytes[at..].fill(0);
    });
    assert!(
        matches!(rig.segment.read(None, None), Err(Error::Corrupt { path, .. }) if path.ends_with(".parquet"))
    );
    assert_eq!(rig.segment.context.reports.list().len(), 1);
}

#[test]
fn damage_anywhere_in_a_file_is_found_before_an_answer_is_given() {
    for signal in Signal::ALL {
        let rows = test_rows::batch(signal, 0, 300);
        for file in &written(signal, vec![rows.clone()], 1).segment.entry.files {
            for step in 0..20 {
                let rig = written(signal, vec![rows.clone()], 1);
                let at = (file.bytes as usize - 1) * step / 19;
                rig.disk.damage(&rig.segment.entry.path(&file.suffix), |bytes| bytes[at] ^= 0x40);
                let outcome = match file.suffix.as_str() {
                    INDEX_SUFFIX => {
                        rig.segment.candidates(&TextQuery::Word("paid".into())).map(|found| found.is_none())
                    }
                    TRACES_SUFFIX => {
                        let found = rig.segment.trace(&test_rows::trace_id(0)).unwrap();
                        Ok(found.iter().map(RecordBatch::num_rows).sum::<usize>() == 3)
                    }
                    SERIES_SUFFIX => rig.segment.series().map(|_| false),
                    _ if signal == Signal::Points => {
                        let all = rig.segment.series().unwrap();
                        let of_series: Vec<_> = all.iter().map(|entry| entry.rows()).collect();
                        rig.segment.whole_points(&of_series, |_, _, _| Ok(())).map(|()| false)
                    }
                    _ => rig.segment.read(None, None).map(|_| false),
                };
                let found = matches!(outcome, Ok(true) | Err(Error::Corrupt { .. }));
                // Without the sums, the whole files are checked: the answer is right.
                let told = file.suffix == SUMS_SUFFIX && outcome.is_ok();
                assert!(found || told, "{signal:?} {} byte {at}", file.suffix);
                assert_eq!(rig.segment.context.reports.list().len(), 1);
            }
        }
    }
}

/// Each point of each series, as text.
fn told(series: &[SeriesPoints]) -> Vec<String> {
    let mut told: Vec<String> = series
        .iter()
        .flat_map(|s| s.points.iter().map(move |point| format!("{:032x} {:?} {point:?}", s.id, s.series)))
        .collect();
    told.sort();
    told
}

fn snapshot(parts: Vec<Part>, segments: Vec<Segment>) -> Snapshot {
    let points = View {
        parts: parts.into_iter().map(Arc::new).collect(),
        segments: segments.into_iter().map(Arc::new).collect(),
    };
    Snapshot::new(View::default(), points, View::default())
}

#[test]
fn points_of_every_kind_are_the_same_from_a_segment_as_from_memory() {
    let batch = |from, count| test_rows::batch(Signal::Points, from, count);
    let part = |rows| Part::new(Signal::Points, rows, 1, 0, &SeriesCache::default()).unwrap();
    let in_memory = snapshot(vec![part(batch(0, 9_000)), part(batch(9_000, 3_000))], Vec::new());
    let segment = written(Signal::Points, vec![batch(0, 4_000), batch(4_000, 5_000)], 1).segment;
    let mixed = snapshot(vec![part(batch(9_000, 3_000))], vec![segment]);

    let second = |n: i64| test_rows::BASE_TIME + n * 1_000_000_000;
    for (from, to) in [(i64::MIN, i64::MAX), (second(100), second(200)), (second(8_990), second(9_010))] {
        let all = in_memory.series(&mut |_: &ocelli_signal::Series| true, from, to).unwrap();
        assert_eq!(told(&mixed.series(&mut |_: &ocelli_signal::Series| true, from, to).unwrap()), told(&all));
        assert!(all.iter().all(|s| s.points.times().is_sorted()));
        let mut asked = 0;
        let some = mixed
            .series(
                &mut |series: &ocelli_signal::Series| {
                    asked += 1;
                    &*series.name == "shop.histogram"
                },
                from,
                to,
            )
            .unwrap();
        assert_eq!(asked, all.len(), "each series is asked for once");
        let expected: Vec<_> = all.into_iter().filter(|s| &*s.series.name == "shop.histogram").collect();
        assert_eq!(told(&some), told(&expected));
        assert!(some.iter().flat_map(|s| s.points.iter()).any(|p| matches!(p.value, PointValue::Other(_))));
    }
    assert!(mixed.series(&mut |_: &ocelli_signal::Series| true, 0, 1).unwrap().is_empty());
}

#[test]
fn what_the_catalog_says_of_a_file_is_true_of_it() {
    for signal in Signal::ALL {
        let rig = written(signal, vec![test_rows::batch(signal, 0, 700)], 1);
        for file in &rig.segment.entry.files {
            let bytes = crate::disk::read(&rig.disk, &rig.segment.entry.path(&file.suffix)).unwrap();
            assert_eq!((bytes.len() as u64, crc32c::crc32c(&bytes)), (file.bytes, file.crc32c));
        }
        assert_eq!(rig.segment.entry.rows, 700);
        let left: Vec<_> = rig.disk.paths().into_iter().filter(|path| path.ends_with(".tmp")).collect();
        assert_eq!(left, [] as [&Path; 0]);
    }
}

/// A reader that a network may be behind.
#[derive(Debug)]
struct Flaky {
    bytes: Mutex<Vec<u8>>,
    fails: AtomicBool,
    refetches: AtomicU64,
    read: AtomicU64,
}

impl DiskReader for Flaky {
    fn bytes(&self) -> u64 {
        self.bytes.lock().unwrap().len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> std::io::Result<()> {
        if self.fails.load(Ordering::Relaxed) {
            return Err(std::io::Error::other("no route to the store"));
        }
        self.read.fetch_add(buffer.len() as u64, Ordering::Relaxed);
        let at = offset as usize;
        buffer.copy_from_slice(&self.bytes.lock().unwrap()[at..at + buffer.len()]);
        Ok(())
    }

    fn refetches(&self) -> u64 {
        self.refetches.load(Ordering::Relaxed)
    }
}

#[test]
fn a_block_is_checked_when_it_is_read_and_again_when_it_was_fetched_again() {
    let block = sums::BLOCK_BYTES as usize;
    let bytes: Vec<u8> = (0..3 * block + 10).map(|n| (n % 253) as u8).collect();
    let file = Arc::new(Flaky {
        bytes: Mutex::new(bytes.clone()),
        fails: AtomicBool::new(false),
        refetches: AtomicU64::new(0),
        read: AtomicU64::new(0),
    });
    let checked = Arc::new(Checked::new(sums::of_file(file.as_ref()).unwrap()));
    let failures = Arc::new(Failures::default());
    let reader = VerifiedReader::new(file.clone(), checked, failures.clone());
    let mut buffer = [0; 20];
    file.bytes.lock().unwrap()[2 * block + 5] ^= 1;
    file.read.store(0, Ordering::Relaxed);

    reader.read_at(block as u64 - 10, &mut buffer).unwrap();
    assert_eq!(buffer, bytes[block - 10..block + 10]);
    assert_eq!(file.read.load(Ordering::Relaxed), 2 * block as u64, "the two blocks that it touches");
    reader.read_at(block as u64 - 10, &mut buffer).unwrap();
    assert_eq!(file.read.load(Ordering::Relaxed), 2 * block as u64 + 20, "they are known to be right");
    let wrong = reader.read_at(2 * block as u64, &mut buffer).unwrap_err();
    assert_eq!(wrong.kind(), std::io::ErrorKind::InvalidData);
    assert!(failures.take().is_none(), "damage is no failure of the store");
    reader.read_at(3 * block as u64 - 20, &mut buffer).unwrap_err();
    assert!(reader.read_at(3 * block as u64, &mut buffer).is_err(), "beyond the end");

    file.bytes.lock().unwrap()[7] ^= 1;
    reader.read_at(0, &mut buffer).unwrap();
    file.refetches.store(1, Ordering::Relaxed);
    reader.read_at(0, &mut buffer).unwrap_err();
    file.fails.store(true, Ordering::Relaxed);
    reader.read_at(0, &mut buffer).unwrap_err();
    assert!(failures.take().is_some_and(|error| error.to_string().contains("no route")));
}

#[test]
fn a_time_range_is_one_run_of_rows_with_all_that_are_in_it() {
    for signal in [Signal::Spans, Signal::Logs] {
        // Two row groups, so that the bounds of groups are asked too.
        let rig = rig(signal, limits::ROW_GROUP_ROWS + 3_000);
        let times = sort::times(signal, &rig.expected).unwrap().values().to_vec();
        let (min, max) = (rig.segment.entry.min_time, rig.segment.entry.max_time);
        let step = (max - min) / 7;
        for (from, to) in [
            (i64::MIN, i64::MAX),
            (min, max),
            (min + 1, max),
            (min + step, min + 2 * step),
            (min + 3 * step, min + 3 * step),
            (max - 100_000_000, max),
            (min, min),
            (i64::MIN, min - 1),
            (max + 20_000_000_000, i64::MAX),
            (min + 2, min + 1),
        ] {
            let run = rig.segment.rows_between(from, to).unwrap();
            let inside = |row: usize| (from..=to).contains(&times[row]);
            let outside = (0..times.len()).filter(|row| !run.contains(&(*row as u32)));
            assert_eq!(outside.filter(|row| inside(*row)).count(), 0, "{signal:?} {from} {to}");
            // Of spans whole buckets are given.
            let near = |row: usize| {
                (from.saturating_sub(sort::BUCKET_NS)..=to.saturating_add(sort::BUCKET_NS))
                    .contains(&times[row])
            };
            assert!(run.clone().all(|row| near(row as usize)), "{signal:?} {from} {to} {run:?}");
        }
    }
}
