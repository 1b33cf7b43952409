//! A webhook that is well or not, as a test says.

use super::Book;
use super::site::Site;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use std::sync::{Arc, Mutex};

const LARGE_BYTES: usize = 10 << 20;

/// How it answers from now on. To be down, its site is stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mood {
    Takes,
    /// A status, as 500.
    Answers(u16),
    /// 429 with these seconds of `Retry-After`.
    Limits(u64),
    /// Reads, and never answers.
    Hangs,
    /// A status, and ten megabytes after it.
    IsLoud(u16),
    RedirectsTo(String),
}

pub struct Webhook {
    pub site: Site,
    /// What came while it hung has the status 0.
    pub book: Book,
    mood: Arc<Mutex<Mood>>,
}

#[derive(Clone)]
struct Place {
    book: Book,
    mood: Arc<Mutex<Mood>>,
}

impl Webhook {
    pub fn start() -> Webhook {
        let place = Place { book: Book::default(), mood: Arc::new(Mutex::new(Mood::Takes)) };
        let (book, mood) = (place.book.clone(), place.mood.clone());
        let app = Router::new().route("/{*path}", post(take)).with_state(place);
        Webhook { site: Site::start(app.layer(DefaultBodyLimit::max(LARGE_BYTES))), book, mood }
    }

    pub fn url(&self, path: &str) -> String {
        self.site.url(path)
    }

    pub fn set(&self, mood: Mood) {
        *self.mood.lock().expect("no receiver panics") = mood;
    }
}

async fn take(
    State(place): State<Place>,
    Path(path): Path<String>,
    headers: HeaderMap,
    body: String,
) -> Response {
    let mood = place.mood.lock().expect("no receiver panics").clone();
    let note = |status: u16| {
        place.book.note(&path, &headers, &body, status, "");
        StatusCode::from_u16(status).unwrap_or(StatusCode::OK)
    };
    match mood {
        Mood::Takes => note(200).into_response(),
        Mood::Answers(status) => note(status).into_response(),
        Mood::Limits(seconds) => (note(429), [("retry-after", seconds.to_string())]).into_response(),
        Mood::Hangs => {
            note(0);
            std::future::pending().await
        }
        Mood::IsLoud(status) => (note(status), vec![b'x'; LARGE_BYTES]).into_response(),
        Mood::RedirectsTo(place) => (note(302), [("location", place)]).into_response(),
    }
}
