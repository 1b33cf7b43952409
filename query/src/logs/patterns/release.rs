//! When a release came.

use crate::Error;
use crate::http::run::Budget;
use crate::logs::filter::value::{Scalar, ValueTest};
use crate::logs::filter::{Filter, Leaf};
use crate::logs::search::{Direction, LogSearch, search};
use ocelli_api::{TimeRange, UnixNano};
use ocelli_storage::Snapshot;

/// The time of the first record in a range from a service's version, as `checkout@1.4.2`, or from that version
/// of any service, as `1.4.2`.
pub fn first_of_release(
    snapshot: &Snapshot,
    release: &str,
    range: TimeRange,
    budget: &Budget,
) -> Result<UnixNano, Error> {
    let equals = |text: &str| ValueTest::Equals(Scalar::new(text));
    let (service, version) = release.rsplit_once('@').unwrap_or(("", release));
    let mut all =
        vec![Filter::Leaf(Leaf::Resource { key: "service.version".to_owned(), test: equals(version) })];
    if !service.is_empty() {
        all.push(Filter::Leaf(Leaf::Service(equals(service))));
    }
    let filter = Filter::And(all);
    let (direction, page_bytes) = (Direction::Newer, usize::MAX);
    let wanted = LogSearch { filter: &filter, range, limit: 1, cursor: None, direction, page_bytes };
    let first = search(snapshot, &wanted, budget)?;
    first.records.first().map(|record| record.time).ok_or_else(|| {
        let message = format!(
            "no record of the range is from '{release}'; write SERVICE@VERSION or VERSION, as service.version of the \
             resource has it, and a range that begins before the release"
        );
        Error::bad_parameter("since_release", message)
    })
}
