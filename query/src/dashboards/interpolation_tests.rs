//! Whatever a value is, the query around it stays what it was: held against the parsers themselves.

use crate::logs::language;
use crate::promql::parse_selector;
use crate::promql::select::{MatchOp, Matcher};
use crate::traces::traceql;
use crate::{logs::logql, promql};
use ocelli_api::dashboards::interpolate::{Chosen, Syntax, Values, interpolate};
use proptest::prelude::*;

/// Text with all that means something somewhere.
fn hostile() -> impl Strategy<Value = String> {
    let sign = prop_oneof![
        4 => "[\"'`\\\\\n\r\t(){}\\[\\]|.*+?^$/#,:;=~!<>&% -]",
        2 => "[a-zA-Z0-9_é日]",
        1 => "(OR|AND|NOT|\\$job|\\$\\{v\\}|\\[\\[v\\]\\]|\\{\\{\\.x\\}\\}|\\\\n|\\\\x41|\\\\d)",
    ];
    proptest::collection::vec(sign, 1..8).prop_map(|signs| signs.concat())
}

fn with(values: &[String]) -> Values {
    [("v", Chosen { values: values.to_vec(), ..Chosen::default() })].into_iter().collect()
}

/// The value of the matcher of `a`, where nothing else has changed.
fn matcher(matchers: &[Matcher]) -> (&MatchOp, &str, &Matcher) {
    assert_eq!(matchers.len(), 3, "{matchers:?}");
    assert_eq!((matchers[0].value.as_str(), matchers[2].value.as_str()), ("up", "z"));
    (&matchers[1].op, &matchers[1].value, &matchers[1])
}

proptest! {
    #[test]
    fn in_promql_a_value_is_a_value(value in hostile(), quote in "[\"'`]") {
        let text = format!("{{__name__=\"up\", a={quote}$v{quote}, b=\"z\"}}");
        let text = interpolate(&text, Syntax::PromQl, &with(std::slice::from_ref(&value))).unwrap();
        let matchers = parse_selector(&text).unwrap();
        prop_assert_eq!(matcher(&matchers).1, value.as_str());
    }

    #[test]
    fn in_patterns_values_match_themselves_and_nothing_else(
        values in proptest::collection::vec(hostile(), 1..4), quote in "[\"'`]", other in hostile(),
    ) {
        let text = format!("{{__name__=\"up\", a=~{quote}$v{quote}, b=\"z\"}}");
        let text = interpolate(&text, Syntax::PromQl, &with(&values)).unwrap();
        let matchers = parse_selector(&text).unwrap();
        let found = matcher(&matchers).2;
        for value in &values {
            prop_assert!(found.matches(value), "{} {:?}", text, value);
        }
        prop_assert_eq!(found.matches(&other), values.contains(&other));
    }

    #[test]
    fn outside_of_strings_a_query_is_what_it_is_with_a_word_or_is_refused(value in hostile()) {
        for (expr, shape) in [("sum by ($v) (up)", "sum by (x) (up)"), ("up offset $v", "up offset 5m")] {
            if let Ok(text) = interpolate(expr, Syntax::PromQl, &with(std::slice::from_ref(&value))) {
                prop_assert!(text.len() == expr.len() - 2 + value.len());
                prop_assert!(!value.contains(['(', ')', '{', '"', '#', ' ', '\n']), "{}", text);
            }
            prop_assert!(promql::value_type(shape).is_ok());
        }
        let arguments = "label_replace(up, \"a\", \"$v\", \"b\", \"(.*)\")";
        if let Ok(text) = interpolate(arguments, Syntax::PromQl, &with(std::slice::from_ref(&value))) {
            prop_assert!(promql::value_type(&text).is_ok(), "{}", text);
            prop_assert!(!value.contains(['$', '\\', '(', '*']));
        }
    }

    #[test]
    fn in_logql(value in hostile(), quote in "[\"`]") {
        let one = with(std::slice::from_ref(&value));
        let selector = format!("{{__name__=\"up\", a={quote}$v{quote}, b=\"z\"}}");
        let matchers = logql::parse_selector(&interpolate(&selector, Syntax::LogQl, &one).unwrap()).unwrap();
        prop_assert_eq!(matcher(&matchers).1, value.as_str());
        let selector = format!("{{__name__=\"up\", a!~{quote}$v{quote}, b=\"z\"}}");
        let matchers = logql::parse_selector(&interpolate(&selector, Syntax::LogQl, &one).unwrap()).unwrap();
        prop_assert!(!matcher(&matchers).2.matches(&value));
        for filter in ["|=", "!=", "|~", "!~"] {
            let text = format!("{{a=\"b\"}} {filter} {quote}$v{quote} | c=\"d\"");
            let text = interpolate(&text, Syntax::LogQl, &one).unwrap();
            let Ok(logql::ast::Query::Logs(query)) = logql::parse(&text) else { panic!("{text}") };
            prop_assert_eq!(query.stages.len(), 2, "{}", text);
        }
        for strict in ["| line_format \"$v {{.x}}\"", "| pattern `<_> $v <y>`", "|> \"$v <_>\""] {
            if let Ok(text) = interpolate(&format!("{{a=\"b\"}} {strict}"), Syntax::LogQl, &one) {
                prop_assert!(!value.contains(['{', '<', '"', '`', '\\']), "{}", text);
            }
        }
    }

    #[test]
    fn in_the_log_language(values in proptest::collection::vec(hostile(), 1..4)) {
        let read = |text: &str, values: &[String]| {
            let text = interpolate(text, Syntax::Logs, &with(values)).unwrap();
            assert!(language::split(&text).1.is_empty(), "{text}");
            language::parse(&text).unwrap_or_else(|why| panic!("{text:?}: {why}"))
        };
        let term = |field: Option<&str>, text: &str| {
            let field = field.map(str::to_owned);
            let value = language::Value::Text(language::Literal { text: text.to_owned(), quoted: true });
            (field, value)
        };
        let terms = |expr: &language::Expr| -> Vec<(Option<String>, language::Value)> {
            fn walk(expr: &language::Expr, found: &mut Vec<(Option<String>, language::Value)>) {
                match expr {
                    language::Expr::All => {}
                    language::Expr::Not(inner) => walk(inner, found),
                    language::Expr::And(all) | language::Expr::Or(all) => all.iter().for_each(|one| walk(one, found)),
                    language::Expr::Term(term) => found.push((term.field.clone(), term.value.clone())),
                }
            }
            let mut found = Vec::new();
            walk(expr, &mut found);
            found
        };
        let one = &values[..1];
        prop_assert_eq!(terms(&read("service:$v", one)), [term(Some("service"), &values[0])]);
        prop_assert_eq!(terms(&read("\"$v\"", one)), [term(None, &values[0])]);
        let many: Vec<_> = values.iter().map(|value| term(Some("a.b"), value)).collect();
        prop_assert_eq!(terms(&read("-a.b:$v", &values)), many);
        let found = terms(&read("body:/x $v y/ -z:\"1\"", &values));
        prop_assert_eq!(found.len(), 2);
        let language::Value::Regex(pattern) = &found[0].1 else { panic!("{found:?}") };
        let pattern = regex::Regex::new(&format!("^(?:{pattern})$")).unwrap();
        for value in &values {
            let text = format!("x {value} y");
            prop_assert!(pattern.is_match(&text), "{} {}", pattern, text);
        }
    }

    #[test]
    fn in_traceql(value in hostile(), quote in "[\"`]") {
        let one = with(std::slice::from_ref(&value));
        let expr = format!("{{ .a = {quote}$v{quote} && .b =~ {quote}$v{quote} }} | count() > 1");
        let text = interpolate(&expr, Syntax::TraceQl, &one).unwrap();
        let query = traceql::parse(&text).unwrap_or_else(|why| panic!("{text:?}: {why}"));
        prop_assert_eq!(query.pipeline.0.len(), 2);
    }
}
