//! Which metrics there are, and how their series are cut into pieces that are read one by one.

use super::Reading;
use crate::Error;
use crate::sql::run::Data;
use ocelli_signal::Series;
use ocelli_storage::Choose;
use std::collections::BTreeMap;
use std::sync::Arc;

/// About how many points are read at once; of more, series by series as far as that goes.
const PIECE_POINTS: u64 = if cfg!(test) { 50 } else { 1 << 20 };
/// About how many series are.
const PIECE_SERIES: u64 = if cfg!(test) { 3 } else { 1 << 14 };

/// Series of one metric whose id falls to one of so many shares.
#[derive(Clone, Debug)]
pub struct Piece {
    pub metric: Arc<str>,
    share: u64,
    shares: u64,
}

/// The pieces of the metrics that may count, of which `reading` has its part.
pub fn pieces(data: &Data, reading: &Reading) -> Result<Vec<Piece>, Error> {
    let conditions = &reading.fixed;
    let wanted = conditions.texts.get("metric");
    let mut metrics: BTreeMap<Arc<str>, (u64, u64)> = BTreeMap::new();
    let mut choose = OfName(|name: &str| wanted.is_none_or(|names| names.iter().any(|other| other == name)));
    data.snapshot.chunks(&mut choose, conditions.from_ns, conditions.to_ns, |_, found| {
        data.budget.check()?;
        for row in found.rows.iter() {
            let name = &found.chunk.metric(row).name;
            let size = match metrics.get_mut(name) {
                Some(size) => size,
                None => metrics.entry(name.clone()).or_default(),
            };
            *size = (size.0 + found.points(row), size.1 + 1);
        }
        Ok::<(), Error>(())
    })?;
    let mut all = Vec::new();
    for (metric, (points, series)) in metrics {
        let shares = points.div_ceil(PIECE_POINTS).max(series.div_ceil(PIECE_SERIES)).clamp(1, series.max(1));
        all.extend((0..shares).map(|share| Piece { metric: metric.clone(), share, shares }));
    }
    Ok(all.into_iter().skip(reading.part).step_by(reading.parts).collect())
}

struct OfName<F>(F);

impl<F: FnMut(&str) -> bool> Choose for OfName<F> {
    fn metric(&mut self, metric: &Series) -> bool {
        (self.0)(&metric.name)
    }

    fn series(&mut self, _: u128, _: &Arc<Series>) -> bool {
        true
    }
}

impl Piece {
    /// Whether a series falls to this one; ids are hashes, so that any of their bits will do.
    pub fn has(&self, id: u128) -> bool {
        (id >> 64) as u64 % self.shares == self.share
    }
}

impl Choose for &Piece {
    fn metric(&mut self, metric: &Series) -> bool {
        metric.name == self.metric
    }

    fn series(&mut self, id: u128, _: &Arc<Series>) -> bool {
        self.has(id)
    }
}

/// As SQL shows an id of a series.
pub fn series_id(id: u128) -> String {
    format!("{id:032x}")
}
