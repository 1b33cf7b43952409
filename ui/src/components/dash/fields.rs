//! Fields of what is edited, each with what the server said of it.

use super::board::Board;
use crate::dynamic::{dynamic, handler};
use crate::prelude::*;
use crate::view::dashboards::draft::Draft;

/// Reads a value of the draft as text.
pub type Get = Box<dyn Fn(&Draft) -> String + Send + Sync>;
/// Writes one.
pub type Set = Box<dyn Fn(&mut Draft, String) + Send + Sync>;

/// A value of a draft; `name` is how the API calls it.
pub struct Spot {
    pub label: &'static str,
    pub name: String,
    pub get: Get,
    pub set: Set,
}

impl Spot {
    pub fn new(
        label: &'static str,
        name: String,
        get: impl Fn(&Draft) -> String + Send + Sync + 'static,
        set: impl Fn(&mut Draft, String) + Send + Sync + 'static,
    ) -> Self {
        Self { label, name, get: Box::new(get), set: Box::new(set) }
    }
}

/// How a value is typed in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Input {
    Line,
    Query,
    Lines,
    Check,
    Choice(&'static [(&'static str, &'static str)]),
}

/// `size` is a class of the style sheet: `short`, `whole` or nothing.
pub fn field(
    board: Board,
    input: Input,
    size: &'static str,
    placeholder: &'static str,
    spot: Spot,
) -> AnyView {
    let Spot { label, name, get, set } = spot;
    let id = format!("edit-{}", name.replace(['[', ']', '.'], "-"));
    let id_of_why = format!("{id}-wrong");
    let value = memo_text(board, get);
    let change = Callback::new(move |text: String| board.change(|draft| set(draft, text)));
    let typed = move |event: web_sys::Event| change.run(event_target_value(&event));
    let wrong = Signal::derive(move || board.told(&name));
    let invalid = move || wrong.get().map(|_| "true");
    let control = match input {
        Input::Check => {
            let toggled = move |event: web_sys::Event| {
                change.run(if event_target_checked(&event) { "true" } else { "" }.to_owned())
            };
            return view! { <label class="dash-check"><input id=id type="checkbox" prop:checked=dynamic(move || !value.get().is_empty()) on:change=handler(toggled)/>" "{label}</label> }.into_any();
        }
        Input::Choice(options) => {
            let option = move |(key, label): &(&'static str, &'static str)| {
                let (key, label) = (*key, *label);
                view! { <option value=key selected=dynamic(move || value.with(|value| value == key))>{label}</option> }
            };
            view! { <select id=id.clone() on:change=handler(typed)>{options.iter().map(option).collect_view()}</select> }.into_any()
        }
        Input::Query | Input::Lines => {
            let rows = if input == Input::Query { "3" } else { "8" };
            let described = id_of_why.clone();
            view! {
                <textarea id=id.clone() class="mono document" rows=rows spellcheck="false" placeholder=placeholder aria-invalid=dynamic(invalid) aria-describedby=described
                    prop:value=dynamic(move || value.get()) on:change=handler(typed)></textarea>
            }
            .into_any()
        }
        Input::Line => {
            let described = id_of_why.clone();
            view! {
                <input id=id.clone() type="text" placeholder=placeholder autocomplete="off" spellcheck="false" aria-invalid=dynamic(invalid) aria-describedby=described
                    prop:value=dynamic(move || value.get()) on:change=handler(typed)/>
            }
            .into_any()
        }
    };
    let told = move || {
        wrong.get().map(|why| view! { <span class="wrong" role="alert" id=id_of_why.clone()>{why}</span> })
    };
    view! { <span class=format!("field {size}")><label for=id>{label}</label>{control}{dynamic(told)}</span> }
        .into_any()
}

fn memo_text(board: Board, get: Get) -> Memo<String> {
    crate::dynamic::memo(move || board.draft.with(|draft| get(draft)))
}
