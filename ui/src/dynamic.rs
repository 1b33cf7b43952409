//! Closures whose type is forgotten.
//!
//! Everything that Leptos does with a closure in a view is compiled for each closure anew. Most closures
//! of a page give one of few types (a text, a truth value, a view), so that forgetting which closure it is
//! leaves one copy for each of these.

use crate::prelude::*;

/// A closure for an attribute or a child of a view.
pub type Dynamic<T> = Box<dyn FnMut() -> T + Send>;

pub fn dynamic<T>(f: impl FnMut() -> T + Send + 'static) -> Dynamic<T> {
    Box::new(f)
}

/// A closure for an event.
pub type Handler<E> = Box<dyn FnMut(E)>;

pub fn handler<E>(f: impl FnMut(E) + 'static) -> Handler<E> {
    Box::new(f)
}

/// [`Memo::new`], as a function like the others here.
pub fn memo<T: PartialEq + Send + Sync + 'static>(f: impl Fn() -> T + Send + Sync + 'static) -> Memo<T> {
    Memo::new(f)
}

/// [`Effect::new`] of a closure that keeps nothing.
pub fn effect(f: impl FnMut() + 'static) {
    effect_of(Box::new(f));
}

fn effect_of(mut f: Box<dyn FnMut()>) {
    Effect::new(move |_| f());
}
