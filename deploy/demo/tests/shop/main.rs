//! The whole shop in its seven processes, watched by an OTLP receiver: what a person at the demo sees.

// Functions around the tests fail the test too, and clippy's own exception is for the tests alone.
#![allow(clippy::unwrap_used)]

mod receiver;

use std::{
    path::Path,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use ocelli_shop::{Output, Shop, ShopOptions, spawn_all};
use receiver::{Receiver, Seen, tree};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

/// Long enough for seven cold processes on a busy machine.
const START_LIMIT: Duration = Duration::from_secs(30);

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const CALLER: &str = "b7ad6b7169203331";

/// What one order of one line leaves behind, siblings by their start.
const ORDER_TRACE: &str = "\
gateway server POST /api/orders
  gateway client POST /sessions/verify
    auth server POST /sessions/verify
      auth client SELECT sessions customers
  gateway client POST /orders
    order server POST /orders
      order internal validate order
      order client INSERT orders
      order client INSERT order_lines
      order client POST /reservations
        inventory server POST /reservations
          inventory client UPDATE products
          inventory client INSERT reservations
      order client UPDATE orders
  gateway client POST /payments
    payment server POST /payments
      payment client POST /v1/charges
  gateway client POST /orders/{id}/confirm
    order server POST /orders/{id}/confirm
      order client UPDATE orders
      order producer send order-events
        notification consumer process order-events
          notification internal render notification
          notification client INSERT notifications
";

/// A started shop, its receiver, and every line it wrote.
struct Started {
    shop: Shop,
    receiver: Receiver,
    lines: Arc<Mutex<Vec<(&'static str, String)>>>,
    client: reqwest::Client,
    _data: tempfile::TempDir,
}

impl Started {
    async fn new(rate: f64) -> Self {
        let receiver = Receiver::start().await;
        let data = tempfile::tempdir().unwrap();
        let options = ShopOptions {
            base_port: 0,
            data_dir: data.path().to_owned(),
            otlp_endpoint: receiver.endpoint.clone(),
            rate,
            ..ShopOptions::default()
        };
        let mut shop = spawn_all(Path::new(env!("CARGO_BIN_EXE_ocelli-shop")), &options).unwrap();
        let lines = Arc::new(Mutex::new(Vec::new()));
        for Output { service, stdout, stderr } in shop.take_outputs() {
            keep_lines(service, stdout, &lines);
            keep_lines(service, stderr, &lines);
        }
        if let Err(error) = shop.ready(START_LIMIT).await {
            panic!("{error}: {:#?}", lines.lock().unwrap());
        }
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Started { shop, receiver, lines, client, _data: data }
    }

    async fn log_in(&self, customer: i64, passphrase: &str) -> String {
        let login = json!({"email": format!("customer{customer}@shop.example"), "passphrase": passphrase});
        let response = self.post("/api/login", &login, None).await;
        response.json::<Value>().await.unwrap()["token"].as_str().unwrap().to_owned()
    }

    async fn post(&self, path: &str, body: &Value, token: Option<&str>) -> reqwest::Response {
        let mut request = self.client.post(format!("{}{path}", self.shop.gateway_url())).json(body);
        if let Some(token) = token {
            request = request.bearer_auth(token).header("traceparent", format!("00-{TRACE}-{CALLER}-01"));
        }
        request.send().await.unwrap()
    }

    async fn switch(&self, fault: &str, state: &'static str) {
        let url = format!("{}/{fault}", self.shop.faults_url());
        let response = self.client.post(url).body(state).send().await.unwrap();
        let status = response.status();
        let body: Value = response.json().await.unwrap();
        assert_eq!((status.as_u16(), &body["on"]), (200, &json!(state == "on")), "{body}");
    }

    fn lines_of(&self, service: &str) -> Vec<Value> {
        let lines = self.lines.lock().unwrap();
        let of_service = lines.iter().filter(|(name, _)| *name == service);
        of_service
            .map(|(_, line)| serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}")))
            .collect()
    }
}

fn keep_lines(
    service: &'static str,
    source: impl AsyncRead + Send + Unpin + 'static,
    lines: &Arc<Mutex<Vec<(&'static str, String)>>>,
) {
    let lines = Arc::clone(lines);
    tokio::spawn(async move {
        let mut source = BufReader::new(source).lines();
        while let Some(line) = source.next_line().await.unwrap() {
            lines.lock().unwrap().push((service, line));
        }
    });
}

fn order_of(sku: &str) -> Value {
    json!({"lines": [{"sku": sku, "quantity": 1}], "card": "4000000010000001"})
}

#[tokio::test(flavor = "multi_thread")]
async fn one_order_is_one_trace_through_the_shop() {
    let started = Started::new(0.0).await;
    let token = started.log_in(1, "ada likes film 1").await;
    let response = started.post("/api/orders", &order_of("strap"), Some(&token)).await;
    assert_eq!(response.status().as_u16(), 200);
    let receipt: Value = response.json().await.unwrap();
    assert_eq!((&receipt["order_id"], &receipt["total_cents"]), (&json!(5001), &json!(3450)));

    let expected = ORDER_TRACE.lines().count();
    let spans = started.receiver.trace(TRACE, expected).await;
    assert_eq!(tree(&spans, CALLER), ORDER_TRACE);

    let charge = spans.iter().find(|span| span.name == "POST /v1/charges").unwrap();
    assert_eq!(charge.attributes["server.address"], "api.payments.example");
    let query = spans.iter().find(|span| span.name == "INSERT orders").unwrap();
    assert_eq!(query.attributes["db.system.name"], "sqlite");
    assert_eq!(query.attributes["db.namespace"], "orders");
    assert!(query.attributes["db.query.text"].starts_with("INSERT INTO orders"));

    let placed = |line: &Value| line["fields"]["message"] == "order placed";
    let lines = started.lines_of("order");
    let line = lines.iter().find(|line| placed(line)).expect("order logs what it placed");
    assert_eq!((&line["trace_id"], &line["fields"]["order_id"]), (&json!(TRACE), &json!(5001)));
    let server = spans.iter().find(|span| span.service == "order" && span.kind == "server").unwrap();
    assert_eq!(line["span_id"], server.span_id);

    // What ended a moment ago is delivered by the end.
    started.log_in(2, "barbara likes film 2").await;
    let asked = Instant::now();
    let exits = started.shop.stop().await;
    // The shoppers end first, then all others: twice the two seconds that one process may take.
    assert!(asked.elapsed() < Duration::from_secs(4), "the shop took {:?} to end", asked.elapsed());
    for (name, exit) in exits {
        assert!(exit.as_ref().is_ok_and(std::process::ExitStatus::success), "{name} ended with {exit:?}");
    }
    let log_ins = started.receiver.spans().into_iter().filter(|span| span.name == "POST /login");
    assert_eq!(log_ins.filter(|span| span.service == "auth").count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_are_seen_in_the_traces() {
    let started = Started::new(0.0).await;
    let gold = started.log_in(4, "frances likes film 4").await;

    started.switch("payment-slow", "on").await;
    let response = started.post("/api/orders", &order_of("strap"), Some(&gold)).await;
    assert_eq!(response.status().as_u16(), 200);
    let charge = |span: &Seen| span.name == "POST /v1/charges";
    let slow = started.receiver.first(charge).await;
    assert!(slow.duration >= Duration::from_millis(1_500), "the charge took {:?}", slow.duration);
    started.switch("payment-slow", "off").await;

    // Two of five reservations fail: that thirty in a row pass has a chance of two in ten million.
    started.switch("inventory-errors", "on").await;
    let mut refused = false;
    for _ in 0..30 {
        let response = started.post("/api/orders", &order_of("film-400"), Some(&gold)).await;
        refused = response.status().as_u16() == 502;
        if refused {
            break;
        }
    }
    assert!(refused, "the fault was not seen");
    let broken = started.receiver.first(|span| span.name == "SELECT stock_ledger").await;
    assert!(broken.error.as_ref().is_some_and(|text| text.contains("no such table")), "{broken:?}");
    started.receiver.first(|span| span.name == "POST /api/orders" && span.error.is_some()).await;
    started.switch("inventory-errors", "off").await;

    started.switch("order-release", "on").await;
    let response = started.post("/api/orders", &order_of("strap"), Some(&gold)).await;
    assert_eq!(response.status().as_u16(), 502);
    let rules = started.receiver.first(|span| span.name == "apply price rules").await;
    assert_eq!((rules.service.as_str(), rules.version.as_str()), ("order", "1.5.0"));
    assert!(rules.error.is_some() && rules.duration >= Duration::from_millis(150), "{rules:?}");
    started.switch("order-release", "off").await;
    let response = started.post("/api/orders", &order_of("strap"), Some(&gold)).await;
    assert_eq!(response.status().as_u16(), 200, "1.4.0 is back");

    let unknown = format!("{}/coffee", started.shop.faults_url());
    let response = started.client.post(unknown).body("on").send().await.unwrap();
    assert_eq!(response.status().as_u16(), 404);
    assert!(response.text().await.unwrap().contains("payment-slow"), "the answer names the faults");
    started.shop.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn under_load_all_seven_services_are_heard() {
    let started = Started::new(40.0).await;
    for name in ocelli_shop::PROCESSES {
        started.receiver.first(|span| span.service == *name).await;
        started.receiver.points_of(name).await;
    }
    // The load's own span is the root, so that the trace shows the whole order.
    let order = started.receiver.first(|span| span.service == "load" && span.name == "place order").await;
    assert_eq!(order.parent_span_id, "");
    started.shop.stop().await;
}
