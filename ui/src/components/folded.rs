//! What is made, and asked for, only when somebody opens it.

use crate::dynamic::handler;
use crate::prelude::*;

#[component]
pub fn Folded(
    summary: &'static str,
    #[prop(optional)] test: Option<&'static str>,
    children: ChildrenFn,
) -> impl IntoView {
    let open = RwSignal::new(false);
    view! {
        <details class="as-table" data-testid=test on:toggle=handler(move |_| open.update(|open| *open = !*open))>
            <summary>{summary}</summary>
            <Show when=move || open.get()>{children()}</Show>
        </details>
    }
}
