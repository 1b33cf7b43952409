//! A moment: short in the page; local, UTC and relative when one points at it.

use crate::context::Context;
use crate::dynamic::dynamic;
use crate::prelude::*;
use crate::view::zone;
use ocelli_api::UnixNano;
use ocelli_api::time_range::format_rfc3339;

/// All readings of a moment, one a line.
pub fn readings(context: Context, at: UnixNano) -> String {
    let local = crate::context::local_offset_min(at);
    format!(
        "{}\n{} {}\n{} UTC",
        zone::ago(at, context.now.get_untracked()),
        zone::date_clock(at, local),
        zone::offset_name(local),
        zone::date_clock(at, 0),
    )
}

/// `clock_only` leaves the date out, for lists within one range.
#[component]
pub fn Moment(at: UnixNano, #[prop(optional)] clock_only: bool) -> impl IntoView {
    let context = Context::get();
    let text = move || {
        let offset = context.offset_min(at);
        if clock_only { zone::clock(at, offset) } else { zone::date_clock(at, offset) }
    };
    view! { <time class="num" datetime=format_rfc3339(at) title=dynamic(move || readings(context, at))>{dynamic(text)}</time> }
}

/// How long ago a moment was, or how far ahead it lies.
#[component]
pub fn Ago(at: UnixNano) -> impl IntoView {
    let context = Context::get();
    view! {
        <time class="num" datetime=format_rfc3339(at) title=dynamic(move || readings(context, at))>
            {dynamic(move || zone::ago(at, context.now.get()))}
        </time>
    }
}
