//! The variables of a dashboard: what is offered, what is chosen, and the fields to choose by.

use super::answers::read;
use super::menu::close_when_left;
use crate::client::{Decode, Failure, fetch_as};
use crate::context::Context;
use crate::dynamic::{dynamic, handler, memo};
use crate::prelude::*;
use crate::view::dashboards::request::{Scope, labels};
use crate::view::dashboards::variables as view;
use crate::view::links;
use crate::view::order::distinct;
use crate::view::text::first_group;
use ocelli_api::dashboards::interpolate::{Chosen, Syntax, Values};
use ocelli_api::dashboards::limits::MAX_OPTIONS;
use ocelli_api::dashboards::{ALL, Variable, VariableKind};
use ocelli_api::services::{ServiceResponse, ServicesResponse};
use serde::Deserialize;

/// A variable in the page; cheap to copy.
#[derive(Clone, Copy)]
pub struct Asked {
    variable: StoredValue<Variable>,
    /// None while it is not known.
    offered: Memo<Option<Vec<String>>>,
    pub chosen: Memo<Option<Chosen>>,
    failure: RwSignal<Option<Failure>>,
}

/// Of Prometheus' `label/{name}/values`.
#[derive(Deserialize)]
pub struct LabelValues {
    pub data: Vec<String>,
}

/// What is chosen of variables, none while one is not known.
pub fn values(asked: &[Asked]) -> Memo<Option<Values>> {
    let asked = asked.to_vec();
    memo(move || {
        let mut values = Values::default();
        for one in &asked {
            values.insert(one.variable.with_value(|of| of.name.clone()), one.chosen.get()?);
        }
        Some(values)
    })
}

/// All of a dashboard; one may name those before it.
pub fn ask(variables: &[Variable]) -> Vec<Asked> {
    let mut asked = Vec::new();
    for variable in variables {
        let one = ask_one(variable.clone(), values(&asked));
        asked.push(one);
    }
    asked
}

fn ask_one(variable: Variable, before: Memo<Option<Values>>) -> Asked {
    let context = Context::get();
    let (kind, of) = (variable.kind, StoredValue::new(variable.clone()));
    // The text with the variables before it, and the range.
    let filled = move |text: fn(&Variable) -> &String, syntax| {
        let scope = Scope { range: context.range.get().ok()?, values: before.get()? };
        let text = of.with_value(|of| scope.fill(text(of), syntax)).ok()?;
        Some((scope.range, text))
    };
    let regex = variable.regex.clone();
    let is_listed = matches!(kind, VariableKind::Custom | VariableKind::Interval | VariableKind::Text);
    let narrowed = move |names: &[String]| {
        let found: Vec<String> = match regex.is_empty() {
            true => names.to_vec(),
            false => names.iter().filter_map(|name| first_group(&regex, name)).collect(),
        };
        // What a dashboard lists itself stays in its order.
        let found = if is_listed {
            found.iter().map(String::as_str).collect()
        } else {
            distinct(found.iter().map(String::as_str))
        };
        found.into_iter().take(MAX_OPTIONS).map(str::to_owned).collect::<Vec<_>>()
    };
    let label = variable.label.clone();
    let options = variable.options.clone();
    let url = move || match kind {
        VariableKind::LabelValues => {
            let (range, selector) = filled(|of| &of.selector, Syntax::PromQl)?;
            Some(labels(&label, &selector, &range))
        }
        VariableKind::Services => Some(links::api("/api/services", &context.range.get().ok()?, &[])),
        VariableKind::Operations => {
            let (range, service) = filled(|of| &of.service, Syntax::Text)?;
            Some(links::api(&format!("/api{}", links::service_path(&service)), &range, &[]))
        }
        _ => None,
    };
    let decode: Decode = match kind {
        VariableKind::Services => |text| {
            read(text, |of: ServicesResponse| of.services.into_iter().map(|of| of.name).collect::<Vec<_>>())
        },
        VariableKind::Operations => |text| {
            read(text, |of: ServiceResponse| of.operations.into_iter().map(|of| of.name).collect::<Vec<_>>())
        },
        _ => |text| read(text, |of: LabelValues| of.data),
    };
    let answer = fetch_as::<Vec<String>>(url, decode);
    let offered =
        memo(
            move || {
                if is_listed { Some(narrowed(&options)) } else { answer.with(|of| of.map(|of| narrowed(of))) }
            },
        );
    let failure = answer.failure;
    let key = view::key(&variable.name);
    let query = context.location.query;
    let address = memo(move || query.with(|query| query.text(&key)));
    let chosen = memo(move || {
        let failed = failure.with(Option::is_some);
        offered.with(|offered| {
            // Where nothing can be offered, what is written somewhere is taken, and else nothing is.
            let offered = offered.as_deref().or(failed.then_some(&[]));
            of.with_value(|of| address.with(|address| view::chosen(of, address, offered)))
        })
    });
    Asked { variable: of, offered, chosen, failure }
}

fn set(context: Context, variable: &Variable, values: &[String]) {
    let text = view::write(values, variable.multi);
    context.location.set(&[(&view::key(&variable.name), &text)], false);
}

#[component]
pub fn Variables(asked: Vec<Asked>) -> impl IntoView {
    let shown: Vec<Asked> =
        asked.into_iter().filter(|one| !one.variable.with_value(|of| of.hidden)).collect();
    (!shown.is_empty()).then(|| {
        view! { <div class="dash-variables" data-testid="dash-variables" role="group" aria-label="Variables">{shown.into_iter().map(field).collect_view()}</div> }
    })
}

fn field(asked: Asked) -> impl IntoView {
    let context = Context::get();
    let of = asked.variable.get_value();
    let id = format!("var-{}", of.name);
    let label = if of.title.is_empty() { of.name.clone() } else { of.title.clone() };
    let failed = move || {
        let why = asked.failure.get()?;
        Some(view! { <span class="bad" role="alert">"✖ "{why.message()}</span> })
    };
    let control = match (of.kind, of.multi) {
        (VariableKind::Text, _) => {
            let value = move || {
                asked.chosen.get().and_then(|chosen| chosen.values.into_iter().next()).unwrap_or_default()
            };
            view! {
                <input id=id.clone() type="text" autocomplete="off" spellcheck="false" prop:value=dynamic(value)
                    on:change=handler(move |event| set(context, &of, &[event_target_value(&event)]))/>
            }
            .into_any()
        }
        (_, false) => {
            let has_all = of.include_all;
            let options = move || {
                let chosen = asked.chosen.get().unwrap_or_default();
                let now = if chosen.is_all { Some(ALL.to_owned()) } else { chosen.values.first().cloned() };
                let offered = asked.offered.get().unwrap_or_default();
                // What the address says is seen, be it offered or not.
                let other = now.clone().filter(|now| now != ALL && !offered.contains(now));
                let all = has_all.then(|| ALL.to_owned());
                let option = move |value: String| {
                    let text = if value == ALL { "All".to_owned() } else { value.clone() };
                    let selected = now.as_ref() == Some(&value);
                    view! { <option value=value selected=selected>{text}</option> }
                };
                all.into_iter().chain(other).chain(offered).map(option).collect_view()
            };
            view! {
                <select id=id.clone() on:change=handler(move |event| set(context, &of, &[event_target_value(&event)]))>{dynamic(options)}</select>
            }
            .into_any()
        }
        (_, true) => view! { <Several asked of label=label.clone()/> }.into_any(),
    };
    let label = match asked.variable.with_value(|of| of.multi && of.kind != VariableKind::Text) {
        true => view! { <span class="hint" aria-hidden="true">{label}</span> }.into_any(),
        false => view! { <label for=id>{label}</label> }.into_any(),
    };
    view! { <span class="dash-variable">{label}{control}{dynamic(failed)}</span> }
}

/// Several values of a variable: a list of boxes that opens.
#[component]
fn Several(asked: Asked, of: Variable, label: String) -> impl IntoView {
    let context = Context::get();
    let has_all = of.include_all;
    let of = StoredValue::new(of);
    let now = move || {
        let chosen = asked.chosen.get().unwrap_or_default();
        match chosen.values.len() {
            _ if chosen.is_all => "All".to_owned(),
            0..=2 => chosen.values.join(" + "),
            count => format!("{} + {} more", chosen.values[0], count - 1),
        }
    };
    // A box stays while it is clicked: only other values make other boxes.
    let values = memo(move || {
        let offered = asked.offered.get().unwrap_or_default();
        let chosen = asked.chosen.get().unwrap_or_default().values;
        let other = chosen.into_iter().filter(|value| !offered.contains(value)).collect::<Vec<_>>();
        let all = has_all.then(|| ALL.to_owned());
        all.into_iter().chain(other).chain(offered).collect::<Vec<_>>()
    });
    let item = move |value: String| {
        let text = if value == ALL { "All".to_owned() } else { value.clone() };
        let own = value.clone();
        let is_on = move || {
            let chosen = asked.chosen.get().unwrap_or_default();
            if own == ALL { chosen.is_all } else { !chosen.is_all && chosen.values.contains(&own) }
        };
        let toggle = move |_| {
            let chosen = asked.chosen.get_untracked().unwrap_or_default();
            of.with_value(|of| set(context, of, &view::toggled(&chosen, &value)));
        };
        view! { <li><label><input type="checkbox" prop:checked=dynamic(is_on) on:change=handler(toggle)/>" "<span class="value">{text}</span></label></li> }
    };
    let boxes = move || values.get().into_iter().map(item).collect_view();
    view! {
        <details class="dash-menu several" on:focusout=handler(close_when_left)>
            <summary aria-label=dynamic(move || format!("{label}: {}", now()))>{dynamic(now)}" ▾"</summary>
            <ul class="plain" tabindex="-1">{dynamic(boxes)}</ul>
        </details>
    }
}
