//! The field by which the rows of a page are found: `find=` of the URL.

use crate::context::Context;
use crate::dynamic::{dynamic, handler};
use crate::prelude::*;

#[component]
pub fn Find(
    /// With its article.
    what: &'static str,
) -> impl IntoView {
    let location = Context::get().location;
    let find = location.value("find");
    let label = format!("Find {what}");
    let placeholder = format!("{label}  /");
    view! {
        <input type="text" class="find-input" data-find="" placeholder=placeholder aria-label=label prop:value=dynamic(move || find.get())
            on:input=handler(move |event| location.set(&[("find", &event_target_value(&event))], true))/>
    }
}
