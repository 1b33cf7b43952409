use super::*;

/// Checks the tree by printing it with all parentheses.
fn check(query: &str, expect: &str) {
    let printed = match parse(query) {
        Ok(expr) => print(&expr),
        Err(Error::BadQuery { message, offset }) => format!("{}: {message}", offset.unwrap_or(999)),
        Err(other) => other.to_string(),
    };
    assert_eq!(printed, expect, "{query}");
}

fn print(expr: &Expr) -> String {
    match &expr.kind {
        ExprKind::Number(number) => number.to_string(),
        ExprKind::Text(text) => format!("{text:?}"),
        ExprKind::Paren(inner) => print(inner),
        ExprKind::Negate(inner) => format!("(-{})", print(inner)),
        ExprKind::Binary(b) => format!("({} {} {})", print(&b.lhs), b.op.symbol(), print(&b.rhs)),
        ExprKind::Aggregate(a) => format!("{}({})", a.op.name(), print(&a.expr)),
        ExprKind::Call(call) => {
            format!("{}({})", call.function.name, call.args.iter().map(print).collect::<Vec<_>>().join(", "))
        }
        ExprKind::Vector(selector) => selector.matchers.iter().map(|m| m.value.clone()).collect(),
        ExprKind::Matrix(selector, range) => format!("{}[{range:?}]", selector.matchers[0].value),
        ExprKind::Subquery(s) => format!("{}[{:?}:]", print(&s.expr), s.range),
    }
}

#[test]
fn precedence() {
    check("1 + 2 * 3 ^ 2 ^ 2", "(1 + (2 * (3 ^ (2 ^ 2))))");
    check("-2 ^ 2", "(-(2 ^ 2))");
    check("2 ^ -1", "(2 ^ -1)");
    // A signed number is a number.
    check("2/-2^---1*3+2", "(((2 / (-(2 ^ -1))) * 3) + 2)");
    check("a or b and c unless d == e", "(a or ((b and c) unless (d == e)))");
    check("a - b - c", "((a - b) - c)");
}

#[test]
fn words_are_told_by_their_place() {
    check("sum", "sum");
    check("sum by (bool) (by)", "sum(by)");
    check("inf + NaN", "(inf + NaN)");
    check("on:x{job=\"a\"}", "on:xa");
    check("5m + foo[5m:1m]", "5: binary expression must contain only scalar and instant vector types");
    check("rate(foo[5m] offset -1h)", "rate(foo[Ms(300000)])");
}

#[test]
fn numbers() {
    check("0x1F + 017 + 1_000", "((31 + 15) + 1000)");
    check("089 + .5 + 1e3", "((89 + 0.5) + 1000)");
    check("1__0", "0: bad number or duration syntax: \"1__0\"");
}

#[test]
fn errors_say_where() {
    check("", "0: no expression found in input");
    check("foo{bar=}", "8: unexpected \"}\" in label matching, expected string");
    check("sum(foo", "7: unclosed left parenthesis");
    check("1 == 2", "2: comparisons between scalars must use BOOL modifier");
    check("nope(foo)", "0: unknown function with name \"nope\"");
    check("rate(foo)", "5: expected type range vector in call to function \"rate\", got instant vector");
    check("foo + ", "6: unexpected end of input");
    check("{a=~\".*\"}", "0: vector selector must contain at least one non-empty matcher");
    check("foo $ 1", "4: unexpected character: '$'");
    check("foo{a=~\"(\"}", "4: error parsing regexp \"(\": unclosed group");
    check("foo[0s]", "4: duration must be greater than 0");
    check("foo[5m/0]", "6: division by zero");
    check("sum(foo))", "9: unexpected right parenthesis ')'");
    check("foo by", "4: unexpected <by>");
    check("foo + bool 1", "4: bool modifier can only be used on comparison operators");
    check("foo + group_left bar", "6: unexpected <group_left>");
    check("foo{__name__=\"bar\"}", "0: metric name must not be set twice: \"foo\" or \"bar\"");
    check("info(foo, bar)", "10: expected label selectors only, got vector selector instead");
    check("foo @ NaN", "0: timestamp out of bounds for @ modifier: NaN");
}

#[test]
fn deep_nesting_is_refused() {
    let query = format!("{}1{}", "(".repeat(1000), ")".repeat(1000));
    assert!(parse(&query).unwrap_err().to_string().contains("nested too deeply"));
}
