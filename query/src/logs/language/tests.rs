//! The language as data: `cases.test` holds queries, each with its tree or its error.

use super::*;
use proptest::prelude::*;

#[test]
fn cases() {
    let mut checked = 0;
    for (number, line) in include_str!("cases.test").lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (query, expected) = line.split_once(" => ").expect("a case is 'query => tree'");
        let found = match parse(query.trim()) {
            Ok(expr) => expr.to_string(),
            Err(error) => format!("error {}: {}", error.offset, error.message),
        };
        assert_eq!(found, expected.trim(), "cases.test line {}: {query}", number + 1);
        checked += 1;
    }
    assert!(checked > 60, "only {checked} cases were read");
}

#[test]
fn an_empty_query_is_everything() {
    assert_eq!(parse(""), Ok(Expr::All));
    assert_eq!(parse("  \n"), Ok(Expr::All));
}

#[test]
fn limits_are_named() {
    let message = |query: &str| parse(query).unwrap_err().message;
    assert!(message(&"a ".repeat(MAX_BYTES)).contains("16384 is the limit"));
    assert!(message(&"(".repeat(MAX_DEPTH + 1)).contains("deeper than 64"));
    assert!(message(&format!("{}a", "-".repeat(MAX_DEPTH + 1))).contains("deeper than 64"));
    assert!(message(&"a ".repeat(MAX_TERMS + 1)).contains("more than 256 terms"));
    assert!(parse(&"(".repeat(MAX_DEPTH / 2)).unwrap_err().message.contains("missing"));
}

#[test]
fn spans_cover_field_and_value() {
    let Ok(Expr::And(terms)) = parse("größe:>5  \"a b\"") else { panic!("two terms") };
    let spans: Vec<_> =
        terms.iter().map(|term| if let Expr::Term(term) = term { term.span } else { panic!() }).collect();
    assert_eq!(spans, [Span { start: 0, end: 10 }, Span { start: 12, end: 17 }]);
}

proptest! {
    #[test]
    fn any_text_is_a_tree_or_an_error_inside_it(
        text in r#"([a-z0-9:*/"()\[\]{}<>=!&|\\ .äß-]|AND|OR|NOT| TO ){0,40}"#
    ) {
        if let Err(error) = parse(&text) {
            prop_assert!(error.offset <= text.len() && text.is_char_boundary(error.offset), "{}", text);
        }
    }
}
