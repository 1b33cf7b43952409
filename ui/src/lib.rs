//! The web UI: a client of the public HTTP API, compiled to WebAssembly and embedded in the binary.
//!
//! [`view`] holds what is pure and natively tested; [`location`], [`context`] and [`client`] are the only
//! places that hold state of the page, its address and its requests; `charts` draw on canvases;
//! `components` and `pages` put it together. Closures of views, memos and effects go through [`dynamic`], and
//! signals are those of [`prelude`]: each makes the download a tenth smaller. Doubles are written by
//! [`view::text`] and held in limits by [`view::scale::within`], as `format!`, `to_string` and `f64::clamp` bring the
//! standard library's way to write them, which is 11 kB.
//!
//! Invariant: telemetry reaches the page as text nodes, attributes and canvas pixels only, never as HTML.

pub mod app;
pub mod charts;
pub mod chunks;
pub mod client;
mod closures;
pub mod components;
pub mod context;
pub mod dynamic;
pub mod json;
pub mod location;
pub mod pages;
pub mod panic;
pub mod prelude;
pub mod signals;
pub mod stored;
pub mod view;

use wasm_bindgen::prelude::wasm_bindgen;

/// Called by the loader when the module is ready.
#[wasm_bindgen(start)]
pub fn start() {
    panic::install_hook();
    leptos::mount::mount_to_body(app::App);
}
