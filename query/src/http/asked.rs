//! What a request asks for, known to all that is done for it.

use super::params::Params;
use axum::extract::Request;
use axum::http::header::USER_AGENT;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::MethodRouter;
use std::sync::{Arc, Mutex, PoisonError};

/// Of parameters, of a path, of the client's name and of an error: they may be longer, and many are remembered.
const MOST_BYTES: usize = 4_096;

tokio::task_local! {
    static ASKED: Asked;
}

/// One request.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// `GET /api/logs`.
    pub request: String,
    pub user_agent: String,
    parameters: Arc<Mutex<Parameters>>,
}

/// As in an address.
#[derive(Clone, Debug, Default)]
pub struct Parameters {
    pub text: String,
    /// Long ones are cut.
    pub are_cut: bool,
}

impl Asked {
    /// That of the task that runs; nothing is known where none does.
    pub fn now() -> Asked {
        ASKED.try_with(Asked::clone).unwrap_or_default()
    }

    /// `work` as a part of it, in a task of its own.
    pub async fn during<F: Future>(self, work: F) -> F::Output {
        ASKED.scope(self, work).await
    }

    pub fn parameters(&self) -> Parameters {
        self.parameters.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    #[cfg(test)]
    pub fn of_request(request: &str, params: &Params) -> Asked {
        let parameters = Arc::new(Mutex::new(Parameters::of(params)));
        Asked { request: request.to_owned(), parameters, ..Asked::default() }
    }

    fn of(request: &Request) -> Asked {
        let user_agent = request.headers().get(USER_AGENT).and_then(|agent| agent.to_str().ok());
        let params = Params::parse(request.uri().query().unwrap_or_default().as_bytes());
        Asked {
            request: format!("{} {}", request.method(), beginning(request.uri().path())),
            user_agent: beginning(user_agent.unwrap_or_default()),
            parameters: Arc::new(Mutex::new(Parameters::of(&params))),
        }
    }
}

impl Parameters {
    fn of(params: &Params) -> Parameters {
        let (text, is_whole) = params.encoded(MOST_BYTES);
        Parameters { text, are_cut: !is_whole }
    }
}

/// Says what was in a body.
pub fn has_parameters(params: &Params) {
    let _ = ASKED.try_with(|asked| {
        *asked.parameters.lock().unwrap_or_else(PoisonError::into_inner) = Parameters::of(params);
    });
}

/// The same endpoints; what they are asked for is known.
pub fn remembered(endpoints: Vec<(&'static str, MethodRouter)>) -> Vec<(&'static str, MethodRouter)> {
    endpoints.into_iter().map(|(route, handler)| (route, handler.layer(from_fn(remember)))).collect()
}

async fn remember(request: Request, next: Next) -> Response {
    Asked::of(&request).during(next.run(request)).await
}

/// What is remembered of a text.
pub fn beginning(text: &str) -> String {
    text[..text.floor_char_boundary(MOST_BYTES)].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_a_request_asks_for_is_known_within_it() {
        assert_eq!(Asked::now().request, "");
        let request =
            Request::get("/api/logs?q=%22a+b%22").header(USER_AGENT, "curl/8").body(Default::default());
        let asked = Asked::of(&request.unwrap());
        asked
            .during(async {
                let now = Asked::now();
                assert_eq!((&*now.request, &*now.user_agent), ("GET /api/logs", "curl/8"));
                assert_eq!(now.parameters().text, "q=%22a+b%22");
                has_parameters(&Params::of([("query", "up"), ("step", "15")]));
                assert_eq!(now.parameters().text, "query=up&step=15");
            })
            .await;
    }

    #[test]
    fn of_long_ones_the_beginning_is_kept() {
        let long = "a".repeat(2 * MOST_BYTES);
        let request = Request::get(format!("/{long}?q={long}&from=1")).body(Default::default()).unwrap();
        let asked = Asked::of(&request);
        assert!(asked.request.len() < MOST_BYTES + 10, "{asked:?}");
        let parameters = asked.parameters();
        assert!(parameters.are_cut && parameters.text.ends_with("&from=1"), "{parameters:?}");
        assert_eq!(beginning(&format!("a{}", "é".repeat(MOST_BYTES))).len(), MOST_BYTES - 1);
    }
}
