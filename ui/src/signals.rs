//! Signals whose values' types are forgotten.
//!
//! Leptos compiles a signal anew for each type of value, and each reading of one for each closure that
//! reads: with some hundred types that was a tenth of what the browser downloads. Below these types there is
//! one kind of value, and so one copy of each.

use crate::closures::{Call, Compute};
use leptos::prelude as reactive;
use leptos::prelude::{Get, GetUntracked, Set, Track, Update};
use std::any::Any;
use std::marker::PhantomData;
use std::sync::Arc;

type Value = Arc<dyn Any + Send + Sync>;

/// What a value of any type must be to live in a signal.
pub trait Kept: Send + Sync + 'static {}

impl<T: Send + Sync + 'static> Kept for T {}

/// No signal is given a value of another type, which the types below see to.
fn of<T: 'static>(value: &Value) -> &T {
    value.downcast_ref().unwrap_or_else(|| wrong_type())
}

#[cold]
#[inline(never)]
fn wrong_type() -> ! {
    unreachable!("a signal holds a value of its type")
}

/// Something that can be read, and followed where it is read within a view, memo or effect.
pub trait Watch: Copy {
    type Of: Kept;

    fn value(self) -> Value;

    fn value_untracked(self) -> Value;

    /// None when the signal is gone with its page.
    fn try_value_untracked(self) -> Option<Value>;

    /// Follows without reading.
    fn track(self);

    fn with<R>(self, f: impl FnOnce(&Self::Of) -> R) -> R {
        f(of(&self.value()))
    }

    fn with_untracked<R>(self, f: impl FnOnce(&Self::Of) -> R) -> R {
        f(of(&self.value_untracked()))
    }

    fn get(self) -> Self::Of
    where
        Self::Of: Clone,
    {
        of::<Self::Of>(&self.value()).clone()
    }

    fn get_untracked(self) -> Self::Of
    where
        Self::Of: Clone,
    {
        of::<Self::Of>(&self.value_untracked()).clone()
    }

    fn try_get_untracked(self) -> Option<Self::Of>
    where
        Self::Of: Clone,
    {
        self.try_value_untracked().map(|value| of::<Self::Of>(&value).clone())
    }
}

/// The handles differ only in what is below them.
macro_rules! handle {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        pub struct $name<T> {
            below: reactive::$name<Value>,
            of: PhantomData<fn() -> T>,
        }

        impl<T> Clone for $name<T> {
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<T> Copy for $name<T> {}

        impl<T: Kept> Watch for $name<T> {
            type Of = T;

            fn value(self) -> Value {
                self.below.get()
            }

            fn value_untracked(self) -> Value {
                self.below.get_untracked()
            }

            fn try_value_untracked(self) -> Option<Value> {
                self.below.try_get_untracked()
            }

            fn track(self) {
                self.below.track();
            }
        }
    };
}

handle! {
    /// Computed from other signals, and told on only when it changes.
    Memo
}

handle! {
    /// Can be read and set.
    RwSignal
}

handle! {
    /// Anything that can be read.
    Signal
}

impl<T: Kept + PartialEq> Memo<T> {
    pub fn new(f: impl Fn() -> T + Send + Sync + 'static) -> Self {
        let compute = move |before: Option<Value>| {
            let now = f();
            match before {
                Some(before) if *of::<T>(&before) == now => (before, false),
                _ => (Arc::new(now) as Value, true),
            }
        };
        Self { below: memo(Box::new(compute)), of: PhantomData }
    }
}

/// `f` gives the new value, or the one before, and whether it changed.
#[inline(never)]
fn memo(f: Box<dyn Compute<Option<Value>, (Value, bool)> + Send + Sync>) -> reactive::Memo<Value> {
    reactive::Memo::new_owning(move |before| f.compute(before))
}

impl<T: Kept> RwSignal<T> {
    pub fn new(value: T) -> Self {
        Self { below: new_signal(Arc::new(value)), of: PhantomData }
    }

    pub fn set(self, value: T) {
        set(self.below, Arc::new(value), true);
    }

    /// Does nothing when the signal is gone with its page.
    pub fn try_set(self, value: T) {
        set(self.below, Arc::new(value), false);
    }

    pub fn update(self, f: impl FnOnce(&mut T))
    where
        T: Clone,
    {
        self.change(f, true);
    }

    /// Does nothing when the signal is gone with its page.
    pub fn try_update(self, f: impl FnOnce(&mut T))
    where
        T: Clone,
    {
        self.change(f, false);
    }

    fn change(self, f: impl FnOnce(&mut T), must: bool)
    where
        T: Clone,
    {
        let mut f = Some(f);
        change(self.below, must, &mut |value: &mut Value| {
            // Who changes it while it is read does not change what is being read.
            if Arc::get_mut(value).is_none() {
                *value = Arc::new(of::<T>(value).clone());
            }
            let inner = Arc::get_mut(value).and_then(|value| value.downcast_mut());
            if let (Some(inner), Some(f)) = (inner, f.take()) {
                f(inner);
            }
        });
    }
}

#[inline(never)]
fn new_signal(value: Value) -> reactive::RwSignal<Value> {
    reactive::RwSignal::new(value)
}

#[inline(never)]
fn set(signal: reactive::RwSignal<Value>, value: Value, must: bool) {
    if must {
        signal.set(value);
    } else {
        signal.try_set(value);
    }
}

#[inline(never)]
fn change(signal: reactive::RwSignal<Value>, must: bool, f: &mut dyn for<'a> Call<&'a mut Value, ()>) {
    let f = |value: &mut Value| f.call(value);
    if must {
        signal.update(f);
    } else {
        signal.try_update(f);
    }
}

impl<T: Kept> Signal<T> {
    /// Computed at each reading.
    pub fn derive(f: impl Fn() -> T + Send + Sync + 'static) -> Self {
        Self { below: derived(Box::new(move |()| Arc::new(f()) as Value)), of: PhantomData }
    }

    /// Never changes.
    pub fn stored(value: T) -> Self {
        let value: Value = Arc::new(value);
        Self { below: derived(Box::new(move |()| value.clone())), of: PhantomData }
    }
}

#[inline(never)]
fn derived(f: Box<dyn Compute<(), Value> + Send + Sync>) -> reactive::Signal<Value> {
    reactive::Signal::derive(move || f.compute(()))
}

impl<T: Kept + Default> Default for Signal<T> {
    fn default() -> Self {
        Self::stored(T::default())
    }
}

impl<T: Kept> From<Memo<T>> for Signal<T> {
    fn from(memo: Memo<T>) -> Self {
        Self { below: memo.below.into(), of: PhantomData }
    }
}

impl<T: Kept> From<RwSignal<T>> for Signal<T> {
    fn from(signal: RwSignal<T>) -> Self {
        Self { below: signal.below.into(), of: PhantomData }
    }
}

impl From<&str> for Signal<String> {
    fn from(text: &str) -> Self {
        Self::stored(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use leptos::prelude::Owner;

    fn in_owner(test: impl FnOnce()) {
        let owner = Owner::new();
        owner.with(test);
    }

    #[test]
    fn a_memo_follows_and_is_told_on_only_when_it_changes() {
        in_owner(|| {
            let number = RwSignal::new(1);
            let half = Memo::new(move || number.get() / 2);
            let words = Memo::new(move || format!("half is {}", half.get()));
            let before = words.value();
            assert_eq!(words.get(), "half is 0");
            number.update(|number| *number -= 1);
            assert!(Arc::ptr_eq(&before, &words.value()), "0 / 2 is 1 / 2");
            number.set(8);
            assert_eq!(words.with(String::len), 9);
            assert_eq!(words.get(), "half is 4");
        });
    }

    #[test]
    fn any_source_is_a_signal() {
        in_owner(|| {
            let text = RwSignal::new("a".to_owned());
            let same: Signal<String> = text.into();
            let long = Signal::derive(move || text.with(|text| text.repeat(3)));
            text.set("b".to_owned());
            assert_eq!((same.get(), long.get()), ("b".to_owned(), "bbb".to_owned()));
            assert_eq!(Signal::<Option<u8>>::default().get_untracked(), None);
        });
    }

    #[test]
    fn a_change_does_not_reach_who_reads() {
        in_owner(|| {
            let list = RwSignal::new(vec![1]);
            list.with_untracked(|read| {
                list.update(|list| list.push(2));
                assert_eq!(*read, [1]);
            });
            assert_eq!(list.get_untracked(), [1, 2]);
        });
    }

    #[test]
    fn a_signal_of_a_page_that_is_gone() {
        let owner = Owner::new();
        let number = owner.with(|| RwSignal::new(1));
        assert_eq!(number.try_get_untracked(), Some(1));
        owner.cleanup();
        number.try_set(2);
        number.try_update(|number| *number = 3);
        assert_eq!(number.try_get_untracked(), None);
    }
}
