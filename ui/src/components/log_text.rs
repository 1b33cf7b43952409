//! The text of a record: with the colours of a terminal, and as a tree where it is JSON.

use crate::dynamic::{dynamic, handler};
use crate::json;
use crate::prelude::*;
use crate::view::text::shortest;
use crate::view::{ansi, format};
use serde_json::Value;

/// A text that is longer is not read as JSON for its tree.
const TREE_BYTES: usize = 1 << 20;
/// Members that a level shows.
const MEMBERS: usize = 200;
/// Levels that are open at first.
const OPEN_DEPTH: u32 = 2;
const VALUE_BYTES: usize = 2_048;

/// One line with its colours.
pub fn coloured(text: &str) -> AnyView {
    if !ansi::has_escapes(text) {
        return text.to_owned().into_any();
    }
    let piece = |piece: ansi::Piece| view! { <span class=piece.class>{piece.text}</span> };
    ansi::pieces(text).into_iter().map(piece).collect_view().into_any()
}

/// An object or a list that the text is.
pub fn structure(text: &str) -> Option<Value> {
    let is_json = text.len() <= TREE_BYTES && text.trim_start().starts_with(['{', '[']);
    let value = is_json.then(|| json::from_str::<Value>(text).ok()).flatten()?;
    (value.is_object() || value.is_array()).then_some(value)
}

/// Members are made when their level is opened: a large document costs what is looked at.
#[component]
pub fn JsonTree(value: Value, depth: u32) -> impl IntoView {
    let members: Vec<(String, Value)> = match value {
        Value::Object(members) => members.into_iter().collect(),
        Value::Array(items) => {
            items.into_iter().enumerate().map(|(at, item)| (at.to_string(), item)).collect()
        }
        other => return view! { <span class="mono">{plain(&other)}</span> }.into_any(),
    };
    let more = members.len().saturating_sub(MEMBERS);
    let member = move |(name, value): (String, Value)| {
        match value {
        Value::Object(_) | Value::Array(_) => view! { <li><Branch name value depth/></li> }.into_any(),
        value => view! { <li><span class="key mono">{name}": "</span><span class="mono">{plain(&value)}</span></li> }.into_any(),
    }
    };
    let members = members.into_iter().take(MEMBERS).map(member).collect_view();
    let more = (more > 0).then(|| view! { <li class="hint">{format::count(more as u64)}" more"</li> });
    view! { <ul class="plain tree-json">{members}{more}</ul> }.into_any()
}

#[component]
fn Branch(name: String, value: Value, depth: u32) -> impl IntoView {
    let size = match &value {
        Value::Object(members) => format!("{{{}}}", members.len()),
        Value::Array(items) => format!("[{}]", items.len()),
        _ => String::new(),
    };
    let open = RwSignal::new(depth < OPEN_DEPTH);
    let value = StoredValue::new(value);
    let inner = move || {
        open.get().then(|| view! { <JsonTree value=value.get_value() depth={depth + 1}/> }.into_any())
    };
    let label = move || if open.get() { "▾" } else { "▸" };
    view! {
        <button type="button" class="link mono" aria-expanded=dynamic(move || open.get().to_string()) on:click=handler(move |_| open.update(|open| *open = !*open))>
            {dynamic(label)}" "{name}": "<span class="hint">{size}</span></button>
        {dynamic(inner)}
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => format!("\"{}\"", format::clip(text, VALUE_BYTES).0),
        Value::Number(number) => ocelli_api::value::number_text(number, shortest),
        Value::Bool(truth) => truth.to_string(),
        _ => "null".to_owned(),
    }
}
