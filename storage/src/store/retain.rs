//! Does what the policy of `retention` says: removes whole segments, and has others written anew
//! without what has expired.

use super::Shared;
use super::background::Answer;
use super::compact::{Compactor, Job};
use super::summary::Reason;
use crate::error::{Error, IoContext, Result};
use crate::retention::{Verdict, judge, oldest_beyond};
use crate::segment::Segment;
use std::path::Path;
use std::sync::Arc;

/// See the module.
pub struct Retainer {
    shared: Arc<Shared>,
    awake: bool,
    waiting: Vec<Answer>,
}

impl Retainer {
    pub fn new(shared: Arc<Shared>) -> Retainer {
        Retainer { shared, awake: true, waiting: Vec::new() }
    }

    /// Time has passed.
    pub fn wake(&mut self) {
        self.awake = true;
    }

    /// The answer comes when everything that has expired is gone.
    pub fn ask(&mut self, answer: Answer) {
        self.waiting.push(answer);
        self.wake();
    }

    /// Removes what has expired as a whole and begins to write anew what has in part, one segment a
    /// time: it is called again when that is done.
    pub async fn work(&mut self, compactor: &mut Compactor) {
        if !self.awake {
            return;
        }
        match self.pass(compactor).await {
            Ok(Some(job)) => {
                compactor.start(job);
                if !compactor.is_busy() {
                    self.fail(&Error::unavailable("a segment could not be written anew"));
                }
            }
            Ok(None) => {
                self.awake = false;
                self.waiting.drain(..).for_each(|answer| drop(answer.send(Ok(()))));
            }
            Err(error) => {
                tracing::error!(%error, "segments that have expired could not be removed; it is tried again");
                self.awake = false;
                self.fail(&error);
            }
        }
    }

    async fn pass(&self, compactor: &Compactor) -> Result<Option<Job>> {
        let (shared, now) = (&self.shared, self.shared.options.clock.now_ns());
        let mut segments = shared.tables.segments();
        let pins = shared.pins();
        let (mut expired, mut rewrite) = (Vec::new(), None);
        segments.retain(|segment| match judge(&shared.options.retention, &pins, &segment.entry, now) {
            Verdict::Keep => true,
            Verdict::Remove => {
                expired.push(segment.clone());
                false
            }
            Verdict::Rewrite(rewritten) => {
                let delayed = self.waiting.is_empty() && compactor.is_delayed(segment);
                if rewrite.is_none() && !segment.is_damaged() && !delayed {
                    rewrite = Some((segment.clone(), rewritten));
                }
                true
            }
        });
        self.remove(expired, Reason::Time).await?;
        let beyond = self.beyond_share(&segments)?;
        let is_beyond = |segment: &Arc<Segment>| beyond.iter().any(|gone| Arc::ptr_eq(gone, segment));
        let rewrite = rewrite.filter(|(segment, _)| !is_beyond(segment));
        self.remove(beyond, Reason::Disk).await?;
        Ok(rewrite.map(|(segment, rewrite)| Job {
            inputs: vec![segment],
            keep: Arc::new(move |service, time_ns| rewrite.keeps(service, time_ns)),
        }))
    }

    /// The oldest segments, as many as are beyond our share of the disk.
    fn beyond_share(&self, segments: &[Arc<Segment>]) -> Result<Vec<Arc<Segment>>> {
        if !self.shared.options.segments.is_local() {
            // The object store has no size, and that of our own disk is none of its business.
            return Ok(Vec::new());
        }
        let share = u64::from(self.shared.options.retention.max_disk_percent);
        let total = self.shared.disk.space().context("ask for the space of", Path::new(""))?.total_bytes;
        let limit = (u128::from(total) * u128::from(share) / 100) as u64;
        let places = oldest_beyond(segments.iter().map(|segment| &segment.entry), limit);
        Ok(places.into_iter().map(|at| segments[at].clone()).collect())
    }

    async fn remove(&self, segments: Vec<Arc<Segment>>, reason: Reason) -> Result<()> {
        if segments.is_empty() {
            return Ok(());
        }
        let stems: Vec<&str> = segments.iter().map(|segment| &segment.entry.stem[..]).collect();
        self.shared.catalog.remove(&stems).await?;
        self.shared.tables.replace(&segments, None);
        for segment in &segments {
            segment.replace();
            let entry = &segment.entry;
            tracing::warn!(
                stem = entry.stem,
                rows = entry.rows,
                bytes = entry.bytes(),
                reason = reason.as_str(),
                "removed a segment: {}",
                reason.explanation()
            );
        }
        self.shared.work().retention.removed(reason, &segments, self.shared.options.clock.now_ns());
        Ok(())
    }

    /// Tells those who wait that it did not work.
    pub fn fail(&mut self, error: &Error) {
        self.waiting.drain(..).for_each(|answer| drop(answer.send(Err(Error::unavailable(error)))));
    }
}
