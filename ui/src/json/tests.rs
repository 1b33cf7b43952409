//! Everything is compared with serde_json.

use super::{from_str, from_str_strictly};
use ocelli_api::ErrorBody;
use ocelli_api::explain::ExplainedNumbers;
use ocelli_api::logs::{LogRecord, LogStatsResponse};
use ocelli_api::services::ServicesResponse;
use ocelli_api::traces::{SpanDetail, TraceResponse};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fmt::Debug;

fn same<T: DeserializeOwned + PartialEq + Debug>(text: &str) {
    let (ours, theirs) = (from_str::<T>(text), serde_json::from_str::<T>(text));
    match (&ours, &theirs) {
        (Ok(ours), Ok(theirs)) => assert_eq!(ours, theirs, "{text}"),
        (Err(_), Err(_)) => {}
        _ => panic!("{ours:?}, but serde_json says {theirs:?} of {text}"),
    }
}

/// The same where the two may differ in the last digit of a number: serde_json does not round all of them
/// to the nearest.
fn same_value(text: &str) {
    match (from_str::<Value>(text), serde_json::from_str::<Value>(text)) {
        (Ok(ours), Ok(theirs)) => assert!(alike(&ours, &theirs), "{ours} is not {theirs} of {text}"),
        (Err(_), Err(_)) => {}
        (ours, theirs) => panic!("{ours:?}, but serde_json says {theirs:?} of {text}"),
    }
}

fn alike(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| alike(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.0 == b.0 && alike(a.1, b.1))
        }
        (Value::Number(number), Value::Number(other)) if number.is_f64() => {
            let (a, b) = (number.as_f64().unwrap(), other.as_f64().unwrap());
            other.is_f64() && a.is_sign_negative() == b.is_sign_negative() && (a - b).abs() <= a.abs() * 1e-15
        }
        _ => a == b,
    }
}

/// One of everything that JSON has.
const EVERYTHING: &str = r#" {"a": [1, -2, 0, -0, 1.5, -1.5e-3, 2E+2, 18446744073709551615, -9223372036854775808, 1e300],
    "text": "plain é 日本 \"\\\/\b\f\n\r\t\u00e9\ud83d\ude00", "": {}, "b": [true, false, null, [], [[]], {"c": {"d": ""}}]} "#;

#[test]
fn everything_that_json_has() {
    same_value(EVERYTHING);
    assert!(from_str::<Value>(EVERYTHING).is_ok());
    for text in [
        "",
        " ",
        "nul",
        "truee",
        "01",
        "1.",
        ".5",
        "-",
        "1e",
        "+1",
        "1e999",
        "\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\ud800\"",
        "\"\\ud800\\u0041\"",
        "\"\\udc00\"",
        "\"a\nb\"",
        "[1,]",
        "[,1]",
        "[1 2]",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{1:2}",
        "[",
        "]",
        "{",
        "1 2",
        "184467440737095516160",
        "-9223372036854775809",
        "\"\\u00é\"",
        "\u{feff}1",
    ] {
        same_value(text);
    }
    for depth in [100, 127, 128, 200] {
        same_value(&format!("{}{}", "[".repeat(depth), "]".repeat(depth)));
        same_value(&format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth)));
    }
}

/// Every prefix, and every byte changed into another that means something.
#[test]
fn what_is_broken_is_refused_alike() {
    for at in (0..EVERYTHING.len()).filter(|at| EVERYTHING.is_char_boundary(*at)) {
        same_value(&EVERYTHING[..at]);
        for byte in b"\"\\{}[],:0-.eu nt\n\x01" {
            let mut changed = EVERYTHING.as_bytes().to_vec();
            changed[at] = *byte;
            if let Ok(text) = String::from_utf8(changed) {
                same_value(&text);
            }
        }
    }
}

#[test]
fn answers_of_the_api() {
    let span = r#"{"trace_id":"ab","span_id":"cd","parent_span_id":"","trace_state":"","flags":1,"name":"x","kind":2,
        "start":"5","end":7,"status_code":0,"status_message":"","attributes":[{"key":"k","value":{"intValue":"5"}},{"key":"none"}],
        "dropped_attributes_count":0,"events":[],"dropped_events_count":0,"links":[],"dropped_links_count":0,
        "resource":{"attributes":[],"dropped_attributes_count":0,"schema_url":""},"unknown":{"a":[1,{"b":null}]},
        "scope":{"name":"","version":"","attributes":[],"dropped_attributes_count":0,"schema_url":""}}"#;
    same::<SpanDetail>(span);
    assert!(from_str::<SpanDetail>(span).is_ok());
    same::<SpanDetail>(&span.replace("\"flags\":1,", ""));
    same::<SpanDetail>(&span.replace("\"flags\":1", "\"flags\":-1"));
    same::<SpanDetail>(&span.replace("\"flags\":1", "\"flags\":\"1\""));
    same::<SpanDetail>(&span.replace("\"flags\":1", "\"flags\":1,\"flags\":2"));
    same::<ErrorBody>(r#"{"error":{"code":"bad_query","message":"m","offset":3}}"#);
    same::<ErrorBody>(r#"{"error":{"code":"bad_query","message":null}}"#);
    same::<ExplainedNumbers>(r#"{"selection":[1,null,2.5],"baseline":[null,null,null]}"#);
    same::<ExplainedNumbers>(r#"{"selection":[1,null],"baseline":[null,null,null]}"#);
    same::<ExplainedNumbers>(r#"{"selection":[1,null,2,3],"baseline":[null,null,null]}"#);
}

/// A struct with a field of each kind: needed, optional, with a default, of several words, a struct itself.
#[derive(Debug, Default, PartialEq, Deserialize)]
struct Mixed {
    needed: u32,
    optional: Option<String>,
    #[serde(default)]
    usual: Vec<u8>,
    #[serde(rename = "in-side", default)]
    inside: Option<Box<Mixed>>,
}

/// In every order, with each field left out, and with one twice.
#[test]
fn fields_in_any_order() {
    let fields = [
        r#""needed": 1"#,
        r#""optional":"a\n""#,
        r#""usual":[1,2]"#,
        r#""in-side":{"usual":[3],"x":{"needed":9},"needed":2}"#,
        r#""other":[{"needed":5}]"#,
    ];
    let mut texts = 0;
    for places in 0..5usize.pow(5) {
        let order: Vec<usize> = (0..5).map(|digit| places / 5usize.pow(digit) % 5).collect();
        for len in 0..=5 {
            let some: Vec<&str> = order[..len].iter().map(|at| fields[*at]).collect();
            same::<Mixed>(&format!("{{{}}}", some.join(",")));
            same::<Vec<Mixed>>(&format!("[{{{}}}, {{\"needed\":7}}]", some.join(" , ")));
            texts += 1;
        }
    }
    assert_eq!(texts, 6 * 5usize.pow(5));
    assert_eq!(
        from_str::<Mixed>(&format!("{{{},{},{}}}", fields[3], fields[4], fields[0])).unwrap(),
        Mixed {
            needed: 1,
            inside: Some(Box::new(Mixed { needed: 2, usual: vec![3], ..Mixed::default() })),
            ..Mixed::default()
        }
    );
    for broken in [
        r#"{"usual":[1],"needed""#,
        r#"{"usual":[1],"needed":1"#,
        r#"{"usual":[1],"needed":}"#,
        r#"{"usual":[1] "needed":1}"#,
    ] {
        same::<Mixed>(broken);
    }
}

#[test]
fn what_is_wrong_is_named() {
    let why = |text: &str| from_str::<Mixed>(text).unwrap_err().to_string();
    assert_eq!(why("{}"), "missing field `needed`");
    assert_eq!(why(r#"{"needed":1,"in-side":{"usual":[1,2]}}"#), "missing field `needed`");
    assert_eq!(from_str::<(u8, u8)>("[1]").unwrap_err().to_string(), "a list is too short");
    assert_eq!(why(r#"{"needed":1,"needed":1}"#), "duplicate field `needed` at byte 21");
    assert_eq!(why(r#"{"usual":[],"needed":1,"usual":[]}"#), "duplicate field `usual` at byte 31");
}

#[test]
fn what_a_person_wrote_is_read_strictly() {
    let strict = |text: &str| from_str_strictly::<Mixed>(text).map_err(|why| why.to_string());
    assert_eq!(strict(r#"{"needed":1}"#), Ok(Mixed { needed: 1, ..Mixed::default() }));
    for (text, field, byte) in
        [(r#"{"needed":1,"usul":[]}"#, "usul", 19), (r#"{"in-side":{"needed":1,"a":0},"needed":1}"#, "a", 27)]
    {
        let expected = "`needed`, `optional`, `usual`, `in-side`";
        assert_eq!(
            strict(text).unwrap_err(),
            format!("unknown field `{field}`, expected one of {expected} at byte {byte}")
        );
        assert!(from_str::<Mixed>(text).is_ok());
    }
}

/// What the server writes of a default value is read back.
#[test]
fn what_is_written_is_read() {
    fn back<T: DeserializeOwned + serde::Serialize + Default + PartialEq + Debug>() {
        let text = serde_json::to_string(&T::default()).unwrap();
        assert_eq!(from_str::<T>(&text).unwrap(), T::default(), "{text}");
        same::<T>(&text);
    }
    back::<TraceResponse>();
    back::<ServicesResponse>();
    back::<LogRecord>();
    same::<LogStatsResponse>(
        r#"{"range":{"from":"1","to":"2"},"columns":[{"name":"n","kind":"count"}],"rows":[[1,"a",null]],"stats":{}}"#,
    );
}
