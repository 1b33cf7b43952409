//! The list of services.

use super::grid::Grid;
use super::group::{Group, Role};
use super::{DURATION, attribute, read};
use crate::Error;
use crate::http::run::Budget;
use ocelli_api::TimeRange;
use ocelli_api::services::ServiceSummary;
use ocelli_signal::Series;
use ocelli_storage::Snapshot;
use std::collections::BTreeMap;

/// The span kinds by which a service is entered.
const ENTRY_KINDS: [&str; 2] = ["SPAN_KIND_SERVER", "SPAN_KIND_CONSUMER"];

/// Every service that has span metrics in the range, by name.
pub fn services(
    snapshot: &Snapshot,
    range: &TimeRange,
    budget: &Budget,
) -> Result<Vec<ServiceSummary>, Error> {
    let grid = Grid::of(range);
    let series = read(snapshot, &grid, range, budget, &[DURATION], |_| true)?;
    let mut groups: BTreeMap<String, Entrances> = BTreeMap::new();
    for series in &series {
        budget.check()?;
        let service = attribute(&series.series, "service.name");
        if !service.is_empty() {
            groups.entry(service).or_insert_with(|| Entrances::new(&grid)).add(series)?;
        }
    }
    let summary = |(name, group): (String, Entrances)| {
        let (red, series) = group.chosen().finish();
        ServiceSummary { name, red, series }
    };
    Ok(groups.into_iter().map(summary).collect())
}

/// The calls by which a service is entered, and all of its spans in case it has none of these.
pub struct Entrances {
    entry: Group,
    all: Group,
}

impl Entrances {
    pub fn new(grid: &Grid) -> Entrances {
        Entrances { entry: Group::new(grid), all: Group::new(grid) }
    }

    pub fn add(&mut self, series: &ocelli_storage::SeriesPoints) -> Result<(), Error> {
        let role = Role::CallsAndDurations { failed: is_error(&series.series) };
        if is_entry(&series.series) {
            self.entry.add(series, role)?;
        }
        self.all.add(series, role)
    }

    pub fn chosen(self) -> Group {
        if self.has_entry() { self.entry } else { self.all }
    }

    pub fn has_entry(&self) -> bool {
        self.entry.calls() > 0.0 || self.all.calls() == 0.0
    }
}

pub fn is_entry(series: &Series) -> bool {
    ENTRY_KINDS.contains(&attribute(series, "span.kind").as_str())
}

pub fn is_error(series: &Series) -> bool {
    attribute(series, "status.code") == "STATUS_CODE_ERROR"
}
