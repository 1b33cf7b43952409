//! A panic ends the program (`panic = "abort"`), so the loader is told to say so.

/// Hands each panic's message to the console and, as the event `ocelli-panic`, to the loader.
pub fn install_hook() {
    std::panic::set_hook(Box::new(|info| {
        // `cargo xtask ui` leaves nothing of a place but the folder.
        let folder = info.location().map_or("", |place| place.file());
        let message = format!("{} (in {folder})", info.payload_as_str().unwrap_or("panic"));
        web_sys::console::error_1(&message.as_str().into());
        let init = web_sys::CustomEventInit::new();
        init.set_detail(&message.as_str().into());
        let event = web_sys::CustomEvent::new_with_event_init_dict("ocelli-panic", &init);
        if let (Some(window), Ok(event)) = (web_sys::window(), event) {
            // Nothing can be done when this fails too.
            let _told = window.dispatch_event(&event);
        }
    }));
}
