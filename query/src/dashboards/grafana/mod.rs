//! Grafana's dashboards as ours: what can be shown is taken over, what can't is told with the reason.
//!
//! Both of Grafana's classic layouts are read: `rows` with spans, and `panels` on the grid with rows between them.

mod layout;
mod looks;
mod panels;
mod sources;
mod variables;

use crate::Error;
use layout::Section;
use ocelli_api::UnixNano;
use ocelli_api::dashboards::limits::{MAX_NAME_CHARS, MAX_PANELS, MAX_TAGS};
use ocelli_api::dashboards::{Dashboard, LeftOut};
use ocelli_api::time_range::parse_time;
use serde_json::Value;
use sources::Sources;

/// What was left out so far.
#[derive(Debug, Default)]
pub(crate) struct Notes(Vec<LeftOut>);

impl Notes {
    fn add(&mut self, place: &str, why: impl Into<String>) {
        self.0.push(LeftOut { place: place.to_owned(), why: why.into() });
    }
}

/// The dashboard, without an id, and what of Grafana's is not in it.
pub fn import(document: &Value) -> Result<(Dashboard, Vec<LeftOut>), Error> {
    let document = document.get("dashboard").filter(|inner| inner.is_object()).unwrap_or(document);
    if document.get("elements").is_some() || document.pointer("/spec/elements").is_some() {
        let why = "is in Grafana's schema v2; export it as a classic dashboard, with `panels`";
        return Err(Error::bad_parameter("body", why));
    }
    if !(document["panels"].is_array() || document["rows"].is_array()) {
        return Err(Error::bad_parameter(
            "body",
            "is no dashboard of Grafana: it has neither `panels` nor `rows`",
        ));
    }
    let mut notes = Notes::default();
    let document = sources::with_inputs(document);
    let sources = Sources::of(&document);
    let mut dashboard = Dashboard {
        title: line(text(&document["title"])),
        description: text(&document["description"]).to_owned(),
        tags: list(&document["tags"])
            .map(text)
            .map(line)
            .filter(|tag| !tag.is_empty())
            .take(MAX_TAGS)
            .collect(),
        from: time(&document, "from", &mut notes),
        to: time(&document, "to", &mut notes),
        refresh: refresh(&document),
        variables: variables::variables(&document, &mut notes),
        ..Dashboard::default()
    };
    if dashboard.title.is_empty() {
        dashboard.title = "Imported from Grafana".to_owned();
    }
    let reader = panels::Reader::new(&dashboard.variables, &sources);
    let mut sections = Vec::new();
    for part in layout::parts(&document) {
        let heading = part.heading.map(|row| panels::heading(row, &mut notes));
        let read = |panel: &&Value| Some((reader.panel(panel, &mut notes)?, layout::grid(panel)));
        sections.push(Section { heading, panels: part.panels.iter().filter_map(read).collect() });
    }
    dashboard.panels = layout::placed(sections);
    if dashboard.panels.len() > MAX_PANELS {
        let why = format!("{} panels are more than {MAX_PANELS}; the last ones", dashboard.panels.len());
        notes.add("", why);
        dashboard.panels.truncate(MAX_PANELS);
    }
    let annotations = list(&document["annotations"]["list"]).filter(|one| one["builtIn"] != 1);
    for annotation in annotations {
        notes.add(&format!("annotation {}", text(&annotation["name"])), "annotations are not shown");
    }
    Ok((dashboard, notes.0))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// A number, also one that is written as text.
fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| text(value).trim().parse().ok()).filter(|number: &f64| number.is_finite())
}

/// A title or a name: one line that is not too long.
fn line(text: &str) -> String {
    let plain = text.trim().chars().map(|c| if c.is_control() { ' ' } else { c });
    plain.take(MAX_NAME_CHARS).collect()
}

fn time(document: &Value, end: &str, notes: &mut Notes) -> String {
    let found = text(&document["time"][end]);
    if !found.is_empty() && parse_time(found, UnixNano(0)).is_err() {
        notes.add("", format!("the time {found:?} of `{end}` is not known here"));
        return String::new();
    }
    found.to_owned()
}

fn refresh(document: &Value) -> String {
    let refresh = text(&document["refresh"]);
    let is_known = crate::promql::duration_ms(refresh).is_some_and(|ms| ms >= 1_000);
    if is_known { refresh.to_owned() } else { String::new() }
}

#[cfg(test)]
mod tests;
