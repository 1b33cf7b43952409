//! What has expired: whole segments where that is all of them, rows of some services else.
//!
//! The age of rows counts from the youngest of them, by their own time or by that of their flush,
//! whichever is earlier: what a wrong clock dates into the future does not live for ever.

use super::Retention;
use super::pins::{Pin, pinned};
use crate::catalog::SegmentEntry;
use crate::limits;
use std::collections::BTreeSet;
use std::time::Duration;

/// What is to become of a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Keep,
    Remove,
    /// It is written anew without what has expired.
    Rewrite(Rewrite),
}

/// What goes: the rows of some services, or of all, but for those of a pinned time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewrite {
    /// None for all.
    pub services: Option<BTreeSet<String>>,
    /// Nanoseconds since the Unix epoch, both ends included.
    pub pinned: Option<(i64, i64)>,
}

impl Rewrite {
    pub fn keeps(&self, service: &str, time_ns: i64) -> bool {
        self.pinned.is_some_and(|(from, to)| (from..=to).contains(&time_ns))
            || self.services.as_ref().is_some_and(|services| !services.contains(service))
    }
}

/// Decides about a segment; `now` in nanoseconds since the Unix epoch.
pub fn judge(retention: &Retention, pins: &[Pin], segment: &SegmentEntry, now: i64) -> Verdict {
    let (tenant, signal) = (&segment.tenant, segment.signal);
    let pinned = pinned(pins, segment, now);
    // How long rows have been expired; none while they have not, or where all of them are pinned.
    let over = |oldest: i64, youngest: i64, keep: Duration| {
        let keep = i64::try_from(keep.as_nanos()).unwrap_or(i64::MAX);
        let expiry = youngest.min(segment.created_at).saturating_add(keep);
        let is_pinned = pinned.is_some_and(|(from, to)| from <= oldest && youngest <= to);
        (expiry <= now && !is_pinned).then(|| now.saturating_sub(expiry))
    };
    let services = &segment.services;
    let mut expired: Vec<(&String, u64, i64)> = Vec::new();
    for (service, rows) in &services.named {
        if let Some(since) = over(rows.min_time, rows.max_time, retention.keep(tenant, signal, service)) {
            expired.push((service, rows.rows, since));
        }
    }
    let longest = retention.longest(tenant, signal);
    let others_expired = || over(segment.min_time, segment.max_time, longest).is_some();
    if expired.len() == services.named.len() && (!services.more || others_expired()) {
        return match pinned {
            None => Verdict::Remove,
            Some(_) if expired.is_empty() && !services.more => Verdict::Keep,
            Some(_) => Verdict::Rewrite(Rewrite { services: None, pinned }),
        };
    }
    let rows: u64 = expired.iter().map(|(_, rows, _)| rows).sum();
    let waits_long = expired.iter().any(|(_, _, since)| *since >= limits::REWRITE_WAIT_NS);
    if rows > 0 && (waits_long || rows.saturating_mul(limits::REWRITE_SHARE) >= segment.rows) {
        let services = Some(expired.into_iter().map(|(service, _, _)| service.clone()).collect());
        return Verdict::Rewrite(Rewrite { services, pinned });
    }
    Verdict::Keep
}

/// Which segments go so that the others have at most `limit` bytes: the oldest, of all signals and
/// tenants. Gives their places.
pub fn oldest_beyond<'a>(segments: impl Iterator<Item = &'a SegmentEntry>, limit: u64) -> Vec<usize> {
    let mut all: Vec<(i64, usize, u64)> = segments
        .enumerate()
        .map(|(at, segment)| (segment.max_time.min(segment.created_at), at, segment.bytes()))
        .collect();
    let mut held: u64 = all.iter().map(|(_, _, bytes)| bytes).sum();
    all.sort_unstable();
    let beyond = all.into_iter().take_while(|(_, _, bytes)| {
        let is_beyond = held > limit;
        held = held.saturating_sub(*bytes);
        is_beyond
    });
    beyond.map(|(_, at, _)| at).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{Rules, ServiceRule};
    use super::*;
    use crate::catalog::FileEntry;
    use crate::segment::services::ServiceRows;
    use crate::segment::{DAY_NS, Partition, Services};
    use ocelli_signal::Signal;

    const NOW: i64 = 20_000 * DAY_NS;

    fn days_ago(days: i64) -> i64 {
        NOW - days * DAY_NS
    }

    /// Services with the age of their youngest row in days, and their rows.
    fn segment(created: i64, services: &[(&str, i64, u64)]) -> SegmentEntry {
        let rows = |age: i64, rows: u64| ServiceRows { rows, min_time: 0, max_time: days_ago(age) };
        SegmentEntry {
            stem: "s".into(),
            tenant: "default".into(),
            signal: Signal::Logs,
            partition: Partition::Mixed,
            level: 0,
            format_version: 1,
            rows: services.iter().map(|(_, _, rows)| rows).sum(),
            min_time: 0,
            max_time: services.iter().map(|(_, age, _)| days_ago(*age)).max().unwrap_or(0),
            created_at: days_ago(created),
            first_sequence: 1,
            last_sequence: 1,
            covered_sequence: 0,
            services: Services {
                named: services
                    .iter()
                    .map(|(name, age, count)| ((*name).to_owned(), rows(*age, *count)))
                    .collect(),
                more: false,
            },
            files: vec![FileEntry { suffix: ".parquet".into(), bytes: 100, crc32c: 0, blocks: Vec::new() }],
        }
    }

    /// 30 days, `short` 7 and `long` 90.
    fn retention() -> Retention {
        let rule = |service: &str, days: u64| ServiceRule {
            service: service.into(),
            signal: None,
            keep: Duration::from_secs(days * 86_400),
        };
        let rules = Rules { services: vec![rule("short", 7), rule("long", 90)], ..Retention::default().all };
        Retention { all: rules, ..Retention::default() }
    }

    #[test]
    fn whole_segments_go_and_rows_of_services_where_it_pays() {
        let rewrite = |services: &[&str]| {
            let services = Some(services.iter().map(|s| (*s).to_owned()).collect());
            Verdict::Rewrite(Rewrite { services, pinned: None })
        };
        for (created, services, expected) in [
            (0, &[("cart", 29, 1)][..], Verdict::Keep),
            (0, &[("cart", 30, 1)], Verdict::Remove),
            (0, &[("cart", 31, 1), ("web", 40, 5)], Verdict::Remove),
            (0, &[("cart", 30, 1), ("web", 29, 5)], Verdict::Keep),
            // From a quarter on, or after a day of waiting.
            (0, &[("short", 7, 24), ("web", 7, 76)], Verdict::Keep),
            (0, &[("short", 7, 25), ("web", 7, 75)], rewrite(&["short"])),
            (0, &[("short", 8, 1), ("web", 7, 99)], rewrite(&["short"])),
            (0, &[("cart", 40, 50), ("web", 40, 49), ("long", 40, 1)], rewrite(&["cart", "web"])),
            (0, &[("long", 89, 1)], Verdict::Keep),
            // Rows from the future, and of no known time.
            (29, &[("cart", -10_000, 1)], Verdict::Keep),
            (30, &[("cart", -10_000, 1)], Verdict::Remove),
            (0, &[("cart", 20_000, 1)], Verdict::Remove),
        ] {
            let segment = segment(created, services);
            assert_eq!(judge(&retention(), &[], &segment, NOW), expected, "{created} {services:?}");
        }
    }

    #[test]
    fn services_that_are_not_named_are_kept_as_long_as_any() {
        let mut many = segment(0, &[("cart", 40, 100)]);
        many.services.more = true;
        assert_eq!(
            judge(&retention(), &[], &many, NOW),
            Verdict::Rewrite(Rewrite { services: Some(["cart".to_owned()].into()), pinned: None })
        );
        many.max_time = days_ago(90);
        assert_eq!(judge(&retention(), &[], &many, NOW), Verdict::Remove);
    }

    #[test]
    fn the_oldest_go_until_the_rest_fits() {
        let all = [segment(0, &[("a", 5, 1)]), segment(9, &[("a", -90, 1)]), segment(0, &[("a", 7, 1)])];
        let places = |limit| oldest_beyond(all.iter(), limit);
        assert_eq!(places(300), [0; 0]);
        assert_eq!(places(299), [1]);
        assert_eq!(places(150), [1, 2]);
        assert_eq!(places(0), [1, 2, 0]);
    }
}
