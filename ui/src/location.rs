//! The address bar as a signal: every state of a page lives in its URL, so that a link shows what the
//! sender saw and the browser's back button undoes.
//!
//! An own router of one page, because there is nothing to it: the pages are an enum, the state is the
//! query, and both are tested natively.

use crate::dynamic::memo;
use crate::prelude::*;
use crate::view::links::SHARED_KEYS;
use crate::view::query_string::QueryString;
use crate::view::route::Route;
use wasm_bindgen::JsCast;
use wasm_bindgen::JsValue;

#[derive(Clone, Debug, PartialEq, Eq)]
struct Address {
    path: String,
    query: QueryString,
}

/// Handle to the current address; cheap to copy.
#[derive(Clone, Copy)]
pub struct Location {
    address: RwSignal<Address>,
    /// Whether something on the page would be lost with it.
    unsaved: StoredValue<Option<Memo<bool>>>,
    pub route: Memo<Route>,
    pub query: Memo<QueryString>,
}

impl Location {
    /// Reads the window's address and follows it from now on: back and forward, and clicks on links.
    pub fn provide() -> Self {
        let address = RwSignal::new(read());
        let location = Self {
            address,
            unsaved: StoredValue::new(None),
            route: memo(move || address.with(|address| Route::of(&address.path))),
            query: memo(move || address.with(|address| address.query.clone())),
        };
        let back = window_event_listener(leptos::ev::popstate, move |_| location.back());
        let click = window_event_listener(leptos::ev::click, move |event| location.follow(&event));
        on_cleanup(move || {
            back.remove();
            click.remove();
        });
        provide_context(location);
        location
    }

    pub fn get() -> Self {
        expect_context()
    }

    /// One value of the query, empty when it is not there.
    pub fn value(self, key: &'static str) -> Memo<String> {
        memo(move || self.query.with(|query| query.text(key)))
    }

    /// Asks before the page is left, for another one or for good, while something on it is not saved.
    pub fn guard(self, unsaved: Memo<bool>) {
        self.unsaved.set_value(Some(unsaved));
        let handle = window_event_listener(leptos::ev::beforeunload, move |event| {
            if unsaved.try_get_untracked() == Some(true) {
                event.prevent_default();
            }
        });
        on_cleanup(move || {
            handle.remove();
            self.unsaved.set_value(None);
        });
    }

    fn may_go(self, path: &str) -> bool {
        let unsaved = self.unsaved.get_value().and_then(|unsaved| unsaved.try_get_untracked()) == Some(true);
        let stays = self.address.with_untracked(|address| address.path == path);
        stays || !unsaved || confirmed(UNSAVED)
    }

    /// The browser has gone back or forward; it can't be kept from that, but brought back.
    fn back(self) {
        let address = read();
        if self.may_go(&address.path) {
            self.address.set(address);
        } else if let Ok(history) = window().history() {
            let href = self.href_untracked(&[]);
            let _pushed = history.push_state_with_url(&JsValue::NULL, "", Some(&href));
        }
    }

    /// Goes to another address of this program.
    pub fn go(self, href: &str, replace: bool) {
        let (path, query) = href.split_once('?').unwrap_or((href, ""));
        if !self.may_go(path) {
            return;
        }
        let Ok(history) = window().history() else { return };
        let pushed = if replace {
            history.replace_state_with_url(&JsValue::NULL, "", Some(href))
        } else {
            history.push_state_with_url(&JsValue::NULL, "", Some(href))
        };
        if pushed.is_err() {
            // Browsers refuse more than some 200 changes in 30 s (a key held down); the page goes on.
            leptos::logging::debug_warn!("the address bar lags behind");
        }
        let address = Address { path: path.to_owned(), query: QueryString::parse(query) };
        let moved = self.address.with_untracked(|before| before.path != address.path);
        self.address.set(address);
        if let Some(main) = document().query_selector("main").ok().flatten().filter(|_| moved) {
            main.set_scroll_top(0);
            if let Ok(main) = main.dyn_into::<web_sys::HtmlElement>() {
                // A reader's voice and the next Tab start at the new page. Cannot fail on a shown element.
                let _focused = main.focus();
            }
        }
    }

    /// Changes values of the query on the same page; an empty value removes its key.
    pub fn set(self, changes: &[(&str, &str)], replace: bool) {
        let href = self.href_untracked(changes);
        if href != self.address.with_untracked(|address| address.query.on(&address.path)) {
            self.go(&href, replace);
        }
    }

    /// The address of this page with changed values, for a link.
    pub fn href(self, changes: &[(&str, &str)]) -> String {
        self.address.track();
        self.href_untracked(changes)
    }

    /// The same for what does not follow it.
    pub fn href_untracked(self, changes: &[(&str, &str)]) -> String {
        self.address.with_untracked(|address| {
            let mut query = address.query.clone();
            for (key, value) in changes {
                query.set(key, value);
            }
            query.on(&address.path)
        })
    }

    /// The address of another page with the range, zone and refresh period of this one and more values.
    pub fn link(self, path: &str, more: &[(&str, &str)]) -> String {
        let mut query = self.query.with(|query| query.only(&SHARED_KEYS));
        for (key, value) in more {
            query.set(key, value);
        }
        query.on(path)
    }

    /// An address of this program with the range, zone and refresh period of this page where it has none.
    pub fn carry(self, href: &str) -> String {
        let (path, query) = href.split_once('?').unwrap_or((href, ""));
        let query = QueryString::parse(query);
        let pairs: Vec<(&str, &str)> = query.pairs().collect();
        self.link(path, &pairs)
    }

    /// Takes over a plain click on a link to a page of this program.
    fn follow(self, event: &web_sys::MouseEvent) {
        let modified = event.ctrl_key() || event.meta_key() || event.shift_key() || event.alt_key();
        if event.default_prevented() || event.button() != 0 || modified {
            return;
        }
        let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        let Some(link) = target.and_then(|target| target.closest("a[href]").ok().flatten()) else { return };
        let Some(href) = link.get_attribute("href") else { return };
        let ours = href.starts_with('/') && !href.starts_with("//");
        let elsewhere = ["/api/", "/assets/", "/prometheus/"].iter().any(|prefix| href.starts_with(prefix));
        if ours && !elsewhere && !link.has_attribute("target") && !link.has_attribute("download") {
            event.prevent_default();
            self.go(&href, false);
        }
    }
}

/// Before what somebody has changed is lost.
pub const UNSAVED: &str = "What you have changed here is not saved. Leave it?";

/// Asks in a window of the browser's; no where that can't be.
pub fn confirmed(question: &str) -> bool {
    window().confirm_with_message(question).unwrap_or(false)
}

fn read() -> Address {
    let location = window().location();
    Address {
        path: location.pathname().unwrap_or_default(),
        query: QueryString::parse(&location.search().unwrap_or_default()),
    }
}
