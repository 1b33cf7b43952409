//! Takes over a dashboard of this or another server, or of Grafana: what comes along is seen before it is saved.

use crate::client::{Failure, send};
use crate::components::answer::error_note;
use crate::context::Context;
use crate::dynamic::{dynamic, handler, memo};
use crate::json;
use crate::prelude::*;
use crate::view::{dashboards, format};
use leptos::html;
use leptos::task::spawn_local;
use ocelli_api::dashboards::{Dashboard, GrafanaImportResponse, LeftOut};
use serde::Deserialize;
use serde::de::IgnoredAny;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;

/// What only documents of Grafana have, of any of its versions.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Probe {
    schema_version: Option<IgnoredAny>,
    templating: Option<IgnoredAny>,
    annotations: Option<IgnoredAny>,
    rows: Option<IgnoredAny>,
    /// It is wrapped in this by its API, and in `spec` by its newer one.
    dashboard: Option<IgnoredAny>,
    spec: Option<IgnoredAny>,
    #[serde(rename = "__inputs")]
    inputs: Option<IgnoredAny>,
}

fn is_grafana(text: &str) -> bool {
    let Ok(probe) = json::from_str::<Probe>(text) else { return false };
    let Probe { schema_version, templating, annotations, rows, dashboard, spec, inputs } = probe;
    [schema_version, templating, annotations, rows, dashboard, spec, inputs].iter().any(Option::is_some)
}

/// Saves a new dashboard and goes to it.
pub async fn save(context: Context, dashboard: Dashboard) -> Result<(), Failure> {
    let body = json::to_string(&dashboard).map_err(|why| Failure::Unreadable(why.to_string()))?;
    let saved = send::<Dashboard>("POST", "/api/dashboards", Some(body)).await?;
    let path = dashboards::path(&saved.id);
    context.location.go(&untrack(|| context.location.link(&path, &[("from", ""), ("to", "")])), false);
    Ok(())
}

#[derive(Clone, Copy)]
struct State {
    text: RwSignal<String>,
    /// What it would become, and what would not come along.
    found: RwSignal<Option<(Dashboard, Vec<LeftOut>)>>,
    failure: RwSignal<Option<Failure>>,
    busy: RwSignal<bool>,
}

impl State {
    /// Asks what a document would become.
    fn look(self) {
        let text = self.text.get_untracked();
        self.found.set(None);
        self.failure.set(None);
        if !is_grafana(&text) {
            match json::from_str_strictly::<Dashboard>(&text) {
                Ok(dashboard) => self.found.set(Some((dashboard, Vec::new()))),
                Err(why) => self.failure.set(Some(Failure::Unreadable(format!("It is no dashboard: {why}")))),
            }
            return;
        }
        self.busy.set(true);
        spawn_local(async move {
            let url = "/api/dashboards/import/grafana?dry_run=true";
            let answer = send::<GrafanaImportResponse>("POST", url, Some(text.clone())).await;
            // The page may be gone by now, and the text another.
            self.busy.try_set(false);
            if self.text.try_get_untracked() == Some(text) {
                match answer {
                    Ok(answer) => self.found.try_set(Some((answer.dashboard, answer.left_out))),
                    Err(why) => self.failure.try_set(Some(why)),
                }
            }
        });
    }

    fn save(self, context: Context, as_copy: bool) {
        let Some((mut dashboard, _)) = self.found.get_untracked() else { return };
        if as_copy {
            dashboard.id = String::new();
        }
        self.busy.set(true);
        spawn_local(async move {
            let saved = save(context, dashboard).await;
            self.busy.try_set(false);
            self.failure.try_set(saved.err());
        });
    }
}

#[component]
pub fn Import() -> impl IntoView {
    let context = Context::get();
    let state = State {
        text: RwSignal::new(String::new()),
        found: RwSignal::new(None),
        failure: RwSignal::new(None),
        busy: RwSignal::new(false),
    };
    let file = NodeRef::<html::Input>::new();
    let chosen = move |_| {
        let Some(file) = file.get_untracked().and_then(|input| input.files()?.get(0)) else { return };
        spawn_local(async move {
            if let Ok(text) = JsFuture::from(file.unchecked_ref::<web_sys::Blob>().text()).await {
                state.text.try_set(text.as_string().unwrap_or_default());
                state.look();
            }
        });
    };
    let typed = move |event: web_sys::Event| {
        state.text.set(event_target_value(&event));
        state.found.set(None);
    };
    let failed = move || {
        let failure = state.failure.get()?;
        let is_taken = matches!(failure, Failure::Refused { status: 409, .. });
        let copy = is_taken.then(|| {
            view! { <button type="button" data-testid="import-copy" on:click=handler(move |_| state.save(context, true))>"Save as a copy"</button> }
        });
        Some(error_note(words(&failure), copy))
    };
    let is_empty = memo(move || state.text.with(|text| text.trim().is_empty()));
    view! {
        <section data-testid="import">
            <p class="hint">"The JSON of a dashboard of this program or of Grafana. Nothing is saved before you have seen what becomes of it."</p>
            <p><label for="import-file">"From a file "</label><input id="import-file" type="file" accept=".json,application/json" node_ref=file on:change=handler(chosen)/></p>
            <label for="import-text">"Or pasted"</label>
            <textarea id="import-text" class="mono document" rows="12" spellcheck="false" data-testid="import-text" prop:value=dynamic(move || state.text.get()) on:input=handler(typed)></textarea>
            <p class="facts">
                <button type="button" data-testid="import-look" disabled=dynamic(move || is_empty.get() || state.busy.get()) on:click=handler(move |_| state.look())>"Look at it"</button>
                <a href=dynamic(move || context.location.href(&[("import", "")]))>"Cancel"</a></p>
            {dynamic(failed)}
            {dynamic(move || state.found.get().map(|(dashboard, left_out)| view! { <Found state dashboard left_out/> }))}
        </section>
    }
}

/// The words of a refusal, which name the field that it is about.
pub fn words(failure: &Failure) -> String {
    match failure {
        Failure::Unreadable(why) => why.clone(),
        failure => failure.message(),
    }
}

/// What would be saved, and what would not.
#[component]
fn Found(state: State, dashboard: Dashboard, left_out: Vec<LeftOut>) -> impl IntoView {
    let context = Context::get();
    let panels = format::plural(dashboard.panels.len() as u64, "panel", "panels");
    let variables = format::plural(dashboard.variables.len() as u64, "variable", "variables");
    let count = left_out.len();
    let row = |left_out: LeftOut| {
        let place = if left_out.place.is_empty() { "the dashboard".to_owned() } else { left_out.place };
        view! { <tr data-testid="left-out"><th scope="row">{place}</th><td class="wrap">{left_out.why}</td></tr> }
    };
    let rest = (count > 0).then(|| {
        view! {
            <h3>{format::plural(count as u64, "thing does", "things do")}" not come along"</h3>
            <div class="scroll-table" tabindex="0"><table class="rows cards"><thead><tr><th>"Of"</th><th>"What, and why"</th></tr></thead>
                <tbody>{left_out.into_iter().map(row).collect_view()}</tbody></table></div>
        }
    });
    view! {
        <h2>{dashboard.title}</h2>
        <p data-testid="import-found">{panels}", "{variables}"."</p>
        <p><button type="button" class="primary" data-testid="import-save" disabled=dynamic(move || state.busy.get()) on:click=handler(move |_| state.save(context, false))>"Save"</button></p>
        {rest}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_of_grafana_are_known() {
        for text in [
            "{\"schemaVersion\":39}",
            "{\"dashboard\":{}}",
            "{\"rows\":[]}",
            "{\"title\":\"a\",\"templating\":{\"list\":[]}}",
            "{\"kind\":\"Dashboard\",\"spec\":{}}",
        ] {
            assert!(is_grafana(text), "{text}");
        }
        for text in ["{}", "{\"title\":\"a\",\"panels\":[]}", "[]", "schemaVersion"] {
            assert!(!is_grafana(text), "{text}");
        }
    }
}
