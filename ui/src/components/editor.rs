//! A document that is written here: as a form or as a text, told where it is wrong, seen over the past, and saved.
//!
//! What all editors share has no type of theirs: each type of its own costs the browser bytes.

use crate::client::{Failure, send_as};
use crate::components::answer::error_note;
use crate::context::Context;
use crate::dynamic::{dynamic, effect, handler, memo};
use crate::json;
use crate::prelude::*;
use crate::view::{editing, order};
use leptos::task::spawn_local;
use ocelli_api::DocumentProblem;
use ocelli_api::forms::Form;
use serde::Deserialize;

/// What a save is about.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// Where new ones are posted to.
    pub collection: &'static str,
    /// The address of the one that is changed, and which revision of it was read.
    pub known: Option<(String, u64)>,
}

/// A document as it was read, and the same as a form where that has a place for all of it.
pub type Known = (String, Option<Form>);

/// Asks for the preview of a document: content type, address and body.
type Ask = fn(String) -> Option<(&'static str, String, String)>;

/// What every answer to a preview tells.
#[derive(Default, Deserialize)]
struct Told {
    #[serde(default)]
    problems: Vec<DocumentProblem>,
    /// The document as a form, where that has a place for all of it.
    form: Option<Form>,
}

/// The state of an editor; cheap to copy.
#[derive(Clone, Copy)]
pub struct Editor {
    target: RwSignal<Target>,
    /// What a new one begins with, which nobody is told the faults of.
    first: RwSignal<Option<String>>,
    /// As it was read, or saved last.
    saved: RwSignal<String>,
    pub form: RwSignal<Form>,
    /// The text, where it is not the form's.
    text: RwSignal<String>,
    pub as_text: RwSignal<bool>,
    /// As it would be saved.
    document: Memo<String>,
    /// What a form has of the text.
    back: RwSignal<Option<Form>>,
    /// The text of the answer to the preview of the document; none while there is none.
    pub preview: RwSignal<Option<String>>,
    problems: RwSignal<Vec<DocumentProblem>>,
    /// Why something was refused, where that is none of the document's problems.
    failure: RwSignal<Option<Failure>>,
    busy: RwSignal<bool>,
}

impl Editor {
    /// `usual`: what the form of a new one holds.
    pub fn new(
        target: Target,
        known: Option<Known>,
        usual: &[(&str, &str)],
        write: fn(&Form) -> String,
        ask: Ask,
    ) -> Self {
        let usual = || order::map(usual.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
        let is_new = known.is_none();
        let (text, form) = known.unwrap_or_else(|| (String::new(), Some(usual())));
        let (text, as_text) = (RwSignal::new(text), RwSignal::new(form.is_none()));
        let form = RwSignal::new(form.unwrap_or_default());
        let first = is_new.then(|| write(&form.get_untracked()));
        let document = memo(move || if as_text.get() { text.get() } else { write(&form.get()) });
        let editor = Self {
            target: RwSignal::new(target),
            first: RwSignal::new(first),
            saved: RwSignal::new(document.get_untracked()),
            form,
            text,
            as_text,
            document,
            back: RwSignal::new(None),
            preview: RwSignal::new(None),
            problems: RwSignal::new(Vec::new()),
            failure: RwSignal::new(None),
            busy: RwSignal::new(false),
        };
        effect(move || editor.look(ask));
        editor
    }

    pub fn value(self, key: &str) -> String {
        self.form.with(|form| form.get(key).cloned().unwrap_or_default())
    }

    fn set(self, key: &str, value: String) {
        let mut form = self.form.get_untracked();
        form.insert(key.to_owned(), value.trim().to_owned());
        self.form.set(form);
    }

    /// Asks what the document would have told; an answer to an older one is dropped.
    fn look(self, ask: Ask) {
        let document = self.document.get();
        self.preview.set(None);
        self.back.set(None);
        let Some((kind, url, body)) = ask(document.clone()) else { return };
        if self.first.get_untracked().as_ref() == Some(&document) {
            return;
        }
        spawn_local(async move {
            let answer = send_as(kind, "POST", &url, Some(body)).await;
            if self.document.try_get_untracked() != Some(document) {
                return;
            }
            match answer {
                Ok(text) => {
                    let told = json::from_str::<Told>(&text).unwrap_or_default();
                    self.preview.try_set(told.problems.is_empty().then_some(text));
                    self.problems.try_set(told.problems);
                    self.back.try_set(told.form);
                    self.failure.try_set(None);
                }
                Err(why) => self.refused(why),
            }
        });
    }

    /// `saved` gets the text of the answer.
    fn save(self, saved: Callback<String>) {
        let Target { collection, known } = self.target.get_untracked();
        let (method, url) = match known {
            Some((url, revision)) => ("PUT", format!("{url}?revision={revision}")),
            None => ("POST", collection.to_owned()),
        };
        let document = self.document.get_untracked();
        self.busy.set(true);
        spawn_local(async move {
            let answer = send_as("application/yaml", method, &url, Some(document.clone())).await;
            // The page may be gone by now.
            self.busy.try_set(false);
            match answer {
                Ok(text) => {
                    self.saved.try_set(document);
                    saved.try_run(text);
                }
                Err(why) => self.refused(why),
            }
        });
    }

    fn refused(self, why: Failure) {
        let problems = match &why {
            Failure::Refused { error, .. } => error.problems.clone(),
            _ => Vec::new(),
        };
        self.failure.try_set(problems.is_empty().then_some(why));
        self.problems.try_set(problems);
    }

    /// The revision that a save has met in the place of the one that was read.
    fn newer(self) -> Option<u64> {
        let Some(Failure::Refused { error, .. }) = self.failure.get() else { return None };
        error.revision.filter(|_| self.target.get_untracked().known.is_some())
    }
}

/// A field of the form with what is wrong at it.
#[component]
pub fn Field(
    editor: Editor,
    /// As the document calls it, and as people do.
    key: &'static str,
    label: &'static str,
    placeholder: &'static str,
    size: &'static str,
) -> impl IntoView {
    let (id, id_of_why) = (format!("edit-{key}"), format!("edit-{key}-wrong"));
    let wrong = move || editing::at_field(&editor.problems.get(), key);
    let told = {
        let id = id_of_why.clone();
        move || wrong().map(|why| view! { <span class="wrong" role="alert" id=id.clone()>{why}</span> })
    };
    view! {
        <span class=format!("field {size}")>
            <label for=id.clone()>{label}</label>
            <input id=id type="text" placeholder=placeholder list=format!("edit-{key}-list") autocomplete="off" spellcheck="false"
                aria-invalid=dynamic(move || wrong().map(|_| "true")) aria-describedby=id_of_why
                prop:value=dynamic(move || editor.value(key))
                on:change=handler(move |event| editor.set(key, event_target_value(&event)))/>
            {dynamic(told)}
        </span>
    }
}

/// One of few.
#[component]
pub fn Choice(
    editor: Editor,
    key: &'static str,
    label: &'static str,
    options: &'static [(&'static str, &'static str)],
) -> impl IntoView {
    let id = format!("edit-{key}");
    let option = move |(value, label): &(&'static str, &'static str)| {
        let (value, label) = (*value, *label);
        view! { <option value=value selected=dynamic(move || editor.value(key) == value)>{label}</option> }
    };
    view! {
        <span class="field">
            <label for=id.clone()>{label}</label>
            <select id=id on:change=handler(move |event| editor.set(key, event_target_value(&event)))>{options.iter().map(option).collect_view()}</select>
        </span>
    }
}

/// What a field may be.
#[component]
pub fn Suggestions(key: &'static str, names: Signal<Vec<String>>) -> impl IntoView {
    let options =
        move || names.get().into_iter().map(|name| view! { <option value=name></option> }).collect_view();
    view! { <datalist id=format!("edit-{key}-list")>{dynamic(options)}</datalist> }
}

/// The form or the text, what is wrong at no field, and what may be done.
#[component]
pub fn Frame(
    editor: Editor,
    /// The fields, which show their own problems.
    #[prop(into)]
    form: ViewFn,
    saved: Callback<String>,
    cancel: Callback<()>,
    /// The preview.
    children: ChildrenFn,
) -> impl IntoView {
    Context::get().location.guard(memo(move || editor.document.get() != editor.saved.get()));
    let body = move || {
        match editor.as_text.get() {
        true => view! {
            <textarea class="mono document" data-testid="document" rows="16" spellcheck="false" aria-label="The document, as YAML or JSON"
                prop:value=dynamic(move || editor.text.get())
                on:change=handler(move |event| editor.text.set(event_target_value(&event)))></textarea>
        }
        .into_any(),
        false => view! {
            <form class="filters-form editor" on:submit=handler(|event: web_sys::SubmitEvent| event.prevent_default())>{form.run()}</form>
        }
        .into_any(),
    }
    };
    let rest = move || {
        let problems = editor.problems.get();
        let told = if editor.as_text.get() { editing::all(&problems) } else { editing::elsewhere(&problems) };
        (!told.is_empty()).then(|| {
            view! { <p class="wrong" role="alert" data-testid="problems">{told.join("\n")}</p> }
        })
    };
    let failed = move || {
        let why = editor.failure.get()?;
        let over = move |newer: u64| {
            let mut target = editor.target.get_untracked();
            if let Some(known) = &mut target.known {
                known.1 = newer;
            }
            editor.target.set(target);
            editor.save(saved);
        };
        let again = editor.newer().map(|newer| {
            view! { <button type="button" data-testid="save-over" on:click=handler(move |_| over(newer))>"Save over it"</button> }
        });
        Some(error_note(why.message(), again))
    };
    // A text that says more than the form would lose it there.
    let back = move || editor.as_text.get().then(|| editor.back.get()).flatten();
    let is_fixed = move || editor.as_text.get() && editor.back.with(Option::is_none);
    let toggle = move |_| match untrack(back) {
        Some(form) => {
            editor.form.set(form);
            editor.as_text.set(false);
        }
        None => {
            editor.text.set(editor.document.get_untracked());
            editor.back.set(Some(editor.form.get_untracked()));
            editor.as_text.set(true);
        }
    };
    let label = move || if editor.as_text.get() { "As a form" } else { "As text" };
    view! {
        <section data-testid="editor">
            {dynamic(body)}{dynamic(rest)}{dynamic(failed)}
            <p class="facts">
                <button type="button" class="primary" data-testid="save" disabled=dynamic(move || editor.busy.get()) on:click=handler(move |_| editor.save(saved))>"Save"</button>
                <button type="button" on:click=handler(move |_| cancel.run(()))>"Cancel"</button>
                <button type="button" class="quiet" data-testid="as-text" class:hide=dynamic(is_fixed) on:click=handler(toggle)>{dynamic(label)}</button>
            </p>
            {children()}
        </section>
    }
}
