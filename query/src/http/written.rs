//! Objectives and groups of rules that are written over the API, and what requests about them have in common.
//!
//! Who keeps them has the catalog and the engine, so it is not in this crate; it implements [`Written`].

use super::params::Params;
use crate::Error;
use crate::rules::Group;
use crate::slo::Definitions;
use async_trait::async_trait;
use axum::body::Bytes;
use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequest, Path, Request};
use axum::http::header::CONTENT_TYPE;
use serde::Serialize;
use std::sync::Arc;

/// The longest document.
pub const MAX_DOCUMENT_BYTES: usize = 256 << 10;

/// The file of what is in none.
pub const SAVED: &str = "saved";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// By the objective's id.
    Slo,
    /// By the group's name.
    Group,
}

/// A document that was written over the API.
#[derive(Clone, Debug, PartialEq)]
pub struct Saved {
    pub id: String,
    /// 1 at first, one more each time.
    pub revision: u64,
    pub text: String,
    /// Why it is not in force.
    pub left_out: Option<String>,
}

/// What was saved: durable, and in force on this server.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    pub id: String,
    pub revision: u64,
}

/// Errors are those that a caller of the API sees: [`Error::BadDocument`] tells all that is wrong with a text,
/// [`Error::Conflict`] that it is there already, has changed, or is a file's.
#[async_trait]
pub trait Written: Send + Sync {
    /// By id, also those that are not in force.
    fn saved(&self, kind: Kind) -> Vec<Saved>;

    /// What files define for all objectives.
    fn definitions(&self) -> Arc<Definitions>;

    /// The groups of files, and the saved ones that are in force; none that is made of an objective.
    fn groups(&self) -> Vec<Group>;

    async fn create(&self, kind: Kind, text: String) -> Result<Kept, Error>;

    /// Its id may become another.
    async fn replace(&self, kind: Kind, id: String, revision: u64, text: String) -> Result<Kept, Error>;

    async fn delete(&self, kind: Kind, id: String, revision: u64) -> Result<(), Error>;
}

/// A body that says that it is YAML or JSON. A page of another site can't send one without being asked first, so
/// that it changes nothing here.
pub struct Document(pub String);

impl<S: Send + Sync> FromRequest<S> for Document {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Document, Error> {
        const KINDS: [&str; 5] =
            ["application/yaml", "application/json", "application/x-yaml", "text/yaml", "text/x-yaml"];
        let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default().trim();
        if !KINDS.iter().any(|known| kind.eq_ignore_ascii_case(known)) {
            let message = "must be application/yaml or application/json";
            return Err(Error::bad_parameter("Content-Type", message));
        }
        let body = Bytes::from_request(request, state).await;
        let body = body.map_err(|why| Error::bad_parameter("body", why.body_text()))?;
        if body.len() > MAX_DOCUMENT_BYTES {
            let bytes = body.len();
            return Err(Error::LimitExceeded(format!(
                "the document has {bytes} bytes; {MAX_DOCUMENT_BYTES} is the limit (document_bytes)"
            )));
        }
        let text = String::from_utf8(body.to_vec());
        text.map(Document).map_err(|why| Error::bad_parameter("body", format!("is no UTF-8: {why}")))
    }
}

/// Which revision a change is about.
pub fn revision(params: &Params) -> Result<u64, Error> {
    let text = params.get("revision").ok_or_else(|| {
        Error::bad_parameter(
            "revision",
            "is missing; name the one that the change is made to, as ?revision=3",
        )
    })?;
    text.parse().map_err(|_| Error::bad_parameter("revision", format!("'{text}' is no number")))
}

pub fn id(path: Result<Path<String>, PathRejection>, name: &str) -> Result<String, Error> {
    let Path(id) = path.map_err(|why| Error::bad_parameter(name, why.body_text()))?;
    Ok(id)
}

/// `{}`.
#[derive(Serialize)]
pub struct Nothing {}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use axum::body::Body;

    /// In the place of the engine: nothing is kept.
    pub struct NoneWritten;

    #[async_trait]
    impl Written for NoneWritten {
        fn definitions(&self) -> Arc<Definitions> {
            Arc::default()
        }

        fn saved(&self, _: Kind) -> Vec<Saved> {
            Vec::new()
        }

        fn groups(&self) -> Vec<Group> {
            Vec::new()
        }

        async fn create(&self, _: Kind, _: String) -> Result<Kept, Error> {
            Err(Error::conflict("nothing is kept"))
        }

        async fn replace(&self, _: Kind, id: String, _: u64, _: String) -> Result<Kept, Error> {
            Err(Error::NotFound(id))
        }

        async fn delete(&self, _: Kind, id: String, _: u64) -> Result<(), Error> {
            Err(Error::NotFound(id))
        }
    }

    async fn check(kind: &str, body: Vec<u8>, expect: &str) {
        let request = Request::builder().header(CONTENT_TYPE, kind).body(Body::from(body)).unwrap();
        let told = match Document::from_request(request, &()).await {
            Ok(Document(text)) => text,
            Err(error) => error.to_string(),
        };
        assert!(told.contains(expect), "{kind}: {told}");
    }

    #[tokio::test]
    async fn a_document_says_what_it_is_and_has_a_bound() {
        check("application/yaml; charset=utf-8", b"slos: []".to_vec(), "slos: []").await;
        check("application/json", b"{}".to_vec(), "{}").await;
        // A form of another site would be sent without a question.
        check("text/plain", b"slos: []".to_vec(), "Content-Type: must be application/yaml").await;
        check("application/yaml", vec![b'#'; MAX_DOCUMENT_BYTES + 1], "262144 is the limit").await;
        check("application/yaml", vec![0xff], "is no UTF-8").await;
        let params = |text: &str| revision(&Params::parse(text.as_bytes())).map_err(|why| why.to_string());
        assert_eq!(params("revision=3"), Ok(3));
        assert!(params("").unwrap_err().starts_with("revision: is missing"));
        assert!(params("revision=x").unwrap_err().contains("'x' is no number"));
    }
}
