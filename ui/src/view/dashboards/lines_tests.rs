use super::*;
use crate::json;
use ocelli_api::services::RedSeries;
use ocelli_api::{TimeRange, UnixNano};

fn source(legend: &str, measure: Measure) -> Source {
    Source { number: 1, query: PanelQuery { legend: legend.to_owned(), measure, ..PanelQuery::default() } }
}

fn labels(pairs: &[(&str, &str)]) -> Labels {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn line(query: usize, pairs: &[(&str, &str)], values: &[f64]) -> Line {
    let values = values.iter().map(|value| (*value >= 0.0).then_some(*value)).collect();
    let series = Series { name: name("", &labels(pairs), "value"), step_ms: 1, values, ..Series::default() };
    Line { labels: labels(pairs), query, series }
}

#[test]
fn a_series_is_called_by_what_sets_it_apart() {
    let pairs = labels(&[("__name__", "up"), ("job", "a"), ("zone", "b")]);
    assert_eq!(name("", &pairs, "value"), "job=a zone=b");
    assert_eq!(name("", &pairs[..2], "value"), "a");
    assert_eq!(name("", &pairs[..1], "value"), "up");
    assert_eq!(name("", &[], "value"), "value");
    assert_eq!(name("{{ job }} in {{zone}}{{nothing}}: {{open", &pairs, ""), "a in b: {{open");
}

#[test]
fn points_of_prometheus_lie_on_the_grid() {
    let text = r#"{"data":{"result":[{"metric":{"job":"<b>"},"values":[[1,"1"],[3.004,"NaN"],[4,"2.5"],[99,"1"]]}]}}"#;
    let answer: RangeAnswer = json::from_str(text).unwrap();
    let steps = Steps { start_ms: 1_000, step_ms: 1_000, count: 4 };
    let lines = of_range(&answer, &source("", Measure::Rate), steps);
    assert_eq!((lines[0].series.name.as_str(), lines[0].query), ("<b>", 1));
    assert_eq!(lines[0].series.values, [Some(1.0), None, None, Some(2.5)]);
}

#[test]
fn durations_of_services_are_seconds() {
    let series = RedSeries {
        step_ms: 5,
        rate: vec![Some(2.0)],
        p95_ms: vec![Some(250.0), None],
        ..RedSeries::default()
    };
    let answer = ServiceResponse { name: "cart".to_owned(), series, ..ServiceResponse::default() };
    let p95 = of_service(&answer, &source("", Measure::P95));
    assert_eq!((p95[0].series.name.as_str(), &p95[0].series.values), ("p95", &vec![Some(0.25), None]));
    assert_eq!(of_service(&answer, &source("{{service}}", Measure::Rate))[0].series.values, [Some(2.0)]);
}

#[test]
fn groups_of_records_are_lines() {
    let text = r#"{"range":{"from":0,"to":9000000000},"groups":3,"step_ms":1000,
        "stats":{"rows_scanned":1,"bytes_scanned":1,"elapsed_ms":1},
        "columns":[{"name":"service","kind":"field"},{"name":"time","kind":"time"},{"name":"count()","kind":"figure"}],
        "rows":[["a","2000000000",5],[null,"4000000000",7],["a","4000000000",null]]}"#;
    let mut answer: LogStatsResponse = json::from_str(text).unwrap();
    answer.range = TimeRange { from: UnixNano(0), to: UnixNano(9_000_000_000) };
    let lines = of_logs(&answer, &source("", Measure::Rate));
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0].series.values, [None, None, Some(7.0)], "records without a service");
    assert_eq!((lines[1].series.name.as_str(), lines[1].series.start_ms), ("a", 2_000));
    assert_eq!(lines[1].series.values, [Some(5.0), None, None]);
    let whole =
        LogStatsResponse { columns: answer.columns[2..].to_vec(), rows: vec![vec![12.into()]], ..answer };
    let lines = of_logs(&whole, &source("", Measure::Rate));
    assert_eq!(
        (lines[0].series.name.as_str(), lines[0].series.values.as_slice()),
        ("count()", &[Some(12.0)][..])
    );
    assert_eq!(of_logs(&LogStatsResponse { rows: Vec::new(), ..whole }, &source("", Measure::Rate)), []);
}

#[test]
fn one_number_of_many() {
    let series = line(0, &[], &[4.0, 1.0, -1.0]).series;
    let all = [Reduce::Last, Reduce::Mean, Reduce::Min, Reduce::Max, Reduce::Sum];
    assert_eq!(all.map(|reduce| reduced(&series, reduce)), [1.0, 2.5, 1.0, 4.0, 5.0].map(Some));
    assert_eq!(all.map(|reduce| reduced(&Series::default(), reduce)), [None; 5]);
}

#[test]
fn a_stack_counts_gaps_as_nothing() {
    let lines = [line(0, &[], &[1.0, -1.0, 3.0]).series, line(0, &[], &[1.0, 2.0, -1.0]).series];
    let stack = stacked(&lines);
    assert_eq!(stack[0].values, [Some(1.0), None, Some(3.0)]);
    assert_eq!(stack[1].values, [Some(2.0), Some(2.0), None]);
}

#[test]
fn lines_with_the_same_labels_are_one_row() {
    let lines = [
        line(0, &[("job", "a")], &[1.0]),
        line(0, &[("job", "b")], &[5.0]),
        line(1, &[("job", "a")], &[9.0]),
        line(1, &[("zone", "z")], &[2.0]),
    ];
    let table = table(&lines, 2, Reduce::Last);
    assert_eq!(table.heads, ["job", "zone"]);
    let texts: Vec<(String, &[Option<f64>])> =
        table.rows.iter().map(|row| (row.0.join("/"), &*row.1)).collect();
    assert_eq!(
        texts,
        [
            ("b/".into(), &[Some(5.0), None][..]),
            ("/z".into(), &[None, Some(2.0)]),
            ("a/".into(), &[Some(1.0), Some(9.0)])
        ]
    );
}

#[test]
fn a_colour_does_not_depend_on_the_order() {
    let (a, b) = (line(0, &[("job", "cart")], &[]), line(0, &[("job", "web")], &[]));
    let there = coloured(vec![a.clone(), b.clone()]);
    let back = coloured(vec![b, a]);
    assert_eq!(
        (there[0].series.colour, there[1].series.colour),
        (back[1].series.colour, back[0].series.colour)
    );
    assert_ne!(there[0].series.colour, there[1].series.colour);
    assert_eq!(coloured(vec![Line::default(); MOST + 5]).len(), MOST);
}
