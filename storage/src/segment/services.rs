//! Which services have rows in a segment, and from when to when: what retention decides by without
//! opening the file.

use super::columns::{downcast, typed};
use super::sort;
use crate::error::Result;
use crate::limits;
use arrow::array::types::Int32Type;
use arrow::array::{Array, DictionaryArray, RecordBatch, StringArray};
use ocelli_signal::Signal;
use ocelli_signal::origin::{Resource, UNKNOWN_SERVICE};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The rows of one service; times in nanoseconds since the Unix epoch, of spans the starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceRows {
    pub rows: u64,
    pub min_time: i64,
    pub max_time: i64,
}

impl ServiceRows {
    fn extend(&mut self, other: ServiceRows) {
        self.rows += other.rows;
        self.min_time = self.min_time.min(other.min_time);
        self.max_time = self.max_time.max(other.max_time);
    }
}

/// The services of a segment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Services {
    pub named: BTreeMap<String, ServiceRows>,
    /// There are rows of services that are not named.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
}

impl Services {
    /// The services of spans or logs, in the signal's schema or in that of a file.
    pub fn of_rows(signal: Signal, rows: &RecordBatch) -> Result<Services> {
        let coded: &DictionaryArray<Int32Type> = typed(rows, "service")?;
        let names: &StringArray = downcast(coded.values(), "service")?;
        let keys = coded.keys().values();
        let name = |key: usize| names.value(key).to_owned();
        Ok(gather(sort::times(signal, rows)?.values(), names.len(), |row| keys[row] as usize, name))
    }

    /// Counts rows of a service in.
    pub fn add(&mut self, service: &str, rows: ServiceRows) {
        if let Some(known) = self.named.get_mut(service) {
            known.extend(rows);
        } else if self.named.len() < limits::SEGMENT_SERVICES && service.len() <= limits::SERVICE_NAME_BYTES {
            self.named.insert(service.to_owned(), rows);
        } else {
            self.more = true;
        }
    }

    /// Counts in what another segment has.
    pub fn extend(&mut self, other: &Services) {
        other.named.iter().for_each(|(service, rows)| self.add(service, *rows));
        self.more |= other.more;
    }

    /// As the catalog and the footers hold it.
    pub fn to_json(&self) -> String {
        // A map of numbers by text can always be written.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// What can't be read is "services that are not named": retention then keeps as long as any may.
    pub fn from_json(text: &str) -> Services {
        let unknown = Services { named: BTreeMap::new(), more: true };
        serde_json::from_str(text).unwrap_or(unknown)
    }
}

/// The service of a `resource` value.
pub fn service_of(resource: &[u8]) -> &str {
    Resource::parse(resource).map_or(UNKNOWN_SERVICE, |resource| resource.service_name())
}

/// Counts by key first, so that a name is looked at once a dictionary value, not once a row.
fn gather(
    times: &[i64],
    keys: usize,
    key: impl Fn(usize) -> usize,
    name: impl Fn(usize) -> String,
) -> Services {
    let mut of_key: Vec<Option<ServiceRows>> = vec![None; keys];
    for (row, time) in times.iter().enumerate() {
        let one = ServiceRows { rows: 1, min_time: *time, max_time: *time };
        match &mut of_key[key(row)] {
            Some(known) => known.extend(one),
            empty => *empty = Some(one),
        }
    }
    let mut services = Services::default();
    for (key, rows) in of_key.into_iter().enumerate() {
        if let Some(rows) = rows {
            services.add(&name(key), rows);
        }
    }
    services
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_rows;
    use ocelli_signal::logs::{LogRow, LogsBuilder};

    #[test]
    fn rows_and_times_of_each_service_are_counted() {
        for signal in [Signal::Spans, Signal::Logs] {
            let batch = test_rows::batch(signal, 0, 60);
            let services = Services::of_rows(signal, &batch).unwrap();
            assert_eq!(services.named.values().map(|service| service.rows).sum::<u64>(), 60);
            assert!(services.named.keys().all(|name| name.starts_with("shop-")) && !services.more);
            let min = services.named.values().map(|service| service.min_time).min();
            let max = services.named.values().map(|service| service.max_time).max();
            let bounds = sort::time_bounds(signal, &batch).unwrap();
            assert_eq!((min, max), (Some(bounds.0), Some(bounds.1)));
            assert_eq!(Services::from_json(&services.to_json()), services);
        }
        assert!(Services::from_json("{").more);
    }

    #[test]
    fn more_services_than_can_be_named_are_told_of() {
        let mut builder = LogsBuilder::new();
        for n in 0..limits::SEGMENT_SERVICES + 10 {
            builder.set_resource(&test_rows::resource(n));
            builder.push(&LogRow::default());
        }
        let services = Services::of_rows(Signal::Logs, &builder.finish()).unwrap();
        assert_eq!((services.named.len(), services.more), (limits::SEGMENT_SERVICES, true));
        let mut both = Services::default();
        both.extend(&services);
        both.extend(&services);
        assert!(both.more && both.named.values().all(|service| service.rows == 2));
    }
}
