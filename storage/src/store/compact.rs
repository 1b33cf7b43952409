//! Does what the policy of `compaction` says: one merge at a time on a blocking thread, published by
//! the background task.

use super::Shared;
use super::background::Answer;
use super::room::MergeRoom;
use crate::budget::Part;
use crate::catalog::SegmentEntry;
use crate::compaction::{Candidate, When, choose};
use crate::error::{Error, Result};
use crate::limits;
use crate::paths;
use crate::segment::{self, Merge, Partition, Segment};
use ocelli_signal::Signal;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

/// A partition of a tenant's signal.
type Place = (String, Signal, Partition);
/// Which rows stay: by service and time.
pub type Keep = Arc<dyn Fn(&str, i64) -> bool + Send + Sync>;
pub type Output = Option<SegmentEntry>;

/// Segments to write anew as one.
pub struct Job {
    /// Neighbours of one partition, oldest first.
    pub inputs: Vec<Arc<Segment>>,
    pub keep: Keep,
}

impl Job {
    fn place(&self) -> Option<Place> {
        self.inputs.first().map(|first| place(first))
    }
}

/// What is being done.
enum State {
    Idle,
    Writing {
        job: Job,
        work: JoinHandle<Result<Output>>,
    },
    /// Written, and the catalog did not take it: perhaps it did, and only its answer got lost. So
    /// nothing else is begun before it has taken this.
    Unpublished {
        job: Job,
        output: Output,
        again: Instant,
    },
}

/// After a failure a place is left alone for a while.
struct Delay {
    until: Instant,
    wait: Duration,
}

/// See the module.
pub struct Compactor {
    shared: Arc<Shared>,
    state: State,
    /// Something changed since the policy found nothing to do.
    awake: bool,
    waiting: Vec<Answer>,
    delays: HashMap<Place, Delay>,
    /// Where the last merge was; the next one is looked for behind it, so that each gets its turn.
    last: Option<Place>,
    stop: Arc<AtomicBool>,
}

impl Compactor {
    pub fn new(shared: Arc<Shared>) -> Compactor {
        Compactor {
            shared,
            state: State::Idle,
            awake: true,
            waiting: Vec::new(),
            delays: HashMap::new(),
            last: None,
            stop: Arc::default(),
        }
    }

    /// Something changed that the policy should look at.
    pub fn wake(&mut self) {
        self.awake = true;
    }

    /// Everything is to be merged that ever would be; the answer comes when nothing is left.
    pub fn ask(&mut self, answer: Answer) {
        self.waiting.push(answer);
        self.wake();
    }

    pub fn is_busy(&self) -> bool {
        !matches!(self.state, State::Idle)
    }

    /// Whether its place is left alone after a failure.
    pub fn is_delayed(&self, segment: &Segment) -> bool {
        self.delays.get(&place(segment)).is_some_and(|delay| Instant::now() < delay.until)
    }

    /// Ends what is being written, without its outcome: the next start removes what is there of it.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Waits until nothing is written any more.
    pub async fn wait(&mut self) {
        if let State::Writing { work, .. } = &mut self.state {
            // Whatever became of it, the next start removes it.
            drop(work.await);
        }
    }

    /// Begins what the policy says, if anything.
    pub fn work(&mut self) {
        while self.awake && !self.is_busy() {
            match self.next() {
                Some(job) => self.start(job),
                None => {
                    self.awake = false;
                    self.waiting.drain(..).for_each(|answer| drop(answer.send(Ok(()))));
                }
            }
        }
    }

    fn next(&self) -> Option<Job> {
        let options = &self.shared.options;
        let when = if self.waiting.is_empty() { When::At(options.clock.now_ns()) } else { When::AtLast };
        let mut places: BTreeMap<Place, Vec<Arc<Segment>>> = BTreeMap::new();
        for segment in self.shared.tables.segments() {
            if !segment.is_damaged() {
                places.entry(place(&segment)).or_default().push(segment);
            }
        }
        // Those behind the last one first.
        let behind = |place: &Place| self.last.as_ref().is_some_and(|last| place <= last);
        let (later, sooner): (Vec<_>, Vec<_>) = places.into_iter().partition(|(place, _)| behind(place));
        for (place, mut segments) in sooner.into_iter().chain(later) {
            if self.waiting.is_empty() && segments.first().is_some_and(|first| self.is_delayed(first)) {
                continue;
            }
            segments.sort_by_key(|segment| segment.entry.first_sequence);
            let candidates: Vec<Candidate> = segments.iter().map(|segment| candidate(segment)).collect();
            if let Some(range) = choose(options.compaction.of(place.1), &candidates, when) {
                let inputs = segments.drain(range).collect();
                return Some(Job { inputs, keep: Arc::new(|_, _| true) });
            }
        }
        None
    }

    /// Begins to write; nothing else may be running. A place without room on the disk is left alone
    /// for a while.
    pub fn start(&mut self, job: Job) {
        let room = match self.take_room(&job) {
            Ok(room) => room,
            Err(error) => {
                let error = self.give_up(&job, error);
                return self.fail(&error);
            }
        };
        job.inputs.iter().for_each(|input| input.set_busy(true));
        self.shared.work().compaction.running = job.inputs.first().map(|first| {
            format!(
                "{}, {} segments",
                paths::parent(Path::new(&first.entry.stem)).display(),
                job.inputs.len()
            )
        });
        let (shared, stop) = (self.shared.clone(), self.stop.clone());
        let (inputs, keep) = (job.inputs.clone(), job.keep.clone());
        let mut memory = self.shared.options.memory.reserve(Part::Work);
        memory.grow_anyway(limits::MERGE_BYTES);
        let work = tokio::task::spawn_blocking(move || {
            let _memory = memory;
            let merge = Merge::of(&inputs, keep.as_ref(), shared.options.index_min_rows, &stop);
            let disk = room.metered(shared.disk.clone());
            merge.map_or(Ok(None), |merge| segment::merge(&disk, &merge))
        });
        self.state = State::Writing { job, work };
    }

    /// Room for the output while the inputs are still there.
    fn take_room(&self, job: &Job) -> Result<MergeRoom> {
        let shared = &self.shared;
        let inputs: u64 = job.inputs.iter().map(|input| input.entry.bytes()).sum();
        // Inputs may have had no index, and the output has one.
        let output = inputs + inputs / 2;
        let room = &shared.room;
        let room = room.take_for_merge(shared.disk.as_ref(), shared.held_bytes(), output);
        room.map_err(Error::unavailable)
    }

    /// Resolves when there is something to publish.
    pub async fn written(&mut self) -> Result<Output> {
        match &mut self.state {
            State::Idle => std::future::pending().await,
            State::Writing { work, .. } => {
                work.await.map_err(|error| Error::unavailable(format_args!("a merge failed: {error}")))?
            }
            State::Unpublished { output, again, .. } => {
                tokio::time::sleep_until((*again).into()).await;
                Ok(output.clone())
            }
        }
    }

    /// Puts the output in the place of its inputs, in the catalog and then for readers.
    pub async fn publish(&mut self, written: Result<Output>) -> Result<()> {
        let job = match std::mem::replace(&mut self.state, State::Idle) {
            State::Idle => return Ok(()),
            State::Writing { job, .. } | State::Unpublished { job, .. } => job,
        };
        let output = match written {
            Ok(output) => output,
            Err(error) => return Err(self.give_up(&job, error)),
        };
        let stems: Vec<&str> = job.inputs.iter().map(|input| &input.entry.stem[..]).collect();
        if let Err(error) = self.shared.catalog.replace(&stems, output.as_ref()).await {
            self.note_failure(&error);
            self.state = State::Unpublished { job, output, again: Instant::now() + limits::FLUSH_RETRY };
            return Err(error);
        }
        let rows = job.inputs.iter().map(|input| input.entry.rows).sum();
        let segment = output.map(|entry| Arc::new(Segment::new(entry, self.shared.segments.clone())));
        self.shared.tables.replace(&job.inputs, segment);
        job.inputs.iter().for_each(|input| input.replace());
        self.shared.work().compaction.merged(rows);
        self.last = job.place();
        self.last.as_ref().map(|place| self.delays.remove(place));
        self.wake();
        Ok(())
    }

    /// Leaves the place of a job alone for a while, the longer the more often it failed.
    fn give_up(&mut self, job: &Job, error: Error) -> Error {
        self.note_failure(&error);
        job.inputs.iter().for_each(|input| input.set_busy(false));
        remove_output(&self.shared, job);
        if let Some(place) = job.place() {
            let before = self.delays.get(&place).map_or(Duration::ZERO, |delay| delay.wait);
            let wait = (2 * before).clamp(limits::MERGE_RETRY, limits::MERGE_RETRY_MAX);
            self.delays.insert(place, Delay { until: Instant::now() + wait, wait });
        }
        error
    }

    fn note_failure(&self, error: &Error) {
        tracing::error!(%error, "a merge failed; it is tried again");
        self.shared.work().compaction.failed(error.to_string());
    }

    /// Tells those who wait that it did not work.
    pub fn fail(&mut self, error: &Error) {
        self.waiting.drain(..).for_each(|answer| drop(answer.send(Err(Error::unavailable(error)))));
    }
}

fn place(segment: &Segment) -> Place {
    (segment.entry.tenant.clone(), segment.signal(), segment.entry.partition)
}

fn candidate(segment: &Segment) -> Candidate {
    let entry = &segment.entry;
    Candidate {
        partition: entry.partition,
        rows: entry.rows,
        bytes: entry.bytes(),
        created_at: entry.created_at,
    }
}

/// Removes what a failed merge has written, whole or in part.
fn remove_output(shared: &Shared, job: &Job) {
    let stop = AtomicBool::new(false);
    let Some(merge) = Merge::of(&job.inputs, job.keep.as_ref(), 0, &stop) else { return };
    let stem = merge.stem();
    for suffix in paths::SEGMENT_SUFFIXES {
        let path = paths::with_suffix(&stem, suffix);
        for path in [paths::with_suffix(&path, paths::TEMP_SUFFIX), path] {
            match shared.disk.remove(&path) {
                Ok(()) => {}
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => {
                    tracing::warn!(path = %path.display(), %error, "could not remove a file of a failed merge")
                }
            }
        }
    }
}
