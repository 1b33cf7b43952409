//! What the index tells is what a look at the labels of every series tells.

use super::*;
use crate::promql::labels::Labels;
use crate::promql::otlp::Identities;
use crate::promql::select::{MatchOp, Matcher};
use ocelli_signal::wire::Writer;
use ocelli_signal::{AnyValue, Series, attributes, origin, prometheus};
use ocelli_storage::budget::Budget;
use ocelli_storage::{Choose, ChunkBuilder};
use proptest::prelude::*;

/// Two become the same label, one is only a label where it is Prometheus' own, two are a resource's.
const KEYS: [&str; 6] = ["a", "x.y", "x_y", "_own", "job", "otel_scope_name"];
const LABELS: [&str; 7] = ["a", "x_y", "_own", "key_own", "job", "otel_scope_name", "none"];

fn any_series() -> impl Strategy<Value = Series> {
    let pairs =
        prop::collection::btree_map(0..KEYS.len(), prop_oneof!["[ab]{0,2}", Just("7".to_owned())], 0..4);
    (0..3_u8, 0..4_u8, any::<bool>(), any::<bool>(), pairs).prop_map(|(metric, from, scoped, more, pairs)| {
        let pairs = pairs.iter().map(|(key, text)| match text.parse() {
            // Prometheus' own are texts.
            Ok(number) if from != 3 => (KEYS[*key], AnyValue::Int(number)),
            _ => (KEYS[*key], AnyValue::String(text)),
        });
        let own = attributes::encode(pairs);
        let name = ["m", "n.o", "target_info"][usize::from(metric)];
        if from == 3 {
            let scope = prometheus::native_scope();
            return Series { name: name.into(), attributes: own.into(), scope, ..Series::default() };
        }
        let service = ["", "a", "ab"][usize::from(from)];
        let mut told = vec![("service.name", AnyValue::String(service))];
        told.extend(more.then_some(("host", AnyValue::String("b"))));
        let mut scope = Writer::new();
        scope.put_bytes(1, if scoped { b"a" } else { b"" });
        Series {
            name: name.into(),
            attributes: own.into(),
            resource: origin::encode(&attributes::encode(told), "").into(),
            scope: origin::encode(scope.as_bytes(), "").into(),
            ..Series::default()
        }
    })
}

fn any_matcher() -> impl Strategy<Value = Matcher> {
    let op = prop_oneof![
        Just(MatchOp::Equal),
        Just(MatchOp::NotEqual),
        Just(MatchOp::Regex),
        Just(MatchOp::NotRegex)
    ];
    let label =
        prop_oneof![6 => prop::sample::select(LABELS.to_vec()), 1 => Just("__name__"), 1 => Just("host")];
    let pattern = prop::sample::select(vec!["(a|b|)", "a.*", "[ab]+", "7", "m|target_info", ".*"]);
    let value = prop_oneof!["[ab]{0,2}", pattern.prop_map(str::to_owned)];
    (op, label, value).prop_map(|(op, label, value)| Matcher::new(op, label, &value).unwrap())
}

/// Every label set that a look at each series finds.
fn naive(all: &[Series], selection: &Selection) -> BTreeSet<Labels> {
    let own = all.iter().map(|series| (Identity::of(series).unwrap().labels, Some(series)));
    let infos = all.iter().filter_map(|series| {
        Some((crate::promql::otlp::target_info::labels(&series.resource).unwrap()?, None))
    });
    let passes = |labels: &Labels, series: Option<&Series>| {
        let names = selection.matchers.iter().filter(|matcher| matcher.name == METRIC_NAME);
        let alias = series.is_some_and(|series| names.clone().all(|name| name.matches(&series.name)));
        let mut matchers = selection.matchers.iter();
        matchers.all(|matcher| {
            (alias && matcher.name == METRIC_NAME) || matcher.matches(labels.get(&matcher.name))
        })
    };
    own.chain(infos).filter(|(labels, series)| passes(labels, *series)).map(|(labels, _)| labels).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]
    #[test]
    fn the_index_tells_what_the_labels_tell(
        all in prop::collection::vec(any_series(), 1..30),
        matchers in prop::collection::vec(any_matcher(), 0..3),
        label in prop::sample::select(LABELS.to_vec()),
    ) {
        let selection = Selection { matchers, after_ms: 0, until_ms: 1 };
        let mut builder = ChunkBuilder::default();
        all.iter().enumerate().for_each(|(row, series)| builder.push(row as u128, series));
        let chunk = builder.finish();
        let identities = Identities::new(&Budget::new(64 << 20));
        let mut chooser = Chooser::new(&selection, &identities);
        let mut rows = chunk.with_metric(|metric| chooser.metric(metric));
        chooser.narrow(&chunk, &mut rows);
        let mut origins = OriginLabels::default();
        let mut of = OfChunk::new(&mut chooser, &chunk, &rows, &mut origins).unwrap();
        let (mut names, mut values, mut metrics) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        of.add_names(&mut chooser, &mut names).unwrap();
        of.add_values(&mut chooser, label, &mut values).unwrap();
        of.add_values(&mut chooser, METRIC_NAME, &mut metrics).unwrap();
        let expected = naive(&all, &selection);
        let told = |label: &str| {
            let values = expected.iter().map(|labels| labels.get(label).to_owned());
            values.filter(|value| !value.is_empty()).collect::<BTreeSet<_>>()
        };
        let expected_names: BTreeSet<_> =
            expected.iter().flat_map(|labels| labels.iter().map(|(name, _)| name.to_owned())).collect();
        prop_assert_eq!(names, expected_names);
        prop_assert_eq!(values, told(label));
        prop_assert_eq!(metrics, told(METRIC_NAME));
    }
}
