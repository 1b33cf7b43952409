//! Where the time of a trace went, by operation.

use super::waterfall::STATUS_ERROR;
use ocelli_api::traces::TraceResponse;
use std::cmp::Reverse;
use std::collections::HashMap;

/// All spans of a trace that have a service and an operation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OperationTime {
    /// Indices into the names of the trace.
    pub service: u32,
    pub operation: u32,
    pub spans: u64,
    pub errors: u64,
    pub self_ns: i64,
    pub critical_ns: i64,
    pub longest_ns: i64,
    /// The row of the longest.
    pub row: u32,
}

/// The operation with the most time of its own first. An answer from before there were such times has none.
pub fn by_operation(trace: &TraceResponse) -> Vec<OperationTime> {
    let spans = &trace.spans;
    let mut of: HashMap<(u32, u32), OperationTime> = HashMap::new();
    let rows = spans.service.iter().zip(&spans.operation).zip(&spans.duration_ns).enumerate();
    for (row, ((service, operation), duration)) in rows {
        let (service, operation, row_number) = (*service, *operation, row as u32);
        let entry = of.entry((service, operation)).or_insert_with(|| OperationTime {
            service,
            operation,
            longest_ns: i64::MIN,
            ..OperationTime::default()
        });
        let at = |column: &[i64]| column.get(row).copied().unwrap_or_default();
        entry.spans += 1;
        entry.errors += u64::from(spans.status.get(row) == Some(&STATUS_ERROR));
        entry.self_ns = entry.self_ns.saturating_add(at(&spans.self_ns));
        entry.critical_ns = entry.critical_ns.saturating_add(at(&spans.critical_ns));
        if *duration > entry.longest_ns {
            (entry.longest_ns, entry.row) = (*duration, row_number);
        }
    }
    let mut all: Vec<OperationTime> = of.into_values().collect();
    all.sort_by_key(|of| (Reverse(of.self_ns), of.service, of.operation));
    all
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

    #[test]
    fn times_are_summed_up_by_operation() {
        let trace = TraceResponse { spans: tree(), ..TraceResponse::default() };
        let all = by_operation(&trace);
        let short: Vec<_> =
            all.iter().map(|of| (of.operation, of.spans, of.errors, of.self_ns, of.row)).collect();
        assert_eq!(short, [(3, 1, 1, 40, 3), (2, 1, 0, 30, 2), (0, 2, 0, 20, 0), (1, 1, 0, 10, 1)]);
        assert_eq!(all.iter().map(|of| of.critical_ns).sum::<i64>(), 100);
        assert_eq!(by_operation(&TraceResponse::default()), []);
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
