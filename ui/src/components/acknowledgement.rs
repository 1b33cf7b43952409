//! Who has taken an alert on, and the form that does.

use crate::client::{Failure, send};
use crate::components::answer::error_note;
use crate::components::moment::{Ago, Moment};
use crate::components::send_button::SendButton;
use crate::context::now;
use crate::dynamic::{dynamic, handler, memo};
use crate::json;
use crate::prelude::*;
use crate::stored;
use crate::view::{format, links};
use leptos::task::spawn_local;
use ocelli_api::UnixNano;
use ocelli_api::alerts::{
    AcknowledgeRequest, AcknowledgeResponse, Acknowledgement, AlertResponse, AlertState,
};

/// Who silenced or acknowledged last at this browser.
pub const AUTHOR_KEY: &str = "ocelli-author";
const MINUTE_NS: i64 = 60_000_000_000;
const LENGTHS_MIN: [(&str, &str); 6] = [
    ("", "until it is over"),
    ("30", "30 minutes"),
    ("60", "1 hour"),
    ("240", "4 hours"),
    ("480", "8 hours"),
    ("1440", "1 day"),
];

fn url(fingerprint: &str) -> String {
    format!("/api{}/acknowledgement", links::alert_path(fingerprint))
}

/// A mark for lists.
#[component]
pub fn AcknowledgedBy(given: Option<Acknowledgement>) -> impl IntoView {
    given.map(|given| {
        let title = if given.note.is_empty() { "It has been acknowledged".to_owned() } else { given.note };
        view! { <span class="hint suppressed" data-testid="acknowledged-by" title=title>"taken on by "{given.by}</span> }
    })
}

/// Of one alert, on its page: who has it, or what is needed to take it on.
#[component]
pub fn Acknowledging(
    answer: Memo<Option<AlertResponse>>,
    /// After something has changed.
    again: Callback<()>,
) -> impl IntoView {
    let given = memo(move || answer.with(|answer| answer.as_ref()?.alert.acknowledged.clone()));
    // The form stays while the figures of the alert change.
    let open = memo(move || {
        answer.with(|answer| {
            let alert = &answer.as_ref()?.alert;
            let fires = matches!(alert.state, AlertState::Firing | AlertState::Unknown);
            (fires && alert.acknowledged.is_none()).then(|| alert.fingerprint.clone())
        })
    });
    let together = memo(move || answer.with(|answer| answer.as_ref().map_or(0, |answer| answer.together)));
    let taken = move || {
        let given = given.get()?;
        let fingerprint = answer.with_untracked(|answer| Some(answer.as_ref()?.alert.fingerprint.clone()))?;
        Some(view! { <Taken given fingerprint again/> })
    };
    let form = move || open.get().map(|fingerprint| view! { <Form fingerprint together again/> });
    view! { {dynamic(taken)}{dynamic(form)} }
}

#[component]
fn Taken(given: Acknowledgement, fingerprint: String, again: Callback<()>) -> impl IntoView {
    let done = Callback::new(move |_| again.run(()));
    let until = given.until.map(|at| view! { " until "<Moment at/> });
    let note = (!given.note.is_empty()).then(|| view! { ": "<q>{given.note}</q> });
    view! {
        <div class="note" data-testid="acknowledged">
            <span class="glyph" aria-hidden="true">"✔"</span>
            <span class="text">"Acknowledged by "<strong>{given.by}</strong>" "<Ago at=given.at/>{until}{note}</span>
            <SendButton label="Take back" of="the acknowledgement" method="DELETE" url=url(&fingerprint) done/>
        </div>
    }
}

/// What the form holds.
#[derive(Clone, Copy)]
struct Fields {
    author: RwSignal<String>,
    note: RwSignal<String>,
    minutes: RwSignal<String>,
    together: RwSignal<bool>,
    busy: RwSignal<bool>,
    failure: RwSignal<Option<Failure>>,
}

impl Fields {
    fn request(self) -> Option<String> {
        let minutes = self.minutes.with_untracked(|minutes| minutes.parse::<i64>().ok());
        let request = AcknowledgeRequest {
            by: self.author.with_untracked(|author| author.trim().to_owned()),
            note: self.note.with_untracked(|note| note.trim().to_owned()),
            until: minutes.map(|minutes| UnixNano(now().0.saturating_add(minutes.saturating_mul(MINUTE_NS)))),
            together: self.together.get_untracked(),
        };
        json::to_string(&request).ok()
    }

    fn is_ready(self) -> bool {
        self.author.with(|author| !author.trim().is_empty()) && !self.busy.get()
    }

    fn save(self, url: String, again: Callback<()>) {
        let Some(body) = self.request() else { return };
        self.author.with_untracked(|author| stored::set(AUTHOR_KEY, author.trim()));
        self.busy.set(true);
        spawn_local(async move {
            let answer = send::<AcknowledgeResponse>("POST", &url, Some(body)).await;
            // The page may be gone by now.
            self.busy.try_set(false);
            self.failure.try_set(answer.as_ref().err().cloned());
            if answer.is_ok() {
                again.try_run(());
            }
        });
    }
}

#[component]
fn Form(fingerprint: String, together: Memo<u64>, again: Callback<()>) -> impl IntoView {
    let fields = Fields {
        author: RwSignal::new(stored::get(AUTHOR_KEY).unwrap_or_default()),
        note: RwSignal::new(String::new()),
        minutes: RwSignal::new(String::new()),
        together: RwSignal::new(true),
        busy: RwSignal::new(false),
        failure: RwSignal::new(None),
    };
    let text = |id: &'static str, label: &'static str, value: RwSignal<String>| {
        view! {
            <label for=id>{label}</label>
            <input id=id type="text" prop:value=dynamic(move || value.get())
                on:input=handler(move |event| value.set(event_target_value(&event)))/>
        }
    };
    let failed = move || fields.failure.get().map(|why| error_note(why.message(), ()));
    let others = move || {
        let count = together.get();
        (count > 0).then(|| {
            view! {
                <label><input type="checkbox" data-testid="acknowledge-together" prop:checked=dynamic(move || fields.together.get())
                    on:change=handler(move |event| fields.together.set(event_target_checked(&event)))/>" and "{format::plural(count, "other that is", "others that are")}" told together with it"</label>
            }
        })
    };
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if untrack(|| fields.is_ready()) {
            fields.save(url(&fingerprint), again);
        }
    };
    view! {
        <form class="filters-form" data-testid="acknowledge-form" aria-label="Acknowledge" on:submit=handler(submit)>
            <span class="field">{text("acknowledge-author", "Your name", fields.author)}</span>
            <span class="field long">{text("acknowledge-note", "Note (optional)", fields.note)}</span>
            <span class="field short">
                <label for="acknowledge-length">"Holds"</label>
                <select id="acknowledge-length" on:change=handler(move |event| fields.minutes.set(event_target_value(&event)))>
                    {LENGTHS_MIN.map(|(minutes, label)| view! { <option value=minutes>{label}</option> })}
                </select>
            </span>
            <button type="submit" class="primary" data-testid="acknowledge" title="Its receivers are not told of it again while it fires" disabled=dynamic(move || !fields.is_ready())>"Acknowledge"</button>
            {dynamic(others)}
        </form>
        {dynamic(failed)}
    }
}
