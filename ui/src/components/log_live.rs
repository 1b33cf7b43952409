//! Records as they come in.

use crate::components::log_list::LogRow;
use crate::components::log_records::ListWithDetail;
use crate::dynamic::{dynamic, effect, handler};
use crate::json;
use crate::prelude::*;
use crate::view::format;
use crate::view::query_string::QueryString;
use ocelli_api::logs::{LogRecord, LogTailSkipped};
use std::collections::VecDeque;
use std::time::Duration;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{EventSource, MessageEvent};

/// Older ones are let go of: who watches reads the newest. So many wait at most, too: a page that is
/// not looked at changes its list once a minute.
const MOST_ROWS: usize = 5_000;
/// The list changes so often at most, however many records come in.
const FLUSH: Duration = Duration::from_millis(200);

#[component]
pub fn Live(#[prop(into)] search: Signal<String>) -> impl IntoView {
    let rows = RwSignal::new(Vec::<LogRow>::new());
    // That came in, that the server skipped, and that were let go of before they were shown.
    let counts = RwSignal::new((0u64, 0u64, 0u64));
    let connected = RwSignal::new(false);
    let waiting = StoredValue::new(Waiting::default());
    let paused = RwSignal::new(false);
    let held = RwSignal::new(0u64);
    let flush = move || {
        if paused.try_get_untracked() == Some(true) {
            held.try_set(waiting.try_with_value(|waiting| waiting.rows.len() as u64).unwrap_or_default());
            return;
        }
        let Some(Waiting { rows: new, dropped }) = waiting.try_update_value(std::mem::take) else { return };
        if new.is_empty() {
            return;
        }
        counts.update(|(came, _, unseen)| {
            *came += new.len() as u64 + dropped;
            *unseen += dropped;
        });
        rows.update(|rows| {
            rows.splice(0..0, new.into_iter().rev());
            rows.truncate(MOST_ROWS);
        });
    };
    let timer = set_interval_with_handle(flush, FLUSH);
    on_cleanup(move || drop(timer.map(|timer| timer.clear())));
    let source = StoredValue::new_local(None::<Watching>);
    on_cleanup(move || drop(source.try_update_value(Option::take)));
    effect(move || {
        let url = QueryString::default().with("q", &search.get()).on("/api/logs/tail");
        rows.set(Vec::new());
        counts.set((0, 0, 0));
        waiting.set_value(Waiting::default());
        connected.set(false);
        let record = move |text: String| {
            if let Ok(record) = json::from_str::<LogRecord>(&text) {
                waiting.try_update_value(|waiting| waiting.push(LogRow::new(record)));
            }
        };
        let skipped = move |text: String| {
            if let Ok(skipped) = json::from_str::<LogTailSkipped>(&text) {
                counts.try_update(|(_, missed, _)| *missed += skipped.records);
            }
        };
        let state = move |open| {
            connected.try_set(open);
        };
        // The one before ends when it is dropped.
        source.set_value(Watching::new(&url, record, skipped, state));
    });
    let status = move || {
        let (came, missed, unseen) = counts.get();
        let records = |count: u64, what: &str| match count {
            0 => String::new(),
            count => format!(" · {} {what}", format::plural(count, "record", "records")),
        };
        let state = match (connected.get(), paused.get()) {
            (_, true) => "Paused",
            (true, _) => "Watching",
            (false, _) => "Connecting",
        };
        format!(
            "{state} · {} came in{}{}{}",
            format::plural(came, "record", "records"),
            if paused.get() { records(held.get(), "waiting") } else { String::new() },
            records(missed, "skipped by the server"),
            records(unseen, "too many to show")
        )
    };
    view! {
        <p class="hint list-head"><span role="status" data-testid="log-live">{dynamic(status)}</span>
            <button type="button" data-testid="log-pause" aria-pressed=dynamic(move || paused.get().to_string()) on:click=handler(move |_| paused.update(|paused| *paused = !*paused))>
                {dynamic(move || if paused.get() { "Go on" } else { "Pause" })}</button></p>
        <ListWithDetail rows older=Callback::new(|()| ())/>
    }
}

/// What came in and is not in the list yet.
#[derive(Default)]
struct Waiting {
    /// The oldest first, `MOST_ROWS` at most.
    rows: VecDeque<LogRow>,
    /// How many gave way to newer ones.
    dropped: u64,
}

impl Waiting {
    fn push(&mut self, row: LogRow) {
        if self.rows.len() == MOST_ROWS {
            self.rows.pop_front();
            self.dropped += 1;
        }
        self.rows.push_back(row);
    }
}

/// A connection with what it calls; both end together.
struct Watching {
    source: EventSource,
    _events: [Closure<dyn FnMut(MessageEvent)>; 2],
    _states: [Closure<dyn FnMut()>; 2],
}

impl Watching {
    fn new(
        url: &str,
        record: impl Fn(String) + 'static,
        skipped: impl Fn(String) + 'static,
        state: impl Fn(bool) + Copy + 'static,
    ) -> Option<Watching> {
        let source = EventSource::new(url).ok()?;
        let events = [event(record), event(skipped)];
        for (name, event) in ["record", "skipped"].into_iter().zip(&events) {
            source.add_event_listener_with_callback(name, event.as_ref().unchecked_ref()).ok()?;
        }
        let states = [Closure::new(move || state(true)), Closure::new(move || state(false))];
        source.set_onopen(Some(states[0].as_ref().unchecked_ref()));
        // The browser connects again by itself.
        source.set_onerror(Some(states[1].as_ref().unchecked_ref()));
        Some(Watching { source, _events: events, _states: states })
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.source.close();
    }
}

fn event(take: impl Fn(String) + 'static) -> Closure<dyn FnMut(MessageEvent)> {
    Closure::new(move |event: MessageEvent| {
        if let Some(text) = event.data().as_string() {
            take(text);
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ocelli_api::UnixNano;

    #[test]
    fn the_newest_wait_and_the_others_are_counted() {
        let mut waiting = Waiting::default();
        for at in 0..MOST_ROWS as i64 + 3 {
            waiting.push(LogRow::new(LogRecord { time: UnixNano(at), ..LogRecord::default() }));
        }
        assert_eq!((waiting.rows.len(), waiting.dropped), (MOST_ROWS, 3));
        assert_eq!(waiting.rows.front().map(|row| row.record.time), Some(UnixNano(3)));
    }
}
