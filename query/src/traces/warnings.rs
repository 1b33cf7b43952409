//! What is odd about a trace, in words. Nothing is repaired: clocks are shown as they were sent.

use ocelli_api::traces::SpanColumns;

/// What the columns no longer show.
#[derive(Clone, Copy, Debug, Default)]
pub struct Oddities {
    pub sent_twice: usize,
    pub reused_ids: usize,
    pub cycles: usize,
}

pub fn describe(spans: &SpanColumns, oddities: &Oddities) -> Vec<String> {
    let rows = spans.span_id.len();
    let orphans = spans.parent_missing.iter().filter(|missing| **missing).count();
    let roots = (0..rows).filter(|row| spans.parent[*row] < 0 && !spans.parent_missing[*row]).count();
    let backwards = spans.duration_ns.iter().filter(|duration| **duration < 0).count();
    let mut warnings = Vec::new();
    let mut warn = |count: usize, one: &str, many: &str| match count {
        0 => {}
        1 => warnings.push(format!("1 {one}")),
        count => warnings.push(format!("{count} {many}")),
    };
    warn(orphans, "span names a parent that has not arrived", "spans name a parent that has not arrived");
    if roots == 0 && orphans > 0 {
        warn(1, "root span is missing: no span without a parent has arrived", "");
    }
    if roots > 1 {
        warn(roots, "", "spans have no parent; a trace should have one root");
    }
    warn(
        oddities.cycles,
        "ring of spans that are each other's parents was opened",
        "rings of spans that are each other's parents were opened",
    );
    warn(
        oddities.sent_twice,
        "span was sent twice; it is shown once",
        "spans were sent twice; each is shown once",
    );
    warn(
        oddities.reused_ids,
        "span has the id of another; children are drawn below the earlier one",
        "spans have the id of another; children are drawn below the earlier one",
    );
    warn(backwards, "span ends before it starts", "spans end before they start");
    warnings.extend(skew(spans));
    warnings
}

/// A span can't start before the span that caused it, so where it does, in another service, the
/// clocks of the two disagree by at least that much.
fn skew(spans: &SpanColumns) -> Option<String> {
    let early = (0..spans.span_id.len()).filter_map(|row| {
        let parent = usize::try_from(spans.parent[row]).ok()?;
        let by = spans.start_offset_ns[parent] - spans.start_offset_ns[row];
        (by > 0 && spans.service[row] != spans.service[parent]).then_some(by)
    });
    let (count, most) = early.fold((0, 0), |(count, most), by| (count + 1, by.max(most)));
    let most_ms = most as f64 / 1e6;
    match count {
        0 => None,
        1 => Some(format!(
            "1 span starts {most_ms:.3} ms before its parent in another service: their clocks differ"
        )),
        _ => Some(format!(
            "{count} spans start up to {most_ms:.3} ms before their parent in another service: their clocks differ"
        )),
    }
}
