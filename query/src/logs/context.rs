//! What was logged around a record.

use super::cursor::{Cursor, of_record};
use super::filter::{Filter, Leaf};
use super::search::{Direction, LogSearch, Page, search};
use crate::Error;
use crate::http::run::Budget;
use ocelli_api::TimeRange;
use ocelli_api::logs::LogContextResponse;
use ocelli_api::traces::Resource;
use ocelli_storage::Snapshot;

pub struct LogContext<'a> {
    /// Of the record.
    pub id: &'a str,
    /// How many newer and older ones are wanted.
    pub after: usize,
    pub before: usize,
    /// Only those of the same resource.
    pub of_stream: bool,
    pub range: TimeRange,
    pub page_bytes: usize,
}

pub fn context(
    snapshot: &Snapshot,
    wanted: &LogContext<'_>,
    budget: &Budget,
) -> Result<LogContextResponse, Error> {
    let here = of_record(wanted.id)?;
    let page = |filter: &Filter, limit, cursor, direction| {
        let (range, page_bytes) = (wanted.range, wanted.page_bytes);
        if limit == 0 {
            return Ok(Page::default());
        }
        let search_for = LogSearch { filter, range, limit, cursor: Some(cursor), direction, page_bytes };
        search(snapshot, &search_for, budget)
    };
    let found = page(&Filter::All, 1, here, Direction::Older)?;
    if found.records.is_empty() && found.partial.is_some() {
        // Not to be found in time is not the same as not to be there.
        budget.check()?;
    }
    let record = found.records.into_iter().find(|record| record.id == wanted.id);
    let record = record.ok_or_else(|| Error::NotFound(format!("there is no log record {}", wanted.id)))?;
    let filter = if wanted.of_stream { same_stream(&record.resource) } else { Filter::All };
    let before = page(&filter, wanted.before, Cursor { given: 1, ..here }, Direction::Older)?;
    let after = page(&filter, wanted.after, here, Direction::Newer)?;
    let mut stats = budget.stats();
    stats.partial = before.partial.or(after.partial);
    Ok(LogContextResponse { after: after.records, record, before: before.records, stats })
}

/// Of the same resource, which says which process it was.
fn same_stream(resource: &Resource) -> Filter {
    Filter::Leaf(Leaf::SameResource(Box::new(resource.clone())))
}
