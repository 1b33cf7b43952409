use super::*;
use crate::promql::select::Selection;
use crate::promql::testing::TestStore;
use crate::promql::{Data, Query, run};
use crate::rules::template;
use crate::slo::model::DAY_MS;
use crate::slo::parse;
use crate::slo::shape::Shape;
use std::cell::RefCell;

const MINUTE: i64 = 60_000;

fn slo(yaml: &str) -> Slo {
    parse("slos.yml", &format!("slos: [{{name: a, objective: 99, {yaml}}}]")).unwrap().remove(0)
}

/// Evaluates the counts of every minute over series, and gives what two of them sum up to, as `total bad`.
fn check(yaml: &str, lines: &[&str], expect: &str) {
    let slo = slo(yaml);
    let store = RefCell::new(TestStore::default());
    lines.iter().for_each(|line| store.borrow_mut().load_line(line, 0, 15_000).unwrap());
    let [fast, _]: [Group; 2] = groups(&slo).try_into().unwrap();
    let (mut total, mut bad, mut seen) = (0.0, 0.0, 0);
    for minute in 1..=10 {
        let at = |name: &str| {
            let rule = fast.rules.iter().find(|rule| rule.name == name).unwrap();
            // The total as the slot has it stands for the series that the rule before has recorded.
            let expr = match seen_total(&fast, &store, minute) {
                Some(total) => {
                    rule.expr.replace(&format!("{TOTAL}{}", selector(&slo)), &format!("vector({total})"))
                }
                None => rule.expr.replace(&format!("{TOTAL}{}", selector(&slo)), "absent_total"),
            };
            value(&store, &expr, minute * MINUTE)
        };
        if let Some(value) = at(TOTAL) {
            (total, seen) = (total + value, seen + 1);
        }
        bad += at(BAD).unwrap_or_default();
    }
    assert_eq!(format!("{total} {bad} in {seen}"), expect, "{yaml}");
}

fn seen_total(group: &Group, store: &RefCell<TestStore>, minute: i64) -> Option<f64> {
    let rule = group.rules.iter().find(|rule| rule.name == TOTAL).unwrap();
    value(store, &rule.expr, minute * MINUTE)
}

fn value(store: &RefCell<TestStore>, expr: &str, time_ms: i64) -> Option<f64> {
    let mut select = |selection: &Selection| Ok(store.borrow().select(selection));
    let answer = run(&Query::instant(expr, time_ms), &mut select, &|| Ok(()))
        .unwrap_or_else(|why| panic!("{expr}: {why}"));
    let Data::Vector(_, found) = answer.data else { panic!("{expr}") };
    assert!(found.len() < 2, "{expr}: {found:?}");
    found.first().and_then(|(_, sample)| sample.float())
}

const CALLS: &str = "traces_span_metrics_calls_total{service_name=\"s\",span_kind=\"SPAN_KIND_SERVER\"";

#[test]
fn counts_add_up_to_every_event_once() {
    let ok = format!("{CALLS},status_code=\"STATUS_CODE_UNSET\"}} 0+7x40");
    // The first failure comes late, and then the counter begins anew.
    let failed = format!("{CALLS},status_code=\"STATUS_CODE_ERROR\"}} _x9 0+1x20 0 2x9");
    check("availability: {service: s}", &[&ok, &failed], "302 22 in 10");
    check("availability: {service: s, kind: client}", &[&ok, &failed], "0 0 in 0");
    check(
        "ratio: {bad: 'sum(rate(b[{{.window}}]))', total: 'sum(rate(t[{{.window}}]))'}",
        &["b 0+1x40", "t 0+4x40"],
        "160 40 in 10",
    );
    check("ratio: {good: g_total, total: t_total}", &["g_total 0+3x40", "t_total 0+4x40"], "160 40 in 10");
    check("ratio: {bad: b_total, total: t_total}", &["t_total 0+4x40"], "160 0 in 10");
    check("ratio: {bad: b_total, total: t_total}", &["t_total 5x40"], "0 0 in 10");
    check("ratio: {bad: b_total, total: t_total}", &["b_total 0+1x40"], "0 0 in 0");
}

#[test]
fn slow_spans_are_counted_in_native_histograms() {
    let of = "traces_span_metrics_duration_seconds{service_name=\"s\",span_kind=\"SPAN_KIND_SERVER\"}";
    // One below half a second and two above it, every quarter of a minute.
    let line = format!(
        "{of} {{{{schema:0 count:0 sum:0}}}}+{{{{schema:0 count:3 sum:3 offset:-1 buckets:[1 0 2]}}}}x40"
    );
    check("latency: {service: s, under: 500ms}", &[&line], "120 80 in 10");
    check("latency: {service: s, under: 4s}", &[&line], "120 0 in 10");
}

#[test]
fn no_traffic_burns_nothing_and_no_data_is_not_known() {
    let slo = slo("availability: {service: s}");
    let made = Made::new(&slo);
    let ratio = made.ratio(5 * MINUTE).expr;
    let at = |lines: &[String]| {
        let store = RefCell::new(TestStore::default());
        lines.iter().for_each(|line| store.borrow_mut().load_line(line, 0, MINUTE).unwrap());
        value(&store, &ratio, 5 * MINUTE)
    };
    let (total, bad) = (format!("{TOTAL}{}", selector(&slo)), format!("{BAD}{}", selector(&slo)));
    assert_eq!(at(&[format!("{total} 10x5"), format!("{bad} 0 1 0 0 4 0")]), Some(0.1));
    assert_eq!(at(&[format!("{total} 0x5"), format!("{bad} 0x5")]), Some(0.0));
    assert_eq!(at(&[]), None);
}

#[test]
fn a_burn_by_traffic_weighs_with_the_whole_window() {
    let mut slo = slo("availability: {service: s}, window: 1d");
    slo.shape = Shape { by_traffic: true, ..Shape::default() };
    // By day a hundred a minute, in the hour of the night one, of which half fail.
    let of_minute = |minute: i64| if minute > 120 { (1.0, 0.5) } else { (100.0, 0.0) };
    let series = |name: &str, pick: fn((f64, f64)) -> f64| {
        let values: Vec<String> = (0..=180).map(|minute| pick(of_minute(minute)).to_string()).collect();
        format!("{name}{} {}", selector(&slo), values.join(" "))
    };
    let store = RefCell::new(TestStore::default());
    for line in [series(TOTAL, |(total, _)| total), series(BAD, |(_, bad)| bad)] {
        store.borrow_mut().load_line(&line, 0, MINUTE).unwrap();
    }
    let made = Made::new(&slo);
    let at = |rule: &Rule| value(&store, &rule.expr, 180 * MINUTE).unwrap();
    let rules = made.of_window(60 * MINUTE);
    assert_eq!(rules[0].name, "slo:numerator_correction:ratio1h");
    let mean = (121.0 * 100.0 + 60.0) / 181.0;
    assert!((at(&rules[0]) - 1.0 / mean).abs() < 1e-12, "{}", at(&rules[0]));
    // Otherwise it would be a half.
    assert!((at(&rules[1]) - 0.5 / mean).abs() < 1e-12, "{}", at(&rules[1]));
    let whole = at(&made.of_window(DAY_MS)[1]);
    assert!((whole - 30.0 / (121.0 * 100.0 + 60.0)).abs() < 1e-12, "{whole}");
    // The API tells the same.
    let slots = (0..=180).map(|minute| {
        let (total, bad) = of_minute(minute);
        crate::slo::budget::Slot { time_ms: minute * MINUTE, total, bad }
    });
    let counts = crate::slo::budget::Counts::new(MINUTE, slots.collect()).by_traffic_of(DAY_MS);
    let told = counts.burn_rate(60 * MINUTE, 180 * MINUTE, 0.01).unwrap();
    assert!((told - 0.5 / mean / 0.01).abs() < 1e-9, "{told}");
    let whole_told = counts.burn_rate(DAY_MS, 180 * MINUTE, 0.01).unwrap();
    assert!((whole_told - whole / 0.01).abs() < 1e-9, "{whole_told}");
}

#[test]
fn totals_are_what_the_query_gives() {
    let mut slo = slo("ratio: {bad: 'sum(rate(b[{{.window}}]))', total: 'sum(rate(t[{{.window}}]))'}");
    slo.shape.has_totals = true;
    let store = RefCell::new(TestStore::default());
    store.borrow_mut().load_line(&format!("{TOTAL}{} 120x60", selector(&slo)), 0, MINUTE).unwrap();
    let rules = Made::new(&slo).of_window(5 * MINUTE);
    assert_eq!(rules[1].name, "slo:sli_total:amount5m");
    assert_eq!(value(&store, &rules[1].expr, 60 * MINUTE), Some(2.0), "a second");
}

#[test]
fn every_rule_is_right() {
    for yaml in [
        "availability: {service: 'my \"shop\\'}",
        "latency: {service: s, operation: POST /cart, under: 300ms}, window: 7d",
        "availability: {service: s}, window: quarter, description: '{{ 5 }}'",
        "ratio: {language: logql, bad: 'count_over_time({app=\"x\"} |= \"bad\" [{{.window}}])', total: 'count_over_time({app=\"x\"}[{{.window}}])'}",
        "ratio: {language: traceql, bad: '{ status = error } | count_over_time()', total: '{} | count_over_time()'}",
    ] {
        let groups = groups(&slo(yaml));
        for rule in groups.iter().flat_map(|group| &group.rules) {
            rule.language.check(&rule.expr).unwrap_or_else(|why| panic!("{}: {why}", rule.expr));
            for (_, text) in rule.alert.iter().flat_map(|alert| &alert.annotations) {
                template::check(text).unwrap_or_else(|why| panic!("{text}: {why}"));
            }
        }
        if !yaml.contains("language") {
            let shown = as_yaml(&groups);
            let read = crate::rules::file::parse("slos.yml", &shown).unwrap();
            assert_eq!(
                read,
                groups
                    .into_iter()
                    .map(|group| Group { file: "slos.yml".into(), ..group })
                    .collect::<Vec<_>>()
            );
        }
    }
}

#[test]
fn alerts_have_the_names_and_labels_of_sloths() {
    let [fast, slow]: [Group; 2] =
        groups(&slo("availability: {service: s}, alerts: {runbook: 'http://x/'}")).try_into().unwrap();
    let page = fast.rules.last().unwrap();
    assert_eq!(
        page.expr,
        "(max without (sloth_window) (slo:sli_error:ratio_rate1h{sloth_id=\"s-a\",sloth_service=\"s\",sloth_slo=\"a\"} / 0.01 > 14.4) \
         and max without (sloth_window) (slo:sli_error:ratio_rate5m{sloth_id=\"s-a\",sloth_service=\"s\",sloth_slo=\"a\"} / 0.01 > 14.4)) \
         or (max without (sloth_window) (slo:sli_error:ratio_rate6h{sloth_id=\"s-a\",sloth_service=\"s\",sloth_slo=\"a\"} / 0.01 > 6) \
         and max without (sloth_window) (slo:sli_error:ratio_rate30m{sloth_id=\"s-a\",sloth_service=\"s\",sloth_slo=\"a\"} / 0.01 > 6))"
    );
    let label = |rule: &Rule, name: &str| {
        rule.labels.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
    };
    assert_eq!(label(page, "severity").as_deref(), Some("page"));
    let ticket = slow.rules.last().unwrap();
    assert_eq!(
        (label(ticket, "severity").as_deref(), label(ticket, "slo").as_deref()),
        (Some("ticket"), Some("a"))
    );
    let annotations = &page.alert.as_ref().unwrap().annotations;
    let names: Vec<&str> = annotations.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "budget_left",
            "burn_rate",
            "description",
            "logs_url",
            "runbook_url",
            "slo_url",
            "summary",
            "traces_url"
        ]
    );
    let ratios: Vec<&str> = fast
        .rules
        .iter()
        .chain(&slow.rules)
        .filter_map(|rule| rule.name.strip_prefix("slo:sli_error:ratio_rate"))
        .collect();
    assert_eq!(ratios, ["5m", "30m", "1h", "2h", "6h", "1d", "3d", "30d"]);
}
