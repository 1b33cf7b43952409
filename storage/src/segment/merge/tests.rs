use super::*;
use crate::cache::Cache;
use crate::disk::memory::MemoryDisk;
use crate::memtable::SeriesCache;
use crate::paths::INDEX_SUFFIX;
use crate::report::Reports;
use crate::segment::SegmentContext;
use crate::segment::sort;
use crate::segment::{Draft, write};
use crate::snapshot::{Snapshot, View};
use crate::test_compare::assert_same_rows;
use crate::test_rows::{self, BASE_TIME};
use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use ocelli_signal::logs::Logs;
use ocelli_signal::spans::Spans;
use proptest::prelude::*;

struct Rig {
    disk: MemoryDisk,
    context: SegmentContext,
    series: SeriesCache,
}

impl Default for Rig {
    fn default() -> Rig {
        let disk = MemoryDisk::default();
        let context = SegmentContext {
            disk: Arc::new(disk.clone()),
            cache: Arc::new(Cache::new(1 << 20)),
            reports: Reports::default(),
            trash: Default::default(),
        };
        Rig { disk, context, series: SeriesCache::default() }
    }
}

impl Rig {
    fn draft(&self, signal: Signal, sequence: u64, batches: Vec<RecordBatch>) -> Draft<'_> {
        Draft {
            tenant: "default",
            signal,
            partition: Partition::of(BASE_TIME),
            level: 0,
            batches,
            first_sequence: sequence,
            last_sequence: sequence,
            covered: 100 - sequence,
            created_at: BASE_TIME + sequence as i64,
            flush_partitions: Vec::new(),
            series: &self.series,
        }
    }

    /// A flush of the record with this sequence.
    fn flushed(&self, signal: Signal, sequence: u64, batches: Vec<RecordBatch>) -> Arc<Segment> {
        self.segment(write(&self.disk, &self.draft(signal, sequence, batches), usize::MAX).unwrap())
    }

    fn segment(&self, entry: SegmentEntry) -> Arc<Segment> {
        Arc::new(Segment::new(entry, self.context.clone()))
    }

    fn merged(
        &self,
        inputs: &[Arc<Segment>],
        keep: &(dyn Fn(&str, i64) -> bool + Sync),
    ) -> Option<Arc<Segment>> {
        let stop = AtomicBool::new(false);
        let job = Merge::of(inputs, keep, 1, &stop).unwrap();
        merge(&self.disk, &job).unwrap().map(|entry| self.segment(entry))
    }
}

fn rows(segment: &Segment) -> RecordBatch {
    let batches = segment.read(None, None).unwrap();
    concat_batches(&segment.signal().schema(), &batches).unwrap()
}

/// Every point with its series, in the order in which a query gets them.
fn points(segments: Vec<Arc<Segment>>) -> Vec<String> {
    let view = View { parts: Vec::new(), segments };
    let snapshot = Snapshot::new(View::default(), view, View::default());
    let series = snapshot.series(&mut |_: &ocelli_signal::Series| true, i64::MIN, i64::MAX).unwrap();
    let told = |s: &crate::SeriesPoints| {
        s.points.iter().map(|point| format!("{:?} {point:?}", s.series)).collect::<Vec<_>>()
    };
    series.iter().flat_map(told).collect()
}

/// Batches that overlap in time, with equal keys in several of them.
fn arrivals(signal: Signal) -> Vec<RecordBatch> {
    [(0, 400), (200, 300), (100, 1), (0, 700), (650, 50)]
        .map(|(from, count)| test_rows::batch(signal, from, count))
        .into()
}

#[test]
fn merged_rows_are_those_of_one_flush_in_the_same_order() {
    for signal in [Signal::Spans, Signal::Logs] {
        let rig = Rig::default();
        let inputs: Vec<_> = arrivals(signal)
            .into_iter()
            .zip(1..)
            .map(|(rows, n)| rig.flushed(signal, n, vec![rows]))
            .collect();
        let merged = rig.merged(&inputs, &|_, _| true).unwrap();
        let once = rig.flushed(signal, 9, arrivals(signal));
        assert_same_rows(&rows(&merged), &rows(&once));
        assert_eq!(merged.entry.services, once.entry.services);
        assert_eq!(merged.entry.file(INDEX_SUFFIX).is_some(), signal == Signal::Logs);
    }
}

#[test]
fn merged_points_are_those_of_the_inputs_in_the_same_order() {
    let rig = Rig::default();
    let inputs: Vec<_> = arrivals(Signal::Points)
        .into_iter()
        .zip(1..)
        .map(|(rows, n)| rig.flushed(Signal::Points, n, vec![rows]))
        .collect();
    let merged = rig.merged(&inputs, &|_, _| true).unwrap();
    assert_eq!(points(vec![merged]), points(inputs));
}

#[test]
fn the_output_says_what_it_is_made_of() {
    let rig = Rig::default();
    let inputs: Vec<_> = (3..6)
        .map(|n| rig.flushed(Signal::Spans, n, vec![test_rows::batch(Signal::Spans, n as usize * 10, 10)]))
        .collect();
    let first = rig.merged(&inputs[..2], &|_, _| true).unwrap();
    let second = rig.merged(&[first.clone(), inputs[2].clone()], &|_, _| true).unwrap();
    assert!(first.entry.stem.ends_with("/2025-01-01/00000000000000000003-00000000000000000004-1"));
    assert!(second.entry.stem.ends_with("/2025-01-01/00000000000000000003-00000000000000000005-2"));
    let entry = &second.entry;
    assert_eq!((entry.level, entry.rows, entry.covered_sequence), (2, 30, 97));
    assert_eq!(entry.created_at, BASE_TIME + 5, "as old as its youngest input");
    let crate::segment::Found { entry: again, about, .. } =
        crate::segment::entry_of(&rig.disk, std::path::Path::new(&entry.stem)).unwrap().unwrap();
    assert_eq!(&again, entry);
    assert!(about.flush_partitions.is_empty());
}

#[test]
fn only_what_is_to_be_kept_is_kept() {
    let keep = |service: &str, time: i64| service == "shop-1" && time >= BASE_TIME + 5_000_000_000;
    for signal in Signal::ALL {
        let rig = Rig::default();
        let inputs: Vec<_> = (1..3)
            .map(|n| rig.flushed(signal, n, vec![test_rows::batch(signal, n as usize * 100, 100)]))
            .collect();
        let kept = rig.merged(&inputs, &keep).unwrap();
        let expected: u64 = match signal {
            // Every second one; see `test_rows`.
            Signal::Points => 100,
            _ => inputs
                .iter()
                .flat_map(|input| input.read(None, None).unwrap())
                .map(|batch| {
                    let times = sort::times(signal, &batch).unwrap();
                    let service = |row| match signal {
                        Signal::Spans => Spans::new(&batch).unwrap().service(row).to_owned(),
                        _ => Logs::new(&batch).unwrap().service(row).to_owned(),
                    };
                    (0..batch.num_rows()).filter(|row| keep(&service(*row), times.value(*row))).count() as u64
                })
                .sum(),
        };
        assert_eq!(kept.entry.rows, expected, "{signal:?}");
        assert_eq!(kept.entry.services.named.keys().collect::<Vec<_>>(), ["shop-1"]);
        assert!(kept.entry.min_time >= BASE_TIME + 5_000_000_000);
        assert!(rig.merged(&inputs, &|_, _| false).is_none());
    }
}

#[test]
fn a_merge_that_is_to_stop_does() {
    let rig = Rig::default();
    let inputs = [rig.flushed(Signal::Logs, 1, vec![test_rows::batch(Signal::Logs, 0, 10)])];
    let stop = AtomicBool::new(true);
    let job = Merge::of(&inputs, &|_, _| true, 1, &stop).unwrap();
    assert!(matches!(merge(&rig.disk, &job), Err(Error::Unavailable { .. })));
}

/// Which rows of one random input there are, and how each batch of it is cut.
fn inputs() -> impl Strategy<Value = Vec<Vec<(usize, usize)>>> {
    let batch = (0usize..300, 0usize..60);
    prop::collection::vec(prop::collection::vec(batch, 1..4), 1..7)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn a_merge_is_a_stable_sort_of_what_is_kept_however_it_was_split(
        signal in prop::sample::select(vec![Signal::Spans, Signal::Logs]),
        inputs in inputs(),
        late in 0i64..40,
        only in prop::option::of(0usize..3),
    ) {
        let rig = Rig::default();
        let name = only.map(|n| format!("shop-{n}"));
        let from = BASE_TIME + late * 1_000_000_000;
        let keep = |service: &str, time: i64| time >= from && name.as_deref().is_none_or(|n| n == service);
        let (mut segments, mut all) = (Vec::new(), Vec::new());
        for (sequence, batches) in inputs.iter().enumerate() {
            let batches: Vec<_> =
                batches.iter().map(|(first, count)| test_rows::batch(signal, *first, *count)).collect();
            all.extend(batches.iter().cloned());
            segments.push(rig.flushed(signal, sequence as u64 + 1, batches));
        }
        // All rows in one flush, and then those that are kept of it: the order of a stable sort.
        let once = rig.flushed(signal, 99, all);
        let kept = rig.merged(&[once], &keep).map(|segment| rows(&segment));
        let merged = rig.merged(&segments, &keep);
        prop_assert_eq!(merged.is_some(), kept.is_some());
        if let (Some(merged), Some(kept)) = (merged, kept) {
            assert_same_rows(&rows(&merged), &kept);
            for n in [0, 77, 150] {
                let id = test_rows::trace_id(n);
                if signal == Signal::Spans {
                    let found: usize = merged.trace(&id).unwrap().iter().map(RecordBatch::num_rows).sum();
                    let ids = Spans::new(&kept).unwrap().trace_id;
                    prop_assert_eq!(found, ids.iter().flatten().filter(|other| *other == id).count());
                }
            }
            prop_assert!(rig.context.reports.list().is_empty());
        }
    }
}

/// What a large merge holds: `MERGE=spans,8,1000000,DIR cargo test -p ocelli-storage --lib large_merge --
/// --ignored --nocapture` writes so many inputs of so many rows when they are missing; called again, it
/// merges them and prints the most memory that the process had.
#[test]
#[ignore = "a measurement, of minutes"]
#[allow(clippy::print_stdout)]
fn large_merge() {
    let told = std::env::var("MERGE").unwrap();
    let [name, inputs, rows, dir] = told.split(',').collect::<Vec<_>>()[..] else { panic!("{told}") };
    let (inputs, rows, batch): (u64, usize, usize) = (inputs.parse().unwrap(), rows.parse().unwrap(), 1_000);
    for signal in Signal::ALL.into_iter().filter(|signal| signal.as_str() == name) {
        let disk = Arc::new(crate::disk::LocalDisk::new(std::path::Path::new(dir)));
        let cache = Arc::new(Cache::new(1 << 20));
        let (reports, trash) = Default::default();
        let context = SegmentContext { disk: disk.clone(), cache, reports, trash };
        let rig = Rig::default();
        let range = |n: u64| (n, n);
        let stem = |n| crate::paths::segment_stem("default", signal, Partition::of(BASE_TIME), range(n), 0);
        if !matches!(crate::segment::entry_of(disk.as_ref(), &stem(0)), Ok(Some(_))) {
            for n in 0..inputs {
                // Inputs overlap in part, as those of late senders do.
                let first = n as usize * rows * 9 / 10;
                let batches = (0..rows / batch).map(|at| test_rows::batch(signal, first + at * batch, batch));
                write(disk.as_ref(), &rig.draft(signal, n, batches.collect()), usize::MAX).unwrap();
            }
            println!("{signal:?}: inputs written; call it again");
            continue;
        }
        let entries =
            (0..inputs).map(|n| crate::segment::entry_of(disk.as_ref(), &stem(n)).unwrap().unwrap().entry);
        let segments: Vec<_> = entries.map(|entry| Arc::new(Segment::new(entry, context.clone()))).collect();
        let stop = AtomicBool::new(false);
        let job = Merge::of(&segments, &|_, _| true, 1, &stop).unwrap();
        let begin = std::time::Instant::now();
        let merged = merge(disk.as_ref(), &job).unwrap().unwrap();
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let peak = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
        println!(
            "{signal:?}: {} rows, {} bytes in {:?}; {peak}",
            merged.rows,
            merged.bytes(),
            begin.elapsed()
        );
    }
}
