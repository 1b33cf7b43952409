//! The text of a panel.

use crate::prelude::*;
use crate::view::dashboards::text::{Block, Part, blocks};

#[component]
pub fn Text(text: String) -> impl IntoView {
    let block = |block: Block| match block {
        Block::Heading(1, parts) => view! { <h3 class="dash-heading">{inline(parts)}</h3> }.into_any(),
        Block::Heading(_, parts) => view! { <h3>{inline(parts)}</h3> }.into_any(),
        Block::Item(parts) => view! { <p class="dash-item">"• "{inline(parts)}</p> }.into_any(),
        Block::Line(parts) => view! { <p>{inline(parts)}</p> }.into_any(),
    };
    view! { <div class="dash-scroll dash-text" tabindex="0">{blocks(&text).into_iter().map(block).collect_view()}</div> }
}

fn inline(parts: Vec<Part>) -> impl IntoView {
    let part = |part: Part| match part {
        Part::Plain(text) => text.into_any(),
        Part::Bold(text) => view! { <strong>{text}</strong> }.into_any(),
        Part::Code(text) => view! { <code>{text}</code> }.into_any(),
        Part::Address(url) => {
            let href = url.clone();
            view! { <a href=href rel="noreferrer noopener" target="_blank">{url}</a> }.into_any()
        }
    };
    parts.into_iter().map(part).collect_view()
}
