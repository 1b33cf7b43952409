//! `query` and `query_range`.

use super::FormParams;
use super::answer::{LokiAnswer, Refused, read, stats, success};
use super::params::{HOUR, forward, interval_ns, lines, range as bounds, step_ms, time};
use crate::Error;
use crate::http::Api;
use crate::http::prometheus::Answered;
use crate::http::prometheus::response;
use crate::http::run::run;
use crate::logs::logql::ast::{LogQuery, MetricQuery, Query};
use crate::logs::logql::hints::hints;
use crate::logs::logql::lines::{Entry, LineSearch, search};
use crate::logs::logql::metric::{MetricSearch, evaluate};
use crate::logs::logql::{Categories, parse};
use crate::promql::{Data, Query as Steps};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use ocelli_api::TimeRange;
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// By which a client asks to be told where each label comes from.
const FLAGS_HEADER: &str = "x-loki-response-encoding-flags";
const CATEGORIZE: &str = "categorize-labels";

pub async fn instant(State(api): State<Api>, FormParams(params): FormParams) -> Result<Response, Refused> {
    let text = params.get("query").unwrap_or_default().to_owned();
    let Query::Metric(query) = read(&text, parse)? else {
        let message = "log queries are not supported as an instant query type, please change your query to a range \
                       query type";
        return Err(Error::bad_query(message).into());
    };
    let at = time(&params, "time")?.unwrap_or(api.now().0).div_euclid(1_000_000);
    samples(&api, query, text, (at, at, 0)).await
}

pub async fn range(
    State(api): State<Api>,
    headers: HeaderMap,
    FormParams(params): FormParams,
) -> Result<Response, Refused> {
    let text = params.get("query").unwrap_or_default().to_owned();
    let range = bounds(&params, api.now(), HOUR)?;
    match read(&text, parse)? {
        Query::Logs(query) => {
            let limit = lines(&params, 100)?;
            let (forward, interval_ns) = (forward(&params)?, interval_ns(&params)?);
            let wanted =
                Asked { query, range, limit, forward, interval_ns, categorize: categorizes(&headers) };
            Ok(log_lines(&api, wanted).await?.into_response())
        }
        Query::Metric(query) => {
            let step_ms = step_ms(&params, range)?;
            let (start_ms, end_ms) = (range.from.0.div_euclid(1_000_000), range.to.0.div_euclid(1_000_000));
            check_points(&api, start_ms, end_ms, step_ms)?;
            samples(&api, query, text, (start_ms, end_ms, step_ms)).await
        }
    }
}

/// As many as Loki takes.
pub fn check_points(api: &Api, start_ms: i64, end_ms: i64, step_ms: i64) -> Result<(), Error> {
    let most = api.limits.points_per_series as i64;
    if (end_ms - start_ms) / step_ms > most {
        return Err(Error::bad_query(format!(
            "exceeded maximum resolution of {most} points per time series. Try increasing the value of the step parameter"
        )));
    }
    Ok(())
}

pub fn categorizes(headers: &HeaderMap) -> bool {
    let flags = headers.get_all(FLAGS_HEADER).into_iter().filter_map(|value| value.to_str().ok());
    flags.flat_map(|flags| flags.split(',')).any(|flag| flag.trim() == CATEGORIZE)
}

async fn samples(
    api: &Api,
    query: MetricQuery,
    text: String,
    (start_ms, end_ms, step_ms): (i64, i64, i64),
) -> Result<Response, Refused> {
    let answer = run(api, move |api, budget| {
        let steps = Steps {
            step_ms,
            max_samples: api.limits.samples,
            ..Steps::range(&text, start_ms, end_ms, step_ms)
        };
        let found = evaluate(&budget.snapshot(api), &MetricSearch { query: &query, steps }, budget)?;
        let count = match &found.data {
            Data::Vector(_, vector) => vector.len(),
            Data::Matrix(matrix) => matrix.iter().map(|(_, samples)| samples.len()).sum(),
            Data::Scalar(_) | Data::Text(..) => 1,
        };
        let warnings = found.partial.map(|why| format!(",\"warnings\":{}", json!([why]))).unwrap_or_default();
        let tail = format!(",\"stats\":{}}}{warnings}}}", stats(budget, count));
        Ok(Answered::new(found.data, tail, budget.clone()))
    });
    Ok(response(answer.await?))
}

struct Asked {
    query: LogQuery,
    range: TimeRange,
    limit: usize,
    forward: bool,
    interval_ns: i64,
    categorize: bool,
}

async fn log_lines(api: &Api, asked: Asked) -> LokiAnswer {
    let (data, warnings) = run(api, move |api, budget| {
        let Asked { query, range, limit, forward, interval_ns, categorize } = asked;
        let wanted = LineSearch { query: &query, range, limit, forward, interval_ns };
        let snapshot = budget.snapshot(api);
        let found = search(&snapshot, &wanted, budget)?;
        let returned = found.entries.len();
        let mut warnings = Vec::from_iter(found.partial);
        if returned == 0 && warnings.is_empty() {
            warnings = hints(&snapshot, &query, range, budget)?;
        }
        let mut data = json!({
            "resultType": "streams",
            "result": streams(found.entries, categorize),
            "stats": stats(budget, returned),
        });
        if categorize {
            data["encodingFlags"] = json!([CATEGORIZE]);
        }
        Ok((data, warnings))
    })
    .await?;
    let mut answer = success(data)?;
    if !warnings.is_empty() {
        answer.0["warnings"] = json!(warnings);
    }
    Ok(answer)
}

/// Lines by their labels, streams in the order of their first line.
pub fn streams(entries: Vec<Entry>, categorize: bool) -> Value {
    let mut known: HashMap<Vec<(String, String)>, usize> = HashMap::new();
    let mut streams: Vec<(Value, Vec<Value>)> = Vec::new();
    for Entry { time, line, labels: Categories { stream, metadata, parsed } } in entries {
        let mut value: Vec<Value> = vec![time.to_string().into(), line.into()];
        let mut labels = stream;
        if categorize {
            let mut more = Map::new();
            for (name, pairs) in [("structuredMetadata", metadata), ("parsed", parsed)] {
                if !pairs.is_empty() {
                    more.insert(name.to_owned(), object(&pairs));
                }
            }
            value.push(more.into());
        } else {
            labels.extend(metadata);
            labels.extend(parsed);
            labels.sort_unstable();
        }
        let at = *known.entry(labels).or_insert_with_key(|labels| {
            streams.push((object(labels), Vec::new()));
            streams.len() - 1
        });
        streams[at].1.push(value.into());
    }
    streams.into_iter().map(|(stream, values)| json!({ "stream": stream, "values": values })).collect()
}

fn object(pairs: &[(String, String)]) -> Value {
    pairs.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect::<Map<_, _>>().into()
}
