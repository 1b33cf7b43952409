use super::*;
use crate::logs::logql::with_place;
use proptest::prelude::*;

fn shown(text: &str) -> String {
    match parse(text) {
        Ok(query) => query.to_string(),
        Err(error) => with_place(error, text).to_string(),
    }
}

/// What is read is written in the same words, and reads as the same again.
#[test]
fn what_is_read_is_written() {
    let cases = [
        (r#"{ app = "a" , b!~"c.*" }"#, r#"{app="a", b!~"c.*"}"#),
        (r#"({a="b"} |= "x") != `y` or "z""#, r#"{a="b"} |= "x" != "y" or "z""#),
        (r#"{a="b"} |= ip("10.0.0.0/8") |> "<_> x" # why"#, r#"{a="b"} |= ip("10.0.0.0/8") |> "<_> x""#),
        (
            r#"{a="b"} | json | logfmt --strict | unpack | decolorize"#,
            r#"{a="b"} | json | logfmt --strict | unpack | decolorize"#,
        ),
        (r#"{a="b"} | json x="a.b[0]", y"#, r#"{a="b"} | json x="a.b[0]", y="y""#),
        (
            r#"{a="b"} | regexp "(?P<x>.)" | pattern "<x> y""#,
            r#"{a="b"} | regexp "(?P<x>.)" | pattern "<x> y""#,
        ),
        (
            r#"{a="b"} | x=1 and y>2s or z<=5MB, w!="q""#,
            r#"{a="b"} | ((x == 1 and y > 2s) or (z <= 5MB and w!="q"))"#,
        ),
        (r#"{a="b"} | addr != ip("::1") and (x=~"y")"#, r#"{a="b"} | (addr != ip("::1") and x=~"y")"#),
        (
            r#"{a="b"} | line_format "{{.x}}" | label_format c=d, e="{{.f}}""#,
            r#"{a="b"} | line_format "{{.x}}" | label_format c=d, e="{{.f}}""#,
        ),
        (r#"{a="b"} | json != "x" or "y" | unpack = "z""#, r#"{a="b"} | json != "x" or "y" | unpack="z""#),
        (r#"{a="b"} | drop x, y="z" | keep json"#, r#"{a="b"} | drop x, y="z" | keep json"#),
        (r#"rate({a="b"}[5m])"#, r#"rate({a="b"}[5m])"#),
        (
            r#"count_over_time({a="b"}[90s] |= "x" offset 1h)"#,
            r#"count_over_time({a="b"} |= "x" [1m30s] offset 1h)"#,
        ),
        (
            r#"quantile_over_time(0.9, ({a="b"} | json | unwrap duration(took) | __error__="" [1m])) by (x)"#,
            r#"quantile_over_time(0.9,{a="b"} | json | unwrap duration(took) | __error__="" [1m]) by (x)"#,
        ),
        (r#"sum(rate({a="b"}[1m])) by (x, y)"#, r#"sum by (x, y)(rate({a="b"}[1m]))"#),
        (r#"topk without (x)(3, sum(rate({a="b"}[1m])))"#, r#"topk without (x)(3,sum(rate({a="b"}[1m])))"#),
        ("1 + 2 * 3 ^ 2", "19"),
        ("vector(1)+vector(1)", "(vector(1) + vector(1))"),
        (
            r#"rate({a="b"}[1m]) / on (x) group_left (y) rate({c="d"}[1m]) > bool 5"#,
            r#"((rate({a="b"}[1m]) / on (x) group_left (y) rate({c="d"}[1m])) > bool 5)"#,
        ),
        (
            r#"label_replace(rate({a="b"}[1m]), "x", "$1", "y", "(.*)")"#,
            r#"label_replace(rate({a="b"}[1m]),"x","$1","y","(.*)")"#,
        ),
        (
            r#"sort_desc(bytes_over_time({a="b"}[1m])) or vector(0)"#,
            r#"(sort_desc(bytes_over_time({a="b"}[1m])) or vector(0))"#,
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(shown(text), expected, "{text}");
        assert_eq!(shown(expected), expected);
    }
}

#[test]
fn what_is_wrong_is_told_at_its_place() {
    let cases = [
        ("", "parse error at line 1, col 1: syntax error: unexpected $end, expecting a function"),
        ("{", "line 1, col 2: syntax error: unexpected $end, expecting IDENTIFIER or }"),
        ("{a}", "line 1, col 3: syntax error: unexpected }, expecting =, !=, =~ or !~"),
        ("{a=\"b\"", "line 1, col 7: syntax error: unexpected $end, expecting } or ,"),
        ("{a=\"b\"} |= x", "line 1, col 12: syntax error: unexpected IDENTIFIER, expecting STRING"),
        ("{a=\"b\"}\n| json |", "line 2, col 9: syntax error: unexpected $end"),
        ("{a=~\".*\"}", "line 1, col 1: queries require at least one regexp or equality matcher"),
        ("{a=~\"(\"}", "line 1, col 5: error parsing regexp"),
        ("{a=\"b\"} | regexp \"x\"", "line 1, col 18: at least one named capture"),
        ("{a=\"b\"} | line_format \"{{ nosuch . }}\"", "function \"nosuch\" not defined"),
        ("rate({a=\"b\"})", "line 1, col 13: syntax error: unexpected ), expecting ["),
        ("rate({a=\"b\"}[5])", "line 1, col 14: syntax error: unexpected NUMBER, expecting DURATION"),
        ("sum_over_time({a=\"b\"}[5m])", "line 1, col 1: invalid aggregation sum_over_time without unwrap"),
        ("count_over_time({a=\"b\"} | unwrap x [5m])", "invalid aggregation count_over_time with unwrap"),
        ("rate({a=\"b\"}[5m]) by (x)", "grouping not allowed for rate aggregation"),
        ("topk(0, rate({a=\"b\"}[5m]))", "line 1, col 6: invalid parameter (0) for topk"),
        ("1 or rate({a=\"b\"}[5m])", "unexpected literal for a leg of logical/set binary operation (or)"),
        ("1 + bool 2", "line 1, col 3: bool modifier can only be used on comparison operators"),
        ("nosuch({a=\"b\"}[5m])", "line 1, col 1: syntax error: unexpected IDENTIFIER nosuch"),
        ("{a=\"b\"} |= \"x", "line 1, col 12:"),
        ("{a=\"b\"} extra", "line 1, col 9: syntax error: unexpected IDENTIFIER"),
        ("{a=\"b\"} | label_format x=\"a\", x=\"b\"", "multiple label name 'x'"),
    ];
    for (text, expected) in cases {
        let found = shown(text);
        assert!(found.contains(expected), "{text}: {found}");
    }
    let many = " or a=`b`".repeat(5_000);
    assert!(shown(&format!("{{a=\"b\"}} | a=`b`{many}")).contains("more than 256 tests"));
    assert!(shown(&format!("vector(1){}", " + vector(1)".repeat(5_000))).contains("and operators"));
    let many = " or `x`".repeat(5_000);
    assert!(shown(&format!("{{a=\"b\"}} |= `x`{many}")).contains("more than 256 tests"));
    assert!(shown(&format!("{{a=\"b\"}} |~ `x`{many}")).contains("more than 32 regular expressions"));
    assert!(shown(&"(".repeat(100_000)).contains("levels of parentheses"));
    assert!(shown(&format!("{{a=\"b\"}}{}", " | json".repeat(200))).contains("more than 100 stages"));
}

const PIECES: [&str; 48] = [
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "5m",
    "5MB",
    "7",
    "-",
    "+",
    "*",
    "/",
    "^",
    "%",
    "|",
    "|=",
    "!=",
    "|~",
    "!~",
    "|>",
    "!>",
    "=",
    "==",
    "=~",
    ">",
    "<=",
    ",",
    "a",
    "b",
    "`x`",
    "\"y\"",
    "json",
    "logfmt",
    "--strict",
    "unwrap",
    "line_format",
    "label_format",
    "drop",
    "keep",
    "ip",
    "rate",
    "sum_over_time",
    "sum",
    "topk",
    "by",
    "or",
    "bool",
];

proptest! {
    /// Whatever is written, it is read or told, and what is read stays the same.
    #[test]
    fn nothing_breaks_the_parser(
        pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..14), inside: bool, text in "\\PC{0,8}",
    ) {
        let joined = pieces.join(" ");
        let text = if inside { format!("{{a=\"b\"}} {joined}") } else { format!("{joined}{text}") };
        if let Ok(query) = parse(&text) {
            let written = query.to_string();
            prop_assert_eq!(shown(&written), written);
        }
    }
}
