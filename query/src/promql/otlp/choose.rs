//! Which OTLP series a selection reads: first by metric, then by labels.

use super::identities::Identities;
use super::identity::names;
use super::keys::{OriginLabels, as_native, native_rows};
use super::names::metric_name;
use super::narrow::Narrow;
use super::target_info::{self, TARGET_INFO};
use crate::Error;
use crate::promql::labels::{BUCKET, Labels, METRIC_NAME, QUANTILE};
use crate::promql::select::{Matcher, Selection};
use ocelli_signal::series::Metric;
use ocelli_signal::{Kind, Series};
use ocelli_storage::{Choose, ChunkRows, SeriesChunk};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Labels that only points tell: their matchers are asked when the points are read.
const LATE: [&str; 3] = [METRIC_NAME, BUCKET, QUANTILE];

/// A selection while it looks for its series.
pub struct Chooser<'a> {
    selection: &'a Selection,
    identities: &'a Identities,
    /// What the index answers.
    narrows: Vec<Narrow>,
    origins: OriginLabels,
    /// Of the chunk that was narrowed last.
    last: Narrowed,
    /// Whether the index told of every chunk all that is asked, but what points tell.
    all_exact: bool,
    /// Whether metrics that were asked for are wanted, by name.
    metrics: HashMap<String, Vec<Asked>>,
    /// The `target_info` labels of resources that pass.
    infos: HashMap<Arc<[u8]>, Option<Labels>>,
    /// Series that are wanted for the `target_info` of their resource alone.
    info_only: HashSet<u128>,
    failed: Option<Error>,
}

/// What is known of a chunk's series.
#[derive(Default)]
struct Narrowed {
    /// Those that may match themselves, besides their `target_info`.
    own: ChunkRows,
    /// Whether all of these do.
    exact: bool,
}

/// What was found of a metric, whose name is the key.
struct Asked {
    unit: String,
    kind: Kind,
    is_monotonic: bool,
    native: bool,
    wanted: bool,
}

impl Asked {
    fn new(metric: &Metric<'_>, wanted: bool) -> Asked {
        let Metric { kind, is_monotonic, native, .. } = *metric;
        Asked { unit: metric.unit.to_owned(), kind, is_monotonic, native, wanted }
    }

    fn is(&self, metric: &Metric<'_>) -> bool {
        let Metric { unit, kind, is_monotonic, native, .. } = *metric;
        (&*self.unit, self.kind, self.is_monotonic, self.native) == (unit, kind, is_monotonic, native)
    }
}

impl<'a> Chooser<'a> {
    pub fn new(selection: &'a Selection, identities: &'a Identities) -> Chooser<'a> {
        Chooser {
            selection,
            identities,
            narrows: early(selection).map(Narrow::new).collect(),
            origins: OriginLabels::default(),
            last: Narrowed::default(),
            all_exact: true,
            metrics: HashMap::new(),
            infos: HashMap::new(),
            info_only: HashSet::new(),
            failed: None,
        }
    }

    /// What went wrong, if anything.
    pub fn finish(&mut self) -> Result<(), Error> {
        self.failed.take().map_or(Ok(()), Err)
    }

    fn name_matchers(&self) -> impl Iterator<Item = &'a Matcher> + use<'a> {
        self.labels().names()
    }

    fn with_info(&self) -> bool {
        self.name_matchers().all(|matcher| matcher.matches(TARGET_INFO))
    }

    /// The `target_info` labels of a resource, where the selection wants them.
    pub fn info(&mut self, resource: &Arc<[u8]>) -> Result<Option<Labels>, Error> {
        if !self.with_info() {
            return Ok(None);
        }
        if let Some(known) = self.infos.get(resource) {
            return Ok(known.clone());
        }
        let labels = target_info::labels(resource)?;
        let labels = labels.filter(|labels| self.selection.matches(labels));
        self.infos.insert(resource.clone(), labels.clone());
        Ok(labels)
    }

    /// The names that the metric becomes and that are wanted.
    pub fn names(&self, series: &Series) -> Vec<String> {
        let metric = series.metric();
        let mut names = names(&metric_name(series), metric.kind, metric.native);
        if !self.labels().is_alias(series) {
            names.retain(|name| self.name_matchers().all(|matcher| matcher.matches(name)));
        }
        names
    }

    /// Whether a name that the metric becomes is wanted.
    fn by_name(&mut self, series: &Series) -> bool {
        let metric = series.metric();
        let asked =
            self.metrics.get(metric.name).and_then(|asked| asked.iter().find(|asked| asked.is(&metric)));
        if let Some(known) = asked {
            return known.wanted;
        }
        let wanted = !self.names(series).is_empty();
        let asked = self.metrics.entry(metric.name.to_owned()).or_default();
        asked.push(Asked::new(&metric, wanted));
        wanted
    }

    /// Whether a series of the chunk that was narrowed last can be wanted itself, besides its `target_info`.
    pub fn may_match(&mut self, id: u128, series: &Series) -> Result<bool, Error> {
        if self.last.exact && !self.with_info() {
            return Ok(true);
        }
        if !self.by_name(series) {
            return Ok(false);
        }
        let identity = self.identities.of(id, series)?;
        Ok(early(self.selection).all(|matcher| matcher.matches(identity.labels.get(&matcher.name))))
    }

    /// The series of the chunk that was narrowed last which are wanted themselves.
    pub fn own_rows(&mut self, chunk: &SeriesChunk) -> Result<ChunkRows, Error> {
        let Narrowed { own, exact } = std::mem::take(&mut self.last);
        if exact {
            return Ok(own);
        }
        let mut rows = ChunkRows::default();
        for row in own.iter() {
            if self.may_match(chunk.id(row), &chunk.series(row))? {
                rows.insert(row);
            }
        }
        Ok(rows)
    }

    fn narrowed(&mut self, chunk: &SeriesChunk, rows: &mut ChunkRows) -> Result<(), Error> {
        let native = native_rows(chunk);
        let mut own = chunk.with_metric(|metric| self.by_name(metric));
        own.subtract(&native);
        let mut own_native = chunk.with_metric(|metric| self.by_name(&as_native(metric)));
        own_native.intersect(&native);
        own.union(&own_native);
        own.intersect(rows);
        let mut exact = true;
        for narrow in &self.narrows {
            if !own.is_empty() {
                exact &= narrow.narrow(chunk, &native, &mut self.origins, &mut own)?;
            }
        }
        if self.with_info() {
            let mut failed = None;
            let mut informed = chunk.with_origin(|origin| {
                let info = self.info(&origin.resource).map_err(|why| failed = Some(why));
                info.is_ok_and(|labels| labels.is_some())
            });
            failed.map_or(Ok(()), Err)?;
            informed.union(&own);
            rows.intersect(&informed);
        } else {
            rows.intersect(&own);
        }
        self.all_exact &= exact;
        self.last = Narrowed { own, exact };
        Ok(())
    }

    /// Whether a series that was found is wanted for its `target_info` alone.
    pub fn is_info_only(&self, id: u128) -> bool {
        self.info_only.contains(&id)
    }

    fn wants(&mut self, id: u128, series: &Series) -> Result<bool, Error> {
        if self.may_match(id, series)? {
            return Ok(true);
        }
        let for_info = self.info(&series.resource)?.is_some();
        if for_info {
            self.info_only.insert(id);
        }
        Ok(for_info)
    }

    /// What is asked of labels that points told.
    pub fn labels(&self) -> LabelMatch<'a> {
        LabelMatch { selection: self.selection, only_late: self.all_exact }
    }
}

/// What a selection asks of labels.
#[derive(Clone, Copy)]
pub struct LabelMatch<'a> {
    selection: &'a Selection,
    /// All else was asked of the index.
    only_late: bool,
}

impl<'a> LabelMatch<'a> {
    fn names(&self) -> impl Iterator<Item = &'a Matcher> + use<'a> {
        self.selection.matchers.iter().filter(|matcher| matcher.name == METRIC_NAME)
    }

    /// The OTLP name finds a metric too, as `{"http.server.duration"}`.
    pub fn is_alias(&self, series: &Series) -> bool {
        let mut names = self.names().peekable();
        names.peek().is_some() && names.all(|matcher| matcher.matches(&series.name))
    }

    /// Whether labels that points told are wanted.
    pub fn matches(&self, labels: &Labels, alias: bool) -> bool {
        let mut matchers = self.selection.matchers.iter();
        matchers.all(|matcher| {
            (alias && matcher.name == METRIC_NAME)
                || (self.only_late && !LATE.contains(&&*matcher.name))
                || matcher.matches(labels.get(&matcher.name))
        })
    }
}

/// The matchers that series themselves tell of.
fn early(selection: &Selection) -> impl Iterator<Item = &Matcher> {
    selection.matchers.iter().filter(|matcher| !LATE.contains(&&*matcher.name))
}

impl Choose for Chooser<'_> {
    fn metric(&mut self, metric: &Series) -> bool {
        self.with_info() || self.by_name(metric) || self.by_name(&as_native(metric))
    }

    fn narrow(&mut self, chunk: &SeriesChunk, rows: &mut ChunkRows) {
        if let Err(why) = self.narrowed(chunk, rows) {
            self.failed.get_or_insert(why);
            rows.clear();
        }
    }

    fn series(&mut self, id: u128, series: &Arc<Series>) -> bool {
        self.wants(id, series).unwrap_or_else(|why| {
            self.failed.get_or_insert(why);
            false
        })
    }
}
