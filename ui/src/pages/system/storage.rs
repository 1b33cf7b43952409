//! What is stored, how it is merged, and what was removed.

use crate::components::moment::Moment;
use crate::prelude::*;
use crate::view::format;
use ocelli_api::ingest::StorageSummary;
use ocelli_api::storage::{CompactionSummary, RetentionSummary, SegmentLevel, SegmentRemoval};

#[component]
pub fn Storage(storage: StorageSummary) -> impl IntoView {
    let row = |name: &'static str, value: String| view! { <tr><th scope="row">{name}</th><td class="num">{value}</td></tr> };
    let per_row = (storage.segment_rows > 0).then(|| {
        row("Bytes a row on disk", format::short(storage.segment_bytes as f64 / storage.segment_rows as f64))
    });
    let refusing = storage.refusing.clone().map(|why| {
        view! {
            <div class="note warn" role="alert"><span class="glyph" aria-hidden="true">"▲"</span>
                <span class="text">"Telemetry is refused, and senders are asked to come back: "{why}</span>
            </div>
        }
    });
    let damaged = (!storage.quarantined.is_empty()).then(|| {
        view! {
            <div class="note error" role="alert"><span class="glyph" aria-hidden="true">"✖"</span>
                <span class="text">"Damaged pieces were set aside below the data directory:"
                <ul class="mono">{storage.quarantined.iter().map(|path| view! { <li>{path.clone()}</li> }).collect_view()}</ul></span>
            </div>
        }
    });
    view! {
        <div class="two">
            <section><h2>"Storage"</h2>{refusing}{damaged}<table class="rows narrow"><tbody>
                {row("Rows in memory", format::count(storage.memtable_rows))}
                {row("Memory for them", format::bytes(storage.memtable_bytes))}
                {row("Write-ahead log", format::bytes(storage.wal_bytes))}
                {row("Segments", format::count(storage.segments))}
                {row("Rows in segments", format::count(storage.segment_rows))}
                {row("Segments on disk", format::bytes(storage.segment_bytes))}
                {per_row}
            </tbody></table></section>
            <Compaction compaction=storage.compaction.clone()/>
        </div>
        <Retention retention=storage.retention.clone()/>
    }
}

#[component]
fn Compaction(compaction: CompactionSummary) -> impl IntoView {
    let now = compaction
        .running
        .as_ref()
        .map_or_else(|| "Nothing is being merged.".to_owned(), |running| format!("Being merged: {running}."));
    let since = format!(
        "{} of {} since the start.",
        format::plural(compaction.merges, "merge", "merges"),
        format::plural(compaction.rows_merged, "row", "rows"),
    );
    let failed = compaction.last_error.map(|error| {
        let failures = format::plural(compaction.failures, "merge", "merges");
        view! {
            <div class="note warn"><span class="glyph" aria-hidden="true">"▲"</span>
                <span class="text">{format!("{failures} did not work and will be tried again. The last: {error}")}</span>
            </div>
        }
    });
    view! {
        <section>
            <h2>"Merges"</h2>
            <p class="hint">{since}" "{now}</p>
            {failed}
            <table class="rows narrow">
                <thead><tr><th>"Merged"</th><th class="num">"Segments"</th><th class="num">"Rows"</th><th class="num">"On disk"</th></tr></thead>
                <tbody>{compaction.levels.iter().map(level).collect_view()}</tbody>
            </table>
        </section>
    }
}

fn level(level: &SegmentLevel) -> impl IntoView + use<> {
    let name = match level.level {
        0 => "not yet".to_owned(),
        1 => "once".to_owned(),
        times => format!("{times} times"),
    };
    view! {
        <tr data-testid="level-row">
            <th scope="row">{name}</th>
            <td class="num">{format::count(level.segments)}</td>
            <td class="num">{format::count(level.rows)}</td>
            <td class="num">{format::bytes(level.bytes)}</td>
        </tr>
    }
}

#[component]
fn Retention(retention: RetentionSummary) -> impl IntoView {
    let sums = retention.removed.iter().map(|removed| {
        format!(
            "{}: {} with {}, {}.",
            why(&removed.reason),
            format::plural(removed.segments, "segment", "segments"),
            format::plural(removed.rows, "row", "rows"),
            format::bytes(removed.bytes),
        )
    });
    let sums = sums.collect::<Vec<_>>().join(" ");
    let hint = if sums.is_empty() { "Nothing since the start.".to_owned() } else { sums };
    let last = (!retention.last.is_empty()).then(|| {
        view! {
            <div class="scroll-table" tabindex="0"><table class="rows">
                <thead><tr><th>"Removed"</th><th>"Why"</th><th>"Oldest row"</th><th>"Youngest row"</th><th class="num">"Rows"</th><th class="num">"On disk"</th><th>"Segment"</th></tr></thead>
                <tbody>{retention.last.iter().map(removal).collect_view()}</tbody>
            </table></div>
        }
    });
    view! {
        <h2>"Removed by retention"</h2>
        <p class="hint">{hint}</p>
        {last}
    }
}

fn why(reason: &str) -> String {
    match reason {
        "time" => "Expired".to_owned(),
        "disk" => "Over the share of the disk".to_owned(),
        other => other.to_owned(),
    }
}

fn removal(removal: &SegmentRemoval) -> impl IntoView + use<> {
    view! {
        <tr data-testid="removal-row">
            <td><Moment at=removal.time/></td>
            <td>{why(&removal.reason)}</td>
            <td><Moment at=removal.min_time/></td>
            <td><Moment at=removal.max_time/></td>
            <td class="num">{format::count(removal.rows)}</td>
            <td class="num">{format::bytes(removal.bytes)}</td>
            <td class="mono">{removal.segment.clone()}</td>
        </tr>
    }
}
