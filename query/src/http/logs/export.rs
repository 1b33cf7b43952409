//! `GET /api/logs/export`: many records as a file, page by page while it is sent.

use super::{PAGE_BYTES, expr};
use crate::Error;
use crate::http::Api;
use crate::http::asked::Asked;
use crate::http::params::Params;
use crate::http::run::run;
use crate::logs::export::{Export, Format};
use crate::logs::filter::Filter;
use crate::logs::{self, Cursor, Direction, LogSearch, Page, search};
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures::stream::unfold;
use ocelli_api::TimeRange;
use std::convert::Infallible;
use std::sync::Arc;

/// Records that are held at once.
const PAGE: usize = 1_000;
/// How often a page that found no place among the running queries is asked for again.
const TRIES: usize = 10;

pub async fn export(State(api): State<Api>, params: Params) -> Result<Response, Error> {
    let range = params.range(api.now())?;
    let limit = params.number("limit", 10_000, 1..=1_000_000)?;
    let filter = Arc::new(logs::filter_of(&expr(&params)?)?);
    let (format, name) = match params.get("format") {
        None | Some("ndjson") => (Format::Ndjson, "logs.ndjson"),
        Some("csv") => (Format::Csv, "logs.csv"),
        Some(other) => return Err(Error::bad_parameter("format", format!("'{other}' is not ndjson or csv"))),
    };
    let fields = params.get("fields").unwrap_or_default().split(',').map(str::trim);
    let fields: Vec<String> = fields.filter(|field| !field.is_empty()).map(str::to_owned).collect();
    if fields.len() > 100 {
        return Err(Error::bad_parameter("fields", format!("{} are more than 100", fields.len())));
    }
    let export = Export::new(format, fields);
    let head = [
        (CONTENT_TYPE, export.content_type().to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    let begin = export.head();
    // Most of it is sent when the handler is done.
    let asked = Asked::now();
    let mut rest = Rest { asked, api, filter, range, export, left: limit, limit, cursor: None, done: false };
    // What is wrong from the start is an answer of its own and not the end of a file.
    let first = rest.page().await?;
    let begin = begin + &rest.text(Ok(first));
    let body = unfold((Some(begin), rest), |(begin, mut rest)| async {
        let text = match begin {
            Some(begin) => begin,
            None if rest.done => return None,
            None => {
                let page = rest.asked.clone().during(rest.page()).await;
                rest.text(page)
            }
        };
        Some((Ok::<_, Infallible>(text), (None, rest)))
    });
    Ok((head, Body::from_stream(body)).into_response())
}

/// What is still to be sent.
struct Rest {
    asked: Asked,
    api: Api,
    filter: Arc<Filter>,
    range: TimeRange,
    export: Export,
    left: usize,
    limit: usize,
    cursor: Option<Cursor>,
    done: bool,
}

impl Rest {
    /// Each page is a query of its own: it waits for its turn and has its own deadline.
    async fn page(&self) -> Result<Page, Error> {
        for _ in 1..TRIES {
            match self.try_page().await {
                Err(Error::Overloaded { retry_after, .. }) => tokio::time::sleep(retry_after).await,
                outcome => return outcome,
            }
        }
        self.try_page().await
    }

    async fn try_page(&self) -> Result<Page, Error> {
        let (filter, range, cursor) = (self.filter.clone(), self.range, self.cursor);
        let limit = self.left.min(PAGE);
        run(&self.api, move |api, budget| {
            let (page_bytes, direction) = (PAGE_BYTES, Direction::Older);
            let wanted = LogSearch { filter: &filter, range, limit, cursor, direction, page_bytes };
            search(&budget.snapshot(api), &wanted, budget)
        })
        .await
    }

    fn text(&mut self, page: Result<Page, Error>) -> String {
        let page = match page {
            Ok(page) => page,
            Err(error) => {
                self.done = true;
                return self.export.cut(&error.to_string());
            }
        };
        let mut text = self.export.records(&page.records);
        self.left -= page.records.len().min(self.left);
        self.cursor = page.next;
        // A page that was cut for its size goes on with the next one.
        let why = match (&page.partial, page.next) {
            (Some(why), None) => Some(why.clone()),
            (_, Some(_)) if self.left == 0 => {
                Some(format!("its limit of {} records is reached; older ones are left out", self.limit))
            }
            _ => None,
        };
        self.done = page.next.is_none() || self.left == 0;
        text.extend(why.map(|why| self.export.cut(&why)));
        text
    }
}

#[cfg(test)]
mod tests {
    use crate::http::testing::{Client, NOW};
    use crate::logs::fixture::{Record, filled};
    use ocelli_api::logs::LogRecord;

    async fn client() -> (Client, tempfile::TempDir) {
        let record = |number: i64| Record {
            time: NOW - 60_000_000_000 + number * 1_000_000,
            severity: 9,
            body: format!("={number}, \"quoted\""),
            service: "s".to_owned(),
            ..Record::default()
        };
        let (store, directory) = filled(true, &(0..2_500).map(record).collect::<Vec<_>>()).await;
        (Client::new(store), directory)
    }

    #[tokio::test]
    async fn all_records_come_once_page_after_page() {
        let (client, _directory) = client().await;
        let (kind, text) = client.text("/api/logs/export?q=quoted", "content-type").await;
        let records: Vec<LogRecord> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!((kind.as_str(), records.len()), ("application/x-ndjson", 2_500));
        assert!(records.is_sorted_by(|one, next| one.time > next.time));
        let (name, text) =
            client.text("/api/logs/export?format=csv&fields=body,time&limit=2", "content-disposition").await;
        assert_eq!(name, "attachment; filename=\"logs.csv\"");
        let mut lines = text.lines();
        assert_eq!(lines.next().unwrap(), "body,time");
        assert!(lines.next().unwrap().starts_with("\"'=2499, \"\"quoted\"\"\",20"), "{text}");
        let last = text.lines().last().unwrap();
        assert!(last.contains("the export is not whole: its limit of 2 records is reached"), "{last}");
        let (_, text) = client.text("/api/logs/export?limit=1500", "content-type").await;
        assert_eq!(text.lines().count(), 1_501);
        assert!(text.lines().last().unwrap().starts_with("{\"export_is_not_whole\":\"its limit of 1500"));
        let (_, text) = client.text("/api/logs/export?limit=2500", "content-type").await;
        assert_eq!(text.lines().count(), 2_500);
    }

    #[tokio::test]
    async fn what_is_wrong_is_told_before_a_file_begins() {
        let (client, _directory) = client().await;
        let wrong = client.error("/api/logs/export?limit=1000001", 400).await;
        assert_eq!(wrong["message"], "limit: '1000001' is not a number from 1 to 1000000");
        assert_eq!(client.error("/api/logs/export?format=xls", 400).await["parameter"], "format");
        assert_eq!(client.error("/api/logs/export?q=(", 400).await["code"], "bad_query");
    }
}
