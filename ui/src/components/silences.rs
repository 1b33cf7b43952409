//! The silences: who hides what, why, and until when.

use crate::client::Fetched;
use crate::components::moment::Ago;
use crate::components::send_button::SendButton;
use crate::context::Context;
use crate::dynamic::dynamic;
use crate::prelude::*;
use crate::view::matchers;
use crate::view::query_string::encode_segment;
use ocelli_api::alerts::{Silence, SilenceState, SilencesResponse};

#[component]
pub fn Silences(silences: Fetched<SilencesResponse>, changed: Callback<()>) -> impl IntoView {
    let location = Context::get().location;
    let chosen = location.value("silence");
    let row = move |silence: Silence| view! { <Row silence changed/> };
    let list = move || {
        let chosen = chosen.get();
        let all = silences.get().map(|answer| answer.silences.clone()).unwrap_or_default();
        let shown: Vec<Silence> =
            all.into_iter().filter(|silence| chosen.is_empty() || silence.id == chosen).collect();
        if shown.is_empty() {
            let what =
                if chosen.is_empty() { "There is no silence." } else { "This silence is not kept any more." };
            return view! { <p class="hint" data-testid="no-silence">{what}</p> }.into_any();
        }
        view! {
            <div class="scroll-table"><table class="rows cards">
                <thead><tr><th>"State"</th><th>"Hides"</th><th>"Ends"</th><th>"By"</th><th>"Why"</th><td></td></tr></thead>
                <tbody>{shown.into_iter().map(row).collect_view()}</tbody>
            </table></div>
        }
        .into_any()
    };
    let all = move || {
        chosen.with(|chosen| !chosen.is_empty()).then(|| {
            view! { <p><a href=dynamic(move || location.href(&[("silence", "")]))>"All silences"</a></p> }
        })
    };
    view! { {dynamic(all)}{dynamic(list)} }
}

#[component]
fn Row(silence: Silence, changed: Callback<()>) -> impl IntoView {
    let location = Context::get().location;
    let (class, glyph, text) = match silence.state {
        SilenceState::Active => ("sev-debug", "⊘", "Active"),
        SilenceState::Pending => ("sev-warn", "▲", "Pending"),
        SilenceState::Expired => ("sev-unset", "–", "Expired"),
    };
    let written = matchers::all_written(&silence.matchers);
    let again = (written.clone(), silence.comment.clone());
    let action = match silence.state {
        SilenceState::Expired => {
            let href = move || {
                location.link("/alerts", &[("view", "silences"), ("matchers", &again.0), ("why", &again.1)])
            };
            view! { <a href=dynamic(href)>"Silence again"</a> }.into_any()
        }
        _ => {
            let url = format!("/api/silences/{}", encode_segment(&silence.id));
            let done = Callback::new(move |_| changed.run(()));
            let id = silence.id.clone();
            let edit = move || {
                location.href(&[("matchers", &again.0), ("why", &again.1), ("edit", &id), ("silence", "")])
            };
            view! {
                <a href=dynamic(edit) data-testid="edit-silence">"Edit"</a>
                <SendButton label="Expire" of=written.clone() method="DELETE" url done/>
            }
            .into_any()
        }
    };
    let starts = (silence.state == SilenceState::Pending)
        .then(|| view! { <span class="hint">" starts "<Ago at=silence.starts_at/></span> });
    view! {
        <tr data-testid="silence-row">
            <td><span class=format!("mark {class}")><span class="glyph" aria-hidden="true">{glyph}</span>" "{text}</span>{starts}</td>
            <th scope="row" class="mono wrap">{written}</th>
            <td data-l="ends"><Ago at=silence.ends_at/></td>
            <td data-l="by">{silence.created_by}</td>
            <td class="wrap">{silence.comment}</td>
            <td class="end">{action}</td>
        </tr>
    }
}
