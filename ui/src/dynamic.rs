//! Closures whose type is forgotten.
//!
//! Everything that Leptos does with a closure in a view is compiled for each closure anew. Most closures
//! of a page give one of few types (a text, a truth value, a view), so that forgetting which closure it is
//! leaves one copy for each of these. The same holds for lists of views.

use crate::closures::Call;
use crate::prelude::*;

/// A closure for an attribute or a child of a view.
pub fn dynamic<T: Shown>(
    mut f: impl FnMut() -> T + Send + 'static,
) -> impl FnMut() -> T::As + Send + 'static {
    given(Box::new(move |()| f().shown()))
}

fn given<T: 'static>(mut f: Box<dyn Call<(), T> + Send>) -> impl FnMut() -> T + Send + 'static {
    move || f.call(())
}

/// What a closure may give. Of a view it is forgotten what it is made of, which each page makes differently.
pub trait Shown {
    type As: 'static;

    fn shown(self) -> Self::As;
}

impl<T> Shown for View<T>
where
    View<T>: IntoView + 'static,
{
    type As = AnyView;

    fn shown(self) -> AnyView {
        self.into_any()
    }
}

impl<T: Shown> Shown for Option<T> {
    type As = Option<T::As>;

    fn shown(self) -> Option<T::As> {
        self.map(T::shown)
    }
}

macro_rules! shown_as_it_is {
    ($($plain:ty),*) => {$(
        impl Shown for $plain {
            type As = Self;

            fn shown(self) -> Self {
                self
            }
        }
    )*};
}

shown_as_it_is!(AnyView, Vec<AnyView>, String, &'static str, bool, usize, u64);

/// A closure for an event.
pub fn handler<E: 'static>(f: impl FnMut(E) + 'static) -> impl FnMut(E) + 'static {
    handled(Box::new(f))
}

fn handled<E: 'static>(mut f: Box<dyn Call<E, ()>>) -> impl FnMut(E) + 'static {
    move |event| f.call(event)
}

/// [`Memo::new`], as a function like the others here.
pub fn memo<T: PartialEq + Send + Sync + 'static>(f: impl Fn() -> T + Send + Sync + 'static) -> Memo<T> {
    Memo::new(f)
}

/// [`Effect::new`] of a closure that keeps nothing.
pub fn effect(mut f: impl FnMut() + 'static) {
    effect_of(Box::new(move |()| f()));
}

fn effect_of(mut f: Box<dyn Call<(), ()>>) {
    Effect::new(move |_| f.call(()));
}

/// Views one after another. Leptos' own makes a list of each type of view.
pub trait CollectView {
    fn collect_view(self) -> Vec<AnyView>;
}

impl<V: IntoView + 'static, I: IntoIterator<Item = V>> CollectView for I {
    fn collect_view(self) -> Vec<AnyView> {
        let mut views = Vec::new();
        self.into_iter().for_each(|view| views.push(view.into_any()));
        views
    }
}
