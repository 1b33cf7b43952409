//! A chunk tells the same as a walk over its series.

use super::*;
use ocelli_signal::attributes::encode;
use ocelli_signal::{AnyValue, Attributes, Series};
use proptest::prelude::*;
use std::collections::BTreeSet;

const KEYS: [&str; 4] = ["code", "http.route", "http_route", "é"];

fn any_value() -> impl Strategy<Value = (bool, String)> {
    (any::<bool>(), prop_oneof!["/[ab]{0,3}", Just("7".to_owned()), Just(String::new()), "\\PC{0,3}"])
}

fn any_series() -> impl Strategy<Value = Series> {
    let pairs = prop::collection::vec((0..KEYS.len(), any_value()), 0..5);
    (0..3_u8, 0..3_u8, pairs).prop_map(|(metric, origin, pairs)| {
        let pairs = pairs.iter().map(|(key, (number, text))| {
            let value = match text.parse() {
                Ok(n) if *number => AnyValue::Int(n),
                _ => AnyValue::String(text),
            };
            (KEYS[*key], value)
        });
        Series {
            name: format!("m{metric}").into(),
            attributes: encode(pairs).into(),
            resource: [0x0a, origin].into(),
            ..Series::default()
        }
    })
}

/// A series' values of a key.
fn values<'a>(series: &'a Series, key: &str) -> Vec<AnyValue<'a>> {
    let pairs = Attributes::of_column(&series.attributes).iter();
    pairs.filter(|(name, _)| *name == key).map(|(_, value)| value).collect()
}

fn rows(all: &[Series], wanted: impl Fn(&Series) -> bool) -> Vec<usize> {
    all.iter().enumerate().filter(|(_, series)| wanted(series)).map(|(row, _)| row).collect()
}

proptest! {
    #[test]
    fn an_index_tells_what_the_series_have(
        all in prop::collection::vec(any_series(), 1..60),
        wanted in prop_oneof!["/[ab]{0,3}", Just("7".to_owned()), Just(String::new())],
    ) {
        let mut builder = ChunkBuilder::default();
        all.iter().enumerate().for_each(|(row, series)| builder.push(row as u128, series));
        let chunk = builder.finish();
        for (row, series) in all.iter().enumerate() {
            prop_assert_eq!(&chunk.series(row), series);
            prop_assert_eq!(chunk.id(row), row as u128);
        }
        let told = |rows: ChunkRows| rows.iter().collect::<Vec<_>>();
        prop_assert_eq!(told(chunk.with_metric(|metric| &*metric.name == "m1")), rows(&all, |series| &*series.name == "m1"));
        prop_assert_eq!(told(chunk.with_origin(|origin| origin.resource[1] == 1)), rows(&all, |series| series.resource[1] == 1));
        let keys: BTreeSet<_> = all.iter().flat_map(|series| Attributes::of_column(&series.attributes).iter().map(|(key, _)| key)).collect();
        prop_assert_eq!(chunk.keys().map(|key| key.name()).collect::<Vec<_>>(), keys.into_iter().collect::<Vec<_>>());
        for key in chunk.keys() {
            let name = key.name();
            let strings = key.values().start..key.others().start;
            prop_assert!(strings.clone().map(|value| key.value(value).as_str()).is_sorted());
            prop_assert!(strings.into_iter().all(|value| key.value(value).as_str().is_some()));
            prop_assert!(key.others().all(|value| key.value(value).as_str().is_none()));
            for value in key.values() {
                let expected = rows(&all, |series| values(series, name).contains(&key.value(value)));
                prop_assert_eq!(told(key.with([value])), expected);
            }
            prop_assert_eq!(told(key.with(key.equal(&wanted))), rows(&all, |series| values(series, name).contains(&AnyValue::String(&wanted))));
            let begins = |series: &Series| {
                values(series, name).iter().any(|value| value.as_str().is_some_and(|text| text.starts_with(&wanted)))
            };
            prop_assert_eq!(told(key.with(key.beginning(&wanted))), rows(&all, begins));
            prop_assert_eq!(key.with(key.values()), key.all().into_owned());
            prop_assert_eq!(told(key.all().into_owned()), rows(&all, |series| !values(series, name).is_empty()));
            prop_assert_eq!(key.is_repeated(), all.iter().any(|series| values(series, name).len() > 1));
        }
    }
}

#[test]
fn a_chunk_takes_little_memory() {
    let mut builder = ChunkBuilder::default();
    for n in 0..CHUNK_SERIES {
        let (pod, path) = (format!("pod-{n:06}"), format!("/api/v1/{}", n % 50));
        let pairs = [
            ("http.request.method", AnyValue::String(["GET", "POST"][n % 2])),
            ("http.response.status_code", AnyValue::Int(200 + n as i64 % 5)),
            ("http.route", AnyValue::String(&path)),
            ("k8s.pod.name", AnyValue::String(&pod)),
        ];
        let series = Series {
            name: "http.server.requests".into(),
            attributes: encode(pairs).into(),
            ..Series::default()
        };
        builder.push(n as u128, &series);
    }
    let chunk = builder.finish();
    assert!(chunk.keys().all(|key| *key.all() == chunk.all() && *key.all() == key.with(key.values())));
    let bytes = chunk.memory_bytes();
    assert!(bytes < 100 * CHUNK_SERIES, "{} bytes a series", bytes / CHUNK_SERIES);
}

#[test]
fn keys_that_no_other_series_has_take_little_memory_too() {
    let mut builder = ChunkBuilder::default();
    let (mut attributes_bytes, mut keys) = (0, 0);
    for n in 0..2_000 {
        let names: Vec<String> = (0..50).map(|key| format!("key.{n}.{key}")).collect();
        let attributes = encode(names.iter().map(|name| (name.as_str(), AnyValue::Bool(true))));
        attributes_bytes += attributes.len();
        keys += names.len();
        builder.push(n as u128, &Series { attributes: attributes.into(), ..Series::default() });
    }
    let bytes = builder.finish().memory_bytes();
    assert!(bytes < 2 * attributes_bytes + 200 * keys, "{} bytes a key", bytes / keys);
}
