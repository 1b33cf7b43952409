//! A parcel over HTTP/1.1: one connection, one request, one bounded answer.

mod answer;
mod retry_after;
mod slack;

use crate::Notifier;
use crate::dial::{Stream, dial};
use crate::limits::{
    ANSWER_BYTES, ANSWER_HEAD_BYTES, ANSWER_HEADERS, DETAIL, DETAIL_CHARS, PAGERDUTY_EVENT_BYTES,
    PARCEL_BYTES,
};
use crate::parcel::{HttpContent, id_as_token};
use crate::secret::shown;
use crate::target::{AnswerRules, HttpTarget};
use crate::verdict::{Verdict, chain, refused, retry};
use ::http::header::{CONNECTION, CONTENT_TYPE, HOST, HeaderMap, LOCATION, RETRY_AFTER, USER_AGENT};
use ::http::{Request, Response};
use answer::Answer;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use std::time::SystemTime;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};
use url::{Position, Url};

/// `Ok` and `Err` are both the verdict; an error ends the work early.
pub(crate) async fn deliver(
    notifier: &Notifier,
    target: &HttpTarget,
    id: &str,
    content: &HttpContent,
    deadline: Instant,
) -> Result<Verdict, Verdict> {
    let request = request(target, id, content)?;
    let late = |what: &str| retry(format!("{target}: no {what} within {:?}", target.timeout));
    let stream = timeout_at(deadline, connect(notifier, target)).await.map_err(|_| late("connection"))??;
    // The connection's other half runs beside the request, and ends with this set.
    let mut connection = JoinSet::new();
    let response = timeout_at(deadline, exchange(stream, request, &mut connection)).await;
    let response = response.map_err(|_| late("answer"))?;
    let response = response.map_err(|error| retry(format!("{target}: {}", chain(&error))))?;
    let answer = read(target, response, deadline).await;
    Ok(answer::judge(target.rules, &answer, SystemTime::now()))
}

async fn connect(notifier: &Notifier, target: &HttpTarget) -> Result<Box<dyn Stream>, Verdict> {
    let (host, port) = (target.host(), target.port());
    notifier.guard.check_http_port(&host, port).map_err(refused)?;
    let stream = Box::new(dial(notifier, &host, port).await?);
    if target.url.scheme() == "https" { notifier.tls.encrypt(stream, &host).await } else { Ok(stream) }
}

async fn exchange(
    stream: Box<dyn Stream>,
    request: Request<Full<Bytes>>,
    connection: &mut JoinSet<()>,
) -> hyper::Result<Response<Incoming>> {
    let mut settings = http1::Builder::new();
    settings.max_headers(ANSWER_HEADERS).max_buf_size(ANSWER_HEAD_BYTES);
    let (mut sender, driver) = settings.handshake(TokioIo::new(stream)).await?;
    // What goes wrong with it is told to the request.
    connection.spawn(async move { drop(driver.await) });
    sender.send_request(request).await
}

fn request(target: &HttpTarget, id: &str, content: &HttpContent) -> Result<Request<Full<Bytes>>, Verdict> {
    let body = body(target, content)?;
    let most = match target.rules {
        AnswerRules::PagerDuty => PAGERDUTY_EVENT_BYTES,
        _ => PARCEL_BYTES,
    };
    if body.len() > most {
        return Err(refused(format!("the parcel has {} bytes, {target} takes {most}", body.len())));
    }
    let id = id_as_token(id);
    let mut request = Request::post(&target.url[Position::BeforePath..Position::AfterQuery])
        .header(HOST, &target.url[Position::BeforeHost..Position::AfterPort])
        .header(USER_AGENT, concat!("Ocelli/", env!("CARGO_PKG_VERSION")))
        .header(CONTENT_TYPE, &content.content_type)
        .header(CONNECTION, "close")
        .header("idempotency-key", &id)
        .header("x-ocelli-delivery", &id);
    if let Some(headers) = request.headers_mut() {
        for (name, value) in &target.headers {
            headers.insert(name, value.clone());
        }
    }
    request.body(Full::from(body)).map_err(|error| refused(format!("no request can be made of it: {error}")))
}

/// The body, with the secret that belongs into it.
fn body(target: &HttpTarget, content: &HttpContent) -> Result<Bytes, Verdict> {
    let Some((field, secret)) = &target.body_secret else {
        return Ok(Bytes::from(content.body.clone()));
    };
    let parsed: Result<serde_json::Map<_, _>, _> = serde_json::from_str(&content.body);
    let mut fields = parsed.map_err(|error| refused(format!("the parcel is not a JSON object: {error}")))?;
    fields.insert(field.clone(), secret.expose().into());
    Ok(Bytes::from(serde_json::Value::Object(fields).to_string()))
}

async fn read(target: &HttpTarget, response: Response<Incoming>, deadline: Instant) -> Answer {
    let status = response.status();
    let text_of = |headers: &HeaderMap, name| {
        let value = headers.get(name)?;
        Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let retry_after = text_of(response.headers(), RETRY_AFTER);
    let redirect = text_of(response.headers(), LOCATION).map(|to| host_of(&target.url, &to));
    let (body, whole) = match answer::body_matters(target.rules, status) {
        answer::Matters::No => (Vec::new(), true),
        answer::Matters::Tells => {
            read_body(response.into_body(), deadline.min(Instant::now() + DETAIL)).await
        }
        answer::Matters::Decides => read_body(response.into_body(), deadline).await,
    };
    let said = String::from_utf8_lossy(&body);
    Answer {
        status,
        retry_after,
        redirect,
        detail: shown(&said, target.secrets(), DETAIL_CHARS),
        body: said.into_owned(),
        whole,
        from: target.to_string(),
    }
}

/// Where a redirect leads: no more than the host, the rest may be as secret as the address was.
fn host_of(base: &Url, location: &str) -> String {
    let to = base.join(location).ok();
    to.and_then(|to| Some(to.host_str()?.to_owned())).unwrap_or_else(|| "nowhere".to_owned())
}

/// What comes until the bound or the deadline, and whether that is all.
async fn read_body(mut body: Incoming, deadline: Instant) -> (Vec<u8>, bool) {
    let mut read = Vec::new();
    loop {
        let data = match timeout_at(deadline, body.frame()).await {
            Ok(Some(Ok(frame))) => frame.into_data().unwrap_or_default(),
            Ok(None) => return (read, true),
            Ok(Some(Err(_))) | Err(_) => return (read, false),
        };
        let room = ANSWER_BYTES - read.len();
        read.extend_from_slice(&data[..data.len().min(room)]);
        if data.len() > room {
            return (read, false);
        }
    }
}
