//! Makes a silence: what it hides is seen before it is saved.

use crate::client::{Failure, Fetched, send};
use crate::components::acknowledgement::AUTHOR_KEY;
use crate::components::alert_table::AlertTable;
use crate::components::answer::error_note;
use crate::context::{Context, now};
use crate::dynamic::{dynamic, effect, handler, memo};
use crate::json;
use crate::prelude::*;
use crate::stored;
use crate::view::{format, matchers};
use leptos::task::spawn_local;
use ocelli_api::UnixNano;
use ocelli_api::alerts::{
    LabelMatcher, Silence, SilencePreviewRequest, SilencePreviewResponse, SilenceRequest, SilencesResponse,
};

const MINUTE_NS: i64 = 60_000_000_000;
const LENGTHS_MIN: [(&str, &str); 8] = [
    ("30", "30 minutes"),
    ("60", "1 hour"),
    ("120", "2 hours"),
    ("240", "4 hours"),
    ("480", "8 hours"),
    ("1440", "1 day"),
    ("4320", "3 days"),
    ("10080", "1 week"),
];
const USUAL_LENGTH_MIN: &str = "120";
/// The end of the silence that is changed stays as it is.
const KEEP: &str = "";

/// What was asked, and what came back.
type Preview = Option<(Vec<LabelMatcher>, Result<SilencePreviewResponse, Failure>)>;

/// What the form holds. The matchers are in the URL.
#[derive(Clone, Copy)]
struct Form {
    /// The one that is changed.
    known: Memo<Option<Silence>>,
    matchers: Memo<Result<Vec<LabelMatcher>, String>>,
    minutes: RwSignal<String>,
    author: RwSignal<String>,
    why: RwSignal<String>,
    preview: RwSignal<Preview>,
    busy: RwSignal<bool>,
    failure: RwSignal<Option<Failure>>,
}

impl Form {
    fn request(self) -> Option<String> {
        let known = self.known.get_untracked();
        let kept = known.as_ref().filter(|_| self.minutes.with_untracked(|minutes| minutes == KEEP));
        let ends_at = match kept {
            Some(known) => known.ends_at,
            None => {
                let minutes = self.minutes.with_untracked(|minutes| minutes.parse::<i64>()).ok()?;
                UnixNano(now().0.saturating_add(minutes.saturating_mul(MINUTE_NS)))
            }
        };
        let request = SilenceRequest {
            id: known.as_ref().map(|known| known.id.clone()),
            matchers: self.matchers.get_untracked().ok()?,
            starts_at: known.map(|known| known.starts_at),
            ends_at,
            created_by: self.author.with_untracked(|author| author.trim().to_owned()),
            comment: self.why.with_untracked(|why| why.trim().to_owned()),
        };
        json::to_string(&request).ok()
    }

    /// Nothing is hidden that was not seen first, and by nobody or for no reason.
    fn is_ready(self) -> bool {
        let seen = self.preview.with(|preview| {
            let seen = preview.as_ref().filter(|(_, answer)| answer.is_ok());
            self.matchers.with(|matchers| seen.is_some_and(|seen| matchers.as_ref() == Ok(&seen.0)))
        });
        let has = |text: RwSignal<String>| text.with(|text| !text.trim().is_empty());
        seen && has(self.author) && has(self.why) && !self.busy.get()
    }

    /// Asks what the matchers hide; an answer to older ones is dropped.
    fn look(self) {
        let Ok(asked) = self.matchers.get_untracked() else { return };
        let Ok(body) = json::to_string(&SilencePreviewRequest { matchers: asked.clone() }) else {
            return;
        };
        spawn_local(async move {
            let answer = send("POST", "/api/silences/preview", Some(body)).await;
            if self.matchers.try_get_untracked().is_some_and(|now| now.as_ref() == Ok(&asked)) {
                self.preview.try_set(Some((asked, answer)));
            }
        });
    }

    fn save(self, saved: Callback<String>) {
        let Some(body) = self.request() else { return };
        // A browser that keeps nothing asks again the next time.
        self.author.with_untracked(|author| stored::set(AUTHOR_KEY, author.trim()));
        self.busy.set(true);
        spawn_local(async move {
            let answer = send::<Silence>("POST", "/api/silences", Some(body)).await;
            self.busy.try_set(false);
            match answer {
                Ok(silence) => {
                    self.failure.try_set(None);
                    self.why.try_set(String::new());
                    saved.try_run(silence.id);
                }
                Err(why) => {
                    self.failure.try_set(Some(why));
                }
            }
        });
    }
}

#[component]
pub fn SilenceForm(
    silences: Fetched<SilencesResponse>,
    /// Gets the id of the silence.
    saved: Callback<String>,
) -> impl IntoView {
    let context = Context::get();
    let location = context.location;
    let text = location.value("matchers");
    let edit = location.value("edit");
    let known = memo(move || {
        let id = edit.get();
        silences.with(|answer| answer?.silences.iter().find(|silence| silence.id == id).cloned())
    });
    let form = Form {
        known,
        matchers: memo(move || text.with(|text| matchers::parse(text))),
        minutes: RwSignal::new(USUAL_LENGTH_MIN.to_owned()),
        author: RwSignal::new(stored::get(AUTHOR_KEY).unwrap_or_default()),
        why: RwSignal::new(String::new()),
        preview: RwSignal::new(None),
        busy: RwSignal::new(false),
        failure: RwSignal::new(None),
    };
    // A link fills the form that is here already.
    let why = location.value("why");
    effect(move || {
        if why.with(|why| !why.is_empty()) {
            form.why.set(why.get());
        }
    });
    effect(move || match known.get() {
        Some(known) => {
            form.author.set(known.created_by);
            form.minutes.set(KEEP.to_owned());
        }
        None => form.minutes.update(|minutes| {
            if minutes == KEEP {
                USUAL_LENGTH_MIN.clone_into(minutes);
            }
        }),
    });
    effect(move || {
        form.matchers.track();
        context.now.track();
        form.look();
    });
    let field =
        move |id: &'static str, label: &'static str, placeholder: &'static str, value: RwSignal<String>| {
            view! {
                <label for=id>{label}</label>
                <input id=id type="text" placeholder=placeholder prop:value=dynamic(move || value.get())
                    on:input=handler(move |event| value.set(event_target_value(&event)))/>
            }
        };
    let mistake = move || {
        let wrong = text.with(|text| !text.is_empty()).then(|| form.matchers.get().err()).flatten();
        wrong.map(|why| view! { <p class="wrong" role="alert">{why}</p> })
    };
    let failed = move || form.failure.get().map(|why| error_note(why.message(), ()));
    // What older matchers hide is of no use.
    let preview = move || {
        let (asked, answer) = form.preview.get()?;
        let is_of_these = form.matchers.with(|matchers| matchers.as_ref() == Ok(&asked));
        is_of_these.then(|| view! { <Preview answer/> })
    };
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if untrack(|| form.is_ready()) {
            form.save(saved);
        }
    };
    view! {
        <form class="filters-form" data-testid="silence-form" aria-label="New silence" on:submit=handler(submit)>
            <span class="field whole">
                <label for="silence-matchers">"Hide alerts with"</label>
                <input id="silence-matchers" class="mono" type="text" placeholder="alertname=\"HighErrors\", service=~\"cart|checkout\"" autocomplete="off" spellcheck="false"
                    prop:value=dynamic(move || text.get())
                    on:change=handler(move |event| location.set(&[("matchers", event_target_value(&event).trim())], true))/>
            </span>
            <span class="field short">
                <label for="silence-length">"For"</label>
                <select id="silence-length" on:change=handler(move |event| form.minutes.set(event_target_value(&event)))>
                    {dynamic(move || known.with(Option::is_some).then(|| view! { <option value=KEEP selected=dynamic(move || form.minutes.with(|chosen| chosen == KEEP))>"as it is"</option> }))}
                    {LENGTHS_MIN.map(|(minutes, label)| view! { <option value=minutes selected=dynamic(move || form.minutes.with(|chosen| chosen == minutes))>{label}</option> })}
                </select>
            </span>
            <span class="field">{field("silence-author", "Your name", "", form.author)}</span>
            <span class="field long">{field("silence-why", "Why", "what is being done about it", form.why)}</span>
            <button type="submit" class="primary" data-testid="silence-save" disabled=dynamic(move || !form.is_ready())>{dynamic(move || if known.with(Option::is_some) { "Change" } else { "Silence" })}</button>
        </form>
        {dynamic(mistake)}{dynamic(failed)}
        {dynamic(preview)}
    }
}

#[component]
fn Preview(answer: Result<SilencePreviewResponse, Failure>) -> impl IntoView {
    let preview = match answer {
        Ok(preview) => preview,
        Err(why) => return error_note(why.message(), ()),
    };
    let sentence = match (preview.hidden, preview.total) {
        (0, _) => "It would hide no alert of now.".to_owned(),
        (hidden, total) => format!(
            "It would hide {} of {}:",
            format::count(hidden),
            format::plural(total, "alert", "alerts")
        ),
    };
    let table =
        (!preview.alerts.is_empty()).then(|| view! { <AlertTable alerts=preview.alerts by=String::new()/> });
    view! { <section data-testid="silence-preview"><p>{sentence}</p>{table}</section> }.into_any()
}
