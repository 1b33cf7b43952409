//! What is odd about a trace, in words. Nothing is repaired: clocks are shown as they were sent.

use super::traceql::eval::Trace;

/// What the columns no longer show.
#[derive(Clone, Copy, Debug, Default)]
pub struct Oddities {
    pub sent_twice: usize,
    pub reused_ids: usize,
    pub cycles: usize,
}

pub fn describe(trace: &Trace<'_>, oddities: &Oddities) -> Vec<String> {
    let layout = &trace.layout;
    let orphans = layout.parent_missing.iter().filter(|missing| **missing).count();
    let roots =
        (0..trace.len()).filter(|row| layout.parent[*row] < 0 && !layout.parent_missing[*row]).count();
    let backwards = (0..trace.len()).filter(|row| trace.duration_of(*row) < 0).count();
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
    warnings.extend(skew(trace));
    warnings
}

/// A span can't start before the span that caused it, so where it does, in another service, the
/// clocks of the two disagree by at least that much.
fn skew(trace: &Trace<'_>) -> Option<String> {
    let service = |span: usize| trace.view(span).service(trace.places[span].row);
    let early = (0..trace.len()).filter_map(|span| {
        let parent = trace.parent(span)?;
        let by = trace.start_of(parent).saturating_sub(trace.start_of(span));
        (by > 0 && service(span) != service(parent)).then_some(by)
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
