use super::{refused, rows, uri};
use crate::http::testing::{Client, NOW};
use crate::logs::fixture::{Record, TENANT, Value, filled};
use crate::{metrics, traces};
use arrow::ipc::reader::StreamReader;
use serde_json::json;

const MINUTE: i64 = 60_000_000_000;

fn records() -> Vec<Record> {
    let record = |number: i64| Record {
        time: NOW - MINUTE + number * 1_000_000,
        severity: if number % 10 == 0 { 17 } else { 9 },
        body: format!("=card {number}, \"declined\""),
        service: if number < 60 { "payment" } else { "cart" }.to_owned(),
        host: "h".to_owned(),
        attributes: vec![("order_id".to_owned(), Value::Int(5_000 + number))],
        trace_id: (number % 2 == 0).then_some([0xab; 16]),
    };
    (0..100).map(record).collect()
}

#[tokio::test]
async fn logs_have_columns_and_maps() {
    let (store, _directory) = filled(true, &records()).await;
    let client = Client::new(store);
    let found = rows(
        &client,
        "SELECT time, level, service, body, attributes['order_id'], attributes['none'], trace_id, span_id, \
         severity_number, resource['host.name'], attributes, observed_time FROM logs ORDER BY time DESC LIMIT 1",
    )
    .await;
    let expected = json!([
        "2026-11-21T03:03:05.099Z", "info", "cart", "=card 99, \"declined\"", "5099", null, null, null, 9, "h",
        {"order_id": "5099"}, "2026-11-21T03:03:05.099000005Z"
    ]);
    assert_eq!(found, [expected]);
    let by_level = "SELECT level, count(*), min(CAST(attributes['order_id'] AS BIGINT)) AS least FROM logs \
                    WHERE service = 'payment' GROUP BY 1 ORDER BY 1";
    assert_eq!(rows(&client, by_level).await, [json!(["error", 6, 5_000]), json!(["info", 54, 5_001])]);
    let body = client.ok(&uri(by_level)).await;
    assert_eq!(body["columns"][2], json!({"name": "least", "type": "bigint"}));
    assert_eq!((&body["truncated"], &body["stats"]["rows_scanned"]), (&json!(false), &json!(100)));
    // Without a condition it is known without reading.
    let counted = client.ok(&uri("SELECT count(*) FROM logs")).await;
    assert_eq!((&counted["rows"], &counted["stats"]["rows_scanned"]), (&json!([[100]]), &json!(0)));
}

#[tokio::test]
async fn spans_have_names_durations_events_and_links() {
    let (store, _directory) = traces::fixture::filled(&[]).await;
    store.append(TENANT, traces::fixture::whole_span(NOW - MINUTE)).await.unwrap();
    let client = Client::new(store);
    let found = rows(
        &client,
        "SELECT start_time, duration_ns, service, name, kind, status, status_message, parent_span_id, scope, \
         attributes['large'], attributes['cached'], attributes['list'], events, links, end_time - start_time \
         > INTERVAL '1 millisecond' FROM spans",
    )
    .await;
    let events =
        "[{\"time\":\"2026-11-21T03:03:05.000005Z\",\"name\":\"retry\",\"attributes\":{\"attempt\":2}}]";
    let links = format!(
        "[{{\"trace_id\":\"01{}\",\"span_id\":\"0000000000000007\",\"attributes\":{{}}}}]",
        "09".repeat(15)
    );
    let expected = json!([
        "2026-11-21T03:03:05Z",
        1_500_000,
        "shop",
        "GET /cart",
        "client",
        "error",
        "timeout",
        "0000000000000001",
        "http",
        "9223372036854775807",
        "false",
        "[\"a\"]",
        events,
        links,
        true
    ]);
    assert_eq!(found, [expected]);
}

#[tokio::test]
async fn samples_and_series_join() {
    for flushed in [false, true] {
        let (store, _directory) = metrics::fixture::store(flushed).await;
        let client = Client::new(store);
        let kinds =
            rows(&client, "SELECT kind, count(DISTINCT metric) FROM series GROUP BY 1 ORDER BY 1").await;
        let names: Vec<_> = kinds.iter().map(|row| row[0].as_str().unwrap()).collect();
        assert_eq!(names, ["exponential_histogram", "gauge", "histogram", "sum", "summary"]);
        let joined = rows(
            &client,
            "SELECT s.metric, p.kind, count(s.value) AS numbers, count(s.\"count\") AS distributions \
             FROM samples s JOIN series p ON s.series_id = p.series_id GROUP BY 1, 2 ORDER BY 1",
        )
        .await;
        assert!(joined.len() >= 5, "{joined:?}");
        for row in &joined {
            let numbers = ["gauge", "sum"].contains(&row[1].as_str().unwrap());
            assert_eq!((row[2] != 0, row[3] != 0), (numbers, !numbers), "{row}");
        }
        // All points, each once, however they are cut into pieces.
        let total = &rows(&client, "SELECT count(*), count(DISTINCT series_id) FROM samples").await[0];
        let by_metric = rows(&client, "SELECT metric, count(time) FROM samples GROUP BY 1").await;
        assert_eq!(
            by_metric.iter().map(|row| row[1].as_u64().unwrap()).sum::<u64>(),
            total[0].as_u64().unwrap()
        );
        assert_eq!(rows(&client, "SELECT count(*) FROM series").await[0][0], total[1]);
        let newest = rows(
            &client,
            "SELECT time, metric, series_id FROM samples ORDER BY time DESC, series_id LIMIT 7",
        )
        .await;
        let mut all = rows(&client, "SELECT time, metric, series_id FROM samples").await;
        let key = |row: &serde_json::Value| {
            (row[0].as_str().unwrap().to_owned(), row[2].as_str().unwrap().to_owned())
        };
        all.sort_by(|a, b| key(b).0.cmp(&key(a).0).then(key(a).1.cmp(&key(b).1)));
        all.truncate(7);
        assert_eq!(newest, all);
        let metric = joined[0][0].as_str().unwrap();
        let one =
            client.ok(&uri(&format!("SELECT count(time) FROM samples WHERE metric = '{metric}'"))).await;
        assert_eq!(one["rows"][0][0], one["stats"]["rows_scanned"], "of one metric only");
    }
}

#[tokio::test]
async fn csv_is_defused_and_arrow_is_arrow() {
    let (store, _directory) = filled(true, &records()).await;
    let client = Client::new(store);
    let query = uri("SELECT body, severity_number AS n, span_id, attributes FROM logs ORDER BY time");
    let (kind, csv) = client.text(&format!("{query}&format=csv&limit=1"), "content-type").await;
    assert!(kind.starts_with("text/csv"), "{kind}");
    let expected = "body,n,span_id,attributes\r\n\
                    \"'=card 0, \"\"declined\"\"\",17,,\"{\"\"order_id\"\":\"\"5000\"\"}\"\r\n\
                    the answer is not whole: its limit of 1 rows is reached\r\n";
    assert_eq!(csv, expected);
    for body in ["query=SELECT+1", "SELECT 1 -- a=b&c"] {
        let answer = client.form("/api/sql", body).await;
        assert_eq!(answer["rows"], json!([[1]]), "{body}: {answer}");
    }
    let (truncated, _) = client.text(&format!("{query}&limit=99"), "x-ocelli-truncated").await;
    assert_eq!(truncated, "true");
    let (truncated, _) = client.text(&format!("{query}&limit=100"), "x-ocelli-truncated").await;
    assert_eq!(truncated, "false");
    let (kind, bytes) = client.bytes(&format!("{query}&format=arrow"), ("accept", "*/*")).await;
    assert_eq!(kind, "application/vnd.apache.arrow.stream");
    let batches =
        StreamReader::try_new(bytes.as_slice(), None).unwrap().collect::<Result<Vec<_>, _>>().unwrap();
    assert_eq!(batches.iter().map(|batch| batch.num_rows()).sum::<usize>(), 100);
    assert_eq!(batches[0].schema().field(1).name(), "n");
}

#[tokio::test]
async fn mistakes_name_the_place_and_what_was_meant() {
    let (store, _directory) = filled(true, &records()).await;
    let client = Client::new(store);
    let error = refused(&client, "SELECT count(*) FORM logs", 400).await;
    assert_eq!((&error["code"], &error["offset"]), (&json!("bad_query"), &json!(21)), "{error}");
    let error = refused(&client, "SELECT servce FROM logs", 400).await;
    assert_eq!(error["offset"], 7, "{error}");
    let message = error["message"].as_str().unwrap();
    assert!(
        message.starts_with("there is no column 'servce', did you mean service?; there are time, "),
        "{message}"
    );
    let error = refused(&client, "SELECT * FROM log", 400).await;
    let message = error["message"].as_str().unwrap();
    assert_eq!(
        message,
        "there is no table 'log', did you mean logs?; there are logs, samples, series, spans"
    );
    let error = refused(&client, "SELECT cuont(*) FROM logs", 400).await;
    assert!(error["message"].as_str().unwrap().contains("'cuont'"), "{error}");
    let error = refused(&client, "SELECT CAST(body AS BIGINT) FROM logs", 422).await;
    assert!(error["message"].as_str().unwrap().contains("=card"), "{error}");
    assert_eq!(client.error("/api/sql", 400).await["parameter"], "query");
    assert_eq!(client.error("/api/sql?query=SELECT+1&format=xls", 400).await["parameter"], "format");
    let limit = client.error("/api/sql?query=SELECT+1&limit=1000001", 400).await;
    assert_eq!(limit["message"], "limit: '1000001' is not a number from 1 to 1000000");
    for empty in ["", "  ", ";", "-- nothing"] {
        refused(&client, empty, 400).await;
    }
    assert_eq!(rows(&client, "SHOW TABLES").await.iter().filter(|row| row[1] == "public").count(), 4);
    assert!(rows(&client, "DESCRIBE logs").await.len() > 10);
    let plan = rows(&client, "EXPLAIN SELECT body FROM logs WHERE time > now()").await;
    assert!(plan.iter().any(|row| row[1].as_str().unwrap().contains("ScanExec: table=logs")), "{plan:?}");
}
