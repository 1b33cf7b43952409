use super::*;

#[track_caller]
fn reads(query: &str, expected: &str) {
    let parsed =
        parse(query).unwrap_or_else(|error| panic!("{query}: {} at {}", error.message, error.offset));
    assert_eq!(parsed.to_string(), expected, "{query}");
    // What is printed reads as the same.
    assert_eq!(parse(expected).unwrap().to_string(), expected);
}

#[track_caller]
fn fails(query: &str, offset: usize, message: &str) {
    let error = parse(query).map(|query| query.to_string()).unwrap_err();
    assert_eq!((error.offset, error.message.as_str()), (offset, message), "{query}");
}

#[test]
fn precedence_is_tempos() {
    reads("{}", "{ true }");
    reads("{ .a = 1 || .b = 2 && .c = 3 }", "{ ((.a = 1 || .b = 2) && .c = 3) }");
    reads("{ .a + 2 * .b ^ 2 ^ 2 > 3 }", "{ (.a + (2 * (.b ^ (2 ^ 2)))) > 3 }");
    reads("{ !.a && -.b > 3 }", "{ (!(.a) && -(.b) > 3) }");
    reads("{a=b}".replace("a=b", ".a=.b").as_str(), "{ .a = .b }");
    reads("{.a=1} && {.b=1} >> {.c=1} || {}", "(({ .a = 1 } && ({ .b = 1 } >> { .c = 1 })) || { true })");
    reads("({.a=1} | count() > 2) &>> {}", "(({ .a = 1 } | count() > 2) &>> { true })");
    reads("{} | avg(duration) + 1s * 2 > 3s", "{ true } | (avg(duration) + (1s * 2)) > 3s");
}

#[test]
fn every_stage_and_field() {
    reads(
        r#"{ span.http.status_code >= 500 && resource."service name" =~ "a.*" && parent.span.x != nil }"#,
        r#"{ ((span.http.status_code >= 500 && resource."service name" =~ "a.*") && parent.span.x != nil) }"#,
    );
    reads(
        "{ span:kind = server && trace:duration > 1m && event:name = `x` && nestedSetParent < 0 }",
        r#"{ (((kind = server && traceDuration > 1m) && event:name = "x") && nestedSetParent < 0) }"#,
    );
    reads(
        "{} | by(resource.service.name) | count() > 1 | coalesce() | select(.a, name)",
        "{ true } | by(resource.service.name) | count() > 1 | coalesce() | select(.a, name)",
    );
    reads("count() > 2", "{ true } | count() > 2");
    reads(
        "{} | quantile_over_time(duration, .5, 0.99) by (name) | topk(3) with(exemplars=true, sample=0.1)",
        "{ true } | quantile_over_time(duration, 0.5, 0.99) by(name) | topk(3) with(exemplars=true, sample=0.1)",
    );
    reads("{} | compare({status=error}, 5)", "{ true } | compare({ status = error }, 5)");
    reads("{} | max_over_time(span.size) | > -2.5", "{ true } | max_over_time(span.size) | > -2.5");
}

#[test]
fn mistakes_are_placed_and_what_was_meant_is_named() {
    fails("", 0, "the query is empty; {} finds every trace");
    fails("{ .a = 1", 0, "the '{' that opens here is not closed");
    fails("{ .a = }", 7, "an attribute or a value is missing before '}'");
    fails(
        "{ duratoin > 1s }",
        2,
        "'duratoin' is no intrinsic field; an attribute begins with a dot: .duratoin; did you mean duration?",
    );
    fails("{ .a = 1 and .b = 2 }", 9, "'and' is no operator; did you mean &&?");
    fails("{ .a == 1 }", 5, "'==' is no operator; did you mean = ?");
    fails(
        "{ status = \"error\" }",
        11,
        "this is compared with a status (error, ok, unset), and must be that too",
    );
    fails(
        "{ kind > server }",
        9,
        "a kind (server, client, internal, producer, consumer, unspecified) is neither less nor greater; use = or !=",
    );
    fails("{ .a > nil }", 7, "nil is neither less nor greater; use = or !=");
    fails("{ \"a\" }", 2, "a span filter needs something that is true or false, and this is text in quotes");
    fails("{ .a =~ 5 }", 8, "a regular expression is text in quotes");
    fails("{ .a =~ \"(\" }", 8, "the regular expression is not valid: unclosed group");
    fails("{} | rat()", 5, "'rat' is no stage; did you mean rate?");
    fails("{} | count()", 12, "a comparison is missing: count() > 2, avg(duration) < 1s");
    fails("({} | rate())", 6, "rate is the last stage of a whole query: { … } | rate(…)");
    fails("{} }", 3, "'}' is not expected here: it closes nothing");
    fails("{} {}", 3, "'{' is not expected here: join span filters by && || > >> < << or ~");
    fails("duration > 1s", 0, "'duration' is outside of a span filter; put it in braces: { … }");
    fails(
        "{} | quantile_over_time(duration, 5)",
        34,
        "a quantile is a number from 0 to 1, and there are at most 16",
    );
    fails("{} | topk(3)", 5, "'topk' is no stage");
    fails("{} | rate() | topk(1000000)", 19, "topk takes a number from 1 to 1000");
    fails("{} | avg(name) > 1", 9, "avg needs a number or a duration, and this is text in quotes");
}

#[test]
fn bounds_hold() {
    let deep = format!("{{ {}.a{} }}", "(".repeat(1_000), ")".repeat(1_000));
    assert_eq!(parse(&deep).unwrap_err().message, "the query nests deeper than 64");
    let negated = format!("{{ {}.a }}", "!".repeat(1_000));
    assert_eq!(parse(&negated).unwrap_err().message, "the query nests deeper than 64");
    let powers = format!("{{ {}1 > 2 }}", "1^".repeat(200));
    assert_eq!(parse(&powers).unwrap_err().message, "the query nests deeper than 64");
    let braces = format!("{}{{}}{}", "(".repeat(1_000), ")".repeat(1_000));
    assert!(parse(&braces).unwrap_err().message.contains("than"));
    let wide = format!("{{ {} }}", vec![".a = 1"; 300].join(" || "));
    assert_eq!(parse(&wide).unwrap_err().message, "the query has more than 256 operands");
    let long = vec!["{}"; 40].join(" | ");
    assert_eq!(parse(&long).unwrap_err().message, "the query has more than 32 stages");
    let wide_sets = vec!["{ .a }"; 300].join(" > ");
    assert_eq!(parse(&wide_sets).unwrap_err().message, "the query has more than 256 operands");
    assert!(parse(&"{".repeat(20_000)).unwrap_err().message.contains("16384 is the limit"));
}
