//! The lines of a waterfall: its spans, and under each span its log records.

use super::order::order;
use ocelli_api::UnixNano;
use std::collections::HashMap;

/// A line, in the order in which lines are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    /// The row of the span.
    pub row: u32,
    /// 0 is the span itself; else a record, counted from 1 in their order.
    pub record: u32,
}

impl Line {
    pub fn span(row: u32) -> Self {
        Self { row, record: 0 }
    }

    /// The place of the record among all.
    pub fn record_place(self) -> Option<usize> {
        (self.record as usize).checked_sub(1)
    }
}

/// The row of each record, those of a span that is not there in the first row: they belong to the trace.
pub fn rows_of_records<'a>(span_ids: &[String], of: impl Iterator<Item = &'a str>) -> Vec<u32> {
    let of: Vec<&str> = of.collect();
    // Few records, many spans: only those that are asked for are looked up.
    let mut rows: HashMap<&str, u32> = of.iter().map(|id| (*id, 0)).collect();
    for (row, id) in span_ids.iter().enumerate() {
        if let Some(found) = rows.get_mut(id.as_str()) {
            *found = row as u32;
        }
    }
    of.iter().map(|id| rows.get(id).copied().unwrap_or_default()).collect()
}

/// The lines of the rows that are shown. `records` has the row and time of each record.
pub fn lines(rows: &[u32], records: &[(u32, UnixNano)]) -> Vec<Line> {
    let order = order(records.len(), &|a, b| records[a].cmp(&records[b]));
    let mut records_left = order.into_iter().peekable();
    let mut lines = Vec::with_capacity(rows.len() + records.len());
    for &row in rows {
        lines.push(Line::span(row));
        while let Some(at) = records_left.next_if(|at| records[*at].0 <= row) {
            // What is folded away takes its records with it.
            if records[at].0 == row {
                lines.push(Line { row, record: at as u32 + 1 });
            }
        }
    }
    lines
}

/// Where a span is among the lines.
pub fn place_of(lines: &[Line], row: u32) -> Option<usize> {
    let place = lines.partition_point(|line| line.row < row);
    lines.get(place).filter(|line| line.row == row).map(|_| place)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(row: u32, time: i64) -> (u32, UnixNano) {
        (row, UnixNano(time))
    }

    #[test]
    fn records_follow_their_span_in_the_order_of_time() {
        let records = [at(2, 9), at(0, 5), at(2, 3), at(1, 4)];
        let lines = lines(&[0, 2, 3], &records);
        let short: Vec<_> = lines.iter().map(|line| (line.row, line.record_place())).collect();
        assert_eq!(short, [(0, None), (0, Some(1)), (2, None), (2, Some(2)), (2, Some(0)), (3, None)]);
        assert_eq!(place_of(&lines, 2), Some(2));
        assert_eq!(place_of(&lines, 3), Some(5));
        assert_eq!(place_of(&lines, 1), None, "it is folded away");
    }

    #[test]
    fn records_find_their_rows() {
        let ids: Vec<String> = ["a", "b", "c"].map(str::to_owned).into();
        assert_eq!(rows_of_records(&ids, ["c", "gone", "b", "c"].into_iter()), [2, 0, 1, 2]);
        assert_eq!(rows_of_records(&[], ["c"].into_iter()), [0]);
    }
}
