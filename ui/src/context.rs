//! What all parts of the page share: the moment that `now` stands for, the range, the zone, the theme.

use crate::dynamic::memo;
use crate::location::Location;
use crate::prelude::*;
use crate::stored;
use crate::view::range;
use crate::view::zone::{self, Zone};
use ocelli_api::{TimeRange, UnixNano};

const THEME_KEY: &str = "ocelli-theme";

/// Handle to the shared state; cheap to copy.
#[derive(Clone, Copy)]
pub struct Context {
    pub location: Location,
    /// Resolved once a refresh, so that all panels of a page speak of the same range.
    pub now: RwSignal<UnixNano>,
    /// `from` and `to` as they are in the URL, or their defaults.
    pub range_text: Memo<(String, String)>,
    pub range: Memo<Result<TimeRange, String>>,
    pub zone: Memo<Zone>,
    pub dark: RwSignal<bool>,
    /// The time under the pointer, in milliseconds: one crosshair for all charts of a page.
    pub hover_ms: RwSignal<Option<f64>>,
    /// Zooms that the back button can undo without leaving the page.
    zooms: StoredValue<u32>,
}

impl Context {
    pub fn provide(location: Location) -> Self {
        let now = RwSignal::new(now());
        let query = location.query;
        let range_text = memo(move || {
            query.with(|query| {
                let or = |key, default: &str| query.get(key).unwrap_or(default).to_owned();
                (or("from", range::DEFAULT_FROM), or("to", range::DEFAULT_TO))
            })
        });
        let context = Self {
            location,
            now,
            range_text,
            range: memo(move || range_text.with(|(from, to)| TimeRange::parse(from, to, now.get()))),
            zone: memo(move || query.with(|query| Zone::of(query.get("tz")))),
            dark: RwSignal::new(first_theme(&query.with_untracked(|query| query.text("theme")))),
            hover_ms: RwSignal::new(None),
            zooms: StoredValue::new(0),
        };
        apply_theme(context.dark.get_untracked());
        provide_context(context);
        context
    }

    pub fn get() -> Self {
        expect_context()
    }

    /// `now` becomes the present; everything that depends on a relative range is asked again.
    pub fn refresh(self) {
        self.now.set(now());
    }

    /// A new range in the URL.
    pub fn set_range(self, from: &str, to: &str) {
        self.refresh();
        self.zooms.set_value(0);
        self.location.set(&[("from", from), ("to", to)], false);
    }

    /// A drag on a chart.
    pub fn zoom(self, a_ms: f64, b_ms: f64) {
        self.zoom_with(a_ms, b_ms, &[]);
    }

    /// A zoom that changes more of the address in the same step.
    pub fn zoom_with(self, a_ms: f64, b_ms: f64, more: &[(&str, &str)]) {
        let (from, to) = range::zoom_ms(a_ms, b_ms);
        self.zooms.update_value(|zooms| *zooms += 1);
        self.hover_ms.set(None);
        let changes = [&[("from", &*from), ("to", &*to)], more].concat();
        self.location.set(&changes, false);
    }

    /// A double click on a chart: back to where the zoom came from, else twice as wide.
    pub fn unzoom(self) {
        if self.zooms.get_value() > 0 {
            self.zooms.update_value(|zooms| *zooms -= 1);
            if window().history().and_then(|history| history.back()).is_ok() {
                return;
            }
        }
        if let Ok(range) = self.range.get_untracked() {
            let (from, to) = range::absolute(&range::zoom_out(&range, now()));
            self.location.set(&[("from", &from), ("to", &to)], false);
        }
    }

    /// Half a width earlier or later.
    pub fn shift(self, direction: i64) {
        if let Ok(range) = self.range.get_untracked() {
            let (from, to) = range::absolute(&range::shift(&range, direction, now()));
            self.location.set(&[("from", &from), ("to", &to)], false);
        }
    }

    /// The offset of the zone from UTC at a moment, in minutes; tracks the zone.
    pub fn offset_min(self, at: UnixNano) -> i32 {
        match self.zone.get() {
            Zone::Utc => 0,
            Zone::Local => local_offset_min(at),
        }
    }

    /// The moment under the crosshair, on the clock of the page.
    pub fn hover_clock(self) -> Option<String> {
        let at = UnixNano((self.hover_ms.get()? * 1e6) as i64);
        Some(zone::short_date_clock(at, self.offset_min(at)))
    }

    pub fn toggle_zone(self) {
        let other = match self.zone.get_untracked() {
            Zone::Local => Zone::Utc,
            Zone::Utc => Zone::Local,
        };
        self.location.set(&[("tz", other.as_str())], false);
    }

    /// The address of this page with absolute ends, so that it shows the same tomorrow.
    pub fn pinned_link(self) -> String {
        let Ok(range) = self.range.get() else { return String::new() };
        let (from, to) = range::absolute(&range);
        let origin = window().location().origin().unwrap_or_default();
        format!("{origin}{}", self.location.href(&[("from", &from), ("to", &to)]))
    }

    pub fn toggle_theme(self) {
        let dark = !self.dark.get_untracked();
        apply_theme(dark);
        stored::set(THEME_KEY, theme_name(dark));
        if self.location.query.with_untracked(|query| query.get("theme").is_some()) {
            self.location.set(&[("theme", theme_name(dark))], true);
        }
        self.dark.set(dark);
    }
}

/// The present, to the millisecond.
pub fn now() -> UnixNano {
    UnixNano(js_sys::Date::now() as i64 * 1_000_000)
}

/// The browser's zone at a moment: its rules know daylight saving.
pub fn local_offset_min(at: UnixNano) -> i32 {
    let date = js_sys::Date::new(&wasm_bindgen::JsValue::from_f64((at.0 / 1_000_000) as f64));
    -(date.get_timezone_offset() as i32)
}

fn theme_name(dark: bool) -> &'static str {
    if dark { "dark" } else { "light" }
}

/// The URL, else what was chosen before, else what the system prefers.
fn first_theme(asked: &str) -> bool {
    let asked = if asked.is_empty() { stored::get(THEME_KEY).unwrap_or_default() } else { asked.to_owned() };
    match asked.as_str() {
        "dark" => true,
        "light" => false,
        _ => {
            let media = window().match_media("(prefers-color-scheme: dark)").ok().flatten();
            media.is_some_and(|media| media.matches())
        }
    }
}

fn apply_theme(dark: bool) {
    if let Some(root) = document().document_element() {
        // Fails only for an invalid attribute name.
        let _set = root.set_attribute("data-theme", theme_name(dark));
    }
}
