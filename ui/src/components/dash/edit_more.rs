//! The forms of what belongs to the whole dashboard: its name and range, and its variables.

use super::board::Board;
use super::edit_panel::{key_of, names, value_of};
use super::fields::{Input, Spot, field};
use crate::dynamic::{dynamic, handler, memo};
use crate::prelude::*;
use crate::view::dashboards::draft::Draft;
use crate::view::dashboards::forms::{list, read_list};
use ocelli_api::dashboards::{Dashboard, Variable, VariableKind};

const KINDS: [(&str, &str, VariableKind); 6] = [
    ("label_values", "Values of a label", VariableKind::LabelValues),
    ("services", "Services", VariableKind::Services),
    ("operations", "Operations of a service", VariableKind::Operations),
    ("custom", "A list", VariableKind::Custom),
    ("text", "Typed in", VariableKind::Text),
    ("interval", "Durations", VariableKind::Interval),
];
const KIND_NAMES: [(&str, &str); 6] = names(&KINDS);

#[component]
pub fn Settings(board: Board) -> impl IntoView {
    let line = move |size,
                     placeholder,
                     label,
                     name: &str,
                     get: fn(&Dashboard) -> String,
                     set: fn(&mut Dashboard, String)| {
        let read = move |draft: &Draft| get(&draft.dashboard);
        let spot =
            Spot::new(label, name.to_owned(), read, move |draft, text| set(&mut draft.dashboard, text));
        field(board, Input::Line, size, placeholder, spot)
    };
    view! {
        <div class="filters-form editor">
            {line("", "", "Title", "title", |of| of.title.clone(), |of, text| of.title = text)}
            {line("long", "", "About", "description", |of| of.description.clone(), |of, text| of.description = text)}
            {line("", "shop, team", "Tags", "tags", |of| list(&of.tags), |of, text| of.tags = read_list(&text))}
            {line("short", "now-1h", "From", "from", |of| of.from.clone(), |of, text| of.from = text.trim().to_owned())}
            {line("short", "now", "To", "to", |of| of.to.clone(), |of, text| of.to = text.trim().to_owned())}
            {line("short", "30s", "Asked again every", "refresh", |of| of.refresh.clone(), |of, text| of.refresh = text.trim().to_owned())}
        </div>
    }
}

#[component]
pub fn VariableForms(board: Board) -> impl IntoView {
    let shape = memo(move || {
        board.draft.with(|draft| draft.dashboard.variables.iter().map(|one| one.kind).collect::<Vec<_>>())
    });
    let add = move |_| {
        board.change(|draft| {
            let name = format!("variable{}", draft.dashboard.variables.len() + 1);
            draft.dashboard.variables.push(Variable {
                name,
                kind: VariableKind::Services,
                ..Variable::default()
            });
        });
    };
    let forms = move || {
        let all = shape.get().into_iter().enumerate();
        all.map(|(at, kind)| view! { <VariableForm board at kind/> }).collect_view()
    };
    view! {
        <div class="filters-form editor">{dynamic(forms)}</div>
        <p><button type="button" data-testid="add-variable" on:click=handler(add)>"Add a variable"</button></p>
    }
}

#[component]
fn VariableForm(board: Board, at: usize, kind: VariableKind) -> impl IntoView {
    let spot = move |label, name: &str, get: fn(&Variable) -> String, set: fn(&mut Variable, String)| {
        let read = move |draft: &Draft| draft.dashboard.variables.get(at).map(get).unwrap_or_default();
        Spot::new(label, format!("variables[{at}].{name}"), read, move |draft, text| {
            if let Some(variable) = draft.dashboard.variables.get_mut(at) {
                set(variable, text);
            }
        })
    };
    let line = move |placeholder, spot| field(board, Input::Line, "", placeholder, spot);
    let check = move |spot| field(board, Input::Check, "", "", spot);
    let of_kind = match kind {
        VariableKind::LabelValues => vec![
            line(
                "service_name",
                spot("Label", "label", |of| of.label.clone(), |of, text| of.label = text.trim().to_owned()),
            ),
            line(
                "up{job=\"node\"}",
                spot("Of the series", "selector", |of| of.selector.clone(), |of, text| of.selector = text),
            ),
        ],
        VariableKind::Operations => {
            vec![line(
                "$service",
                spot("Service", "service", |of| of.service.clone(), |of, text| of.service = text),
            )]
        }
        VariableKind::Custom | VariableKind::Interval => {
            vec![line(
                "a, b",
                spot("Values", "options", |of| list(&of.options), |of, text| of.options = read_list(&text)),
            )]
        }
        VariableKind::Services | VariableKind::Text => Vec::new(),
    };
    let several = (kind != VariableKind::Text).then(|| {
        let multi = spot(
            "Several may be chosen",
            "multi",
            |of| if of.multi { "true" } else { "" }.to_owned(),
            |of, text| of.multi = !text.is_empty(),
        );
        let all = spot(
            "All may be chosen",
            "include_all",
            |of| if of.include_all { "true" } else { "" }.to_owned(),
            |of, text| of.include_all = !text.is_empty(),
        );
        view! { {check(multi)}{check(all)} }
    });
    let remove = move |_| {
        board.change(|draft| {
            if at < draft.dashboard.variables.len() {
                draft.dashboard.variables.remove(at);
            }
        });
    };
    view! {
        <fieldset class="dash-query"><legend>{format!("Variable {}", at + 1)}" "
            <button type="button" class="quiet" on:click=handler(remove)>{format!("Remove variable {}", at + 1)}</button></legend>
            {line("service", spot("Name", "name", |of| of.name.clone(), |of, text| of.name = text.trim().to_owned()))}
            {line("", spot("Title", "title", |of| of.title.clone(), |of, text| of.title = text))}
            {field(board, Input::Choice(&KIND_NAMES), "", "", spot("Values are", "kind", |of| key_of(&KINDS, &of.kind), |of, text| of.kind = value_of(&KINDS, &text)))}
            {of_kind}
            {line("$__all is all", spot("At first", "default", |of| list(&of.default), |of, text| of.default = read_list(&text)))}
            {several}
        </fieldset>
    }
}
