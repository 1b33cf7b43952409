//! Which labels, and which values of them, cost how many series and bytes.

use super::tally::{SEEN_BYTES, Seen, Tally};
use crate::Error;
use crate::http::run::Budget;
use crate::promql::otlp::{Stored, each_label};
use crate::promql::select::Selection;
use ocelli_api::metrics::{Cost, LabelCost, PairCost};
use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

/// The costs of all series together, of each label and of each of its values.
#[derive(Debug, Default)]
pub struct Cardinality {
    pub total: Cost,
    pub labels: Vec<LabelCost>,
    pub pairs: Vec<PairCost>,
}

/// What a value takes in memory beside its text while it is counted.
const VALUE_BYTES: usize = 96;

#[derive(Default)]
struct Label {
    tally: Tally,
    values: HashMap<Arc<str>, Tally>,
}

/// Of the series of a selection; `limit` labels and as many pairs, the dearest first.
pub fn cardinality(
    stored: Stored<'_>,
    selection: &Selection,
    limit: usize,
    budget: &Budget,
) -> Result<Cardinality, Error> {
    let (mut seen, mut total) = (Seen::default(), Tally::default());
    let mut labels: HashMap<Arc<str>, Label> = HashMap::new();
    each_label(stored, selection, |found, rows, each_value| {
        budget.check()?;
        let before = seen.len();
        let mut tallies = vec![Tally::default(); found.chunk.len()];
        for (row, tally) in seen.tally(found, rows) {
            tallies[row] = tally;
            total += tally;
        }
        let mut bytes = (seen.len() - before) * SEEN_BYTES;
        each_value(&mut |label, value, rows| {
            let mut sum = Tally::default();
            rows.for_each(|row| sum += tallies[row]);
            if !labels.contains_key(label) {
                labels.insert(label.into(), Label::default());
            }
            let Some(known) = labels.get_mut(label) else { return };
            known.tally += sum;
            match known.values.get_mut(value) {
                Some(known) => *known += sum,
                None => {
                    bytes += value.len() + VALUE_BYTES;
                    known.values.insert(value.into(), sum);
                }
            }
        })?;
        budget.keep(bytes)
    })?;
    Ok(dearest(labels, total, limit))
}

fn dearest(labels: HashMap<Arc<str>, Label>, total: Tally, limit: usize) -> Cardinality {
    let label = |(name, label): (&Arc<str>, &Label)| LabelCost {
        name: name.to_string(),
        values: label.values.len() as u64,
        cost: cost(label.tally),
    };
    let mut all: Vec<LabelCost> = labels.iter().map(label).collect();
    all.sort_by(|a, b| (b.values, b.cost.series, &a.name).cmp(&(a.values, a.cost.series, &b.name)));
    all.truncate(limit);
    // A label may have a million values: only those that can be among the dearest become text.
    let mut pairs: Vec<Pair<'_>> = labels.iter().flat_map(|(name, label)| label_pairs(name, label)).collect();
    if pairs.len() > limit {
        pairs.select_nth_unstable_by(limit, Pair::dearer);
        pairs.truncate(limit);
    }
    pairs.sort_by(Pair::dearer);
    Cardinality { total: cost(total), labels: all, pairs: pairs.iter().map(Pair::told).collect() }
}

/// A label with one of its values.
struct Pair<'a> {
    name: &'a str,
    value: &'a str,
    tally: Tally,
}

fn label_pairs<'a>(name: &'a str, label: &'a Label) -> impl Iterator<Item = Pair<'a>> {
    label.values.iter().map(move |(value, tally)| Pair { name, value, tally: *tally })
}

impl Pair<'_> {
    fn dearer(a: &Pair<'_>, b: &Pair<'_>) -> Ordering {
        b.tally.series.cmp(&a.tally.series).then((a.name, a.value).cmp(&(b.name, b.value)))
    }

    fn told(&self) -> PairCost {
        PairCost { name: self.name.to_owned(), value: self.value.to_owned(), cost: cost(self.tally) }
    }
}

fn cost(tally: Tally) -> Cost {
    Cost { series: tally.series, points: tally.points, bytes: tally.bytes as u64 }
}
