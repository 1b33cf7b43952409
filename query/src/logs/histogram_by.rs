//! How many records passed a filter, by the values of a field over time.

use super::facets::begin_of;
use super::field::Field;
use super::filter::Filter;
use super::histogram::Buckets;
use super::meter::Meter;
use super::scan::{Chunk, Collector, Mergeable, Scan};
use crate::Error;
use crate::byte_hash::ByteHash;
use crate::http::run::Budget;
use ocelli_api::TimeRange;
use ocelli_api::logs::{LogHistogramResponse, ValueCounts};
use ocelli_signal::Signal;
use ocelli_storage::{Snapshot, Source};
use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Values that are counted apart at once; of more the most frequent are found first.
const MAX_VALUES: usize = 1_000;
const VALUE_BYTES: usize = 256;
/// Of a value that is only counted, beside its text.
const TALLY_BYTES: usize = 64;

/// Counts the `top` most frequent values apart, the others and the records without a value together.
pub fn histogram_by(
    snapshot: &Snapshot,
    filter: &Filter,
    name: &str,
    top: usize,
    range: TimeRange,
    buckets: i64,
    budget: &Budget,
) -> Result<LogHistogramResponse, Error> {
    let field = Field::parse(name);
    let buckets = Buckets::new(range, buckets);
    let (values, other) = (HashMap::default(), vec![0; buckets.count]);
    let mut counts = Counts { field: &field, buckets, values, other, only: None, meter: Meter::new(budget) };
    let sources = snapshot.sources(Signal::Logs, range.from.0, range.to.0.saturating_sub(1));
    let attributes: Vec<String> = field.attribute().map(str::to_owned).into_iter().collect();
    let scan = Scan {
        filter,
        signal: Signal::Logs,
        range,
        columns: field.columns(),
        attributes: &attributes,
        newest_first: false,
    };
    let partial = scan.run_on_cores(&sources, budget, &mut counts)?;
    if partial.is_none() && counts.other.iter().any(|count| *count > 0) {
        // A value that came late may be frequent. What there is stays the answer if that can't be found out.
        let of_top = frequent(&scan, &sources, &field, top, budget)?;
        if let Some(only) = of_top {
            let mut again = Counts { only: Some(only), ..counts.fork() };
            if scan.run_on_cores(&sources, budget, &mut again)?.is_none() {
                counts = again;
            }
        }
    }
    let mut values: Vec<(u64, Option<String>, Vec<u64>)> =
        counts.values.into_iter().map(|(value, counts)| (counts.iter().sum(), value, counts)).collect();
    values.sort_by(|a, b| (Reverse(a.0), &a.1).cmp(&(Reverse(b.0), &b.1)));
    let mut other = counts.other;
    values.split_off(values.len().min(top)).iter().for_each(|(_, _, more)| add(&mut other, more));
    let total = values.iter().map(|(count, ..)| count).sum::<u64>() + other.iter().sum::<u64>();
    let values = values.into_iter().map(|(_, value, counts)| ValueCounts { value, counts }).collect();
    let mut stats = budget.stats();
    stats.partial = partial;
    Ok(LogHistogramResponse {
        range,
        start_ms: buckets.start_ms,
        step_ms: buckets.step_ms,
        by: Some(name.to_owned()),
        values,
        other,
        total,
        stats,
        ..LogHistogramResponse::default()
    })
}

/// The most frequent values; `None` if there is no time or memory to find them.
fn frequent(
    scan: &Scan<'_>,
    sources: &[Source],
    field: &Field,
    top: usize,
    budget: &Budget,
) -> Result<Option<Arc<HashSet<Option<String>>>>, Error> {
    let mut tally = Tally { field, values: HashMap::default(), meter: Meter::new(budget) };
    match scan.run_on_cores(sources, budget, &mut tally) {
        Ok(None) => Ok(Some(tally.most_frequent(top))),
        Ok(Some(_)) | Err(Error::Memory { .. }) => Ok(None),
        Err(other) => Err(other),
    }
}

struct Counts<'a> {
    field: &'a Field,
    buckets: Buckets,
    /// `None` for records without a value.
    values: HashMap<Option<String>, Vec<u64>, ByteHash>,
    other: Vec<u64>,
    /// All of them, where it is known which count.
    only: Option<Arc<HashSet<Option<String>>>>,
    meter: Meter<'a>,
}

impl Counts<'_> {
    fn of(&mut self, value: Option<&str>) -> Result<&mut Vec<u64>, Error> {
        // A text can't be looked up in a map of optional ones without a copy of it.
        let key = value.map(str::to_owned);
        let known = self.values.contains_key(&key);
        let wanted = match &self.only {
            Some(only) => only.contains(&key),
            None => known || self.values.len() < MAX_VALUES,
        };
        if !wanted {
            return Ok(&mut self.other);
        }
        let count = self.buckets.count;
        if !known {
            self.meter.add(count * size_of::<u64>() + VALUE_BYTES)?;
        }
        Ok(self.values.entry(key).or_insert_with(|| vec![0; count]))
    }
}

impl Collector for Counts<'_> {
    fn take(&mut self, chunk: &Chunk<'_>) -> Result<(), Error> {
        let reader = self.field.reader(chunk.batch)?;
        let buckets = self.buckets;
        for row in chunk.passed.iter() {
            let text = reader.text(row);
            let value = text.as_deref().map(|text| begin_of(text, VALUE_BYTES));
            self.of(value)?[buckets.of(chunk.times.value(row))] += 1;
        }
        Ok(())
    }

    fn reads_values(&self) -> bool {
        true
    }
}

impl Mergeable for Counts<'_> {
    fn fork(&self) -> Self {
        Counts {
            values: HashMap::default(),
            other: vec![0; self.buckets.count],
            meter: self.meter.fork(),
            only: self.only.clone(),
            ..*self
        }
    }

    fn merge(&mut self, more: Self) -> Result<(), Error> {
        add(&mut self.other, &more.other);
        let mut values: Vec<_> = more.values.into_iter().collect();
        values.sort_unstable();
        values.iter().try_for_each(|(value, counts)| {
            add(self.of(value.as_deref())?, counts);
            Ok(())
        })
    }
}

/// How often each value comes, whenever.
struct Tally<'a> {
    field: &'a Field,
    values: HashMap<Option<String>, u64, ByteHash>,
    meter: Meter<'a>,
}

impl Tally<'_> {
    /// Of equally frequent ones the first by name.
    fn most_frequent(self, top: usize) -> Arc<HashSet<Option<String>>> {
        let mut all: Vec<(Reverse<u64>, Option<String>)> =
            self.values.into_iter().map(|(value, count)| (Reverse(count), value)).collect();
        all.sort_unstable();
        Arc::new(all.into_iter().take(top).map(|(_, value)| value).collect())
    }

    fn count(&mut self, value: Option<String>, count: u64) -> Result<(), Error> {
        if let Some(known) = self.values.get_mut(&value) {
            *known += count;
            return Ok(());
        }
        self.meter.add(value.as_ref().map_or(0, String::len) + TALLY_BYTES)?;
        self.values.insert(value, count);
        Ok(())
    }
}

impl Collector for Tally<'_> {
    fn take(&mut self, chunk: &Chunk<'_>) -> Result<(), Error> {
        let reader = self.field.reader(chunk.batch)?;
        for row in chunk.passed.iter() {
            let text = reader.text(row);
            self.count(text.map(|text| begin_of(&text, VALUE_BYTES).to_owned()), 1)?;
        }
        Ok(())
    }

    fn reads_values(&self) -> bool {
        true
    }
}

impl Mergeable for Tally<'_> {
    fn fork(&self) -> Self {
        Tally { field: self.field, values: HashMap::default(), meter: self.meter.fork() }
    }

    fn merge(&mut self, more: Self) -> Result<(), Error> {
        more.values.into_iter().try_for_each(|(value, count)| self.count(value, count))
    }
}

fn add(own: &mut [u64], more: &[u64]) {
    own.iter_mut().zip(more).for_each(|(own, more)| *own += more);
}
