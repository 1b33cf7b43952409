//! Receivers of notifications as their makers run them, for what Ocelli sends: they take, refuse and bound
//! as Slack and PagerDuty do, keep all that came, and can be gone for a while.

mod blocks;
pub mod pagerduty;
pub mod site;
pub mod slack;
pub mod webhook;

use super::wait::until;
use axum::http::HeaderMap;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// What a receiver was sent, and what it answered.
#[derive(Clone, Debug)]
pub struct Post {
    pub at: Instant,
    /// The path, without the first slash: which webhook of the receiver's.
    pub path: String,
    /// The sender's mark of a delivery, the same in each try.
    pub delivery: Option<String>,
    pub body: String,
    /// `null` if it is not JSON.
    pub json: serde_json::Value,
    pub status: u16,
    pub answer: String,
}

impl Post {
    pub fn taken(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// All that came to a receiver, in order. What is refused is kept too.
#[derive(Clone, Default)]
pub struct Book(Arc<Mutex<Vec<Post>>>);

impl Book {
    fn note(&self, path: &str, headers: &HeaderMap, body: &str, status: u16, answer: &str) {
        let delivery = headers.get("x-ocelli-delivery").and_then(|value| value.to_str().ok());
        let post = Post {
            at: Instant::now(),
            path: path.to_owned(),
            delivery: delivery.map(str::to_owned),
            body: body.to_owned(),
            json: serde_json::from_str(body).unwrap_or_default(),
            status,
            answer: answer.to_owned(),
        };
        self.0.lock().expect("no receiver panics").push(post);
    }

    pub fn posts(&self) -> Vec<Post> {
        self.0.lock().expect("no receiver panics").clone()
    }

    pub fn taken(&self) -> Vec<Post> {
        self.posts().into_iter().filter(Post::taken).collect()
    }

    pub fn refused(&self) -> Vec<Post> {
        self.posts().into_iter().filter(|post| !post.taken()).collect()
    }

    /// How often each delivery was taken, if more than once: a sender that is told "delivered" must not
    /// send it again.
    pub fn duplicates(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for delivery in self.taken().into_iter().filter_map(|post| post.delivery) {
            *counts.entry(delivery).or_default() += 1;
        }
        counts.retain(|_, count| *count > 1);
        counts
    }

    /// Looks at all that was taken until there is an answer.
    pub async fn wait<T>(
        &self,
        what: &str,
        within: Duration,
        look: impl Fn(&[Post]) -> Result<T, String>,
    ) -> T {
        until(what, within, async || look(&self.taken())).await
    }

    /// Waits for the first that was taken and holds this text, wherever.
    pub async fn wait_for_text(&self, text: &str, within: Duration) -> Post {
        self.wait(&format!("a message with {text:?}"), within, |posts| {
            let found = posts.iter().find(|post| post.body.contains(text)).cloned();
            found.ok_or_else(|| format!("{} messages came: {posts:?}", posts.len()))
        })
        .await
    }
}
