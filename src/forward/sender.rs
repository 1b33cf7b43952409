//! Sends log requests over OTLP/HTTP, in order, with retries and a bounded queue.

use anyhow::{Context, bail};
use bytes::Bytes;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// Requests that wait for the server; above it new ones are given up, and that is said.
const QUEUE_BYTES: usize = 64 << 20;
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// How long the end of the command waits for what is not delivered yet.
const LAST_CHANCE: Duration = Duration::from_secs(10);

/// Some records as an OTLP request.
pub struct Request {
    pub body: Bytes,
    pub records: u64,
}

/// Where requests are put. Cheap to clone.
#[derive(Clone)]
pub struct Queue {
    requests: mpsc::UnboundedSender<Request>,
    waiting_bytes: Arc<AtomicUsize>,
    lost: Arc<AtomicU64>,
}

impl Queue {
    /// Never waits: a server that is away must not hold up the command.
    pub fn put(&self, request: Request) {
        let (bytes, records) = (request.body.len(), request.records);
        let waiting = self.waiting_bytes.fetch_add(bytes, Ordering::Relaxed);
        if waiting + bytes > QUEUE_BYTES || self.requests.send(request).is_err() {
            self.waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
            self.give_up(records, "the queue of undelivered records is full");
        }
    }

    fn give_up(&self, records: u64, why: &str) {
        if self.lost.fetch_add(records, Ordering::Relaxed) == 0 {
            eprintln!("ocelli: records are lost: {why}");
        }
    }
}

/// The task that delivers.
pub struct Sender {
    queue: Queue,
    endpoint: String,
    task: JoinHandle<()>,
    stop: tokio::sync::watch::Sender<Option<Instant>>,
}

impl Sender {
    /// `endpoint` is the server's URL without a path.
    pub fn start(endpoint: &str) -> anyhow::Result<Sender> {
        let url = format!("{}/v1/logs", endpoint.trim_end_matches('/'));
        if reqwest::Url::parse(&url).is_err() {
            bail!("--endpoint {endpoint} is not a URL; give one like http://127.0.0.1:4318");
        }
        let client = reqwest::Client::builder().build().context("an HTTP client")?;
        let (requests, waiting) = mpsc::unbounded_channel();
        let (stop, stopping) = tokio::sync::watch::channel(None);
        let queue = Queue { requests, waiting_bytes: Arc::default(), lost: Arc::default() };
        let delivery = Delivery { client, url, queue: queue.clone(), stopping };
        let task = tokio::spawn(delivery.deliver(waiting));
        Ok(Sender { queue, endpoint: endpoint.to_owned(), task, stop })
    }

    pub fn queue(&self) -> Queue {
        self.queue.clone()
    }

    /// Waits a while for what is left. How many records were not delivered; says so if any.
    pub async fn finish(self) -> u64 {
        let _ = self.stop.send(Some(Instant::now() + LAST_CHANCE));
        let lost = self.queue.lost.clone();
        drop(self.queue);
        let _ = self.task.await;
        let lost = lost.load(Ordering::Relaxed);
        if lost > 0 {
            eprintln!("ocelli: {lost} records were not delivered to {}", self.endpoint);
        }
        lost
    }
}

struct Delivery {
    client: reqwest::Client,
    url: String,
    queue: Queue,
    stopping: tokio::sync::watch::Receiver<Option<Instant>>,
}

/// What became of one attempt.
enum Outcome {
    Done,
    Retry(Option<Duration>),
    Refused(String),
}

impl Delivery {
    async fn deliver(mut self, mut waiting: mpsc::UnboundedReceiver<Request>) {
        loop {
            // Our own queue handle keeps the channel open, so the end is told by `stopping`.
            let request = tokio::select! {
                biased;
                request = waiting.recv() => request,
                _ = self.stopping.wait_for(Option::is_some) => waiting.try_recv().ok(),
            };
            let Some(request) = request else { return };
            self.deliver_one(&request).await;
            self.queue.waiting_bytes.fetch_sub(request.body.len(), Ordering::Relaxed);
        }
    }

    async fn deliver_one(&self, request: &Request) {
        let mut pause = FIRST_PAUSE;
        loop {
            match self.attempt(request).await {
                Outcome::Done => return,
                Outcome::Refused(why) => return self.queue.give_up(request.records, &why),
                Outcome::Retry(asked) => {
                    let wait = asked.unwrap_or(pause).min(LONGEST_PAUSE);
                    pause = (pause * 2).min(LONGEST_PAUSE);
                    let end = *self.stopping.borrow();
                    if end.is_some_and(|end| Instant::now() + wait > end) {
                        return self.queue.give_up(request.records, &format!("{} does not answer", self.url));
                    }
                    tokio::time::sleep(wait).await;
                }
            }
        }
    }

    async fn attempt(&self, request: &Request) -> Outcome {
        let post = self.client.post(&self.url).header("content-type", "application/x-protobuf");
        let response = match post.body(request.body.clone()).send().await {
            Ok(response) => response,
            Err(_) => return Outcome::Retry(None),
        };
        let status = response.status();
        if status.is_success() {
            return Outcome::Done;
        }
        if !matches!(status.as_u16(), 429 | 502 | 503 | 504) {
            return Outcome::Refused(format!("{} answered {status}", self.url));
        }
        let asked = response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
        Outcome::Retry(asked.map(Duration::from_secs))
    }
}
