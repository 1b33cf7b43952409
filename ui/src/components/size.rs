//! The size of an element as a signal.

use crate::dynamic::effect;
use crate::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, ResizeObserver};

/// Width and height of the element's content box in CSS pixels; 0 until it is on the page.
pub fn size_of(element: impl Fn() -> Option<Element> + 'static) -> RwSignal<(f64, f64)> {
    let size = RwSignal::new((0.0, 0.0));
    let observed = StoredValue::new_local(None::<Observed>);
    effect(move || {
        let Some(element) = element() else { return };
        let measured = element.clone();
        let measure = move || {
            let now = (f64::from(measured.client_width()), f64::from(measured.client_height()));
            // The element may outlive its signals by one callback.
            if size.try_get_untracked().is_some_and(|before| before != now) {
                size.try_set(now);
            }
        };
        measure();
        let callback = Closure::<dyn FnMut()>::new(measure);
        if let Ok(observer) = ResizeObserver::new(callback.as_ref().unchecked_ref()) {
            observer.observe(&element);
            observed.set_value(Some(Observed { observer, _callback: callback }));
        }
    });
    on_cleanup(move || {
        observed.try_update_value(|observed| observed.take());
    });
    size
}

/// Stops when dropped; the browser calls the closure only as long as it is kept here.
struct Observed {
    observer: ResizeObserver,
    _callback: Closure<dyn FnMut()>,
}

impl Drop for Observed {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}
