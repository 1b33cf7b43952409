//! Keys that work on every page. A component that handles a key itself prevents its default, and then
//! nothing happens here.

use crate::context::Context;
use crate::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, KeyboardEvent};

/// After `g`, this long to say where to.
const GO_MS: f64 = 1_500.0;

/// Rows and links that `j` and `k` walk over.
const STOPS: &str = "main [data-nav]";

/// The search field that `/` goes to.
const FIND: &str = "main [data-find]";

/// Listens until the owner is gone; `help` and `palette` open what they are named after.
pub fn listen(context: Context, help: RwSignal<bool>, palette: RwSignal<bool>) {
    let go_since = StoredValue::new(f64::NEG_INFINITY);
    let handle = window_event_listener(leptos::ev::keydown, move |event| {
        // Also while one types.
        if (event.ctrl_key() || event.meta_key()) && event.key() == "k" {
            event.prevent_default();
            palette.update(|open| *open = !*open);
            return;
        }
        let modified = event.ctrl_key() || event.meta_key() || event.alt_key();
        if event.default_prevented() || modified || is_typing(&event) {
            return;
        }
        let going = event.time_stamp() - go_since.get_value() < GO_MS;
        go_since.set_value(f64::NEG_INFINITY);
        let handled = if going {
            go(context, &event.key())
        } else if event.key() == "g" {
            go_since.set_value(event.time_stamp());
            true
        } else {
            act(context, help, &event.key())
        };
        if handled {
            event.prevent_default();
        }
    });
    on_cleanup(move || handle.remove());
}

fn go(context: Context, key: &str) -> bool {
    let path = match key {
        "s" => "/services",
        "t" => "/traces",
        "p" => "/map",
        "l" => "/logs",
        "m" => "/metrics",
        "a" => "/alerts",
        "o" => "/slos",
        "d" => "/dashboards",
        "y" => "/system",
        _ => return false,
    };
    let href = untrack(|| context.location.link(path, &[]));
    context.location.go(&href, false);
    true
}

fn act(context: Context, help: RwSignal<bool>, key: &str) -> bool {
    match key {
        "/" => return focus(document().query_selector(FIND).ok().flatten()),
        "?" => help.set(true),
        "j" => return step(1),
        "k" => return step(-1),
        "[" => context.shift(-1),
        "]" => context.shift(1),
        "r" => context.refresh(),
        "d" => context.toggle_theme(),
        _ => return false,
    }
    true
}

/// In a field, keys are text. Escape leaves it.
fn is_typing(event: &KeyboardEvent) -> bool {
    let Some(target) = event.target().and_then(|target| target.dyn_into::<HtmlElement>().ok()) else {
        return false;
    };
    let typing =
        matches!(target.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT") || target.is_content_editable();
    if typing && event.key() == "Escape" {
        // A blur cannot fail on an element of the page.
        let _left = target.blur();
    }
    typing
}

fn focus(element: Option<Element>) -> bool {
    // Links in a drawing are no elements of HTML, but have the same method.
    element.is_some_and(|element| element.unchecked_into::<HtmlElement>().focus().is_ok())
}

/// Moves the focus by one stop; from outside the stops, to the first.
fn step(by: i32) -> bool {
    let Ok(stops) = document().query_selector_all(STOPS) else { return false };
    let active = document().active_element();
    let stop = |at: u32| stops.item(at).and_then(|node| node.dyn_into::<Element>().ok());
    let here = (0..stops.length()).find(|&at| active.is_some() && stop(at) == active);
    let next = match here {
        Some(at) => (i64::from(at) + i64::from(by)).clamp(0, i64::from(stops.length()) - 1) as u32,
        None => 0,
    };
    focus(stop(next))
}
