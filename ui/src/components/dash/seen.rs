//! Whether an element is in sight as a signal.

use crate::dynamic::effect;
use crate::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, IntersectionObserver, IntersectionObserverEntry};

pub fn in_sight(element: impl Fn() -> Option<Element> + 'static) -> RwSignal<bool> {
    let seen = RwSignal::new(false);
    let observed = StoredValue::new_local(None::<Observed>);
    effect(move || {
        let Some(element) = element() else { return };
        let callback = Closure::<dyn FnMut(js_sys::Array)>::new(move |entries: js_sys::Array| {
            let last = entries.pop().dyn_into::<IntersectionObserverEntry>();
            let is_seen = last.is_ok_and(|entry| entry.is_intersecting());
            // The element may outlive its signals by one callback.
            if seen.try_get_untracked().is_some_and(|before| before != is_seen) {
                seen.try_set(is_seen);
            }
        });
        if let Ok(observer) = IntersectionObserver::new(callback.as_ref().unchecked_ref()) {
            observer.observe(&element);
            observed.set_value(Some(Observed { observer, _callback: callback }));
        }
    });
    on_cleanup(move || {
        observed.try_update_value(|observed| observed.take());
    });
    seen
}

/// Stops when dropped; the browser calls the closure only as long as it is kept here.
struct Observed {
    observer: IntersectionObserver,
    _callback: Closure<dyn FnMut(js_sys::Array)>,
}

impl Drop for Observed {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}
