//! Makes and changes a group of rules: when its alerts would have fired is seen before it is saved.

use crate::components::editor::{Choice, Editor, Field, Frame, Known, Target};
use crate::components::expression_chart::ExpressionChart;
use crate::components::moment::Moment;
use crate::components::slo_editor::LANGUAGES;
use crate::context::Context;
use crate::dynamic::dynamic;
use crate::json;
use crate::prelude::*;
use crate::view::{format, links, matchers};
use ocelli_api::alerts::RuleEpisode;
use ocelli_api::forms::rule_document;
use ocelli_api::rules::{GroupPreview, RuleVerdict};
use ocelli_api::{TimeRange, UnixNano};
use std::collections::BTreeMap;

const USUAL: [(&str, &str); 1] = [("language", "promql")];
const DAY_NS: i64 = 86_400_000_000_000;

/// That of the page, or the last day where the address names none.
fn range(context: Context) -> Option<TimeRange> {
    if context.location.query.get().get("from").is_some() {
        return context.range.get().ok();
    }
    let to = context.now.get();
    Some(TimeRange { from: UnixNano(to.0 - DAY_NS), to })
}

fn ask(document: String) -> Option<(&'static str, String, String)> {
    let url = links::api("/api/rules/groups/preview", &range(Context::get())?, &[]);
    Some(("application/yaml", url, document))
}

#[component]
pub fn RuleEditor(
    target: Target,
    known: Option<Known>,
    /// Gets the text of the answer.
    saved: Callback<String>,
    cancel: Callback<()>,
) -> impl IntoView {
    let context = Context::get();
    // Of a query on another page, a new rule is made.
    let expr = context.location.value("expr").get_untracked();
    let usual = [USUAL[0], ("expr", &*expr)];
    let editor = Editor::new(target, known, &usual, rule_document, ask);
    let field = move |key, label, placeholder, size| view! { <Field editor key label placeholder size/> };
    let form = move || {
        view! {
            {field("name", "Group", "shop", "")}
            {field("alert", "Alert", "HighErrors", "")}
            <Choice editor key="language" label="Language" options=&LANGUAGES/>
            {field("interval", "Every", "1m", "short")}
            {field("for", "For", "at once", "short")}
            {field("severity", "Severity", "page", "short")}
            {field("expr", "Fires while this gives something", "sum(rate(orders_total[5m])) < 1", "whole")}
            {field("summary", "Summary", "{{ $value }} orders a second", "long")}
            {field("runbook_url", "Runbook", "https://…", "long")}
        }
    };
    let past = move || {
        let answer = json::from_str::<GroupPreview>(&editor.preview.get()?).ok()?;
        Some(view! { <Verdicts of=answer.previews problem=answer.preview_problem/> })
    };
    // An expression that is wrong has no chart, and is told at its field.
    let expression = Signal::derive(move || {
        let shown = editor.preview.get().is_some() && !editor.as_text.get();
        Some(editor.value("expr")).filter(|_| shown)
    });
    let language = Signal::derive(move || editor.value("language"));
    let range = Signal::derive(move || range(context));
    let labels = Signal::stored(BTreeMap::new());
    view! {
        <Frame editor form saved cancel>
            {dynamic(past)}
            <ExpressionChart expression language labels range/>
        </Frame>
    }
}

/// When each alert would have fired.
#[component]
pub fn Verdicts(of: Vec<RuleVerdict>, problem: Option<String>) -> impl IntoView {
    let row = |episode: RuleEpisode| {
        let lasted = episode.resolved_at.map_or_else(
            || "still on".to_owned(),
            |end| format::duration_ns(end.0.saturating_sub(episode.fired_at.0)),
        );
        let summary = episode.annotations.get("summary").cloned();
        view! {
            <tr data-testid="episode">
                <td><Moment at=episode.fired_at/></td>
                <td class="num">{lasted}</td>
                <td class="num">{episode.peak.map(format::short)}</td>
                <td class="wrap">{summary.unwrap_or_else(|| matchers::of_labels(&episode.labels))}</td>
            </tr>
        }
    };
    let one = |verdict: RuleVerdict| {
        let is_empty = verdict.episodes.is_empty();
        view! {
            <p data-testid="verdict"><strong>{verdict.alert}" "{verdict.verdict}"."</strong></p>
            <div class="scroll-table" tabindex="0" class:hide=is_empty><table class="rows">
                <thead><tr><th>"Fired"</th><th class="num">"For"</th><th class="num">"Peak"</th><th>"Of"</th></tr></thead>
                <tbody>{verdict.episodes.into_iter().map(row).collect_view()}</tbody>
            </table></div>
        }
    };
    view! { {of.into_iter().map(one).collect_view()}<p class="hint">{problem}</p> }
}
