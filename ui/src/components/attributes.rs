//! Attributes as a table; each value leads to everything else that has it.

use crate::context::Context;
use crate::dynamic::{dynamic, handler};
use crate::prelude::*;
use crate::view::{format, links, log_columns, log_query, text};
use ocelli_api::{KeyValue, UnixNano};

/// Values are shown up to here, the rest on demand: a value may be megabytes.
const CLIP_BYTES: usize = 4_096;

/// Where the links of a value lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filters {
    None,
    /// Traces around a moment that have a span with this value.
    Traces(UnixNano),
    /// With `+` and `−`: this log query with and without the value.
    Logs,
}

#[component]
pub fn Attributes(items: Vec<KeyValue>, #[prop(optional)] dropped: u32, filters: Filters) -> impl IntoView {
    let none = (items.is_empty() && dropped == 0).then(|| view! { <p class="hint">"None."</p> });
    let rows = items
        .into_iter()
        .map(|item| {
            let text = text::value(&item.value);
            let kind = kind_of(&item);
            view! {
                <tr>
                    <th scope="row" class="mono">{item.key.clone()}</th>
                    <td title=kind><LongText text=text.clone()/></td>
                    <td class="filters"><FilterLinks key_name=links::attribute_field(&item.key) value=text filters/></td>
                </tr>
            }
        })
        .collect_view();
    let dropped = (dropped > 0).then(|| {
        view! { <p class="note warn">{format::plural(u64::from(dropped), "attribute was", "attributes were")}" dropped by the sender."</p> }
    });
    view! { {none}<table class="attributes"><tbody>{rows}</tbody></table>{dropped} }
}

/// `stringValue` → `string`.
fn kind_of(item: &KeyValue) -> String {
    let kind = item.value.0.as_object().and_then(|object| object.keys().next());
    kind.map_or("empty", |kind| kind.trim_end_matches("Value")).to_owned()
}

/// Text that may be very long.
#[component]
pub fn LongText(text: String) -> impl IntoView {
    let all = RwSignal::new(false);
    let (_, is_clipped) = format::clip(&text, CLIP_BYTES);
    let size = format::bytes(text.len() as u64);
    let text = StoredValue::new(text);
    let shown = move || {
        text.with_value(
            |text| if all.get() { text.clone() } else { format::clip(text, CLIP_BYTES).0.to_owned() },
        )
    };
    let more = move || {
        (is_clipped && !all.get()).then(|| {
            let size = size.clone();
            view! { <button type="button" class="quiet" on:click=handler(move |_| all.set(true))>"… all "{size}</button> }
        })
    };
    view! { <span class="value mono">{dynamic(shown)}</span>{dynamic(more)} }
}

/// `+` and `−` beside a value.
#[component]
pub fn FilterLinks(key_name: String, value: String, filters: Filters) -> impl IntoView {
    let context = Context::get();
    // A condition on half of a text would find nothing.
    if filters == Filters::None || value.is_empty() || value.len() > 512 {
        return ().into_any();
    }
    let (key_name, value) = (StoredValue::new(key_name), StoredValue::new(value));
    let pair =
        move |f: fn(&str, &str) -> String| key_name.with_value(|key| value.with_value(|value| f(key, value)));
    if let Filters::Traces(at) = filters {
        let (from, to) = links::around(at, at, 30);
        let href = move || {
            context.location.link("/traces", &[("q", &pair(links::term)), ("from", &from), ("to", &to)])
        };
        let label = pair(|key, value| format!("Traces with {key} {value}"));
        return view! { <a href=dynamic(href) aria-label=label.clone() title=label>"traces"</a> }.into_any();
    }
    let change = move |f: fn(&str, &str, &str) -> String| {
        let query = context.location.query.with(|query| query.text("q"));
        let query = key_name.with_value(|key| value.with_value(|value| f(&query, key, value)));
        context.location.link("/logs", &[("q", &query)])
    };
    let only = pair(|key, value| format!("Only {key} {value}"));
    let without = pair(|key, value| format!("Without {key} {value}"));
    let column = (filters == Filters::Logs && key_name.with_value(|key| log_columns::can_be_column(key))).then(|| {
        let shown = context.location.value("cols");
        let toggled = move || shown.with(|shown| key_name.with_value(|key| log_columns::toggled(shown, key)));
        let label = pair(|key, _| format!("Column {key}"));
        view! { <a class="plus" href=dynamic(move || context.location.href(&[("cols", &toggled())])) aria-label=label.clone() title=label>"▥"</a> }
    });
    view! {
        {column}
        <a class="plus" href=dynamic(move || change(log_query::include)) aria-label=only.clone() title=only>"+"</a>
        <a class="minus" href=dynamic(move || change(log_query::exclude)) aria-label=without.clone() title=without>"−"</a>
    }
    .into_any()
}

/// A part of a panel that folds.
#[component]
pub fn Section(
    #[prop(into)] title: String,
    #[prop(optional)] count: Option<usize>,
    #[prop(optional)] closed: bool,
    children: Children,
) -> impl IntoView {
    let count = count.map(|count| view! { " "<span class="count num">{count}</span> });
    view! { <details class="section" open=!closed><summary>{title}{count}</summary>{children()}</details> }
}
