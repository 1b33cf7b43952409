//! When the counters of samples began. Most series have one start, or none, so runs are kept.

use std::ops::Range;

/// One start a sample, in milliseconds; 0 where it is not known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Starts(Vec<(usize, i64)>);

impl Starts {
    /// Notes the start of the sample at `place`, which becomes the last one.
    pub fn set_last(&mut self, place: usize, start_ms: i64) {
        while self.0.last().is_some_and(|(first, _)| *first >= place) {
            self.0.pop();
        }
        if self.0.last().map_or(0, |(_, start)| *start) != start_ms {
            self.0.push((place, start_ms));
        }
    }

    pub fn get(&self, place: usize) -> i64 {
        at(&self.0, place)
    }

    /// Notes those of some samples of another list, which come to lie from `place` on, behind all others.
    pub fn append(&mut self, place: usize, other: &Starts, places: Range<usize>) {
        if places.is_empty() {
            return;
        }
        self.set_last(place, other.get(places.start));
        let later = other.0.iter().filter(|(first, _)| (places.start + 1..places.end).contains(first));
        later.for_each(|(first, start)| self.set_last(place + first - places.start, *start));
    }

    pub fn memory_bytes(&self) -> usize {
        size_of_val(&*self.0)
    }

    /// Those of a window's samples.
    pub fn within(&self, places: Range<usize>) -> StartsWithin<'_> {
        let first = self.0.partition_point(|(first, _)| *first <= places.start).saturating_sub(1);
        let end = self.0.partition_point(|(first, _)| *first < places.end);
        StartsWithin { runs: &self.0[first..end.max(first)], from: places.start }
    }
}

fn at(runs: &[(usize, i64)], place: usize) -> i64 {
    let run = runs.partition_point(|(first, _)| *first <= place);
    run.checked_sub(1).map_or(0, |run| runs[run].1)
}

/// The starts of the samples of a window, by their places in it.
#[derive(Clone, Copy, Debug, Default)]
pub struct StartsWithin<'a> {
    runs: &'a [(usize, i64)],
    from: usize,
}

impl StartsWithin<'_> {
    pub fn get(&self, place: usize) -> i64 {
        at(self.runs, self.from + place)
    }

    /// Whether not all samples have the same one.
    pub fn differ(&self) -> bool {
        self.runs.len() > 1 || self.runs.first().is_some_and(|(first, _)| *first > self.from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_read_as_single_starts() {
        let mut starts = Starts::default();
        let all = [0, 0, 5, 5, 9, 0, 7];
        all.iter().enumerate().for_each(|(place, start)| starts.set_last(place, *start));
        assert_eq!((0..7).map(|place| starts.get(place)).collect::<Vec<_>>(), all);
        for (range, differ) in [(0..2, false), (1..3, true), (2..4, false), (3..5, true), (6..7, false)] {
            let within = starts.within(range.clone());
            assert_eq!(within.differ(), differ, "{range:?}");
            let read: Vec<i64> = (0..range.len()).map(|place| within.get(place)).collect();
            assert_eq!(read, all[range]);
        }
        let mut copied = Starts::default();
        copied.append(0, &starts, 1..4);
        copied.append(3, &starts, 3..3);
        copied.append(3, &starts, 4..7);
        assert_eq!((0..6).map(|place| copied.get(place)).collect::<Vec<_>>(), all[1..]);
        starts.set_last(4, 5);
        assert_eq!((starts.get(4), starts.0.len()), (5, 1));
    }
}
