//! What pages and components are written with: Leptos, with signals that forget the type of their value.

pub use crate::signals::{Memo, RwSignal, Signal, Watch};
pub use leptos::prelude::*;
