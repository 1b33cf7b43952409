use crate::http::testing::{Client, NOW};
use crate::metrics::fixture::store;
use serde_json::{Value, json};

/// Percent-encodes what a query needs.
fn encoded(query: &str) -> String {
    form_urlencoded::byte_serialize(query.as_bytes()).collect()
}

async fn instant(client: &Client, query: &str) -> Value {
    let mut body = client.ok(&format!("/prometheus/api/v1/query?query={}", encoded(query))).await;
    assert_eq!(body["status"], "success");
    body["data"].take()
}

#[tokio::test]
async fn every_kind_of_metric_can_be_asked() {
    for flushed in [false, true] {
        let (store, _directory) = store(flushed).await;
        let client = Client::new(store);
        let at = NOW / 1_000_000_000;
        for (query, expect) in [
            (
                "cpu_utilization_ratio",
                json!([{"metric": {"__name__": "cpu_utilization_ratio", "job": "probe", "k": "v"}, "value": [at, "0.25"]}]),
            ),
            ("sum(requests_total)", json!([{"metric": {}, "value": [at, "9223372036854776000"]}])),
            (
                "wait_seconds_bucket{le=\"1\"} - ignoring(le) wait_seconds_bucket{le=\"0.5\"}",
                json!([{"metric": {"job": "probe", "k": "v"}, "value": [at, "2"]}]),
            ),
            (
                "histogram_quantile(0.5, wait_seconds_bucket)",
                json!([{"metric": {"job": "probe", "k": "v"}, "value": [at, "1"]}]),
            ),
            (
                "sum(size_bytes{quantile=\"0.5\"}) + sum(size_bytes_count)",
                json!([{"metric": {}, "value": [at, "4.25"]}]),
            ),
            (
                "target_info{job=\"probe\"}",
                json!([{"metric": {"__name__": "target_info", "host_name": "h1", "job": "probe"}, "value": [at, "1"]}]),
            ),
            (
                "round(sum by (service_name) (increase(traces_span_metrics_calls_total{span_kind=\"SPAN_KIND_SERVER\", status_code=\"STATUS_CODE_UNSET\"}[1m])))",
                json!([{"metric": {"service_name": "shop"}, "value": [at, "120"]}]),
            ),
            (
                "histogram_count(sum(traces_span_metrics_duration_seconds{service_name=\"bank\"}))",
                json!([{"metric": {}, "value": [at, "240"]}]),
            ),
        ] {
            let data = instant(&client, query).await;
            assert_eq!(data, json!({"resultType": "vector", "result": expect}), "{query}");
        }
        assert_eq!(instant(&client, "1+1").await, json!({"resultType": "scalar", "result": [at, "2"]}));
        let by_otlp_name = instant(&client, "{\"cpu.utilization\"}").await;
        assert_eq!(by_otlp_name["result"][0]["metric"]["__name__"], "cpu_utilization_ratio");
    }
}

#[tokio::test]
async fn a_range_query_has_a_value_a_step() {
    let (store, _directory) = store(true).await;
    let client = Client::new(store);
    let end = NOW / 1_000_000_000;
    let query = encoded("histogram_quantile(0.95, sum(rate(traces_span_metrics_duration_seconds[30s])))");
    let uri = format!("/prometheus/api/v1/query_range?query={query}&start={}&end={end}&step=15", end - 60);
    let body = client.ok(&uri).await;
    let values = body["data"]["result"][0]["values"].as_array().unwrap();
    assert_eq!(values.len(), 5, "{body}");
    let last: f64 = values[4][1].as_str().unwrap().parse().unwrap();
    assert!((0.088..0.125).contains(&last), "{last}");
    let uri = uri.replace(&query, "traces_span_metrics_duration_seconds");
    let native = client.ok(&uri).await;
    assert!(native["data"]["result"][0]["histograms"][0][1]["buckets"][0].is_array(), "{native}");
}

#[tokio::test]
async fn wrong_requests_are_told_as_prometheus_does() {
    let (store, _directory) = store(false).await;
    let client = Client::new(store);
    for (uri, status, kind, text) in [
        (
            "query?query=foo{",
            400,
            "bad_data",
            "invalid parameter \"query\": 1:5: parse error: unexpected end of input",
        ),
        ("query?query=", 400, "bad_data", "no expression found in input"),
        (
            "query?query=start_timestamp(1)",
            400,
            "bad_data",
            "expected type instant vector in call to function",
        ),
        ("query?query=up&time=soon", 400, "bad_data", "cannot parse \"soon\" to a valid timestamp"),
        ("query_range?query=up&start=0&end=10&step=0", 400, "bad_data", "zero or negative query resolution"),
        ("query_range?query=up&start=10&end=0&step=1", 400, "bad_data", "must not be before start"),
        ("query_range?query=up&start=0&end=11001&step=1", 400, "bad_data", "11000 points per timeseries"),
        ("query_range?query=up&start=0&end=10", 400, "bad_data", "invalid parameter \"step\": is missing"),
        (
            "query_range?query=foo[5m]&start=0&end=10&step=1",
            400,
            "bad_data",
            "must be Scalar or instant Vector",
        ),
        (
            "query?query={__name__=~%22traces.%2B%22}%2Bon()vector(1)",
            422,
            "execution",
            "many-to-one matching must be explicit",
        ),
        (
            "query_range?query=up&start=0&end=10&step=0.000000001",
            400,
            "bad_data",
            "invalid parameter \"step\": zero or negative query resolution",
        ),
        ("query_range?query=up&start=0&end=10&step=-1", 400, "bad_data", "zero or negative query resolution"),
        ("query?query=up&limit=-1", 400, "bad_data", "invalid parameter \"limit\""),
        ("query?query=up&timeout=soon", 400, "bad_data", "invalid parameter \"timeout\": cannot parse"),
        ("query_exemplars?query=up{&start=0&end=1", 400, "bad_data", "1:4: parse error"),
        ("query_exemplars?query=up&start=2&end=1", 400, "bad_data", "must not be before start"),
        ("format_query?query=up{", 400, "bad_data", "1:4: parse error: unexpected end of input"),
        ("parse_query", 400, "bad_data", "no expression found in input"),
        ("series", 400, "bad_data", "no match[] parameter"),
        ("series?match[]=1", 400, "bad_data", "expected a series selector"),
    ] {
        let uri = format!("/prometheus/api/v1/{uri}");
        let (found, body) = client.get(&uri).await;
        assert_eq!((found, body["errorType"].as_str()), (status, Some(kind)), "{uri}: {body}");
        assert!(body["error"].as_str().unwrap().contains(text), "{uri}: {body}");
    }
}

#[tokio::test]
async fn labels_and_series() {
    let (store, _directory) = store(true).await;
    let client = Client::new(store);
    let names = client.ok("/prometheus/api/v1/labels?match[]=wait_seconds_bucket").await;
    assert_eq!(names["data"], json!(["__name__", "job", "k", "le"]));
    let values = client.ok("/prometheus/api/v1/label/service_name/values").await;
    assert_eq!(values["data"], json!(["bank", "shop"]));
    let values = client.ok("/prometheus/api/v1/label/__name__/values?limit=2").await;
    assert_eq!(values["data"].as_array().unwrap().len(), 2);
    assert_eq!(values["warnings"][0], "results truncated due to limit");
    let series = client.ok("/prometheus/api/v1/series?match[]=wait_seconds_bucket&match[]=up").await;
    assert_eq!(series["data"].as_array().unwrap().len(), 3);
    let metadata = client.ok("/prometheus/api/v1/metadata?metric=requests_total").await;
    let expect = json!({"requests_total": [{"type": "counter", "help": "about requests", "unit": ""}]});
    assert_eq!(metadata["data"], expect);
    let build = client.ok("/prometheus/api/v1/status/buildinfo").await;
    assert!(build["data"]["version"].is_string());
}

#[tokio::test]
async fn a_form_body_asks_too() {
    let (store, _directory) = store(false).await;
    let client = Client::new(store);
    let body = client.form("/prometheus/api/v1/query", "query=vector(1)%2Bvector(1)&time=100").await;
    assert_eq!(body["data"]["result"][0]["value"], json!([100, "2"]));
}

#[tokio::test]
async fn the_limit_cuts_with_a_warning() {
    let (store, _directory) = store(true).await;
    let client = Client::new(store);
    let end = NOW / 1_000_000_000;
    let query = encoded("{job=\"probe\"}");
    for uri in [
        format!("query?query={query}"),
        format!("query_range?query={query}&start={}&end={end}&step=5", end - 10),
        format!("series?match[]={query}"),
    ] {
        let uri = format!("/prometheus/api/v1/{uri}");
        let length = |body: &Value| {
            let list = if body["data"].is_array() { &body["data"] } else { &body["data"]["result"] };
            list.as_array().unwrap().len()
        };
        let all = client.ok(&uri).await;
        assert!(length(&all) > 3 && all["warnings"].is_null(), "{all}");
        let some = client.ok(&format!("{uri}&limit=3")).await;
        assert_eq!(
            (length(&some), some["warnings"][0].as_str()),
            (3, Some("results truncated due to limit"))
        );
        let enough = client.ok(&format!("{uri}&limit={}", length(&all))).await;
        assert!(enough["warnings"].is_null(), "{enough}");
    }
}

#[tokio::test]
async fn stats_tell_what_was_touched_and_read() {
    let (store, _directory) = store(true).await;
    let client = Client::new(store);
    let end = NOW / 1_000_000_000;
    let query = encoded("rate(traces_span_metrics_calls_total{service_name=\"bank\"}[10s])");
    let uri = format!("/prometheus/api/v1/query_range?query={query}&start={}&end={end}&step=5", end - 10);
    assert!(client.ok(&uri).await["data"]["stats"].is_null());
    let body = client.ok(&format!("{uri}&stats=all")).await;
    let stats = &body["data"]["stats"];
    // A point every five seconds, and windows of ten that are open at their start.
    let steps = json!([[(end - 10) as f64, 2], [(end - 5) as f64, 2], [end as f64, 2]]);
    assert_eq!(stats["samples"]["totalQueryableSamplesPerStep"], steps, "{stats}");
    assert_eq!(stats["samples"]["totalQueryableSamples"], 6);
    let read = |name: &str| stats["scanned"][name].as_u64().unwrap();
    assert!(stats["samples"]["peakSamples"].as_u64().unwrap() >= 4, "{stats}");
    assert!(read("points") >= 4 && read("bytes") >= 16 * read("points"), "{stats}");
    assert!(stats["timings"]["execTotalTime"].as_f64().unwrap() > 0.0, "{stats}");
    let sums = client.ok(&format!("{uri}&stats=true")).await;
    assert!(sums["data"]["stats"]["samples"]["totalQueryableSamplesPerStep"].is_null());
    // What depends on no time is looked at once, and counts at every step.
    let query = encoded("sum(wait_seconds_bucket @ end())");
    let uri = format!("/prometheus/api/v1/query_range?query={query}&start={}&end={end}&step=5", end - 10);
    let body = client.ok(&format!("{uri}&stats=1")).await;
    assert_eq!(body["data"]["stats"]["samples"]["totalQueryableSamples"], 9, "{body}");
}

#[tokio::test]
async fn exemplars_of_the_series_that_selectors_find() {
    for flushed in [false, true] {
        let (store, _directory) = store(flushed).await;
        let client = Client::new(store);
        let end = NOW / 1_000_000_000;
        let ask = |query: &str, start: i64, end: i64| {
            format!("/prometheus/api/v1/query_exemplars?query={}&start={start}&end={end}", encoded(query))
        };
        let query = "histogram_quantile(0.9, sum by (le) (rate(wait_seconds_bucket{k=\"v\"}[5m]))) or wait_seconds_bucket{k=\"v\"}";
        let body = client.ok(&ask(query, end - 60, end)).await;
        let labels = json!({"trace_id": "01".repeat(16), "span_id": "02".repeat(8)});
        let expect = json!([{
            "seriesLabels": {"__name__": "wait_seconds_bucket", "job": "probe", "k": "v", "le": "0.5"},
            "exemplars": [{"labels": labels, "value": "0.1", "timestamp": end - 12}],
        }]);
        assert_eq!(body["data"], expect);
        for (query, start, end) in [
            ("wait_seconds_bucket{k=\"other\"}", end - 60, end),
            ("wait_seconds_bucket{le=\"1\"}", end - 60, end),
            ("wait_seconds_count", end - 60, end),
            ("wait_seconds_bucket", end - 60, end - 13),
            ("wait_seconds_bucket", end - 11, end),
            ("1 + 1", end - 60, end),
        ] {
            assert_eq!(client.ok(&ask(query, start, end)).await["data"], json!([]), "{query}");
        }
        // The exemplar was taken before its point.
        assert_eq!(client.ok(&ask("wait_seconds_bucket", end - 60, end - 12)).await["data"], expect);
        let native = "rate(traces_span_metrics_duration_seconds{service_name=\"bank\"}[1m])";
        let body = client.ok(&ask(native, end - 9, end)).await;
        assert_eq!(body["data"][0]["exemplars"].as_array().map(Vec::len), Some(2), "{body}");
    }
}

#[tokio::test]
async fn what_clients_ask_besides_has_the_right_shape() {
    let (store, _directory) = store(false).await;
    let client = Client::new(store);
    for (path, pointer, expect) in [
        ("targets", "/activeTargets", json!([])),
        ("targets", "/droppedTargetCounts", json!({})),
        ("targets/metadata", "", json!([])),
        ("scrape_pools", "/scrapePools", json!([])),
        ("alertmanagers", "/activeAlertmanagers", json!([])),
        ("status/config", "/yaml", json!("")),
        ("format_query?query=sum(up)by(job)", "", json!("sum by (job) (up)")),
        ("parse_query?query=up%2B1", "/rhs/val", json!("1")),
        ("status/flags", "/query.lookback-delta", json!("5m")),
        (
            "metadata?limit=0&limit_per_metric=1&metric=requests_total",
            "/requests_total/0/type",
            json!("counter"),
        ),
        (
            "labels?start=-9223309901257974&end=9223309901257974&match[]=wait_seconds_bucket",
            "/3",
            json!("le"),
        ),
    ] {
        let body = client.ok(&format!("/prometheus/api/v1/{path}")).await;
        assert_eq!(body["data"].pointer(pointer), Some(&expect), "{path}: {body}");
    }
}

#[tokio::test]
async fn status_tsdb_tells_what_costs_most() {
    for flushed in [false, true] {
        let (store, _directory) = store(flushed).await;
        let client = Client::new(store);
        let costs = client.ok("/api/metrics/cardinality?from=now-2h").await;
        let body = client.ok("/prometheus/api/v1/status/tsdb?limit=2").await;
        let data = &body["data"];
        assert_eq!(data["headStats"]["numSeries"], costs["total"]["series"], "{body}");
        let label = &costs["labels"][0];
        let expect = json!({ "name": label["name"], "value": label["values"] });
        assert_eq!(data["labelValueCountByLabelName"][0], expect);
        let pair = &costs["pairs"][0];
        let name = format!("{}={}", pair["name"].as_str().unwrap(), pair["value"].as_str().unwrap());
        let expect = json!({ "name": name, "value": pair["cost"]["series"] });
        assert_eq!(data["seriesCountByLabelValuePair"][0], expect);
        for list in ["seriesCountByMetricName", "memoryInBytesByLabelName"] {
            let values: Vec<u64> =
                data[list].as_array().unwrap().iter().map(|of| of["value"].as_u64().unwrap()).collect();
            assert!(values.len() == 2 && values[0] >= values[1] && values[1] > 0, "{body}");
        }
        client.error("/prometheus/api/v1/status/tsdb?limit=0", 400).await;
    }
}
