//! Other tools read the files: each piece of SQL and Python in docs/data.md is run as it stands there,
//! by DuckDB and pandas, on what the real binary wrote.

use crate::harness::otlp::*;
use crate::harness::process::run;
use crate::harness::server::Settings;
use crate::harness::{installed, now_ns};
use serde_json::{Value, json};
use std::process::Command;
use std::time::Duration;

/// Enough for frequent attributes to have columns of their own.
const SPANS: u64 = 200;

/// Checkouts, of which every tenth failed, and the first has an order's number.
fn checkouts(now: u64) -> Vec<Span> {
    let checkout = |n: u64| {
        let mut attributes = vec![
            attribute("http.route", text("/api/checkout")),
            attribute("http.response.status_code", int(if n.is_multiple_of(10) { 500 } else { 200 })),
        ];
        if n == 0 {
            attributes.push(attribute("order.id", text("o-5001")));
        }
        let made = span(u128::from(n) + 1, n + 1, 0, "POST /api/checkout", now - n * MS, (n + 1) * MS);
        let made = with(made, attributes);
        if n.is_multiple_of(10) { failed(made, "card declined") } else { made }
    };
    (0..SPANS).map(checkout).collect()
}

fn queue(now: u64) -> ExportMetricsServiceRequest {
    let point = |n: u64, name: &str| {
        let attributes = vec![attribute("queue", text(name))];
        NumberDataPoint { attributes, ..int_point(now + n * MS, n as i64) }
    };
    gauge("shop", "shop.queue.length", vec![point(1, "mail"), point(2, "print"), point(3, "mail")])
}

/// What the pieces gave, in the order of the page.
fn read(folder: &std::path::Path) -> Vec<Value> {
    let root = env!("CARGO_MANIFEST_DIR");
    let mut python = Command::new(installed("OCELLI_TEST_PYTHON"));
    python.env("PYTHONDONTWRITEBYTECODE", "1").current_dir(folder);
    python.arg(format!("{root}/tests/e2e/clients/python/read_data.py")).arg(format!("{root}/docs/data.md"));
    let ended = run(&mut python, b"", Duration::from_secs(120));
    assert!(ended.status.success(), "{}", ended.stderr);
    serde_json::from_str(&ended.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn duckdb_and_pandas_read_the_files_as_the_page_says() {
    let server = Settings::serve().start().await;
    let now = now_ns();
    server.sender().send(&traces("shop", checkouts(now))).await;
    let declined = log(now, 17, "card declined for order o-5001");
    server.sender().send(&logs("shop", vec![declined, log(now - SECOND, 9, "order o-5000 paid")])).await;
    server.sender().send(&queue(now)).await;
    let data = server.data_dir();
    // All rows are in files after a stop.
    let stopped = server.stop();
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(&data, folder.path().join("ocelli-data")).unwrap();

    let answers = read(folder.path());
    let rows = |begin: &str| -> &Vec<Value> {
        let found = answers.iter().find(|answer| answer["text"].as_str().unwrap().contains(begin));
        found.unwrap_or_else(|| panic!("the page has no piece '{begin}'"))["rows"].as_array().unwrap()
    };
    let operation = json!({"service": "shop", "name": "POST /api/checkout", "spans": 200, "p99_ms": 198.0});
    assert_eq!(rows("-- The slowest operations"), &[operation]);
    let failed = rows("-- One day of failed spans");
    assert_eq!(failed.len() as u64, SPANS / 10);
    assert!(failed.iter().any(|row| row["trace_id"] == json!(trace_hex(1))), "{failed:?}");
    let found = rows("-- The newest log records");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["body"], json!("card declined for order o-5001"));
    let routes: Vec<_> = rows("-- Requests by route").iter().map(|row| &row["requests"]).collect();
    assert_eq!(routes, [&json!(180), &json!(20)]);
    let order = json!({"order_id": "o-5001", "name": "POST /api/checkout", "duration_ns": MS});
    assert_eq!(rows("-- An attribute wherever it is"), &[order]);
    let points: Vec<_> =
        rows("-- One metric with its labels").iter().map(|row| (&row["value"], &row["queue"])).collect();
    let (one, two, three) = (json!(1.0), json!(2.0), json!(3.0));
    let (mail, print) = (json!("mail"), json!("print"));
    assert_eq!(points, [(&one, &mail), (&two, &print), (&three, &mail)]);
    assert_eq!(rows("slowest = spans.groupby").len() as u64, SPANS);
    let queue: Vec<_> = rows("def with_labels").iter().map(|row| &row["value_int"]).collect();
    assert_eq!(queue, [&json!(1.0), &json!(2.0), &json!(3.0)]);
    drop(stopped);
}
