//! The points of one series, by column: a number takes 16 bytes, and what only some points have takes
//! nothing for the others.

use crate::error::Result;
use crate::segment::points::ReadPoints;
use bytes::Bytes;
use ocelli_signal::Kind;
use ocelli_signal::point::ExponentialHistogram;
use ocelli_signal::points::{PointBody, PointRow};
use ocelli_signal::span_parts::Number;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// What a point says.
#[derive(Clone)]
pub enum PointValue {
    /// No value, as a stale marker has none.
    None,
    Double(f64),
    Int(i64),
    /// The OTLP data point of the series' kind (see `ocelli_signal::point`).
    Other(Bytes),
    /// The same of an exponential histogram out of a file, whose columns need not become bytes first.
    Exponential(Arc<ExponentialHistogram>),
}

/// The same text however a point is carried.
impl fmt::Debug for PointValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PointValue::None => f.write_str("None"),
            PointValue::Double(value) => f.debug_tuple("Double").field(value).finish(),
            PointValue::Int(value) => f.debug_tuple("Int").field(value).finish(),
            PointValue::Other(bytes) => f.debug_tuple("Other").field(bytes).finish(),
            PointValue::Exponential(point) => {
                f.debug_tuple("Other").field(&Bytes::from(point.encode())).finish()
            }
        }
    }
}

/// Equal where the points are, however they are carried.
impl PartialEq for PointValue {
    fn eq(&self, other: &PointValue) -> bool {
        use PointValue::*;
        match (self, other) {
            (None, None) => true,
            (Double(a), Double(b)) => a == b,
            (Int(a), Int(b)) => a == b,
            (Other(a), Other(b)) => a == b,
            (Exponential(a), Exponential(b)) => a == b,
            (Exponential(a), Other(b)) | (Other(b), Exponential(a)) => a.encode() == b[..],
            _ => false,
        }
    }
}

impl PointValue {
    /// About what it takes beside its own size.
    fn referred_bytes(&self) -> usize {
        match self {
            PointValue::Other(bytes) => bytes.len(),
            PointValue::Exponential(point) => {
                let counts = [&point.positive, &point.negative]
                    .map(|side| side.as_ref().map_or(0, |s| s.counts.len()));
                size_of::<ExponentialHistogram>() + 8 * (counts[0] + counts[1])
            }
            _ => 0,
        }
    }
}

/// One point; times in nanoseconds since the Unix epoch.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// 0 when unknown.
    pub start: i64,
    pub time: i64,
    pub flags: u32,
    pub value: PointValue,
    /// See `ocelli_signal::span_parts::iter_exemplars`.
    pub exemplars: Bytes,
}

impl From<PointRow<'_>> for Point {
    fn from(row: PointRow<'_>) -> Point {
        Point {
            start: row.start_time,
            time: row.time,
            flags: row.flags,
            value: match row.body {
                PointBody::Empty => PointValue::None,
                PointBody::Number(Number::Double(n)) => PointValue::Double(n),
                PointBody::Number(Number::Int(n)) => PointValue::Int(n),
                PointBody::Other(point) => PointValue::Other(Bytes::copy_from_slice(point)),
            },
            exemplars: Bytes::copy_from_slice(row.exemplars),
        }
    }
}

/// The values of a series' points, all of one kind where they are.
#[derive(Clone, Debug)]
pub enum Values {
    Doubles(Vec<f64>),
    Ints(Vec<i64>),
    Any(Vec<PointValue>),
}

impl Default for Values {
    fn default() -> Values {
        Values::Doubles(Vec::new())
    }
}

impl Values {
    fn len(&self) -> usize {
        match self {
            Values::Doubles(values) => values.len(),
            Values::Ints(values) => values.len(),
            Values::Any(values) => values.len(),
        }
    }

    fn get(&self, at: usize) -> PointValue {
        match self {
            Values::Doubles(values) => PointValue::Double(values[at]),
            Values::Ints(values) => PointValue::Int(values[at]),
            Values::Any(values) => values[at].clone(),
        }
    }

    fn push(&mut self, value: PointValue) {
        match (&mut *self, value) {
            (Values::Doubles(values), PointValue::Double(value)) => values.push(value),
            (Values::Ints(values), PointValue::Int(value)) => values.push(value),
            (Values::Any(values), value) => values.push(value),
            (_, value) => {
                self.make_room_for(&value);
                self.push(value);
            }
        }
    }

    /// Becomes of the kind of a value, or of any when there are others already.
    fn make_room_for(&mut self, value: &PointValue) {
        *self = match (self.len(), value) {
            (0, PointValue::Double(_)) => Values::Doubles(Vec::new()),
            (0, PointValue::Int(_)) => Values::Ints(Vec::new()),
            (len, _) => Values::Any((0..len).map(|at| self.get(at)).collect()),
        };
    }

    fn bytes(&self) -> usize {
        match self {
            Values::Any(values) => values.len() * size_of::<PointValue>(),
            numbers => numbers.len() * size_of::<f64>(),
        }
    }
}

/// Points in the order of their times; of equal times in the order of arrival.
#[derive(Clone, Debug, Default)]
pub struct PointList {
    times: Vec<i64>,
    values: Values,
    /// Start times, each with the place of the first point that has it.
    starts: Vec<(usize, i64)>,
    /// Those that are not 0.
    flags: Vec<(usize, u32)>,
    /// Those that are not empty.
    exemplars: Vec<(usize, Bytes)>,
    /// What values and exemplars refer to.
    referred_bytes: usize,
}

impl PointList {
    pub fn len(&self) -> usize {
        self.times.len()
    }

    pub fn is_empty(&self) -> bool {
        self.times.is_empty()
    }

    /// Nanoseconds since the Unix epoch.
    pub fn times(&self) -> &[i64] {
        &self.times
    }

    pub fn values(&self) -> &Values {
        &self.values
    }

    /// Start times, each with the place of the first point that has it.
    pub fn starts(&self) -> &[(usize, i64)] {
        &self.starts
    }

    /// Flags that are not 0, with the places of their points.
    pub fn flags(&self) -> &[(usize, u32)] {
        &self.flags
    }

    pub fn get(&self, at: usize) -> Option<Point> {
        let time = *self.times.get(at)?;
        let run = self.starts.partition_point(|(first, _)| *first <= at);
        let flags = self.flags.binary_search_by_key(&at, |(place, _)| *place);
        let exemplars = self.exemplars.binary_search_by_key(&at, |(place, _)| *place);
        Some(Point {
            start: run.checked_sub(1).map_or(0, |run| self.starts[run].1),
            time,
            flags: flags.map_or(0, |found| self.flags[found].1),
            value: self.values.get(at),
            exemplars: exemplars.map_or_else(|_| Bytes::new(), |found| self.exemplars[found].1.clone()),
        })
    }

    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Point> {
        (0..self.len()).filter_map(|at| self.get(at))
    }

    /// Only the newest.
    pub fn newest(&self) -> PointList {
        let mut newest = PointList::default();
        self.iter().next_back().into_iter().for_each(|point| newest.push(point));
        newest
    }

    pub(crate) fn push(&mut self, point: Point) {
        let at = self.len();
        self.times.push(point.time);
        self.push_start(at, point.start);
        if point.flags != 0 {
            self.flags.push((at, point.flags));
        }
        self.push_exemplars(at, point.exemplars);
        self.referred_bytes += point.value.referred_bytes();
        self.values.push(point.value);
    }

    fn push_start(&mut self, at: usize, start: i64) {
        if self.starts.last().map_or(0, |(_, last)| *last) != start {
            self.starts.push((at, start));
        }
    }

    /// The starts of points that lie from `first` on.
    fn append_starts(&mut self, first: usize, starts: &[i64]) {
        let Some(one) = starts.first() else { return };
        self.push_start(first, *one);
        if starts.iter().any(|start| start != one) {
            starts.iter().enumerate().for_each(|(at, start)| self.push_start(first + at, *start));
        }
    }

    fn push_exemplars(&mut self, at: usize, exemplars: Bytes) {
        if !exemplars.is_empty() {
            self.referred_bytes += exemplars.len();
            self.exemplars.push((at, exemplars));
        }
    }

    /// Appends rows of a file, which are of this series.
    pub(crate) fn append(&mut self, read: &ReadPoints<'_>, rows: Range<usize>, kind: Kind) -> Result<()> {
        if self.is_empty()
            && let Some(first) = rows.clone().next()
        {
            self.values.make_room_for(&read.point(first, kind)?.value);
        }
        let taken = match &mut self.values {
            Values::Doubles(values) => read.doubles(&rows).map(|new| values.extend_from_slice(new)),
            Values::Ints(values) => read.ints(&rows).map(|new| values.extend_from_slice(new)),
            Values::Any(_) => None,
        };
        if taken.is_none() {
            return rows.into_iter().try_for_each(|row| read.point(row, kind).map(|point| self.push(point)));
        }
        let first = self.times.len();
        self.times.extend_from_slice(&read.time[rows.clone()]);
        self.append_starts(first, &read.start_time[rows.clone()]);
        let flags = &read.flags[rows.clone()];
        if flags.iter().any(|flags| *flags != 0) {
            let set = flags.iter().enumerate().filter(|(_, flags)| **flags != 0);
            self.flags.extend(set.map(|(at, flags)| (first + at, *flags)));
        }
        if read.has_exemplars() {
            rows.enumerate().for_each(|(at, row)| self.push_exemplars(first + at, read.exemplars(row)));
        }
        Ok(())
    }

    /// Puts the points in the order of time.
    pub(crate) fn sort(&mut self) {
        if self.times.is_sorted() {
            return;
        }
        let mut order: Vec<usize> = (0..self.len()).collect();
        order.sort_by_key(|at| self.times[*at]);
        let mut sorted = PointList::default();
        order.into_iter().filter_map(|at| self.get(at)).for_each(|point| sorted.push(point));
        *self = sorted;
    }

    /// About what the points take in memory.
    pub fn bytes(&self) -> usize {
        let columns = size_of_val(&*self.times)
            + self.values.bytes()
            + size_of_val(&*self.starts)
            + size_of_val(&*self.flags)
            + size_of_val(&*self.exemplars);
        // Lists double as they grow: on average half of the room is free.
        columns * 3 / 2 + self.referred_bytes
    }
}

impl FromIterator<Point> for PointList {
    fn from_iter<I: IntoIterator<Item = Point>>(points: I) -> PointList {
        let mut list = PointList::default();
        points.into_iter().for_each(|point| list.push(point));
        list
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_value() -> impl Strategy<Value = PointValue> {
        prop_oneof![
            6 => any::<i32>().prop_map(|n| PointValue::Double(n.into())),
            6 => any::<i64>().prop_map(PointValue::Int),
            1 => Just(PointValue::None),
            1 => any::<[u8; 3]>().prop_map(|bytes| PointValue::Other(Bytes::copy_from_slice(&bytes))),
        ]
    }

    prop_compose! {
        fn any_point()(
            start in prop_oneof![4 => Just(0), 4 => Just(7), 1 => any::<i64>()],
            time in 0..50_i64,
            flags in prop_oneof![5 => Just(0), 1 => any::<u32>()],
            value in any_value(),
            exemplars in prop_oneof![5 => Just(&b""[..]), 1 => Just(&b"seen"[..])],
        ) -> Point {
            Point { start, time, flags, value, exemplars: exemplars.into() }
        }
    }

    proptest! {
        #[test]
        fn points_come_back_as_they_were_and_sort_stably(mut points in prop::collection::vec(any_point(), 0..40)) {
            let mut list: PointList = points.iter().cloned().collect();
            prop_assert_eq!(list.iter().collect::<Vec<_>>(), points.clone());
            prop_assert_eq!(list.newest().iter().collect::<Vec<_>>(), points.last().cloned().into_iter().collect::<Vec<_>>());
            list.sort();
            points.sort_by_key(|point| point.time);
            prop_assert_eq!(list.iter().collect::<Vec<_>>(), points);
        }
    }

    #[test]
    fn numbers_of_one_kind_take_little() {
        let point = |time| Point {
            start: 1,
            time,
            flags: 0,
            value: PointValue::Double(0.5),
            exemplars: Bytes::new(),
        };
        let list: PointList = (0..1_000).map(point).collect();
        assert!(matches!(list.values(), Values::Doubles(values) if values.len() == 1_000));
        assert!(list.bytes() < 1_000 * 25, "{} bytes", list.bytes());
    }
}
