use super::*;
use crate::attributes;
use proptest::prelude::*;

/// A value that owns its parts, to generate and compare.
#[derive(Clone, Debug)]
enum Owned {
    Empty,
    String(String),
    Bool(bool),
    Int(i64),
    Double(u64),
    Bytes(Vec<u8>),
    Array(Vec<Owned>),
    Map(Vec<(String, Owned)>),
}

fn encode(value: &Owned) -> Vec<u8> {
    let mut writer = Writer::new();
    match value {
        Owned::Empty => {}
        Owned::String(text) => AnyValue::String(text).encode(&mut writer),
        Owned::Bool(flag) => AnyValue::Bool(*flag).encode(&mut writer),
        Owned::Int(n) => AnyValue::Int(*n).encode(&mut writer),
        Owned::Double(bits) => AnyValue::Double(f64::from_bits(*bits)).encode(&mut writer),
        Owned::Bytes(bytes) => AnyValue::Bytes(bytes).encode(&mut writer),
        Owned::Array(elements) => {
            let mut array = Writer::new();
            elements.iter().for_each(|element| array.put_bytes_always(1, &encode(element)));
            AnyValue::Array(array.as_bytes()).encode(&mut writer);
        }
        Owned::Map(pairs) => {
            let encoded: Vec<_> = pairs.iter().map(|(key, value)| (key.as_str(), encode(value))).collect();
            let views = encoded.iter().map(|(key, value)| (*key, AnyValue::parse(value).unwrap()));
            AnyValue::KvList(&attributes::encode(views)).encode(&mut writer);
        }
    }
    writer.into_bytes()
}

fn any_owned() -> impl Strategy<Value = Owned> {
    let leaf = prop_oneof![
        Just(Owned::Empty),
        any::<String>().prop_map(Owned::String),
        any::<bool>().prop_map(Owned::Bool),
        any::<i64>().prop_map(Owned::Int),
        any::<u64>().prop_map(Owned::Double),
        any::<f64>().prop_map(|n| Owned::Double(n.to_bits())),
        any::<Vec<u8>>().prop_map(Owned::Bytes),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Owned::Array),
            prop::collection::vec(("[$a-c\"]{0,3}|\\$bytes|\\$double", inner), 0..6).prop_map(Owned::Map),
        ]
    })
}

proptest! {
    #[test]
    fn the_text_is_lossless(value in any_owned()) {
        let bytes = encode(&value);
        let text = to_json_text(&AnyValue::parse(&bytes).unwrap());
        prop_assert!(serde_json::from_str::<Json>(&text).is_ok(), "not JSON: {text}");
        prop_assert_eq!(from_json_text(&text), Some(bytes), "{}", text);
    }

    #[test]
    fn random_text_never_panics(text: String) {
        from_json_text(&text);
    }
}

#[test]
fn types_are_told_apart() {
    let text = |value| to_json_text(&value);
    assert_eq!(text(AnyValue::Int(5)), "5");
    assert_eq!(text(AnyValue::Double(5.0)), "5.0");
    assert_eq!(text(AnyValue::String("5")), "\"5\"");
    assert_eq!(text(AnyValue::Double(f64::NAN)), r#"{"$double":"NaN"}"#);
    assert_eq!(text(AnyValue::Bytes(&[1, 2])), r#"{"$bytes":"AQI="}"#);
}

#[test]
fn the_api_form_is_otlp_json() {
    let value = encode(&Owned::Map(vec![("n".into(), Owned::Array(vec![Owned::Int(7), Owned::Empty]))]));
    assert_eq!(
        to_otlp_json(&AnyValue::parse(&value).unwrap()),
        serde_json::json!({"kvlistValue": {"values": [
            {"key": "n", "value": {"arrayValue": {"values": [{"intValue": "7"}, {}]}}}
        ]}})
    );
}
