//! Long answers, written while they are sent: what is not sent yet takes no memory as text.

use axum::body::{Body, Bytes};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use futures::stream;
use std::convert::Infallible;

/// What is sent at once, about.
pub const PIECE_BYTES: usize = 64 << 10;

/// A JSON text in pieces.
pub trait Pieces: Send + 'static {
    /// Appends about [`PIECE_BYTES`] of it, less at its end; false once all is written.
    fn write(&mut self, out: &mut Vec<u8>) -> bool;
}

/// The answer; a short one has its length in the header.
pub fn response(mut pieces: impl Pieces) -> Response {
    let mut first = Vec::new();
    let body = if pieces.write(&mut first) {
        let more = stream::unfold(Some((pieces, first)), |open| async move {
            let (mut pieces, text) = open?;
            let mut next = Vec::new();
            let more = pieces.write(&mut next) || !next.is_empty();
            Some((Ok::<_, Infallible>(Bytes::from(text)), more.then_some((pieces, next))))
        });
        Body::from_stream(more)
    } else {
        Body::from(first)
    };
    ([(CONTENT_TYPE, "application/json")], body).into_response()
}

/// Elements of a list between a head and a tail, separated by commas.
pub struct List<I> {
    pub head: Option<String>,
    pub elements: I,
    pub tail: String,
    started: bool,
}

impl<I: Iterator> List<I> {
    pub fn new(head: String, elements: I, tail: String) -> List<I> {
        List { head: Some(head), elements, tail, started: false }
    }
}

/// Something that becomes one JSON value.
pub trait Element {
    fn write(&self, out: &mut Vec<u8>);
}

impl Element for String {
    fn write(&self, out: &mut Vec<u8>) {
        put_text(out, self);
    }
}

impl<I> Pieces for List<I>
where
    I: Iterator<Item: Element> + Send + 'static,
{
    fn write(&mut self, out: &mut Vec<u8>) -> bool {
        out.extend(self.head.take().unwrap_or_default().bytes());
        while out.len() < PIECE_BYTES {
            let Some(element) = self.elements.next() else {
                out.extend(std::mem::take(&mut self.tail).bytes());
                return false;
            };
            if std::mem::replace(&mut self.started, true) {
                out.push(b',');
            }
            element.write(out);
        }
        true
    }
}

/// A JSON string.
pub fn put_text(out: &mut Vec<u8>, text: &str) {
    // Writing a string to memory does not fail.
    let _ = serde_json::to_writer(out, text);
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::to_bytes;

    #[tokio::test]
    async fn a_long_list_comes_in_pieces_and_whole() {
        for count in [0, 1, 3, 40_000] {
            let elements = (0..count).map(|n| format!("element \"{n}\""));
            let list = List::new("{\"data\":[".to_owned(), elements, "]}".to_owned());
            let response = response(list);
            let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
            let read: serde_json::Value = serde_json::from_slice(&body).unwrap();
            let read = read["data"].as_array().unwrap();
            assert_eq!(read.len(), count);
            assert!(read.iter().enumerate().all(|(n, one)| *one == format!("element \"{n}\"")));
        }
    }
}
