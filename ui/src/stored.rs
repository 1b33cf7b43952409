//! What the browser keeps for this address. It may be full or forbidden, and then nothing is kept.

use crate::prelude::window;

pub fn get(key: &str) -> Option<String> {
    window().local_storage().ok().flatten()?.get_item(key).ok().flatten()
}

pub fn set(key: &str, value: &str) {
    if let Ok(Some(storage)) = window().local_storage() {
        let _kept = storage.set_item(key, value);
    }
}
