//! Where the time of a trace went, by operation or by service.

use super::order::{order, sort_by};
use super::waterfall::STATUS_ERROR;
use ocelli_api::traces::TraceResponse;
use std::collections::HashMap;

/// All spans of a trace that have a service and an operation, or a service alone.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OperationTime {
    /// Indices into the names of the trace.
    pub service: u32,
    /// None where only services are told apart.
    pub operation: Option<u32>,
    pub spans: u64,
    pub errors: u64,
    /// Of all spans; spans inside each other count each.
    pub total_ns: i64,
    pub self_ns: i64,
    pub critical_ns: i64,
    pub p95_ns: i64,
    pub longest_ns: i64,
    /// The row of the longest.
    pub row: u32,
}

/// What the rows are in the order of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Column {
    Name,
    Spans,
    Errors,
    Total,
    #[default]
    OwnTime,
    P95,
    Longest,
    Critical,
}

impl Column {
    const ALL: [(Self, &str); 8] = [
        (Self::Name, "name"),
        (Self::Spans, "spans"),
        (Self::Errors, "errors"),
        (Self::Total, "total"),
        (Self::OwnTime, "self"),
        (Self::P95, "p95"),
        (Self::Longest, "longest"),
        (Self::Critical, "critical"),
    ];

    /// How the URL names it.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(column, _)| *column == self).map_or("", |(_, name)| name)
    }

    /// Reads `order=`: a column, `-` before it for the largest first.
    pub fn parse(text: &str) -> (Self, bool) {
        let (name, descending) = text.strip_prefix('-').map_or((text, false), |name| (name, true));
        let column = Self::ALL.iter().find(|(_, known)| *known == name);
        column.map_or((Self::OwnTime, true), |(column, _)| (*column, descending))
    }

    /// What a click on its head asks for: numbers begin with the largest, a second click turns round.
    pub fn next(self, text: &str) -> String {
        let (now, descending) = Self::parse(text);
        let descending = if now == self { !descending } else { self != Self::Name };
        format!("{}{}", if descending { "-" } else { "" }, self.name())
    }

    fn of(self, time: &OperationTime) -> i64 {
        match self {
            Self::Name => 0,
            Self::Spans => time.spans as i64,
            Self::Errors => time.errors as i64,
            Self::Total => time.total_ns,
            Self::OwnTime => time.self_ns,
            Self::P95 => time.p95_ns,
            Self::Longest => time.longest_ns,
            Self::Critical => time.critical_ns,
        }
    }
}

/// Summed up over spans of one operation, or of one service. An answer from before there were such times has
/// none.
pub fn summed_up(trace: &TraceResponse, by_service: bool) -> Vec<OperationTime> {
    let spans = &trace.spans;
    let mut of: HashMap<(u32, Option<u32>), (OperationTime, Vec<i64>)> = HashMap::new();
    let rows = spans.service.iter().zip(&spans.operation).zip(&spans.duration_ns).enumerate();
    for (row, ((service, operation), duration)) in rows {
        let operation = (!by_service).then_some(*operation);
        let (entry, durations) = of.entry((*service, operation)).or_insert_with(|| {
            let none =
                OperationTime { service: *service, operation, longest_ns: i64::MIN, ..Default::default() };
            (none, Vec::new())
        });
        let at = |column: &[i64]| column.get(row).copied().unwrap_or_default();
        durations.push(*duration);
        entry.spans += 1;
        entry.errors += u64::from(spans.status.get(row) == Some(&STATUS_ERROR));
        entry.total_ns = entry.total_ns.saturating_add(*duration);
        entry.self_ns = entry.self_ns.saturating_add(at(&spans.self_ns));
        entry.critical_ns = entry.critical_ns.saturating_add(at(&spans.critical_ns));
        if *duration > entry.longest_ns {
            (entry.longest_ns, entry.row) = (*duration, row as u32);
        }
    }
    let finish = |(mut entry, durations): (OperationTime, Vec<i64>)| {
        // The nearest rank, as the API has it.
        let rank = (durations.len() * 95).div_ceil(100).max(1) - 1;
        let order = order(durations.len(), &|a, b| durations[a].cmp(&durations[b]));
        entry.p95_ns = durations[order[rank]];
        entry
    };
    of.into_values().map(finish).collect()
}

/// By name where all else is equal.
pub fn sort(all: &mut [OperationTime], trace: &TraceResponse, (column, descending): (Column, bool)) {
    let name = |of: &OperationTime| {
        let operation = of.operation.and_then(|operation| trace.operations.get(operation as usize));
        (trace.services.get(of.service as usize).cloned(), operation.cloned())
    };
    sort_by(all, |a, b| {
        let by_name = || name(a).cmp(&name(b));
        let order = match column {
            Column::Name => by_name(),
            column => column.of(a).cmp(&column.of(b)),
        };
        let order = if descending { order.reverse() } else { order };
        order.then_with(by_name)
    });
}

/// The pieces of the critical path that are in one row: begin from the start of the trace, and length.
pub type Pieces = Vec<(i64, i64)>;

/// The pieces by row. Rows without any are empty.
pub fn path_by_row(trace: &TraceResponse) -> Vec<Pieces> {
    let path = &trace.critical_path;
    let mut pieces = vec![Vec::new(); trace.spans.span_id.len()];
    for ((row, start), length) in path.row.iter().zip(&path.start_offset_ns).zip(&path.duration_ns) {
        if let Some(of_row) = pieces.get_mut(*row as usize) {
            of_row.push((*start, *length));
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::waterfall::tests::tree;
    use ocelli_api::traces::CriticalPath;

    fn summary(by_service: bool, order: &str) -> Vec<OperationTime> {
        let trace = TraceResponse { spans: tree(), ..TraceResponse::default() };
        let mut all = summed_up(&trace, by_service);
        sort(&mut all, &trace, Column::parse(order));
        all
    }

    #[test]
    fn times_are_summed_up_by_operation() {
        let all = summary(false, "");
        let short: Vec<_> =
            all.iter().map(|of| (of.operation, of.spans, of.errors, of.self_ns, of.row)).collect();
        let expect = [(3, 1, 1, 40, 3), (2, 1, 0, 30, 2), (0, 2, 0, 20, 0), (1, 1, 0, 10, 1)];
        assert_eq!(short, expect.map(|(operation, a, b, c, d)| (Some(operation), a, b, c, d)));
        assert_eq!(all.iter().map(|of| of.critical_ns).sum::<i64>(), 100);
        assert_eq!(summed_up(&TraceResponse::default(), false), []);
    }

    #[test]
    fn services_and_orders() {
        let all = summary(true, "-total");
        let short: Vec<_> = all.iter().map(|of| (of.service, of.spans, of.total_ns, of.p95_ns)).collect();
        assert_eq!(short, [(1, 3, 150, 80), (0, 2, 110, 100)]);
        assert_eq!(summary(false, "spans").last().map(|of| of.spans), Some(2));
        assert_eq!(Column::P95.next(""), "-p95");
        assert_eq!(Column::OwnTime.next(""), "self", "it is the order without a wish");
        assert_eq!(Column::Name.next("name"), "-name");
        assert_eq!(Column::parse("-nonsense"), (Column::OwnTime, true));
    }

    #[test]
    fn pieces_lie_in_their_rows() {
        let critical_path = CriticalPath {
            row: vec![0, 2, 0, 9],
            start_offset_ns: vec![0, 5, 8, 1],
            duration_ns: vec![5, 3, 2, 1],
        };
        let trace = TraceResponse { spans: tree(), critical_path, ..TraceResponse::default() };
        let pieces = path_by_row(&trace);
        assert_eq!(
            (pieces[0].clone(), pieces[2].clone(), pieces[1].len()),
            (vec![(0, 5), (8, 2)], vec![(5, 3)], 0)
        );
    }
}
