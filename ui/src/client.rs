//! Requests to the API. Each query has one `AbortController`, so that a new question stops the old one,
//! and a sequence number, so that a late answer is never shown for a newer question. What was shown stays
//! until the new answer is there.

use crate::context::Context;
use crate::dynamic::{effect, memo};
use crate::json;
use crate::prelude::*;
use leptos::task::spawn_local;
use ocelli_api::{ApiError, ErrorBody, UnixNano};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::any::Any;
use std::marker::PhantomData;
use std::ops::Deref;
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

/// An answer whose type is forgotten: one copy of the code below serves all questions, which is a good
/// part of what the browser downloads.
pub type Answer = Arc<dyn Any + Send + Sync>;

/// Reads the text of an answer.
pub type Decode = fn(&str) -> Result<Answer, json::Error>;

/// A question that follows its signals, whatever its answer is; cheap to copy.
#[derive(Clone, Copy)]
pub struct Asked {
    /// The last good answer.
    data: RwSignal<Option<Answer>>,
    /// Why the last question failed.
    pub failure: RwSignal<Option<Failure>>,
    pub loading: RwSignal<bool>,
    /// Path and query of the question; none while there is nothing to ask.
    pub url: Memo<Option<String>>,
    again: RwSignal<u32>,
}

impl Asked {
    /// Asks the same again.
    pub fn retry(self) {
        self.again.update(|again| *again += 1);
    }

    pub fn has_answer(self) -> bool {
        self.data.with(Option::is_some)
    }
}

/// A question with the type of its answer.
pub struct Fetched<T> {
    pub asked: Asked,
    answer: PhantomData<fn() -> T>,
}

impl<T> Clone for Fetched<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Fetched<T> {}

impl<T> Deref for Fetched<T> {
    type Target = Asked;

    fn deref(&self) -> &Asked {
        &self.asked
    }
}

impl<T: Send + Sync + 'static> Fetched<T> {
    /// The last good answer.
    pub fn get(self) -> Option<Arc<T>> {
        self.data.get().and_then(|data| data.downcast().ok())
    }

    pub fn with<R>(self, f: impl FnOnce(Option<&T>) -> R) -> R {
        self.data.with(|data| f(data.as_deref().and_then(|data| data.downcast_ref())))
    }

    pub fn with_untracked<R>(self, f: impl FnOnce(Option<&T>) -> R) -> R {
        self.data.with_untracked(|data| f(data.as_deref().and_then(|data| data.downcast_ref())))
    }

    /// Something computed from the answer, recomputed when it changes.
    pub fn map<R: PartialEq + Send + Sync + 'static>(
        self,
        f: impl Fn(&T) -> R + Send + Sync + 'static,
    ) -> Memo<Option<R>> {
        memo(move || self.with(|data| data.map(&f)))
    }
}

/// Asks whenever `url` gives another address (path and query); `None` stops what runs and keeps what is
/// there.
pub fn fetch<T>(url: impl Fn() -> Option<String> + Send + Sync + 'static) -> Fetched<T>
where
    T: DeserializeOwned + Send + Sync + 'static,
{
    fetch_as(url, |text| json::from_str::<T>(text).map(|answer| Arc::new(answer) as Answer))
}

/// The same, with what is made of an answer before it is kept, which is a `T`.
pub fn fetch_as<T>(url: impl Fn() -> Option<String> + Send + Sync + 'static, decode: Decode) -> Fetched<T> {
    Fetched { asked: ask(memo(url), decode), answer: PhantomData }
}

fn ask(url: Memo<Option<String>>, decode: Decode) -> Asked {
    let asked = Asked {
        data: RwSignal::new(None),
        failure: RwSignal::new(None),
        loading: RwSignal::new(false),
        url,
        again: RwSignal::new(0),
    };
    follow(asked, decode);
    asked
}

/// Asks for something of the present: again at each refresh, though the address stays.
pub fn fetch_now<T>(url: impl Fn() -> Option<String> + Send + Sync + 'static) -> Fetched<T>
where
    T: DeserializeOwned + Send + Sync + 'static,
{
    let (now, fetched) = (Context::get().now, fetch::<T>(url));
    again_at(now, fetched.asked);
    fetched
}

fn again_at(now: RwSignal<UnixNano>, asked: Asked) {
    Effect::new(move |before: Option<()>| {
        now.track();
        if before.is_some() {
            asked.retry();
        }
    });
}

/// Tells the server something. The body is JSON; what the answer holds is left where nobody wants it.
pub async fn send<T: DeserializeOwned>(method: &str, url: &str, body: Option<String>) -> Result<T, Failure> {
    let text = send_text(method, url, body).await?;
    json::from_str(&text).map_err(|why| Failure::Unreadable(why.to_string()))
}

/// The same without an answer.
pub async fn send_text(method: &str, url: &str, body: Option<String>) -> Result<String, Failure> {
    send_as("application/json", method, url, body).await
}

/// Sends a body of a kind; gives the text of the answer.
pub async fn send_as(kind: &str, method: &str, url: &str, body: Option<String>) -> Result<String, Failure> {
    let init = web_sys::RequestInit::new();
    init.set_method(method);
    // The server takes nothing that a form of another site could send, also where there is no body. Setting a
    // property of a new object cannot fail.
    let headers = js_sys::Object::new();
    let _set = js_sys::Reflect::set(&headers, &"content-type".into(), &kind.into());
    init.set_headers(&headers);
    if let Some(body) = &body {
        init.set_body(&JsValue::from_str(body));
    }
    let (status, text) = exchange(url, &init).await.map_err(|why| Failure::Network(words(&why)))?;
    if (200..300).contains(&status) { Ok(text) } else { Err(refusal(status, &text)) }
}

fn follow(asked: Asked, decode: Decode) {
    let running = StoredValue::new_local(Running::default());
    on_cleanup(move || {
        running.try_update_value(Running::stop);
    });
    effect(move || {
        asked.again.track();
        let Some(url) = asked.url.get() else {
            running.try_update_value(Running::stop);
            asked.loading.set(false);
            return;
        };
        let Some((sequence, signal)) = running.try_update_value(Running::next) else { return };
        asked.loading.set(true);
        spawn_local(async move {
            let answer = get(&url, signal.as_ref(), decode).await;
            let is_latest = running.try_with_value(|running| running.sequence == sequence) == Some(true);
            if is_latest {
                settle(asked, answer);
            }
        });
    });
}

/// The page may be gone by now, so nothing here may assume that its signals live.
fn settle(asked: Asked, answer: Result<Answer, Failure>) {
    let failure = match answer {
        Ok(data) => {
            asked.data.try_set(Some(data));
            None
        }
        Err(failure) => Some(failure),
    };
    asked.failure.try_set(failure);
    asked.loading.try_set(false);
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
async fn get(url: &str, signal: Option<&web_sys::AbortSignal>, decode: Decode) -> Result<Answer, Failure> {
    let (status, text) = get_text(url, signal).await.map_err(|why| Failure::Network(words(&why)))?;
    if !(200..300).contains(&status) {
        return Err(refusal(status, &text));
    }
    decode(&text).map_err(|why| Failure::Unreadable(why.to_string()))
}

async fn get_text(url: &str, signal: Option<&web_sys::AbortSignal>) -> Result<(u16, String), JsValue> {
    let init = web_sys::RequestInit::new();
    init.set_signal(signal);
    exchange(url, &init).await
}

async fn exchange(url: &str, init: &web_sys::RequestInit) -> Result<(u16, String), JsValue> {
    let response = JsFuture::from(window().fetch_with_str_and_init(url, init)).await?;
    let response: web_sys::Response = response.dyn_into()?;
    let text = JsFuture::from(response.text()?).await?;
    Ok((response.status(), text.as_string().unwrap_or_default()))
}

/// What the APIs of others say, as that of Prometheus.
#[derive(Deserialize)]
struct Told {
    error: String,
}

/// The server's own words where it sent some.
fn refusal(status: u16, text: &str) -> Failure {
    let error = json::from_str::<ErrorBody>(text).map(|body| body.error).unwrap_or_else(|_| ApiError {
        code: String::new(),
        message: match (text.trim(), json::from_str::<Told>(text)) {
            (_, Ok(told)) => told.error,
            ("", _) => format!("The server answered with status {status}."),
            (text, _) => format!(
                "The server answered with status {status}: {}",
                crate::view::format::clip(text, 500).0
            ),
        },
        parameter: None,
        offset: None,
        problems: Vec::new(),
        revision: None,
    });
    Failure::Refused { status, error }
}

fn words(why: &JsValue) -> String {
    let message = js_sys::Reflect::get(why, &"message".into()).ok().and_then(|message| message.as_string());
    message.unwrap_or_else(|| "no reason given".to_owned())
}
