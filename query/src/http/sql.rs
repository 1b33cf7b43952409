//! `/api/sql`: SQL over what is kept, as JSON, CSV or Arrow.

use super::Api;
use super::asked::has_parameters;
use super::params::Params;
use super::run::{Budget, run};
use crate::Error;
use crate::logs::export;
use crate::sql::{self, Cells, Data, Found};
use arrow::ipc::writer::StreamWriter;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderName, Method};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use ocelli_api::QueryStats;
use ocelli_api::sql::SqlColumn;

/// Says in every format that there are more rows than were asked for.
const TRUNCATED: HeaderName = HeaderName::from_static("x-ocelli-truncated");
const FORM: &str = "application/x-www-form-urlencoded";

pub fn endpoints(api: Api) -> Vec<(&'static str, MethodRouter)> {
    vec![
        ("GET /api/sql", get(answer).with_state(api.clone())),
        ("POST /api/sql", post(answer).with_state(api)),
    ]
}

#[derive(Clone, Copy)]
enum Format {
    Json,
    Csv,
    Arrow,
}

impl Format {
    fn of(params: &Params) -> Result<Format, Error> {
        match params.get("format") {
            None | Some("json") => Ok(Format::Json),
            Some("csv") => Ok(Format::Csv),
            Some("arrow") => Ok(Format::Arrow),
            Some(other) => {
                Err(Error::bad_parameter("format", format!("'{other}' is not json, csv or arrow")))
            }
        }
    }

    fn content_type(self) -> &'static str {
        match self {
            Format::Json => "application/json",
            Format::Csv => "text/csv; charset=utf-8; header=present",
            Format::Arrow => "application/vnd.apache.arrow.stream",
        }
    }
}

/// The parameters of a query: of a GET its query string; a POST may have them as a form, or the query itself
/// as its body.
struct Asked(Params);

impl FromRequest<Api> for Asked {
    type Rejection = Error;

    async fn from_request(request: Request, api: &Api) -> Result<Asked, Error> {
        let params = Params::parse(request.uri().query().unwrap_or_default().as_bytes());
        if request.method() != Method::POST {
            return Ok(Asked(params));
        }
        let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let is_form = kind.is_some_and(|kind| kind.starts_with(FORM));
        let body = Bytes::from_request(request, api)
            .await
            .map_err(|why| Error::bad_parameter("body", format!("can't be read: {}", why.body_text())))?;
        // curl says that any text is a form: one without a query is none.
        let form = Params::parse(&body);
        let params = if is_form && form.get("query").is_some() {
            form.and(params)
        } else {
            let text =
                std::str::from_utf8(&body).map_err(|_| Error::bad_parameter("body", "is not UTF-8"))?;
            params.and(Params::of([("query", text)]))
        };
        has_parameters(&params);
        Ok(Asked(params))
    }
}

async fn answer(State(api): State<Api>, Asked(params): Asked) -> Result<Response, Error> {
    let query = params.required("query")?.to_owned();
    let limit = params.number("limit", 10_000, 1..=1_000_000)?;
    let format = Format::of(&params)?;
    let (body, truncated) = run(&api, move |api, budget| {
        let snapshot = budget.snapshot(api);
        let (whole, apart_api, apart_budget) = (snapshot.clone(), api.clone(), budget.clone());
        let apart = Box::new(move || apart_budget.apart(&apart_api, &whole));
        let found = sql::run(Data { snapshot, apart, budget: budget.clone() }, &query, limit)?;
        let body = match format {
            Format::Json => json(&found, budget)?,
            Format::Csv => csv(&found, limit, budget)?,
            Format::Arrow => arrow(&found, budget)?,
        };
        Ok((body, found.truncated))
    })
    .await?;
    let mut response = ([(CONTENT_TYPE, format.content_type())], body).into_response();
    let headers = response.headers_mut();
    headers.insert(TRUNCATED, if truncated { "true" } else { "false" }.parse().map_err(Error::internal)?);
    if matches!(format, Format::Csv) {
        headers.insert(
            CONTENT_DISPOSITION,
            "attachment; filename=\"rows.csv\"".parse().map_err(Error::internal)?,
        );
    }
    Ok(response)
}

/// A [`ocelli_api::sql::SqlResponse`], written row by row.
fn json(found: &Found, budget: &Budget) -> Result<Vec<u8>, Error> {
    let column = |field: &arrow::datatypes::FieldRef| SqlColumn {
        name: field.name().clone(),
        data_type: sql::type_name(field.data_type()),
    };
    let columns: Vec<SqlColumn> = found.schema.fields().iter().map(column).collect();
    let begin =
        format!("{{\"columns\":{},\"rows\":[", serde_json::to_string(&columns).map_err(Error::internal)?);
    let mut rows = begin.into_bytes();
    let cells = Cells::new(&found.schema);
    for (at, batch) in found.batches.iter().filter(|batch| batch.num_rows() > 0).enumerate() {
        budget.check_late()?;
        if at > 0 {
            rows.push(b',');
        }
        let before = rows.len();
        cells.write_json(batch, &mut rows)?;
        budget.keep(rows.len() - before)?;
    }
    let stats: QueryStats = budget.stats();
    let end = format!(
        "],\"truncated\":{},\"stats\":{}}}",
        found.truncated,
        serde_json::to_string(&stats).map_err(Error::internal)?
    );
    rows.extend_from_slice(end.as_bytes());
    Ok(rows)
}

fn csv(found: &Found, limit: usize, budget: &Budget) -> Result<Vec<u8>, Error> {
    let mut text = export::line(found.schema.fields().iter().map(|field| field.name().as_str()));
    let cells = Cells::new(&found.schema);
    for batch in &found.batches {
        budget.check_late()?;
        let before = text.len();
        for row in cells.texts(batch)? {
            text.push_str(&export::line(row.iter().map(String::as_str)));
        }
        budget.keep(text.len() - before)?;
    }
    if found.truncated {
        let why = format!("the answer is not whole: its limit of {limit} rows is reached");
        text.push_str(&export::line(std::iter::once(why.as_str())));
    }
    Ok(text.into_bytes())
}

fn arrow(found: &Found, budget: &Budget) -> Result<Vec<u8>, Error> {
    let mut writer = StreamWriter::try_new(Vec::new(), &found.schema).map_err(Error::internal)?;
    for batch in &found.batches {
        budget.check_late()?;
        budget.keep(batch.get_array_memory_size())?;
        writer.write(batch).map_err(Error::internal)?;
    }
    writer.into_inner().map_err(Error::internal)
}
