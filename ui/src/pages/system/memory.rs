//! The memory budget and what its parts hold.

use crate::prelude::*;
use crate::view::format;
use ocelli_api::storage::{MemoryPart, MemorySummary};

#[component]
pub fn Memory(memory: MemorySummary) -> impl IntoView {
    let origin = match &*memory.origin {
        "setting" => "as it was set",
        "cgroup" => "half of what the control group allows",
        _ => "half of what the machine has",
    };
    view! {
        <h2>"Memory budget"</h2>
        <p class="hint">{format!("{}, {origin}. --memory-budget changes it.", format::bytes(memory.total_bytes))}</p>
        <table class="rows narrow">
            <thead><tr><th>"For"</th><th class="num">"Used"</th><th class="num">"Limit"</th></tr></thead>
            <tbody>{memory.parts.iter().map(part).collect_view()}</tbody>
        </table>
    }
}

fn part(part: &MemoryPart) -> impl IntoView + use<> {
    let name = match &*part.part {
        "memtables" => "Rows not yet in segments",
        "wal" => "Rows that wait for the log",
        "flush_and_merge" => "Flushes and merges",
        "caches" => "Caches",
        "queries" => "Queries",
        "requests" => "Requests",
        other => other,
    };
    let full = part.used_bytes > part.limit_bytes;
    view! {
        <tr>
            <th scope="row">{name.to_owned()}</th>
            <td class="num" class:bad=full>{format::bytes(part.used_bytes)}</td>
            <td class="num">{format::bytes(part.limit_bytes)}</td>
        </tr>
    }
}
