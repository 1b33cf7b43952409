//! The rows of a trace. Plain arrays in depth-first order with subtree sizes, so that folding a span is
//! a jump over its subtree and 100 000 spans cost one pass without allocation per span.

use super::collapse::Collapse;
use super::scale::within;
use super::text::{lower, number};
use ocelli_api::traces::SpanColumns;

/// OTLP `STATUS_CODE_ERROR`.
pub const STATUS_ERROR: i32 = 2;

/// Rows that are shown, in order. A malformed subtree size of 0 counts as 1.
pub fn visible_rows(spans: &SpanColumns, collapse: &Collapse) -> Vec<u32> {
    let len = spans.span_id.len();
    let mut rows = Vec::with_capacity(len);
    let mut row = 0;
    while row < len {
        rows.push(row as u32);
        let size = spans.subtree_size[row].max(1) as usize;
        let folded = size > 1 && collapse.is_collapsed(&spans.span_id[row], spans.depth[row]);
        row += if folded { size } else { 1 };
    }
    rows
}

/// Whether all columns have the same length and parents are rows, as the API promises; nothing is shown
/// otherwise.
pub fn is_well_formed(spans: &SpanColumns) -> bool {
    let len = spans.span_id.len();
    let parents_exist = spans.parent.iter().all(|&parent| parent < 0 || (parent as usize) < len);
    let same_length = [
        spans.parent.len(),
        spans.parent_missing.len(),
        spans.depth.len(),
        spans.subtree_size.len(),
        spans.start_offset_ns.len(),
        spans.duration_ns.len(),
        spans.service.len(),
        spans.operation.len(),
        spans.kind.len(),
        spans.status.len(),
        spans.event_count.len(),
        spans.link_count.len(),
    ]
    .iter()
    .all(|&column| column == len);
    same_length && parents_exist
}

/// For each row, how many failed spans lie below it, itself not counted.
pub fn errors_below(spans: &SpanColumns) -> Vec<u32> {
    let mut before = Vec::with_capacity(spans.status.len() + 1);
    before.push(0u32);
    for &status in &spans.status {
        before.push(before[before.len() - 1] + u32::from(status == STATUS_ERROR));
    }
    (0..spans.status.len())
        .map(|row| {
            let end = (row + spans.subtree_size[row].max(1) as usize).min(spans.status.len());
            before[end] - before[row + 1]
        })
        .collect()
}

/// Opens every span above a row, so that the row shows.
pub fn reveal(spans: &SpanColumns, row: usize, collapse: &mut Collapse) {
    let mut at = spans.parent[row];
    // A cycle in hostile data ends after as many steps as there are spans.
    for _ in 0..spans.parent.len() {
        let Ok(parent) = usize::try_from(at) else { return };
        if collapse.is_collapsed(&spans.span_id[parent], spans.depth[parent]) {
            collapse.toggle(&spans.span_id[parent]);
        }
        at = spans.parent[parent];
    }
}

/// The next row after `from`, round the end, whose service or operation holds the text, ignoring case;
/// `error` finds failed spans.
pub fn find(
    spans: &SpanColumns,
    services: &[String],
    operations: &[String],
    text: &str,
    from: Option<usize>,
) -> Option<usize> {
    let text = lower(text.trim());
    let len = spans.span_id.len();
    if text.is_empty() || len == 0 {
        return None;
    }
    let found = found(spans, services, operations, &text);
    let start = from.map_or(0, |row| row + 1);
    (0..len).map(|step| (start + step) % len).find(|&row| found[row])
}

/// Whether the service, operation or id of each row holds the lowered text, or the span failed for `error`;
/// empty for an empty text.
pub fn found(spans: &SpanColumns, services: &[String], operations: &[String], text: &str) -> Vec<bool> {
    if text.is_empty() {
        return Vec::new();
    }
    let hits =
        |names: &[String]| -> Vec<bool> { names.iter().map(|name| lower(name).contains(text)).collect() };
    let (services, operations) = (hits(services), hits(operations));
    let hit = |row: usize| {
        services.get(spans.service[row] as usize) == Some(&true)
            || operations.get(spans.operation[row] as usize) == Some(&true)
            || (text == "error" && spans.status[row] == STATUS_ERROR)
            || spans.span_id[row] == text
    };
    (0..spans.span_id.len()).map(hit).collect()
}

/// A bar within a window of the trace, in pixels of a track `width` wide: left edge and width, at least
/// `MIN_BAR_PX`. `None` when it lies outside.
pub fn bar(start_ns: i64, duration_ns: i64, window: (f64, f64), width: f64) -> Option<(f64, f64)> {
    const MIN_BAR_PX: f64 = 2.0;
    let per_ns = width / (window.1 - window.0).max(1.0);
    // A clock that went backwards gives a negative duration: the bar still covers both ends.
    let (a, b) = (start_ns as f64, start_ns as f64 + duration_ns as f64);
    let (left, right) = ((a.min(b) - window.0) * per_ns, (a.max(b) - window.0) * per_ns);
    if right < 0.0 || left > width {
        return None;
    }
    let left_px = within(left, 0.0, width - MIN_BAR_PX);
    let right_px = within(right, 0.0, width);
    Some((left_px, (right_px - left_px).max(MIN_BAR_PX)))
}

/// The zoomed part of the trace from `zoom=FROM-TO` (nanoseconds from its start); else all of it.
pub fn parse_zoom(text: &str, duration_ns: i64) -> (f64, f64) {
    let whole = (0.0, (duration_ns.max(1)) as f64);
    let Some((from, to)) = text.split_once('-') else { return whole };
    match (number(from), number(to)) {
        (Some(from), Some(to)) if from < to => (from, to),
        _ => whole,
    }
}

/// Names of OTLP `SpanKind`.
pub fn kind_name(kind: i32) -> &'static str {
    ["unspecified", "internal", "server", "client", "producer", "consumer"]
        .get(usize::try_from(kind).unwrap_or(0))
        .copied()
        .unwrap_or("unspecified")
}

/// Names of OTLP `StatusCode`.
pub fn status_name(status: i32) -> &'static str {
    match status {
        1 => "ok",
        2 => "error",
        _ => "unset",
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// root ─ a ─ (b, c✗) ; root ─ d
    pub fn tree() -> SpanColumns {
        SpanColumns {
            span_id: (0..5).map(|n| format!("{n:016x}")).collect(),
            parent: vec![-1, 0, 1, 1, 0],
            parent_missing: vec![false; 5],
            depth: vec![0, 1, 2, 2, 1],
            subtree_size: vec![5, 3, 1, 1, 1],
            subtree_spans: Vec::new(),
            start_offset_ns: vec![0, 10, 10, 50, 90],
            duration_ns: vec![100, 80, 30, 40, 10],
            service: vec![0, 1, 1, 1, 0],
            operation: vec![0, 1, 2, 3, 0],
            kind: vec![2; 5],
            status: vec![0, 0, 0, 2, 0],
            event_count: vec![0; 5],
            link_count: vec![0; 5],
            self_ns: vec![10, 10, 30, 40, 10],
            critical_ns: vec![10, 10, 30, 40, 10],
        }
    }

    fn visible(fold: &str) -> Vec<u32> {
        visible_rows(&tree(), &Collapse::parse(fold))
    }

    #[test]
    fn folding_jumps_over_a_subtree() {
        assert_eq!(visible(""), [0, 1, 2, 3, 4]);
        assert_eq!(visible("all"), [0]);
        assert_eq!(visible("d1"), [0, 1, 4]);
        assert_eq!(visible("0000000000000001"), [0, 1, 4]);
        assert_eq!(visible("all,0000000000000000"), [0, 1, 4]);
    }

    #[test]
    fn a_hidden_error_is_counted_above() {
        assert_eq!(errors_below(&tree()), [1, 1, 0, 0, 0]);
    }

    #[test]
    fn revealing_opens_the_way() {
        let mut collapse = Collapse::parse("all");
        reveal(&tree(), 3, &mut collapse);
        assert_eq!(visible(&collapse.encode()), [0, 1, 2, 3, 4]);
    }

    #[test]
    fn finding_goes_round() {
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        let services = names(&["shop", "pay"]);
        let operations = names(&["GET /", "charge", "lock", "INSERT"]);
        let find = |text, from| find(&tree(), &services, &operations, text, from);
        assert_eq!(find("PAY", None), Some(1));
        assert_eq!(find("get", Some(0)), Some(4));
        assert_eq!(find("get", Some(4)), Some(0));
        assert_eq!(find("error", None), Some(3));
        assert_eq!(find("nowhere", None), None);
    }

    #[test]
    fn bars_are_visible_and_inside() {
        assert_eq!(bar(0, 50, (0.0, 100.0), 200.0), Some((0.0, 100.0)));
        assert_eq!(bar(99, 0, (0.0, 100.0), 200.0), Some((198.0, 2.0)));
        assert_eq!(bar(50, -20, (0.0, 100.0), 100.0), Some((30.0, 20.0)));
        assert_eq!(bar(200, 10, (0.0, 100.0), 100.0), None);
    }

    #[test]
    fn hostile_columns() {
        let mut spans = tree();
        spans.parent = vec![1, 0, 1, 1, 0];
        reveal(&spans, 2, &mut Collapse::parse("all"));
        spans.subtree_size = vec![0; 5];
        assert_eq!(visible_rows(&spans, &Collapse::parse("all")).len(), 5);
        spans.kind.pop();
        assert!(!is_well_formed(&spans));
        assert_eq!(parse_zoom("9-3", 50), (0.0, 50.0));
        assert_eq!(parse_zoom("3-9", 50), (3.0, 9.0));
    }
}
