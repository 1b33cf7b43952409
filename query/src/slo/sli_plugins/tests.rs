use super::*;
use crate::slo::model::{Counted, Indicator};
use crate::slo::parse;

fn indicator(plugin: &str) -> String {
    let text = format!(
        "version: prometheus/v1\nservice: shop\nlabels: {{owner: o, tier: 1}}\nslos: [{{name: a, objective: 99.9, sli: {{plugin: {plugin}}}}}]\n"
    );
    let slo = parse("s.yml", &text).unwrap_or_else(|problems| panic!("{problems:#?}")).remove(0);
    match slo.indicator {
        Indicator::Ratio { counted: Counted::Bad(bad), total } => format!("{} of {}", bad.expr, total.expr),
        Indicator::Share { events, is_bad: true } => events.expr,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_built_in_is_right() {
    let text = include_str!("common.yml");
    let read = read(Document { text, lines_before: 0 });
    let read = read.unwrap_or_else(|problems| panic!("{problems:#?}"));
    assert_eq!((read.len(), BUILT_IN.len()), (23, 23));
}

#[test]
fn options_are_put_into_queries() {
    let of = |plugin: &str, expect: &str| assert_eq!(indicator(plugin), expect);
    of(
        r#"{id: getting_started_availability, options: {job: api, filter: 'f1="v1",f2="v2"'}}"#,
        r#"sum(rate(http_request_duration_seconds_count{ f1="v1",f2="v2", job="api", code=~"5..|429" }[{{.window}}])) of sum(rate(http_request_duration_seconds_count{ f1="v1",f2="v2", job="api" }[{{.window}}]))"#,
    );
    of(
        "{id: sloth-common/traefik/v2/availability, options: {service_name_regex: '^web-.*'}}",
        r#"sum(rate(traefik_service_requests_total{  service=~"^web-.*", code=~"5.." }[{{.window}}])) of sum(rate(traefik_service_requests_total{  service=~"^web-.*" }[{{.window}}]))"#,
    );
    of("{id: sloth_common/noop}", "vector(0)");
    of(
        "{id: sloth-common/fake, options: {burn_rate: 2}}",
        "vector(0.001 * 2) * (1 + 0 / 100 * (abs(minute() % 15 - 7) / 3.5 - 1))",
    );
    // The option and not the file's service.
    let istio = indicator("{id: sloth-common/istio/v1/availability, options: {service: cart, namespace: n}}");
    assert!(istio.contains(r#"destination_service_name="cart""#), "{istio}");
    let flag = |flag: &str| {
        let options = format!("bucket: 0.1, filter: 'a=\"b\"', exclude_errors: {flag}");
        indicator(&format!("{{id: sloth-common/slok-go-http-metrics/latency, options: {{{options}}}}}"))
            .contains(r#"code!~"5..""#)
    };
    assert!(flag("true") && !flag("false"));
}
