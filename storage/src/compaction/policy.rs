//! Segments of a partition are merged by size tiers, so that there are few files and each row is
//! rewritten about once for every factor of `fan_in` between a flush and a full segment. At high
//! rates, where a handful of flushes fills a segment, that is once.
//!
//! Only neighbours in the order of sequences are merged. That keeps the order of arrival, and lets
//! the sequences alone tell inputs from outputs when the catalog is lost.

use crate::segment::{DAY_NS, Partition};
use std::ops::Range;

/// What the policy knows about a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    pub partition: Partition,
    pub rows: u64,
    pub bytes: u64,
    /// When its youngest row was flushed, in nanoseconds since the Unix epoch.
    pub created_at: i64,
}

/// How large segments become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Segments of a tier that become one; also the factor between tiers.
    pub fan_in: usize,
    /// The most inputs of one merge.
    pub max_inputs: usize,
    /// What is smaller is of the lowest tier.
    pub tier_rows: u64,
    /// What has as many rows, or bytes, is merged no more.
    pub full_rows: u64,
    pub full_bytes: u64,
    /// A partition that is over is merged to its end when nothing came to it for so long.
    pub quiet_ns: i64,
}

/// The moment of the decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// A time, in nanoseconds since the Unix epoch.
    At(i64),
    /// After all partitions are over: nothing is waited for.
    AtLast,
}

/// Segments whose rows can't outlive each other by being merged; see `lane`.
type Lane = Option<i64>;

/// The neighbours to merge next out of the segments of one partition, oldest sequence first.
pub fn choose(sizes: &Sizes, segments: &[Candidate], when: When) -> Option<Range<usize>> {
    let weights: Vec<u64> = segments.iter().map(|segment| sizes.weight(segment)).collect();
    let mut begin = 0;
    while begin < segments.len() {
        let lane = lane(&segments[begin]);
        let same = |at: &usize| weights[*at] < sizes.full_rows && self::lane(&segments[*at]) == lane;
        let end = begin + (begin..segments.len()).take_while(same).count();
        let run = begin..end;
        let found = sizes.tiered(&weights, run.clone()).or_else(|| {
            let is_over = sizes.is_over(&segments[run.clone()], lane, when);
            if is_over { sizes.leftovers(&weights, run.clone()) } else { None }
        });
        if found.is_some() {
            return found;
        }
        begin = end.max(begin + 1);
    }
    None
}

/// Rows expire by their own time or by the time of their flush, whichever is earlier. For rows of
/// wrong clocks it is the flush's, so only those flushed on the same day are merged: an old one
/// would be kept as long as the youngest that it is merged with.
fn lane(segment: &Candidate) -> Lane {
    let flushed_on = segment.created_at.div_euclid(DAY_NS);
    match segment.partition {
        Partition::Day(day) if i64::from(day) <= flushed_on => None,
        _ => Some(flushed_on),
    }
}

impl Sizes {
    /// Rows, or as many as the bytes stand for.
    fn weight(&self, segment: &Candidate) -> u64 {
        let by_bytes = u128::from(segment.bytes) * u128::from(self.full_rows) / u128::from(self.full_bytes);
        segment.rows.max(u64::try_from(by_bytes).unwrap_or(u64::MAX))
    }

    /// The smallest weight above a tier.
    fn tier_end(&self, tier: u32) -> u64 {
        self.tier_rows.saturating_mul((self.fan_in as u64).saturating_pow(tier))
    }

    /// The first neighbours that are enough for the next tier, the smallest tier first, or for a
    /// full segment.
    fn tiered(&self, weights: &[u64], run: Range<usize>) -> Option<Range<usize>> {
        let mut tier = 0;
        loop {
            let limit = self.tier_end(tier).min(self.full_rows);
            let mut begin = run.start;
            while begin < run.end {
                let small = (begin..run.end).take_while(|at| weights[*at] < limit).count();
                let window = self.window(weights, begin..begin + small);
                let weight: u64 = weights[window.clone()].iter().sum();
                // In the lowest tier files count, above it what they hold.
                let enough = if tier == 0 { 0 } else { self.tier_end(tier) };
                if window.len() >= 2
                    && (weight >= self.full_rows || (window.len() >= self.fan_in && weight >= enough))
                {
                    return Some(window);
                }
                begin += small + 1;
            }
            if limit == self.full_rows {
                return None;
            }
            tier += 1;
        }
    }

    /// From its begin as many as one merge may take.
    fn window(&self, weights: &[u64], run: Range<usize>) -> Range<usize> {
        let mut weight = 0;
        let fits = |at: &usize| {
            let room = weight < self.full_rows;
            weight += weights[*at];
            room
        };
        let count = run.clone().take(self.max_inputs).take_while(fits).count();
        run.start..run.start + count
    }

    fn is_over(&self, run: &[Candidate], lane: Lane, when: When) -> bool {
        let When::At(now) = when else { return true };
        let Some(first) = run.first() else { return false };
        let quiet_since = now.saturating_sub(self.quiet_ns);
        let end = match lane {
            Some(day) => day.saturating_add(1).saturating_mul(DAY_NS),
            None => first.partition.end_ns().unwrap_or(i64::MAX),
        };
        end <= quiet_since && run.iter().all(|segment| segment.created_at <= quiet_since)
    }

    /// Whatever is left, where that pays.
    fn leftovers(&self, weights: &[u64], run: Range<usize>) -> Option<Range<usize>> {
        let mut begin = run.start;
        while begin < run.end {
            let window = self.window(weights, begin..run.end);
            begin = window.end;
            if let Some(paying) = paying(weights, window) {
                return Some(paying);
            }
        }
        None
    }
}

/// The part of a window that is worth a merge. Late rows come in small files to a partition that
/// has a large one: that is not written again for every few of them.
fn paying(weights: &[u64], window: Range<usize>) -> Option<Range<usize>> {
    if window.len() < 2 {
        return None;
    }
    let sum: u64 = weights[window.clone()].iter().sum();
    let largest = window.clone().max_by_key(|at| weights[*at])?;
    if weights[largest] <= 4 * (sum - weights[largest]) {
        return Some(window);
    }
    paying(weights, window.start..largest).or_else(|| paying(weights, largest + 1..window.end))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000_000_000;
    const DAY: i32 = 20_000;
    const SIZES: Sizes = Sizes {
        fan_in: 4,
        max_inputs: 8,
        tier_rows: 10,
        full_rows: 1_000,
        full_bytes: 1_000_000,
        quiet_ns: HOUR,
    };

    /// Noon of the partition's day.
    fn noon() -> i64 {
        i64::from(DAY) * DAY_NS + DAY_NS / 2
    }

    fn candidates(rows: &[u64]) -> Vec<Candidate> {
        let candidate = |rows: &u64| Candidate {
            partition: Partition::Day(DAY),
            rows: *rows,
            bytes: 100,
            created_at: noon(),
        };
        rows.iter().map(candidate).collect()
    }

    #[test]
    fn neighbours_are_merged_tier_by_tier() {
        let cases: &[(&[u64], Option<Range<usize>>)] = &[
            (&[], None),
            (&[1, 1, 1], None),
            (&[1, 1, 1, 1], Some(0..4)),
            (&[1, 1, 1, 1, 1, 1], Some(0..6)),
            (&[1; 20], Some(0..8)),
            // A larger one stands between: they are no neighbours.
            (&[1, 1, 50, 1, 1], None),
            (&[50, 1, 1, 1, 1], Some(1..5)),
            // Tier 1 is 10..40.
            (&[15, 15, 15], None),
            (&[15, 15, 15, 15], Some(0..4)),
            (&[15, 15, 15, 1], Some(0..4)),
            (&[12, 1, 1, 1], None),
            // Enough for a full one: written once, whatever the tiers say.
            (&[300, 300], None),
            (&[300, 300, 300, 300], Some(0..4)),
            (&[500, 400, 100], Some(0..3)),
            (&[900, 50, 60, 3], Some(0..3)),
            // Full ones stay, and part the others.
            (&[1_000, 1_200], None),
            (&[500, 400, 1_000, 400, 500], None),
            (&[1, 1, 1_000, 1, 1, 1, 1], Some(3..7)),
        ];
        for (rows, expected) in cases {
            let found = choose(&SIZES, &candidates(rows), When::At(noon() + HOUR));
            assert_eq!(found, *expected, "{rows:?}");
        }
    }

    #[test]
    fn what_is_left_of_a_day_is_merged_when_it_is_over_and_quiet() {
        let cases: &[(&[u64], Option<Range<usize>>)] = &[
            (&[7], None),
            (&[7, 3], Some(0..2)),
            (&[1_000, 7, 3, 1_000], Some(1..3)),
            (&[400, 100, 20, 1], Some(0..4)),
            // A large one is not written again for a few late rows.
            (&[500, 7], None),
            (&[7, 500, 8], None),
            (&[500, 7, 8], Some(1..3)),
            (&[500, 60, 70, 8], Some(0..4)),
        ];
        let midnight = i64::from(DAY + 1) * DAY_NS;
        for (rows, expected) in cases {
            let at = |time| choose(&SIZES, &candidates(rows), When::At(time));
            assert_eq!(at(midnight + HOUR - 1), None, "{rows:?}");
            assert_eq!(at(midnight + HOUR), *expected, "{rows:?}");
            assert_eq!(choose(&SIZES, &candidates(rows), When::AtLast), *expected, "{rows:?}");
        }
        let mut late = candidates(&[7, 3]);
        late[1].created_at = midnight + HOUR;
        assert_eq!(choose(&SIZES, &late, When::At(midnight + HOUR + 1)), None, "not quiet");
        assert_eq!(choose(&SIZES, &late, When::At(midnight + 2 * HOUR)), Some(0..2));
    }

    #[test]
    fn rows_of_wrong_clocks_are_merged_only_with_those_of_the_same_day() {
        let next_day = |mut segments: Vec<Candidate>, partition| {
            for (at, segment) in segments.iter_mut().enumerate() {
                segment.partition = partition;
                segment.created_at += if at < 3 { 0 } else { DAY_NS };
            }
            segments
        };
        for partition in [Partition::Mixed, Partition::Day(DAY + 300)] {
            let segments = next_day(candidates(&[1; 7]), partition);
            assert_eq!(choose(&SIZES, &segments, When::At(noon() + DAY_NS)), Some(0..3), "its day is over");
            assert_eq!(choose(&SIZES, &segments[3..], When::At(noon() + DAY_NS)), Some(0..4));
            assert_eq!(choose(&SIZES, &segments[4..], When::At(noon() + DAY_NS)), None);
        }
        let late = next_day(candidates(&[1; 7]), Partition::Day(DAY));
        assert_eq!(choose(&SIZES, &late, When::At(noon() + DAY_NS)), Some(0..7), "late rows are old rows");
    }

    #[test]
    fn bytes_count_as_well_as_rows() {
        let mut wide = candidates(&[2, 2, 2, 2]);
        wide.iter_mut().for_each(|segment| segment.bytes = 2_000_000);
        assert_eq!(choose(&SIZES, &wide, When::AtLast), None, "full by their bytes");
    }

    /// Flushes of some size until a day is over: how many files are left, the most that there were,
    /// and how often a row was written on average.
    fn simulate(sizes: &Sizes, flushes: usize, rows: u64) -> (usize, usize, f64) {
        let (mut segments, mut most, mut written) = (Vec::new(), 0, 0);
        let mut work = |segments: &mut Vec<Candidate>, when| {
            while let Some(range) = choose(sizes, segments, when) {
                let sum = segments[range.clone()].iter().map(|segment| segment.rows).sum();
                written += sum;
                let merged = Candidate { rows: sum, ..segments[range.end - 1] };
                segments.splice(range, [merged]);
            }
        };
        for _ in 0..flushes {
            segments.extend(candidates(&[rows]));
            work(&mut segments, When::At(noon()));
            most = most.max(segments.len());
        }
        work(&mut segments, When::AtLast);
        (segments.len(), most, 1.0 + written as f64 / (flushes as u64 * rows) as f64)
    }

    #[test]
    fn files_and_rewrites_stay_few_at_every_rate() {
        let logs = crate::limits::LOG_SIZES;
        // A day of flushes: rows of each, and the most that may be left, may be, and may be written.
        for (flushes, rows, left, most, writes) in [
            (720, 10, 1, 20, 7.5),
            (720, 1_000, 3, 30, 5.0),
            (720, 20_000, 30, 60, 4.0),
            (2_000, 100_000, 400, 410, 2.1),
            (2_000, 600_000, 2_000, 2_000, 1.0),
        ] {
            let found = simulate(&logs, flushes, rows);
            assert!(found.0 <= left && found.1 <= most && found.2 <= writes, "{rows} rows: {found:?}");
        }
    }
}
