//! A service's colour beside its name.

use crate::prelude::*;
use crate::view::colours::Look;

/// Classes of the style sheet for a look.
pub fn classes(look: Look) -> String {
    format!("dot c{}{}", look.slot + 1, if look.striped { " striped" } else { "" })
}

#[component]
pub fn Dot(look: Look) -> impl IntoView {
    view! { <span class=classes(look) aria-hidden="true"></span> }
}
