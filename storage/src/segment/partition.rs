//! The part of a tenant's signal that a segment belongs to: one UTC day of its rows' times, so that
//! a question about a time opens few files and a day that has expired is whole files.

use super::sort;
use crate::error::Result;
use crate::limits;
use arrow::array::{RecordBatch, UInt32Array};
use arrow::compute::take_record_batch;
use ocelli_signal::Signal;
use std::collections::{BTreeMap, HashSet};
use std::fmt;

/// Nanoseconds of a day.
pub const DAY_NS: i64 = 86_400_000_000_000;

/// Which days' rows a segment holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Partition {
    /// Days since 1970-01-01, UTC.
    Day(i32),
    /// Rows of many days, as wrong clocks send them: a file for each would be thousands.
    Mixed,
}

impl Partition {
    /// The day of a time.
    pub fn of(time_ns: i64) -> Partition {
        // 64 bits of nanoseconds are about 107,000 days to either side.
        Partition::Day(time_ns.div_euclid(DAY_NS) as i32)
    }

    /// From the name of its directory.
    pub fn parse(name: &str) -> Option<Partition> {
        if name == MIXED {
            return Some(Partition::Mixed);
        }
        let mut parts = name.splitn(3, '-');
        let mut number = |length: usize| -> Option<i64> {
            parts.next().filter(|digits| digits.len() == length)?.parse().ok()
        };
        let (year, month, day) = (number(4)?, number(2)?, number(2)?);
        let found = Partition::Day(i32::try_from(days_of(year, month, day)).ok()?);
        // What was no date, as 2026-02-31, does not come back as itself.
        (found.to_string() == name).then_some(found)
    }

    /// The first nanosecond after its day; none for rows of any day.
    pub fn end_ns(self) -> Option<i64> {
        match self {
            Partition::Day(day) => Some((i64::from(day) + 1).saturating_mul(DAY_NS)),
            Partition::Mixed => None,
        }
    }
}

const MIXED: &str = "mixed";

/// As the directory is called: `yyyy-mm-dd`, or `mixed`.
impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Partition::Day(day) => {
                let (year, month, day) = date_of(i64::from(*day));
                write!(f, "{year:04}-{month:02}-{day:02}")
            }
            Partition::Mixed => f.write_str(MIXED),
        }
    }
}

/// Days since 1970-01-01 of a date of the Gregorian calendar (Hinnant, "chrono-Compatible Low-Level
/// Date Algorithms"): years begin in March, so that the leap day is the last.
fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The date of days since 1970-01-01; the inverse of `days_of`.
fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

/// The rows of each partition, in the order of arrival. The days with most rows have a partition
/// each, up to `limits::FLUSH_PARTITIONS`; what lies beyond is mixed.
pub fn split(signal: Signal, batches: &[RecordBatch]) -> Result<BTreeMap<Partition, Vec<RecordBatch>>> {
    let mut rows_of: BTreeMap<Partition, usize> = BTreeMap::new();
    let mut bounds = Vec::with_capacity(batches.len());
    for batch in batches {
        let (min, max) = sort::time_bounds(signal, batch)?;
        let one = (Partition::of(min) == Partition::of(max)).then(|| Partition::of(min));
        match one {
            Some(partition) => *rows_of.entry(partition).or_default() += batch.num_rows(),
            None => {
                for time in sort::times(signal, batch)?.values() {
                    *rows_of.entry(Partition::of(*time)).or_default() += 1;
                }
            }
        }
        bounds.push(one);
    }
    let mut days: Vec<(usize, Partition)> = rows_of.into_iter().map(|(day, rows)| (rows, day)).collect();
    // Of equal days the younger one first, so that the outcome is the same each time.
    days.sort_unstable_by(|a, b| b.cmp(a));
    let own: HashSet<Partition> =
        days.into_iter().take(limits::FLUSH_PARTITIONS).map(|(_, day)| day).collect();
    let place = |day: Partition| if own.contains(&day) { day } else { Partition::Mixed };
    let mut split: BTreeMap<Partition, Vec<RecordBatch>> = BTreeMap::new();
    for (batch, one) in batches.iter().zip(bounds) {
        match one {
            _ if batch.num_rows() == 0 => {}
            Some(day) => split.entry(place(day)).or_default().push(batch.clone()),
            None => {
                let mut rows: BTreeMap<Partition, Vec<u32>> = BTreeMap::new();
                for (row, time) in sort::times(signal, batch)?.values().iter().enumerate() {
                    rows.entry(place(Partition::of(*time))).or_default().push(row as u32);
                }
                for (partition, rows) in rows {
                    let part = take_record_batch(batch, &UInt32Array::from(rows))?;
                    split.entry(partition).or_default().push(part);
                }
            }
        }
    }
    Ok(split)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_rows::{self, BASE_TIME};
    use ocelli_signal::logs::{LogRow, Logs, LogsBuilder};

    #[test]
    fn names_are_dates_and_read_back() {
        for (time, name) in [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (BASE_TIME, "2025-01-01"),
            (BASE_TIME - 1, "2024-12-31"),
            (1_709_164_800_000_000_000, "2024-02-29"),
            (i64::MIN, "1677-09-21"),
            (i64::MAX, "2262-04-11"),
        ] {
            assert_eq!(Partition::of(time).to_string(), name);
            assert_eq!(Partition::parse(name), Some(Partition::of(time)));
        }
        assert_eq!(Partition::parse("mixed"), Some(Partition::Mixed));
        for bad in ["", "2026-02-31", "2026-2-03", "2026-02", "2026-02-03-", "20x6-02-03", "Mixed"] {
            assert_eq!(Partition::parse(bad), None, "{bad}");
        }
        let end = Partition::of(BASE_TIME).end_ns().unwrap();
        assert_eq!((Partition::of(end - 1), end - BASE_TIME), (Partition::of(BASE_TIME), DAY_NS));
    }

    fn logs(days: &[(i64, usize)]) -> RecordBatch {
        let mut builder = LogsBuilder::new();
        for (day, rows) in days {
            for row in 0..*rows {
                builder.push(&LogRow { time: BASE_TIME + day * DAY_NS + row as i64, ..LogRow::default() });
            }
        }
        builder.finish()
    }

    fn rows_of(split: &BTreeMap<Partition, Vec<RecordBatch>>) -> Vec<(String, usize)> {
        let rows = |batches: &Vec<RecordBatch>| batches.iter().map(RecordBatch::num_rows).sum();
        split.iter().map(|(partition, batches)| (partition.to_string(), rows(batches))).collect()
    }

    #[test]
    fn rows_go_to_their_days_and_those_of_too_many_days_are_mixed() {
        let few = [logs(&[(0, 5)]), logs(&[(0, 2), (1, 3)]), logs(&[])];
        let found = split(Signal::Logs, &few).unwrap();
        assert_eq!(rows_of(&found), [("2025-01-01".to_owned(), 7), ("2025-01-02".to_owned(), 3)]);

        let many: Vec<(i64, usize)> = (0..1_000).map(|day| (day * 3, 1 + usize::from(day < 8))).collect();
        let found = split(Signal::Logs, &[logs(&many)]).unwrap();
        assert_eq!(found.len(), limits::FLUSH_PARTITIONS + 1);
        assert_eq!(rows_of(&found).last(), Some(&("mixed".to_owned(), 992)));
        let mixed = &found[&Partition::Mixed][0];
        assert!(Logs::new(mixed).unwrap().time.values().is_sorted(), "the order of arrival stays");
    }

    #[test]
    fn a_batch_of_one_day_is_not_copied() {
        let rows = test_rows::batch(Signal::Spans, 0, 50);
        let found = split(Signal::Spans, std::slice::from_ref(&rows)).unwrap();
        assert_eq!(found.len(), 1);
        let kept = &found[&Partition::of(BASE_TIME)][0];
        assert!(std::sync::Arc::ptr_eq(kept.column(0), rows.column(0)));
    }
}
