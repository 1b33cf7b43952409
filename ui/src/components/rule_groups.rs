//! The groups of rules: how their evaluations go, and those that are written here.

use crate::client::{Fetched, fetch, fetch_now};
use crate::components::answer::Answer;
use crate::components::editor::Target;
use crate::components::moment::Ago;
use crate::components::rule_editor::{RuleEditor, Verdicts};
use crate::components::send_button::SendButton;
use crate::context::Context;
use crate::dynamic::{dynamic, memo};
use crate::json;
use crate::prelude::*;
use crate::view::format;
use crate::view::query_string::encode_segment;
use crate::view::text::lower;
use ocelli_api::rules::{GroupPreview, RuleGroupsResponse, RuleHealth, WrittenGroup};

const COLLECTION: &str = "/api/rules/groups";

fn address(name: &str) -> String {
    format!("{COLLECTION}/{}", encode_segment(name))
}

/// `new=1` and `edit=GROUP` of the URL open the editor.
#[component]
pub fn RuleGroups() -> impl IntoView {
    let context = Context::get();
    let location = context.location;
    let (new, edit) = (location.value("new"), location.value("edit"));
    let groups = fetch_now::<RuleGroupsResponse>(|| Some(COLLECTION.to_owned()));
    // The text of the answer to the last save.
    let last = RwSignal::new(None::<String>);
    let cancel = Callback::new(move |()| location.set(&[("new", ""), ("edit", ""), ("expr", "")], false));
    let saved = Callback::new(move |answer: String| {
        last.set(Some(answer));
        context.refresh();
        cancel.run(());
    });
    let body = move || match (new.get().is_empty(), edit.get()) {
        (false, _) => {
            let target = Target { collection: COLLECTION, known: None };
            view! { <h2>"New rule"</h2><RuleEditor target known=None saved cancel/> }.into_any()
        }
        (true, name) if !name.is_empty() => view! { <Edit name saved cancel/> }.into_any(),
        _ => view! { <List groups last/> }.into_any(),
    };
    view! { {dynamic(body)} }
}

#[component]
fn Edit(name: String, saved: Callback<String>, cancel: Callback<()>) -> impl IntoView {
    let url = address(&name);
    // Asked once: what is typed is not lost to a refresh.
    let group = {
        let url = url.clone();
        fetch::<WrittenGroup>(move || Some(url.clone()))
    };
    let editor = move || {
        let WrittenGroup { revision, document, form, file, .. } = (*group.get()?).clone();
        let known = document.zip(revision);
        Some(match known {
            Some((document, revision)) => {
                let target = Target { collection: COLLECTION, known: Some((url.clone(), revision)) };
                view! { <RuleEditor target known=Some((document, form)) saved cancel/> }.into_any()
            }
            None => view! { <p class="empty">"It is written in "{file}", and changed there."</p> }.into_any(),
        })
    };
    view! { <h2>{name}</h2><Answer asked=group.asked>{dynamic(editor.clone())}</Answer> }
}

#[component]
fn List(groups: Fetched<RuleGroupsResponse>, last: RwSignal<Option<String>>) -> impl IntoView {
    let location = Context::get().location;
    let find = location.value("find");
    let rows = memo(move || {
        let mut rows = groups.get().map(|answer| answer.groups.clone()).unwrap_or_default();
        let find = lower(&find.get());
        rows.retain(|row| lower(&row.name).contains(&find) || lower(&row.names.concat()).contains(&find));
        rows
    });
    let told = move || {
        let saved = json::from_str::<GroupPreview>(&last.get()?).ok()?;
        Some(view! {
            <div class="note" role="status" data-testid="saved"><span class="glyph ok" aria-hidden="true">"✔"</span>
                <div class="text">"Saved, and in force."<Verdicts of=saved.previews problem=saved.preview_problem/></div></div>
        })
    };
    let table = move || {
        match rows.get() {
        rows if rows.is_empty() => {
            view! { <p class="empty" data-testid="empty">"There is no group of rules here. Name a rule file in "<code>"rule_files"</code>", or make a rule."</p> }.into_any()
        }
        rows => view! {
            <div class="scroll-table"><table class="rows cards">
                <thead><tr><th>"State"</th><th>"Group"</th><th class="num">"Every"</th><th>"Last"</th><th>"From"</th><th></th></tr></thead>
                <tbody>{rows.into_iter().map(|group| view! { <Row group/> }).collect_view()}</tbody>
            </table></div>
        }
        .into_any(),
    }
    };
    view! {
        {dynamic(told)}
        <p class="facts"><a class="button" data-testid="new-rule" href=dynamic(move || location.href(&[("new", "1")]))>"New rule"</a></p>
        <Answer asked=groups.asked>{dynamic(table)}</Answer>
    }
}

#[component]
fn Row(group: WrittenGroup) -> impl IntoView {
    let context = Context::get();
    let location = context.location;
    let (text, glyph, class) = match (group.left_out.is_some(), group.health) {
        (true, _) => ("Left out", "▲", "sev-warn"),
        (_, RuleHealth::Err) => ("Fails", "✖", "sev-error"),
        (_, RuleHealth::Unknown) => ("Waits", "–", "sev-unset"),
        (_, RuleHealth::Ok) => ("Fine", "✔", "ok"),
    };
    let changed = Callback::new(move |_| context.refresh());
    let name = group.name.clone();
    let actions = group.revision.map(|revision| {
        let edit = name.clone();
        let url = format!("{}?revision={revision}", address(&name));
        let sure = format!("Delete the group {name}? Its alerts are over then.");
        view! {
            <a href=dynamic(move || location.href(&[("edit", &edit)]))>"Edit"</a>
            <SendButton label="Delete" of=name method="DELETE" url sure done=changed/>
        }
    });
    let error = group.left_out.or(group.last_error);
    let error =
        error.map(|why| view! { <span class="sev-error about" data-testid="rule-error">{why}</span> });
    view! {
        <tr data-testid="group-row">
            <td><span class=format!("mark {class}")><span class="glyph" aria-hidden="true">{glyph}</span>" "{text}</span></td>
            <th scope="row">{group.name}<span class="hint about">{group.names.join(", ")}</span>{error}</th>
            <td class="num" data-l="every">{group.interval_ms.map(|ms| format::duration_ns(ms * 1_000_000))}</td>
            <td data-l="last">{group.last_evaluation.map(|at| view! { <Ago at/> })}</td>
            <td class="hint wrap" data-l="from">{group.file}</td>
            <td class="end">{actions}</td>
        </tr>
    }
}
