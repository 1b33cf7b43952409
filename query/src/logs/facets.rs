//! Which values the records that pass have, and how often.

use super::field::Field;
use super::filter::Filter;
use super::hints::attribute_keys;
use super::meter::Meter;
use super::scan::{Chunk, Collector, Scan};
use crate::Error;
use crate::byte_hash::ByteHash;
use crate::http::run::Budget;
use ocelli_api::TimeRange;
use ocelli_api::logs::{Facet, FacetValue, LogFacetsResponse};
use ocelli_signal::Signal;
use ocelli_storage::{Snapshot, Source};
use std::collections::HashMap;

/// Values of one field that are counted apart; those that come when there are so many are counted together.
const MAX_VALUES: usize = 10_000;
/// Longer values are shown by their begin.
const VALUE_BYTES: usize = 256;
/// What a value takes beside its text, about.
const VALUE_OVERHEAD_BYTES: usize = 64;
/// Fields that are shown where none is asked for.
const SHOWN: usize = 12;
/// Records by which it is found which fields are worth showing.
const LOOK_ROWS: usize = 2_000;
/// Fields that are looked at for it.
const LOOK_FIELDS: usize = 100;

pub struct LogFacets<'a> {
    pub filter: &'a Filter,
    pub range: TimeRange,
    /// The fields; those that are worth it where empty.
    pub fields: Vec<String>,
    /// Values of a field.
    pub limit: usize,
    /// Counted are the newest so many records, as counting all of a large store takes long.
    pub rows: usize,
}

pub fn facets(
    snapshot: &Snapshot,
    wanted: &LogFacets<'_>,
    budget: &Budget,
) -> Result<LogFacetsResponse, Error> {
    let range = wanted.range;
    let sources = snapshot.sources(Signal::Logs, range.from.0, range.to.0.saturating_sub(1));
    let fields = match wanted.fields.is_empty() {
        true => worth_showing(snapshot, &sources, wanted, budget)?,
        false => wanted.fields.clone(),
    };
    let mut counts = Counts::new(fields, wanted.rows, MAX_VALUES, budget);
    let partial = counts.run(&sources, wanted, budget)?;
    let records = counts.records as u64;
    let sampled = counts.left() == 0;
    let facets = counts.fields.into_iter().map(|field| field.facet(wanted.limit)).collect();
    let mut stats = budget.stats();
    stats.partial = partial;
    Ok(LogFacetsResponse { range, facets, records, sampled, stats })
}

/// Level and service, then attributes of records and resources that have several values which repeat,
/// those that most records have first.
fn worth_showing(
    snapshot: &Snapshot,
    sources: &[Source],
    wanted: &LogFacets<'_>,
    budget: &Budget,
) -> Result<Vec<String>, Error> {
    let keys = attribute_keys(snapshot, wanted.range)?;
    let mut own: Vec<(&String, u64)> = keys.own.iter().map(|(key, rows)| (key, *rows)).collect();
    own.sort_by_key(|(key, rows)| (std::cmp::Reverse(*rows), *key));
    let resource = keys.resource.iter().filter(|key| *key != "service.name" && !keys.own.contains_key(*key));
    let names = own.iter().map(|(key, _)| (*key).clone()).take(LOOK_FIELDS);
    let names: Vec<String> =
        names.chain(resource.take(LOOK_FIELDS).map(|key| format!("resource.{key}"))).collect();
    let mut counts = Counts::new(names, LOOK_ROWS, LOOK_ROWS, budget);
    counts.run(sources, wanted, budget)?;
    let records = counts.records as u64;
    let mut found: Vec<(u64, String)> = Vec::new();
    for field in counts.fields {
        let (having, values) = (records - field.missing, field.values.len() as u64);
        // An id of each record tells nothing, nor does what is the same everywhere.
        let repeats = values > 1 && values * 2 <= having || values == 1 && field.missing > 0 && having > 1;
        if repeats && having * 20 >= records {
            found.push((having, field.name));
        }
    }
    found.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    let own = ["level", "service"].map(str::to_owned);
    Ok(own.into_iter().chain(found.into_iter().map(|(_, name)| name)).take(SHOWN).collect())
}

struct Counts<'b> {
    fields: Vec<OfField>,
    meter: Meter<'b>,
    records: usize,
    limit: usize,
    most_values: usize,
}

struct OfField {
    name: String,
    field: Field,
    values: HashMap<String, u64, ByteHash>,
    /// Records whose value is none of these.
    other: u64,
    /// Records without a value.
    missing: u64,
}

impl<'b> Counts<'b> {
    fn new(names: Vec<String>, limit: usize, most_values: usize, budget: &'b Budget) -> Counts<'b> {
        let of = |name: String| OfField {
            field: Field::parse(&name),
            name,
            values: HashMap::default(),
            other: 0,
            missing: 0,
        };
        let fields = names.into_iter().map(of).collect();
        Counts { fields, meter: Meter::new(budget), records: 0, limit, most_values }
    }

    fn left(&self) -> usize {
        self.limit.saturating_sub(self.records)
    }

    fn run(
        &mut self,
        sources: &[Source],
        wanted: &LogFacets<'_>,
        budget: &Budget,
    ) -> Result<Option<String>, Error> {
        let fields = || self.fields.iter().map(|of| &of.field);
        let mut columns: Vec<&'static str> = fields().flat_map(|field| field.columns()).copied().collect();
        columns.sort_unstable();
        columns.dedup();
        let attributes: Vec<String> =
            fields().filter_map(|field| Some(field.attribute()?.to_owned())).collect();
        let scan = Scan {
            filter: wanted.filter,
            signal: Signal::Logs,
            range: wanted.range,
            columns: &columns,
            attributes: &attributes,
            newest_first: true,
        };
        scan.run(sources, budget, self)
    }
}

impl Collector for Counts<'_> {
    fn take(&mut self, chunk: &Chunk<'_>) -> Result<(), Error> {
        let rows: Vec<usize> = chunk.passed.iter().take(self.left()).collect();
        for of in &mut self.fields {
            let reader = of.field.reader(chunk.batch)?;
            for row in &rows {
                let Some(text) = reader.text(*row) else {
                    of.missing += 1;
                    continue;
                };
                let text = begin_of(&text, VALUE_BYTES);
                let full = of.values.len() >= self.most_values;
                match of.values.get_mut(text) {
                    Some(count) => *count += 1,
                    None if full => of.other += 1,
                    None => {
                        self.meter.add(text.len() + VALUE_OVERHEAD_BYTES)?;
                        of.values.insert(text.to_owned(), 1);
                    }
                }
            }
        }
        self.records += rows.len();
        Ok(())
    }

    fn reads_values(&self) -> bool {
        true
    }

    /// Once there are enough, no row is wanted any more.
    fn floor(&self) -> i64 {
        if self.left() == 0 { i64::MAX } else { i64::MIN }
    }
}

/// At most so many bytes of a text, whole characters.
pub fn begin_of(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

impl OfField {
    fn facet(self, limit: usize) -> Facet {
        let distinct = self.values.len() as u64;
        let more = self.other > 0;
        let mut values: Vec<FacetValue> =
            self.values.into_iter().map(|(value, count)| FacetValue { value, count }).collect();
        values.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.value.cmp(&b.value)));
        let hidden = values.split_off(values.len().min(limit));
        let other = self.other + hidden.iter().map(|value| value.count).sum::<u64>();
        Facet { field: self.name, values, other, missing: self.missing, distinct, more }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::fixture::{Record, TENANT, Value, filled, records};
    use crate::logs::{compile, language, naive};
    use ocelli_api::UnixNano;
    use std::collections::BTreeMap;
    use std::time::Duration;

    const START: i64 = 1_000_000_000_000;

    fn range() -> TimeRange {
        TimeRange { from: UnixNano(START), to: UnixNano(START + 150_000_000) }
    }

    fn text(value: Option<&Value>) -> Option<String> {
        match value? {
            Value::Int(n) => Some(n.to_string()),
            Value::Double(n) => Some(format!("{n}")),
            Value::Text(text) => Some(text.clone()),
        }
    }

    #[tokio::test]
    async fn counts_are_those_of_a_naive_count() {
        let records = records(1_500, 43);
        for (indexed, query) in [(true, "card"), (false, "level:>=warn"), (true, "")] {
            let (store, _directory) = filled(indexed, &records).await;
            let filter = compile(query).unwrap();
            let fields = ["service", "status", "number", "nowhere"].map(str::to_owned).to_vec();
            let wanted = LogFacets { filter: &filter, range: range(), fields, limit: 3, rows: usize::MAX };
            let budget = Budget::new(Duration::from_secs(60));
            let answer = facets(&store.snapshot(TENANT), &wanted, &budget).unwrap();
            let expr = language::parse(query).unwrap();
            let passing: Vec<&Record> =
                records.iter().filter(|record| naive::matches(&expr, record)).collect();
            assert_eq!((answer.records as usize, answer.sampled), (passing.len(), false));
            for facet in &answer.facets {
                let value = |record: &&Record| match facet.field.as_str() {
                    "service" => Some(record.service.clone()),
                    key => text(record.attribute(key)),
                };
                let mut naive: BTreeMap<String, u64> = BTreeMap::new();
                passing.iter().filter_map(value).for_each(|value| *naive.entry(value).or_default() += 1);
                let mut expected: Vec<(u64, String)> =
                    naive.iter().map(|(value, count)| (*count, value.clone())).collect();
                expected.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
                let shown: Vec<(u64, String)> =
                    facet.values.iter().map(|value| (value.count, value.value.clone())).collect();
                assert_eq!(shown, expected[..expected.len().min(3)], "{query} {}", facet.field);
                assert_eq!(facet.distinct as usize, expected.len());
                let counted = shown.iter().map(|(count, _)| count).sum::<u64>() + facet.other + facet.missing;
                assert_eq!(counted as usize, passing.len());
            }
        }
    }

    #[tokio::test]
    async fn fields_with_values_that_repeat_are_worth_showing_and_the_newest_are_counted() {
        let (store, _directory) = filled(true, &records(1_000, 47)).await;
        let filter = compile("").unwrap();
        let wanted = LogFacets { filter: &filter, range: range(), fields: Vec::new(), limit: 5, rows: 100 };
        let budget = Budget::new(Duration::from_secs(60));
        let answer = facets(&store.snapshot(TENANT), &wanted, &budget).unwrap();
        let names: Vec<&str> = answer.facets.iter().map(|facet| facet.field.as_str()).collect();
        assert_eq!(names[..2], ["level", "service"]);
        assert!(names.contains(&"status") && !names.contains(&"number"), "{names:?}");
        assert_eq!((answer.records, answer.sampled), (100, true));
    }
}
