//! All log records of a trace in the order of time; each leads to its span.

use crate::components::answer::{Answer, FailureNote};
use crate::components::attributes::LongText;
use crate::components::log_list::glyph;
use crate::components::moment::Moment;
use crate::components::trace_view::TraceView;
use crate::dynamic::{dynamic, handler};
use crate::prelude::*;
use crate::view::order::sort_by;
use crate::view::{format, links, trace_lines};
use ocelli_api::UnixNano;
use ocelli_api::logs::{LogRecord, severity_class};

#[component]
pub fn TraceLogs(view: TraceView) -> impl IntoView {
    let rows = move || {
        let mut records = view.logs.with(|logs| logs.map(|logs| logs.records.clone()).unwrap_or_default());
        sort_by(&mut records, |a, b| a.time.cmp(&b.time));
        view.trace.with(|trace| {
            let ids = records.iter().map(|record| record.span_id.as_str());
            let spans = trace_lines::rows_of_records(&trace.spans.span_id, ids);
            let start = trace.start;
            let name = |row: u32| {
                let operation = trace.spans.operation.get(row as usize)?;
                trace.operations.get(*operation as usize).cloned()
            };
            let lines = records.into_iter().zip(spans);
            lines.map(|(record, row)| line(view, record, row, name(row), start)).collect_view()
        })
    };
    let all = move || {
        view.trace.with(|trace| {
            let end = UnixNano(trace.start.0.saturating_add(trace.duration_ns.max(0)));
            links::logs_of_trace(&trace.trace_id, trace.start, end)
        })
    };
    let none = move || view.trace.with(|trace| trace.log_count == 0);
    let logs = view.logs;
    view! {
        <div class="times">
            <p class="facts"><a href=dynamic(all)>"In the log search"</a></p>
            <Show when=none><p class="empty">"No log record carries the id of this trace."</p></Show>
            <FailureNote failure=logs.failure retry=Callback::new(move |()| logs.retry())/>
            <Show when=move || !none()>
                <Answer asked=logs.asked own_failure=true stats=logs.map(|logs| logs.stats.clone())>
                    <div class="scroll-table"><table class="rows trace-logs" data-testid="trace-log-table">
                        <thead><tr><th>"Time"</th><th class="num">"Offset"</th><th>"Level"</th><th>"Service"</th><th>"Span"</th><th>"Text"</th></tr></thead>
                        <tbody>{dynamic(rows)}</tbody>
                    </table></div>
                </Answer>
            </Show>
        </div>
    }
}

fn line(view: TraceView, record: LogRecord, row: u32, span: Option<String>, start: UnixNano) -> AnyView {
    let class = severity_class(record.severity_number);
    let level = if record.severity_text.is_empty() { class.to_owned() } else { record.severity_text };
    let offset = record.time.0.saturating_sub(start.0);
    view! {
        <tr>
            <td><Moment at=record.time clock_only=true/></td>
            <td class="num">{if offset < 0 { "" } else { "+" }}{format::duration_ns(offset)}</td>
            <td><span class=format!("level sev-{class}")><span class="glyph" aria-hidden="true">{glyph(class)}</span>{level}</span></td>
            <td class="clip-cell">{record.service}</td>
            <th scope="row"><button type="button" class="link" on:click=handler(move |_| view.select(row, false))>{span}</button></th>
            <td class="wrap"><LongText text=record.body_text/></td>
        </tr>
    }
    .into_any()
}
