use super::*;

fn values() -> Values {
    let many = |values: &[&str]| Chosen {
        values: values.iter().map(|value| (*value).to_owned()).collect(),
        ..Chosen::default()
    };
    let all = |values: &[&str], all_value: &str| Chosen {
        is_all: true,
        all_value: all_value.to_owned(),
        ..many(values)
    };
    let mut found: Values = [
        ("job", Chosen::one("node")),
        ("bad", Chosen::one("a\"b\\c\nd'e`f.g")),
        ("some", many(&["a.b", "c|d"])),
        ("every", all(&["x", "y"], "")),
        ("any", all(&["x", "y"], ".+")),
        ("none", many(&[])),
        ("n", Chosen::one("5")),
        ("words", many(&["job", "instance"])),
        ("pattern", Chosen::one(".*err.*")),
    ]
    .into_iter()
    .collect();
    found.extend(built_in(3_600_000, 15_000, 1_000_000_000));
    found
}

fn check(syntax: Syntax, text: &str, expect: &str) {
    match interpolate(text, syntax, &values()) {
        Ok(found) => assert_eq!(found, expect, "{text}"),
        Err(why) => assert_eq!(why, expect, "{text}"),
    }
}

#[test]
fn promql() {
    let check = |text: &str, expect: &str| check(Syntax::PromQl, text, expect);
    check("up{job=\"$job\"}", "up{job=\"node\"}");
    check("up{job=\"${job}_x\", a='[[job]]'}", "up{job=\"node_x\", a='node'}");
    check("up{job=\"$job_x\"}", "up{job=\"$job_x\"}");
    check("up{a=\"$bad\"}", "up{a=\"a\\\"b\\\\c\\nd'e`f.g\"}");
    check("up{a='$bad'}", "up{a='a\"b\\\\c\\nd\\'e`f.g'}");
    check("up{a=~\"$bad\"}", "up{a=~\"a\\\"b\\\\\\\\c\\nd'e`f\\\\.g\"}");
    check("up{a=`$bad`}", "up{a=\"a\\\"b\\\\c\\nd'e`f.g\"}");
    check("up{a=~`\\d$bad`, b=`\\d`}", "up{a=~\"\\\\da\\\"b\\\\\\\\c\\nd'e`f\\\\.g\", b=`\\d`}");
    check("up{a=~\"$some\"}", "up{a=~\"(a\\\\.b|c\\\\|d)\"}");
    check("up{a=\"$some\"}", "$some: several values are chosen, and only a pattern (=~) can have several");
    check("up{a!~\"$every\", b=~\"$any\"}", "up{a!~\"(x|y)\", b=~\".+\"}");
    check("up{a=~\"$none\"}", "$none: there is no value to choose");
    check("up{a=~\"${pattern:raw}\", b=~\"$pattern\"}", "up{a=~\".*err.*\", b=~\"\\\\.\\\\*err\\\\.\\\\*\"}");
    check("topk($n, rate(x[$__rate_interval]))", "topk(5, rate(x[60s]))");
    check("sum by ($words) (x[$__range:$__interval])", "sum by (job, instance) (x[3600s:15s])");
    check(
        "$bad",
        "$bad: \"a\\\"b\\\\c\\nd'e`f.g\" can't stand outside of quotes: only words, numbers and durations can",
    );
    check("up # $job\n + $n", "up # $job\n + 5");
    check(
        "label_replace(up, \"a\", \"$1-$job\", \"b\", \"(.*)\")",
        "label_replace(up, \"a\", \"$1-node\", \"b\", \"(.*)\")",
    );
    check(
        "label_replace(up, \"a\", \"$pattern\", \"b\", \"\")",
        "$pattern: \".*err.*\" can't stand here: only letters, digits and _:./- can",
    );
    check("up{a=\"\\$job\"}", "$job: a backslash stands before it");
    check("up{a=\"\\\\$job\"}", "up{a=\"\\\\node\"}");
    check(
        "up{a=\"${job:base64}\"}",
        "$job: the format base64 is not known; there are regex, pipe, csv, raw and text",
    );
    check("up{a=\"$\", b=\"${\", c=\"[[:alpha:]]\"}", "up{a=\"$\", b=\"${\", c=\"[[:alpha:]]\"}");
}

#[test]
fn logql() {
    let check = |text: &str, expect: &str| check(Syntax::LogQl, text, expect);
    check(
        "{a=~\"$some\"} |= `$bad` | b=\"$job\"",
        "{a=~\"(a\\\\.b|c\\\\|d)\"} |= \"a\\\"b\\\\c\\nd'e`f.g\" | b=\"node\"",
    );
    check("{a=\"b\"} |~ \"$bad\" !~ `x`", "{a=\"b\"} |~ \"a\\\"b\\\\\\\\c\\nd'e`f\\\\.g\" !~ `x`");
    check("{a=\"b\"} | line_format \"$job {{.x}}\"", "{a=\"b\"} | line_format \"node {{.x}}\"");
    check(
        "{a=\"b\"} | line_format \"$pattern\"",
        "$pattern: \".*err.*\" can't stand here: only letters, digits and _:./- can",
    );
    check("sum(rate({a=\"b\"}[$__auto]))", "sum(rate({a=\"b\"}[15s]))");
}

#[test]
fn the_log_language() {
    let check = |text: &str, expect: &str| check(Syntax::Logs, text, expect);
    check("service:$job $bad", "service:\"node\" \"a\\\"b\\\\c\nd'e`f.g\"");
    check("-service:$some -$job", "-service:(\"a.b\" OR \"c|d\") -\"node\"");
    check("service:$every x:$every", "service:* x:*");
    check("\"is $bad\"", "\"is a\\\"b\\\\c\nd'e`f.g\"");
    check("body:/a $bad b/ x", "body:/a a\"b\\\\c\nd'e`f\\.g b/ x");
    check("a/$job/b", "a/node/b");
    check("n:[1 TO $n]", "n:[1 TO 5]");
    check(
        "pre$bad",
        "$bad: \"a\\\"b\\\\c\\nd'e`f.g\" can't stand outside of quotes: only words, numbers and durations can",
    );
    check("service:$job | stats count() by ($words)", "service:\"node\" | stats count() by (job, instance)");
}

#[test]
fn traceql_and_text() {
    check(
        Syntax::TraceQl,
        "{ name = \"$bad\" && span.x =~ \"$some\" }",
        "{ name = \"a\\\"b\\\\c\\nd'e`f.g\" && span.x =~ \"(a\\\\.b|c\\\\|d)\" }",
    );
    check(Syntax::Text, "$job of $some, $every", "node of a.b + c|d, All");
}

#[test]
fn names_are_those_that_are_written() {
    assert_eq!(names("a$b ${c:raw} [[d]] $1 ${} [[ x ]] $é $$e"), ["b", "c", "d", "e"]);
}

#[test]
fn formats_are_written_where_there_are_none() {
    let text = with_format("$a ${a} [[a]] ${a:csv} $b é", "raw", |name| name == "a");
    assert_eq!(text, "${a:raw} ${a:raw} ${a:raw} ${a:csv} $b é");
}
