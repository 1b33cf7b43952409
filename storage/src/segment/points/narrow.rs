//! Which rows of series are between two times, without reading all of them.
//!
//! Rows of a series are sorted by time and mostly evenly spaced, so that its first and last time tell about where
//! a time is. The times thereabouts are read; where they do not reach around what is wanted, all rows are.

use super::reading::{Reading, SeriesRows, Wanted};
use crate::error::Result;
use crate::segment::columns::{column, numbers};
use arrow::datatypes::TimestampNanosecondType;
use std::ops::Range;

/// Looking first pays when it is at so few of the rows: one in …
const WORTH_ONE_IN: usize = 4;
/// Rows more on either side than evenly spaced ones would be, besides one in `SLACK_ONE_IN`.
const SLACK_ROWS: usize = 16;
const SLACK_ONE_IN: usize = 64;

/// The rows of the series at some places that can be between two times, both included. None of a series that
/// has none.
pub fn narrowed(
    reading: &Reading<'_>,
    series: &[SeriesRows],
    places: &[usize],
    from_ns: i64,
    to_ns: i64,
) -> Result<Vec<Wanted>> {
    let all = |place: &usize| Wanted { place: *place, rows: rows(&series[*place]) };
    let guess = |place: &usize| Wanted { place: *place, rows: series[*place].about(from_ns, to_ns) };
    let guesses: Vec<Wanted> = places.iter().map(guess).collect();
    let count = |wanted: &[Wanted]| wanted.iter().map(|wanted| wanted.rows.len()).sum::<usize>();
    let whole: Vec<Wanted> = places.iter().map(all).collect();
    if count(&guesses) * WORTH_ONE_IN > count(&whole) {
        return Ok(whole);
    }
    let times = times(reading, &guesses)?;
    let mut rest = &times[..];
    let mut found = Vec::with_capacity(places.len());
    for (guess, whole) in guesses.into_iter().zip(whole) {
        let (own, later) = rest.split_at(guess.rows.len().min(rest.len()));
        rest = later;
        let rows = exact(&guess.rows, &whole.rows, own, from_ns, to_ns).unwrap_or(whole.rows);
        if !rows.is_empty() {
            found.push(Wanted { place: guess.place, rows });
        }
    }
    Ok(found)
}

fn rows(entry: &SeriesRows) -> Range<usize> {
    entry.rows.start as usize..entry.rows.end as usize
}

impl SeriesRows {
    /// About how many rows are between two times.
    pub fn about_between(&self, from_ns: i64, to_ns: i64) -> usize {
        self.about(from_ns, to_ns).len()
    }

    /// About the rows between two times.
    fn about(&self, from_ns: i64, to_ns: i64) -> Range<usize> {
        let all = rows(self);
        let span = self.times.1.saturating_sub(self.times.0) as f64;
        if span <= 0.0 {
            return all;
        }
        let place = |time: i64| time.saturating_sub(self.times.0) as f64 / span * (all.len() - 1) as f64;
        let slack = (SLACK_ROWS + all.len() / SLACK_ONE_IN) as f64;
        // A number that is negative becomes 0, and one that is too large the largest.
        let (from, to) = ((place(from_ns) - slack) as usize, (place(to_ns) + slack + 1.0) as usize);
        let start = all.start + from.min(all.len());
        start..(all.start + to.min(all.len())).max(start)
    }
}

/// The rows between two times, where the guess reaches around them.
fn exact(
    guess: &Range<usize>,
    all: &Range<usize>,
    times: &[i64],
    from_ns: i64,
    to_ns: i64,
) -> Option<Range<usize>> {
    let (first, last) = (times.first()?, times.last()?);
    let begins = guess.start == all.start || *first < from_ns;
    let ends = guess.end == all.end || *last > to_ns;
    if !begins || !ends || times.len() != guess.len() {
        return None;
    }
    let from = times.partition_point(|time| *time < from_ns);
    let to = times.partition_point(|time| *time <= to_ns);
    Some(guess.start + from..guess.start + to.max(from))
}

fn times(reading: &Reading<'_>, wanted: &[Wanted]) -> Result<Vec<i64>> {
    let mut times = Vec::new();
    for batch in reading.columns_of(wanted, |name| name == "time")? {
        let batch = batch?;
        times.extend_from_slice(numbers::<TimestampNanosecondType>(column(&batch, "time")?, "time")?);
    }
    Ok(times)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn entry(times: &[i64]) -> SeriesRows {
        SeriesRows {
            rows: 7..7 + times.len() as u32,
            kind: Default::default(),
            times: (times[0], times[times.len() - 1]),
        }
    }

    proptest! {
        #[test]
        fn exact_rows_are_those_of_a_full_look(
            gaps in prop::collection::vec(prop_oneof![9 => Just(10_i64), 1 => 0..3_000_i64], 1..400),
            from in -50..5_000_i64,
            length in 0..500_i64,
        ) {
            let times: Vec<i64> = gaps.iter().scan(0, |time, gap| { *time += gap; Some(*time) }).collect();
            let (entry, to) = (entry(&times), from + length);
            let (all, guess) = (rows(&entry), entry.about(from, to));
            prop_assert!(all.start <= guess.start && guess.end <= all.end);
            if let Some(found) = exact(&guess, &all, &times[guess.start - 7..guess.end - 7], from, to) {
                let expect: Vec<usize> =
                    (0..times.len()).filter(|at| (from..=to).contains(&times[*at])).map(|at| at + 7).collect();
                prop_assert_eq!(found.collect::<Vec<_>>(), expect);
            }
        }
    }

    #[test]
    fn evenly_spaced_rows_are_found_where_they_are() {
        let times: Vec<i64> = (0..10_000).map(|at| at * 15).collect();
        let (entry, from, to) = (entry(&times), 75_000, 75_300);
        let guess = entry.about(from, to);
        assert!(guess.len() < 400, "{guess:?}");
        let found = exact(&guess, &rows(&entry), &times[guess.start - 7..guess.end - 7], from, to);
        assert_eq!(found, Some(5_007..5_028));
    }
}
