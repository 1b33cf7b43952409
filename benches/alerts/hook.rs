//! A receiver of messages in this process: takes everything, and counts.

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::net::TcpListener;

pub struct Hook {
    pub url: String,
    taken: Arc<AtomicUsize>,
}

impl Hook {
    pub async fn start() -> anyhow::Result<Hook> {
        let taken = Arc::<AtomicUsize>::default();
        let app = Router::new().route("/{*any}", post(take)).with_state(taken.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/hook", listener.local_addr()?);
        tokio::spawn(async move { axum::serve(listener, app).await });
        Ok(Hook { url, taken })
    }

    pub fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }
}

async fn take(State(taken): State<Arc<AtomicUsize>>, _: String) {
    taken.fetch_add(1, Ordering::Relaxed);
}
