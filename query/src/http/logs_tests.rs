use super::super::testing::{Client, NOW};
use crate::logs::fixture::{self, Record, Value, filled};
use serde_json::json;

fn records() -> Vec<Record> {
    let record = |number: i64| Record {
        time: NOW - 60_000_000_000 + number * 1_000_000,
        severity: if number % 10 == 0 { 17 } else { 9 },
        body: format!("card {number} declined"),
        service: "payment".to_owned(),
        host: "h".to_owned(),
        attributes: vec![("order_id".to_owned(), Value::Int(5_000 + number))],
        trace_id: (number % 2 == 0).then_some([0xab; 16]),
    };
    (0..100).map(record).collect()
}

#[tokio::test]
async fn a_record_comes_back_with_its_types() {
    let (store, _directory) = filled(true, &records()).await;
    let client = Client::new(store);
    let body = client.ok("/api/logs?q=order_id:5040+%22card+40%22").await;
    let record = &body["records"][0];
    assert_eq!(body["records"].as_array().unwrap().len(), 1);
    assert_eq!(record["body"], json!({"stringValue": "card 40 declined"}));
    assert_eq!(record["attributes"], json!([{"key": "order_id", "value": {"intValue": "5040"}}]));
    assert_eq!(record["service"], "payment");
    assert_eq!(record["severity_number"], 17);
    assert_eq!(record["trace_id"], "ab".repeat(16));
    assert_eq!(record["time"], (NOW - 60_000_000_000 + 40_000_000).to_string());
    assert_eq!(record["resource"]["schema_url"], "https://schema/1");
    assert!(body.get("next_cursor").is_none());
}

#[tokio::test]
async fn pages_and_histogram() {
    let (store, _directory) = filled(true, &records()).await;
    let client = Client::new(store);
    let first = client.ok("/api/logs?q=level:error&limit=7").await;
    assert_eq!(first["records"][0]["body_text"], "card 90 declined");
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest = client.ok(&format!("/api/logs?q=level:error&limit=7&cursor={cursor}")).await;
    assert_eq!(rest["records"].as_array().unwrap().len(), 3);
    assert!(rest.get("next_cursor").is_none());
    let counts = client.ok("/api/logs/histogram?from=now-2m&buckets=120").await;
    assert_eq!(counts["total"], 100);
    assert_eq!(counts["step_ms"], 1_000);
    assert_eq!(counts["start_ms"].as_i64().unwrap() % 1_000, 0);
    let errors = counts["series"].as_array().unwrap().iter().find(|series| series["severity"] == "error");
    let errors: u64 = errors.unwrap()["counts"].as_array().unwrap().iter().filter_map(|n| n.as_u64()).sum();
    assert_eq!(errors, 10);
}

#[tokio::test]
async fn mistakes_are_400_with_place_and_parameter() {
    let (store, _directory) = fixture::store(true).await;
    let client = Client::new(store);
    let error = client.error("/api/logs?q=level:error+(card", 400).await;
    assert_eq!((&error["code"], &error["offset"]), (&json!("bad_query"), &json!(12)));
    assert!(error["message"].as_str().unwrap().contains("parenthesis that opens here is not closed"));
    for (query, parameter) in [
        ("limit=10001", "limit"),
        ("limit=x", "limit"),
        ("cursor=x", "cursor"),
        ("from=yesterday", "from"),
        ("from=now&to=now-1h", "from"),
    ] {
        let error = client.error(&format!("/api/logs?{query}"), 400).await;
        assert_eq!(error["parameter"], parameter, "{query}: {error}");
    }
    let error = client.error("/api/logs/histogram?buckets=501", 400).await;
    assert_eq!(error["message"], "buckets: '501' is not a number from 1 to 500");
    let empty = client.ok("/api/logs").await;
    assert_eq!(empty["records"], json!([]));
}

#[tokio::test]
async fn newer_pages_and_context() {
    let (store, _directory) = filled(true, &records()).await;
    let client = Client::new(store);
    let first = client.ok("/api/logs?limit=10").await;
    let second =
        client.ok(&format!("/api/logs?limit=10&cursor={}", first["next_cursor"].as_str().unwrap())).await;
    let back = second["previous_cursor"].as_str().unwrap();
    let again = client.ok(&format!("/api/logs?limit=10&direction=newer&cursor={back}")).await;
    assert_eq!(again["records"], first["records"]);
    // Nothing is newer yet; the same cursor finds what comes.
    let newest = again["previous_cursor"].as_str().unwrap();
    let none = client.ok(&format!("/api/logs?direction=newer&cursor={newest}")).await;
    assert_eq!((&none["records"], &none["previous_cursor"]), (&json!([]), &json!(newest)));
    let record = &second["records"][3];
    let id = record["id"].as_str().unwrap();
    let around = client.ok(&format!("/api/logs/context?id={id}&before=2&after=3")).await;
    assert_eq!(around["record"], *record);
    assert_eq!(around["before"], json!(second["records"].as_array().unwrap()[4..6]));
    assert_eq!(around["after"], json!(second["records"].as_array().unwrap()[0..3]));
    assert_eq!(client.error("/api/logs/context?id=5-ab", 404).await["code"], "not_found");
    assert_eq!(client.error("/api/logs/context?id=x", 400).await["parameter"], "id");
    assert_eq!(client.error("/api/logs/context", 400).await["parameter"], "id");
    assert_eq!(client.error("/api/logs?direction=up", 400).await["parameter"], "direction");
}

#[tokio::test]
async fn figures_by_field() {
    let (store, _directory) = filled(true, &records()).await;
    let client = Client::new(store);
    let answer = client.ok("/api/logs/stats?q=card+|+stats+count(),max(order_id)+by+(level)").await;
    assert_eq!(answer["rows"], json!([["info", 90, 5099.0], ["error", 10, 5090.0]]));
    assert_eq!(answer["columns"][1], json!({"name": "count()", "kind": "figure", "approximate": false}));
    let error = client.error("/api/logs/stats?q=card+|+stats+cuont()", 400).await;
    assert_eq!((&error["code"], &error["offset"]), (&json!("bad_query"), &json!(13)));
    assert!(error["message"].as_str().unwrap().contains("did you mean count?"));
    let error = client.error("/api/logs?q=card+|+stats+count()", 400).await;
    assert_eq!(error["offset"], 5);
}

#[tokio::test]
async fn a_question_that_finds_nothing_is_told_what_may_be_wrong() {
    let (store, _directory) = filled(true, &records()).await;
    let client = Client::new(store);
    let answer = client.ok("/api/logs?q=ordre_id:5040+-severity:x").await;
    assert_eq!(answer["hints"], json!({"unknown_fields": [{"name": "ordre_id", "near": ["order_id"]}]}));
    assert!(client.ok("/api/logs?q=order_id:1").await.get("hints").is_none());
    let answer = client.ok("/api/logs/stats?q=|+stats+avg(order_ids)").await;
    assert_eq!(answer["hints"]["unknown_fields"][0]["near"], json!(["order_id"]));
    let before = client.ok("/api/logs?from=now-2d&to=now-1d").await;
    assert_eq!(before["hints"], json!({"nearest_after": (NOW - 60_000_000_000).to_string()}));
    let after = client.ok("/api/logs?from=now-5s&to=now").await;
    assert_eq!(after["hints"], json!({"nearest_before": (NOW - 60_000_000_000 + 99_000_000).to_string()}));
}

#[tokio::test]
async fn facets_and_histogram_by_a_field() {
    let (store, _directory) = filled(true, &records()).await;
    let client = Client::new(store);
    let answer = client.ok("/api/logs/facets?q=card&fields=level,order_id,nowhere&limit=1").await;
    assert_eq!((&answer["records"], &answer["sampled"]), (&json!(100), &json!(false)));
    let level = json!({"field": "level", "values": [{"value": "info", "count": 90}], "other": 10, "missing": 0, "distinct": 2, "more": false});
    assert_eq!(answer["facets"][0], level);
    assert_eq!(answer["facets"][1]["distinct"], 100);
    assert_eq!(answer["facets"][2]["missing"], 100);
    let many = vec!["a"; 51].join(",");
    assert_eq!(client.error(&format!("/api/logs/facets?fields={many}"), 400).await["parameter"], "fields");
    let by = client.ok("/api/logs/histogram?from=now-2m&by=level&top=1").await;
    assert_eq!((&by["by"], &by["total"]), (&json!("level"), &json!(100)));
    let sum = |counts: &serde_json::Value| {
        counts.as_array().unwrap().iter().filter_map(|n| n.as_u64()).sum::<u64>()
    };
    assert_eq!(
        (&by["values"][0]["value"], sum(&by["values"][0]["counts"]), sum(&by["other"])),
        (&json!("info"), 90, 10)
    );
    let by = client.ok("/api/logs/histogram?by=nowhere").await;
    assert!(by["values"][0].get("value").is_none() && sum(&by["values"][0]["counts"]) == 100);
}

#[tokio::test]
async fn patterns_since_a_time() {
    let (store, _directory) = filled(true, &records()).await;
    let client = Client::new(store);
    let answer = client.ok("/api/logs/patterns?from=now-2m&since=now-2m").await;
    assert_eq!(answer["patterns"][0]["template"], "card <*> declined");
    assert_eq!(
        (&answer["patterns"][0]["count"], &answer["patterns"][0]["change"]),
        (&json!(100), &json!("new"))
    );
    assert!(client.ok("/api/logs/patterns").await["patterns"][0].get("change").is_none());
    assert_eq!(client.error("/api/logs/patterns?since=soon", 400).await["parameter"], "since");
    let error = client.error("/api/logs/patterns?since_release=payment@9", 400).await;
    assert_eq!(error["parameter"], "since_release", "{error}");
    let both = client.error("/api/logs/patterns?since_release=9&since=now-1m", 400).await;
    assert_eq!(both["message"], "since_release: stands instead of since");
}

#[tokio::test]
async fn a_frequent_value_that_comes_late_is_not_among_the_others() {
    let record = |number: i64| Record {
        time: NOW - 60_000_000_000 + number * 1_000_000,
        attributes: vec![(
            "user".to_owned(),
            Value::Text(if number < 1_500 { format!("u{number}") } else { "late".to_owned() }),
        )],
        ..Record::default()
    };
    let (store, _directory) = filled(true, &(0..1_700).map(record).collect::<Vec<_>>()).await;
    let client = Client::new(store);
    let by = client.ok("/api/logs/histogram?from=now-2m&by=user&top=2").await;
    let sum = |counts: &serde_json::Value| -> u64 {
        counts.as_array().unwrap().iter().filter_map(|count| count.as_u64()).sum()
    };
    let found: Vec<_> =
        by["values"].as_array().unwrap().iter().map(|v| (&v["value"], sum(&v["counts"]))).collect();
    assert_eq!(found, [(&json!("late"), 200), (&json!("u0"), 1)]);
    assert_eq!((&by["total"], sum(&by["other"])), (&json!(1_700), 1_499));
}

#[tokio::test]
async fn patterns_since_a_release() {
    use ocelli_signal::logs::{BodyKind, LogRow, LogsBuilder};
    use ocelli_signal::{AnyValue, Batch, Signal, attributes, origin, wire::Writer};

    let (store, _directory) = fixture::store(true).await;
    let mut builder = LogsBuilder::new();
    for number in 0..100i64 {
        let (service, version) =
            (["cart", "shop"][number as usize % 2], if number < 60 { "1.4.1" } else { "1.4.2" });
        let mut message = Writer::new();
        for (key, value) in [("service.name", service), ("service.version", version)] {
            attributes::put_pair(&mut message, 1, key, &AnyValue::String(value));
        }
        builder.set_resource(&origin::encode(message.as_bytes(), ""));
        let body = if number < 70 { "all is well" } else { "cache is cold now" };
        let time = NOW - 60_000_000_000 + number * 1_000_000;
        builder.push(&LogRow { time, body, body_kind: BodyKind::String, ..LogRow::default() });
    }
    store.append(fixture::TENANT, Batch { signal: Signal::Logs, rows: builder.finish() }).await.unwrap();
    let client = Client::new(store);
    for (release, first) in [("1.4.2", 60), ("cart@1.4.2", 60), ("shop@1.4.2", 61)] {
        let answer = client.ok(&format!("/api/logs/patterns?from=now-2m&since_release={release}")).await;
        assert_eq!(answer["since"], (NOW - 60_000_000_000 + first * 1_000_000).to_string(), "{release}");
        let kinds: Vec<_> =
            answer["patterns"].as_array().unwrap().iter().map(|p| (&p["template"], &p["change"])).collect();
        assert_eq!(kinds[0], (&json!("cache is cold now"), &json!("new")), "{kinds:?}");
    }
}
