//! What pages and components are written with: Leptos, with signals that forget the type of their value, and lists
//! of views that forget what they are made of.

pub use crate::dynamic::CollectView;
pub use crate::signals::{Memo, RwSignal, Signal, Watch};
pub use leptos::prelude::*;
