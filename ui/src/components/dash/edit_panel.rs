//! The form of a panel; the panel itself shows what becomes of it.

use super::board::Board;
use super::fields::{Input, Spot, field};
use crate::dynamic::{dynamic, handler, memo};
use crate::prelude::*;
use crate::view::dashboards::draft::Draft;
use crate::view::dashboards::forms::{read_number, read_thresholds, thresholds};
use crate::view::text::shortest;
use ocelli_api::dashboards::{Measure, Panel, PanelKind, PanelQuery, QueryLanguage, Reduce};

const KINDS: [(&str, &str, PanelKind); 8] = [
    ("time_series", "Lines over time", PanelKind::TimeSeries),
    ("stat", "Number", PanelKind::Stat),
    ("bar", "Bars", PanelKind::Bar),
    ("table", "Table", PanelKind::Table),
    ("heatmap", "Heatmap", PanelKind::Heatmap),
    ("logs", "Log records", PanelKind::Logs),
    ("traces", "Traces", PanelKind::Traces),
    ("text", "Text", PanelKind::Text),
];
const KIND_NAMES: [(&str, &str); 8] = names(&KINDS);
const LANGUAGES: [(&str, &str, QueryLanguage); 5] = [
    ("promql", "PromQL", QueryLanguage::PromQl),
    ("logs", "Logs", QueryLanguage::Logs),
    ("logql", "LogQL", QueryLanguage::LogQl),
    ("traceql", "TraceQL", QueryLanguage::TraceQl),
    ("red", "Figures of a service", QueryLanguage::Red),
];
const LANGUAGE_NAMES: [(&str, &str); 5] = names(&LANGUAGES);
const MEASURES: [(&str, &str, Measure); 5] = [
    ("rate", "Calls a second", Measure::Rate),
    ("error_ratio", "Failed calls of all", Measure::ErrorRatio),
    ("p50", "p50", Measure::P50),
    ("p95", "p95", Measure::P95),
    ("p99", "p99", Measure::P99),
];
const MEASURE_NAMES: [(&str, &str); 5] = names(&MEASURES);
const REDUCES: [(&str, &str, Reduce); 5] = [
    ("last", "the last value", Reduce::Last),
    ("mean", "the mean", Reduce::Mean),
    ("min", "the lowest", Reduce::Min),
    ("max", "the highest", Reduce::Max),
    ("sum", "the sum", Reduce::Sum),
];
const REDUCE_NAMES: [(&str, &str); 5] = names(&REDUCES);

pub const fn names<T: Copy, const N: usize>(
    all: &[(&'static str, &'static str, T); N],
) -> [(&'static str, &'static str); N] {
    let mut out = [("", ""); N];
    let mut at = 0;
    while at < N {
        out[at] = (all[at].0, all[at].1);
        at += 1;
    }
    out
}

/// The key of a value, and the value of a key.
pub fn key_of<T: PartialEq>(all: &[(&str, &str, T)], value: &T) -> String {
    all.iter().find(|one| one.2 == *value).map_or(String::new(), |one| one.0.to_owned())
}

pub fn value_of<T: Copy + Default>(all: &[(&str, &str, T)], key: &str) -> T {
    all.iter().find(|one| one.0 == key).map_or_else(T::default, |one| one.2)
}

/// A value of a panel.
fn of_panel(
    board: Board,
    key: u32,
    (label, name): (&'static str, &str),
    get: fn(&Panel) -> String,
    set: fn(&mut Panel, String),
) -> Spot {
    let number = board.draft.with_untracked(|draft| draft.number(key)).unwrap_or_default();
    let read = move |draft: &Draft| draft.panel(key).map(get).unwrap_or_default();
    Spot::new(label, format!("panels[{number}].{name}"), read, move |draft, text| {
        if let Some(panel) = draft.panel_mut(key) {
            set(panel, text);
        }
    })
}

/// A value of one of its queries.
fn of_query(
    board: Board,
    (key, at): (u32, usize),
    (label, name): (&'static str, &str),
    get: fn(&PanelQuery) -> String,
    set: fn(&mut PanelQuery, String),
) -> Spot {
    let number = board.draft.with_untracked(|draft| draft.number(key)).unwrap_or_default();
    let read = move |draft: &Draft| {
        draft.panel(key).and_then(|panel| panel.queries.get(at)).map(get).unwrap_or_default()
    };
    Spot::new(label, format!("panels[{number}].queries[{at}].{name}"), read, move |draft, text| {
        if let Some(query) = draft.panel_mut(key).and_then(|panel| panel.queries.get_mut(at)) {
            set(query, text);
        }
    })
}

fn optional(number: Option<f64>) -> String {
    number.map(shortest).unwrap_or_default()
}

#[component]
pub fn PanelForm(board: Board, key: u32) -> impl IntoView {
    // The fields are called by the panel's number too.
    let shape = memo(move || {
        let of = |draft: &Draft| {
            let panel = draft.panel(key)?;
            Some((panel.kind, panel.queries.len(), draft.number(key)))
        };
        board.draft.with(of).unwrap_or_default()
    });
    let fields = move || {
        let (kind, queries, _) = shape.get();
        let spot = |name, get: fn(&Panel) -> String, set: fn(&mut Panel, String)| {
            of_panel(board, key, name, get, set)
        };
        let line = |size, placeholder, spot| field(board, Input::Line, size, placeholder, spot);
        let title =
            line("whole", "", spot(("Title", "title"), |of| of.title.clone(), |of, text| of.title = text));
        let kinds = spot(
            ("Shown as", "kind"),
            |of| key_of(&KINDS, &of.kind),
            |of, text| of.kind = value_of(&KINDS, &text),
        );
        let about =
            spot(("About", "description"), |of| of.description.clone(), |of, text| of.description = text);
        let looks = match kind {
            PanelKind::Text => {
                let text = spot(("Text", "text"), |of| of.text.clone(), |of, text| of.text = text);
                field(board, Input::Lines, "whole", "# heading\n- item", text)
            }
            PanelKind::Logs | PanelKind::Traces => ().into_any(),
            _ => {
                let reduce = spot(
                    ("One number is", "reduce"),
                    |of| key_of(&REDUCES, &of.reduce),
                    |of, text| of.reduce = value_of(&REDUCES, &text),
                );
                let levels = spot(
                    ("Thresholds", "thresholds"),
                    |of| thresholds(&of.thresholds),
                    |of, text| of.thresholds = read_thresholds(&text),
                );
                let stacked = spot(
                    ("On each other", "stacked"),
                    |of| if of.stacked { "true" } else { "" }.to_owned(),
                    |of, text| of.stacked = !text.is_empty(),
                );
                view! {
                    {line("short", "s, bytes, reqps", spot(("Unit", "unit"), |of| of.unit.clone(), |of, text| of.unit = text.trim().to_owned()))}
                    {line("short", "as needed", spot(("Decimals", "decimals"), |of| of.decimals.map(|of| of.to_string()).unwrap_or_default(), |of, text| of.decimals = read_number(&text).map(|number| number as u32)))}
                    {line("short", "", spot(("Lowest", "min"), |of| optional(of.min), |of, text| of.min = read_number(&text)))}
                    {line("short", "", spot(("Highest", "max"), |of| optional(of.max), |of, text| of.max = read_number(&text)))}
                    {field(board, Input::Choice(&REDUCE_NAMES), "", "", reduce)}
                    {line("", "ok, 0.01 warn, 0.05 error", levels)}
                    {(kind == PanelKind::TimeSeries).then(|| field(board, Input::Check, "", "", stacked))}
                }
                .into_any()
            }
        };
        let asked = (kind != PanelKind::Text).then(|| {
            view! {
                {(0..queries).map(|at| view! { <QueryForm board key at/> }).collect_view()}
                <p><button type="button" data-testid="add-query" on:click=handler(move |_| add_query(board, key))>"Add a query"</button></p>
            }
        });
        view! { {title}{field(board, Input::Choice(&KIND_NAMES), "", "", kinds)}{line("long", "", about)}{looks}{asked} }
    };
    view! {
        <aside class="panel" data-testid="panel-form" aria-label="The panel">
            <header class="panel-head"><h2>"Panel"</h2>
                <button type="button" class="icon" aria-label="Close" on:click=handler(move |_| board.chosen.set(None))>"✕"</button></header>
            <div class="panel-body"><form class="filters-form editor" on:submit=handler(|event: web_sys::SubmitEvent| event.prevent_default())>{dynamic(fields)}</form></div>
        </aside>
    }
}

fn add_query(board: Board, key: u32) {
    board.change(|draft| {
        let Some(panel) = draft.panel_mut(key) else { return };
        let language = match panel.kind {
            PanelKind::Logs => QueryLanguage::Logs,
            PanelKind::Traces => QueryLanguage::TraceQl,
            _ => QueryLanguage::PromQl,
        };
        panel.queries.push(PanelQuery { language, ..PanelQuery::default() });
    });
}

#[component]
fn QueryForm(board: Board, key: u32, at: usize) -> impl IntoView {
    let spot = move |name, get: fn(&PanelQuery) -> String, set: fn(&mut PanelQuery, String)| {
        of_query(board, (key, at), name, get, set)
    };
    let is_red = memo(move || {
        let of = |draft: &Draft| Some(draft.panel(key)?.queries.get(at)?.language == QueryLanguage::Red);
        board.draft.with(of).unwrap_or_default()
    });
    let language = spot(
        ("Language", "language"),
        |of| key_of(&LANGUAGES, &of.language),
        |of, text| of.language = value_of(&LANGUAGES, &text),
    );
    let remove = move |_| {
        board.change(|draft| {
            if let Some(panel) = draft.panel_mut(key).filter(|panel| at < panel.queries.len()) {
                panel.queries.remove(at);
            }
        });
    };
    let measure = move || {
        let measure = spot(
            ("Figure", "measure"),
            |of| key_of(&MEASURES, &of.measure),
            |of, text| of.measure = value_of(&MEASURES, &text),
        );
        let instant = spot(
            ("Only the end of the range", "instant"),
            |of| if of.instant { "true" } else { "" }.to_owned(),
            |of, text| of.instant = !text.is_empty(),
        );
        match is_red.get() {
            true => field(board, Input::Choice(&MEASURE_NAMES), "", "", measure),
            false => field(board, Input::Check, "", "", instant),
        }
    };
    view! {
        <fieldset class="dash-query"><legend>{format!("Query {}", at + 1)}" "
            <button type="button" class="quiet" on:click=handler(remove)>{format!("Remove query {}", at + 1)}</button></legend>
            {field(board, Input::Choice(&LANGUAGE_NAMES), "", "", language)}
            {field(board, Input::Query, "whole", "", spot(("Query, or the name of a service", "expr"), |of| of.expr.clone(), |of, text| of.expr = text))}
            {field(board, Input::Line, "", "{{label}}", spot(("Legend", "legend"), |of| of.legend.clone(), |of, text| of.legend = text))}
            {dynamic(measure)}
        </fieldset>
    }
}
