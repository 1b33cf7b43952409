//! Series of spans that several threads walk, against those of a naive count.

use super::{MetricsAnswer, MetricsSearch, metrics};
use crate::http::run::Budget;
use crate::logs::fixture::{Random, TENANT};
use crate::traces::fixture::{Span, filled};
use crate::traces::traceql::{Value, parse};
use ocelli_api::{TimeRange, UnixNano};
use ocelli_storage::Store;
use std::collections::BTreeMap;
use std::time::Duration;

const START: i64 = 1_000_000_000_000;
const MS: i64 = 1_000_000;
const STEP: i64 = 100 * MS;
const STEPS: usize = 10;
const SPANS: u64 = 3_000;

/// Spans of which a part lies outside of the range.
fn spans() -> Vec<Span> {
    let mut random = Random(5);
    let one = |number: u64| {
        let service = ["web", "cart", "db"][random.below(3) as usize];
        let start = START + random.below(1_200) as i64 * MS;
        let duration = random.below(900) as i64 * MS;
        let user = (random.below(3) > 0).then(|| random.below(6) as i64);
        let span = Span::new((number % 200) as u8, number + 1, 0, service, start, duration);
        Span { status: random.below(3) as i32, user, ..span }
    };
    (0..SPANS).map(one).collect()
}

fn ask(store: &Store, query: &str, exemplars: usize) -> MetricsAnswer {
    let query = parse(query).unwrap_or_else(|error| panic!("{query}: {error}"));
    let range = TimeRange { from: UnixNano(START), to: UnixNano(START + STEPS as i64 * STEP) };
    let (most_steps, memory_bytes) = (11_000, 1 << 30);
    let search = MetricsSearch { query: &query, range, step_ns: STEP, most_steps, exemplars, memory_bytes };
    metrics(&store.snapshot(TENANT), &search, &Budget::new(Duration::from_secs(60))).unwrap()
}

/// What is made of the values of a step.
type Fold = fn(&[f64]) -> Option<f64>;

/// The values of every step by the text of the label.
type Cells = BTreeMap<String, Vec<Vec<f64>>>;

fn naive(spans: &[Span], label: impl Fn(&Span) -> String, value: impl Fn(&Span) -> Option<f64>) -> Cells {
    let mut cells = Cells::new();
    for span in spans.iter().filter(|span| span.start < START + STEPS as i64 * STEP) {
        if let Some(value) = value(span) {
            let steps = cells.entry(label(span)).or_insert_with(|| vec![Vec::new(); STEPS]);
            steps[((span.start - START) / STEP) as usize].push(value);
        }
    }
    cells
}

fn check(answer: &MetricsAnswer, expected: &Cells, fold: impl Fn(&[f64]) -> Option<f64>, what: &str) {
    assert_eq!((answer.series.len(), &answer.partial), (expected.len(), &None), "{what}");
    for series in &answer.series {
        let label = match &series.labels[0].1 {
            Value::Text(text) => text.to_string(),
            other => other.to_string(),
        };
        let steps = expected.get(&label).unwrap_or_else(|| panic!("{what}: nothing has {label}"));
        for (found, values) in series.values.iter().zip(steps) {
            match (*found, fold(values)) {
                (Some(found), Some(expected)) => {
                    assert!(
                        (found - expected).abs() < 1e-9 * expected.max(1.0),
                        "{what} {label}: {found} for {expected}"
                    )
                }
                other => assert_eq!(other, (None, None), "{what} {label}"),
            }
        }
    }
}

#[tokio::test]
async fn series_are_those_of_a_naive_count() {
    let spans = spans();
    let (store, _directory) = filled(&spans).await;
    let service = |span: &Span| span.service.clone();
    let seconds = |span: &Span| Some(span.duration as f64 / 1e9);
    let rate = |values: &[f64]| Some(values.len() as f64 / (STEP as f64 / 1e9));
    let all = naive(&spans, service, seconds);
    check(&ask(&store, "{ } | rate() by (resource.service.name)", 0), &all, rate, "rate");
    let count = |values: &[f64]| Some(values.len() as f64);
    let users = naive(&spans, |span| span.user.map_or("nil".to_owned(), |user| user.to_string()), seconds);
    check(&ask(&store, "{ } | count_over_time() by (span.user)", 0), &users, count, "count");
    let few: Vec<Span> = spans.iter().filter(|span| span.status == 2).cloned().collect();
    let errors = naive(&few, service, seconds);
    let folds: [(&str, Fold); 4] = [
        ("max", |values| values.iter().copied().reduce(f64::max)),
        ("min", |values| values.iter().copied().reduce(f64::min)),
        ("sum", |values| values.iter().copied().reduce(|a, b| a + b)),
        ("avg", |values| values.iter().copied().reduce(|a, b| a + b).map(|sum| sum / values.len() as f64)),
    ];
    for (name, fold) in folds {
        let query = format!("{{ status = error }} | {name}_over_time(duration) by (resource.service.name)");
        check(&ask(&store, &query, 0), &errors, fold, name);
        // Spans without a number do not count.
        let query = format!("{{ }} | {name}_over_time(span.user) by (resource.service.name)");
        let numbers = naive(&spans, service, |span| span.user.map(|user| user as f64));
        check(&ask(&store, &query, 0), &numbers, fold, name);
    }
}

#[tokio::test]
async fn quantiles_comparisons_and_exemplars_come_of_all_parts() {
    let spans = spans();
    let (store, _directory) = filled(&spans).await;
    let answer = ask(&store, "{ } | quantile_over_time(duration, .5) by (resource.service.name)", 0);
    let seconds = |span: &Span| Some(span.duration as f64 / 1e9);
    let all = naive(&spans, |span| span.service.clone(), seconds);
    for series in &answer.series {
        let Value::Text(service) = &series.labels[0].1 else { panic!("{series:?}") };
        for (found, values) in series.values.iter().zip(&all[service.as_ref()]) {
            let mut sorted = values.clone();
            sorted.sort_by(f64::total_cmp);
            let (found, exact) = (found.unwrap(), sorted[sorted.len().div_ceil(2) - 1]);
            assert!((found - exact).abs() <= 0.05 * exact, "{service}: {found} for {exact}");
        }
    }
    let answer = ask(&store, "{ } | compare({ status = error }, 10)", 0);
    let total = |side: &str, name: &str| -> f64 {
        let of = |label: &(String, Value<'_>), text: &str| label.1.to_string().contains(text);
        let series =
            answer.series.iter().find(|series| of(&series.labels[0], side) && series.labels[1].0 == name);
        series.unwrap().values.iter().flatten().sum()
    };
    let inside = |span: &&Span| span.start < START + STEPS as i64 * STEP;
    let errors = spans.iter().filter(inside).filter(|span| span.status == 2).count();
    assert_eq!(total("selection_total", "name"), errors as f64);
    let rest = spans.iter().filter(inside).count() - errors;
    assert_eq!(total("baseline_total", "name"), rest as f64);
    // A spread of the spans, of which each is there.
    let answer = ask(&store, "{ } | rate() by (resource.service.name)", 7);
    for series in &answer.series {
        assert!((4..=7).contains(&series.exemplars.len()), "{}", series.exemplars.len());
        for exemplar in &series.exemplars {
            let id = u64::from_be_bytes(exemplar.span_id);
            assert!(spans.iter().any(|span| (span.id, span.start) == (id, exemplar.time)));
        }
    }
}
