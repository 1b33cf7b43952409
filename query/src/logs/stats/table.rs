//! Groups as the rows of an answer.

use super::groups::{Buckets, Groups, Part, decode};
use super::{Key, Stats};
use crate::Error;
use crate::http::run::Budget;
use crate::logs::filter::Filter;
use crate::logs::scan::Scan;
use crate::logs::step::readable_step_ms;
use ocelli_api::TimeRange;
use ocelli_api::logs::{LogStatsOther, LogStatsResponse, StatsColumn, StatsKind};
use ocelli_signal::Signal;
use ocelli_storage::Snapshot;
use serde_json::Value as Json;
use std::cmp::Ordering;

/// Groups that are shown where the query says no number.
pub const LIMIT: usize = 1_000;
const MILLISECOND: i64 = 1_000_000;
/// Buckets of time over the range, about, where no width is asked for; and the most that may be.
const BUCKETS: i64 = 60;
const MAX_BUCKETS: i64 = 11_000;

/// Counts what passes. Also whether nothing did, and which names of the question no record has.
pub fn table(
    snapshot: &Snapshot,
    filter: &Filter,
    stats: &Stats,
    range: TimeRange,
    budget: &Budget,
) -> Result<(LogStatsResponse, bool, Vec<String>), Error> {
    let step_ms = step_ms(stats, range)?;
    let step = step_ms.unwrap_or(1).saturating_mul(MILLISECOND);
    let start = range.from.0.div_euclid(step).saturating_mul(step);
    let mut groups = Groups::new(stats, Buckets { start, step }, budget);
    let (columns, attributes) = read_from(stats);
    let scan = Scan {
        filter,
        signal: Signal::Logs,
        range,
        columns: &columns,
        attributes: &attributes,
        newest_first: false,
    };
    let sources = snapshot.sources(Signal::Logs, range.from.0, range.to.0.saturating_sub(1));
    let partial = scan.run_on_cores(&sources, budget, &mut groups)?;
    let (nothing, unseen) = (groups.is_empty(), unseen(stats, &groups.seen));
    let seconds = match step_ms {
        Some(step_ms) => step_ms as f64 / 1e3,
        None => range.duration_ns() as f64 / 1e9,
    };
    let mut answer = rows(stats, groups, Buckets { start, step }, seconds);
    answer.range = range;
    answer.step_ms = step_ms;
    answer.stats = budget.stats();
    answer.stats.partial = partial;
    Ok((answer, nothing, unseen))
}

fn step_ms(stats: &Stats, range: TimeRange) -> Result<Option<i64>, Error> {
    let step =
        stats.keys.iter().find_map(|key| if let Key::Time { step_ms } = key { Some(*step_ms) } else { None });
    let Some(step) = step else { return Ok(None) };
    let step_ms = step.unwrap_or_else(|| readable_step_ms(range.duration_ns(), BUCKETS));
    let count = range.duration_ns() / step_ms.saturating_mul(MILLISECOND);
    if count > MAX_BUCKETS {
        return Err(Error::LimitExceeded(format!(
            "time({step_ms}ms) makes {count} buckets of this range, {MAX_BUCKETS} is the limit; take a longer step or a shorter range"
        )));
    }
    Ok(Some(step_ms))
}

/// The columns and attributes that keys and figures are read from.
fn read_from(stats: &Stats) -> (Vec<&'static str>, Vec<String>) {
    let of_keys = stats
        .keys
        .iter()
        .filter_map(|key| if let Key::Field { field, .. } = key { Some(field) } else { None });
    let fields: Vec<_> =
        of_keys.chain(stats.columns.iter().filter_map(|column| Some(&column.of.as_ref()?.1))).collect();
    let mut columns: Vec<&'static str> = fields.iter().flat_map(|field| field.columns()).copied().collect();
    columns.sort_unstable();
    columns.dedup();
    (columns, fields.iter().filter_map(|field| Some(field.attribute()?.to_owned())).collect())
}

/// Names that no record has a value of.
fn unseen(stats: &Stats, seen: &[bool]) -> Vec<String> {
    let keys = stats.keys.iter().map(|key| Some(key.name().to_owned()));
    let columns = stats.columns.iter().map(|column| Some(column.of.as_ref()?.0.clone()));
    let names = keys.chain(columns).zip(seen).filter(|(_, seen)| !**seen);
    names.filter_map(|(name, _)| name).collect()
}

struct Row {
    key: Vec<Part>,
    figures: Vec<Json>,
    records: u64,
}

fn rows(stats: &Stats, groups: Groups<'_>, buckets: Buckets, seconds: f64) -> LogStatsResponse {
    let mut exact = vec![true; stats.columns.len()];
    let mut rows: Vec<Row> = Vec::new();
    for (key, group) in groups.into_groups() {
        exact.iter_mut().zip(&group.figures).for_each(|(exact, figure)| *exact &= figure.is_exact());
        let figures =
            group.figures.iter().zip(&stats.columns).map(|(figure, column)| figure.value(column, seconds));
        rows.push(Row { key: decode(stats, &key), figures: figures.collect(), records: group.records });
    }
    rows.sort_by(|a, b| order(stats, a, b));
    let groups = rows.len() as u64;
    let hidden = rows.split_off(rows.len().min(stats.limit.unwrap_or(LIMIT)));
    let other = (!hidden.is_empty()).then(|| LogStatsOther {
        groups: hidden.len() as u64,
        records: hidden.iter().map(|row| row.records).sum(),
    });
    let cell = |part: Part| match part {
        // As text, since a JSON number can't hold nanoseconds.
        Part::Bucket(number) => Json::from((buckets.start + number * buckets.step).to_string()),
        Part::Text(text) => text.map_or(Json::Null, Json::from),
    };
    let cells = |row: Row| row.key.into_iter().map(cell).chain(row.figures).collect();
    LogStatsResponse {
        columns: columns(stats, &exact),
        rows: rows.into_iter().map(cells).collect(),
        groups,
        other,
        ..LogStatsResponse::default()
    }
}

fn columns(stats: &Stats, exact: &[bool]) -> Vec<StatsColumn> {
    let keys = stats.keys.iter().map(|key| StatsColumn {
        name: key.name().to_owned(),
        kind: if matches!(key, Key::Time { .. }) { StatsKind::Time } else { StatsKind::Field },
        approximate: false,
    });
    let figures = stats.columns.iter().zip(exact).map(|(column, exact)| StatsColumn {
        name: column.name.clone(),
        kind: StatsKind::Figure,
        approximate: !exact,
    });
    keys.chain(figures).collect()
}

fn order(stats: &Stats, a: &Row, b: &Row) -> Ordering {
    let keys = stats.keys.len();
    let column = |at: usize| match at.checked_sub(keys) {
        None => a.key[at].cmp(&b.key[at]),
        Some(at) => number(&a.figures[at]).total_cmp(&number(&b.figures[at])),
    };
    let by = match &stats.sort {
        Some(sort) if sort.ascending => column(sort.column),
        Some(sort) => column(sort.column).reverse(),
        None => match stats.keys.iter().position(|key| matches!(key, Key::Time { .. })) {
            Some(time) => column(time).then_with(|| column(keys).reverse()),
            None => column(keys).reverse(),
        },
    };
    by.then_with(|| a.key.cmp(&b.key))
}

/// What has no value comes last among the large ones.
fn number(figure: &Json) -> f64 {
    figure.as_f64().unwrap_or(f64::NEG_INFINITY)
}
