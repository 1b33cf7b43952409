//! Requests to the API. Each query has one `AbortController`, so that a new question stops the old one,
//! and a sequence number, so that a late answer is never shown for a newer question. What was shown stays
//! until the new answer is there.

use leptos::prelude::*;
use leptos::task::spawn_local;
use ocelli_api::{ApiError, ErrorBody};
use serde::de::DeserializeOwned;
use std::sync::Arc;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Failure {
    /// The server was not reached.
    Network(String),
    /// The server refused.
    Refused { status: u16, error: ApiError },
    /// The answer is not what the API promises.
    Unreadable(String),
}

impl Failure {
    /// For the reader.
    pub fn message(&self) -> String {
        match self {
            Self::Network(why) => format!("The server cannot be reached ({why}). Is it running?"),
            Self::Refused { error, .. } => error.message.clone(),
            Self::Unreadable(why) => format!("The answer cannot be read: {why}"),
        }
    }

    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Refused { status: 404, .. })
    }
}

/// A question that follows its signals; cheap to copy.
pub struct Fetched<T: Send + Sync + 'static> {
    /// The last good answer.
    pub data: RwSignal<Option<Arc<T>>>,
    /// Why the last question failed.
    pub failure: RwSignal<Option<Failure>>,
    pub loading: RwSignal<bool>,
    /// Path and query of the question; none while there is nothing to ask.
    pub url: Memo<Option<String>>,
    again: RwSignal<u32>,
}

impl<T: Send + Sync + 'static> Clone for Fetched<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static> Copy for Fetched<T> {}

impl<T: Send + Sync + 'static> Fetched<T> {
    /// Asks the same again.
    pub fn retry(self) {
        self.again.update(|again| *again += 1);
    }

    /// Something computed from the answer, recomputed when it changes.
    pub fn map<R: PartialEq + Send + Sync + 'static>(
        self,
        f: impl Fn(&T) -> R + Send + Sync + 'static,
    ) -> Memo<Option<R>> {
        Memo::new(move |_| self.data.with(|data| data.as_deref().map(&f)))
    }
}

/// Asks whenever `url` gives another address (path and query); `None` stops
/// what runs and keeps what is there.
pub fn fetch<T>(url: impl Fn() -> Option<String> + Send + Sync + 'static) -> Fetched<T>
where
    T: DeserializeOwned + Send + Sync + 'static,
{
    let fetched = Fetched {
        data: RwSignal::new(None),
        failure: RwSignal::new(None),
        loading: RwSignal::new(false),
        url: Memo::new(move |_| url()),
        again: RwSignal::new(0),
    };
    let running = StoredValue::new_local(Running::default());
    on_cleanup(move || {
        running.try_update_value(|running| running.stop());
    });
    Effect::new(move |_| {
        fetched.again.track();
        let Some(url) = fetched.url.get() else {
            running.try_update_value(Running::stop);
            fetched.loading.set(false);
            return;
        };
        let Some((sequence, signal)) = running.try_update_value(|running| running.next()) else { return };
        fetched.loading.set(true);
        spawn_local(async move {
            let answer = get_json::<T>(&url, signal.as_ref()).await;
            let is_latest = running.try_with_value(|running| running.sequence == sequence) == Some(true);
            if is_latest {
                settle(fetched, answer);
            }
        });
    });
    fetched
}

/// The page may be gone by now, so nothing here may assume that its signals live.
fn settle<T: Send + Sync + 'static>(fetched: Fetched<T>, answer: Result<T, Failure>) {
    let failure = match answer {
        Ok(data) => {
            fetched.data.try_set(Some(Arc::new(data)));
            None
        }
        Err(failure) => Some(failure),
    };
    fetched.failure.try_set(failure);
    fetched.loading.try_set(false);
}

#[derive(Default)]
struct Running {
    sequence: u64,
    controller: Option<web_sys::AbortController>,
}

impl Running {
    /// Stops what runs and numbers the next.
    fn next(&mut self) -> (u64, Option<web_sys::AbortSignal>) {
        self.stop();
        self.controller = web_sys::AbortController::new().ok();
        (self.sequence, self.controller.as_ref().map(web_sys::AbortController::signal))
    }

    fn stop(&mut self) {
        self.sequence += 1;
        if let Some(controller) = self.controller.take() {
            controller.abort();
        }
    }
}

/// One GET of a JSON answer.
pub async fn get_json<T: DeserializeOwned>(
    url: &str,
    signal: Option<&web_sys::AbortSignal>,
) -> Result<T, Failure> {
    let (status, text) = get_text(url, signal).await.map_err(|why| Failure::Network(words(&why)))?;
    if !(200..300).contains(&status) {
        return Err(refusal(status, &text));
    }
    serde_json::from_str(&text).map_err(|why| Failure::Unreadable(why.to_string()))
}

async fn get_text(url: &str, signal: Option<&web_sys::AbortSignal>) -> Result<(u16, String), JsValue> {
    let init = web_sys::RequestInit::new();
    init.set_signal(signal);
    let response = JsFuture::from(window().fetch_with_str_and_init(url, &init)).await?;
    let response: web_sys::Response = response.dyn_into()?;
    let text = JsFuture::from(response.text()?).await?;
    Ok((response.status(), text.as_string().unwrap_or_default()))
}

/// The server's own words where it sent some.
fn refusal(status: u16, text: &str) -> Failure {
    let error = serde_json::from_str::<ErrorBody>(text).map(|body| body.error).unwrap_or_else(|_| ApiError {
        code: String::new(),
        message: match text.trim() {
            "" => format!("The server answered with status {status}."),
            text => format!(
                "The server answered with status {status}: {}",
                crate::view::format::clip(text, 500).0
            ),
        },
        parameter: None,
        offset: None,
    });
    Failure::Refused { status, error }
}

fn words(why: &JsValue) -> String {
    let message = js_sys::Reflect::get(why, &"message".into()).ok().and_then(|message| message.as_string());
    message.unwrap_or_else(|| "no reason given".to_owned())
}
