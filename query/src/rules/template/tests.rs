use super::*;
use crate::promql;

fn expanded(text: &str) -> String {
    let data = Data {
        labels: Labels::new([("instance", "db-1.shop.example:9100"), ("job", "node"), ("__name__", "up")]),
        external_labels: Labels::new([("cluster", "eu")]),
        external_url: "http://ocelli.example/x/".to_owned(),
        value: Sample::Float(0.8312),
        time_ms: 1_795_694_400_000,
    };
    expand(text, &data, &mut |query, time_ms| {
        let vector = |_: &promql::select::Selection| Ok(Vec::new());
        promql::run(&promql::Query::instant(query, time_ms), &mut { vector }, &|| Ok(()))
    })
}

#[track_caller]
fn check(template: &str, expect: &str) {
    super::check(template).unwrap_or_else(|why| panic!("{template}: {why}"));
    assert_eq!(expanded(template), expect, "{template}");
}

#[test]
fn what_alerts_say() {
    check("Instance {{ $labels.instance }} down", "Instance db-1.shop.example:9100 down");
    check("{{.Labels.job}}: {{ .Value }} {{$value}} {{ $labels.absent }}.", "node: 0.8312 0.8312 .");
    check(
        "{{ $externalLabels.cluster }} {{ .ExternalLabels.cluster }} {{ $externalURL }}",
        "eu eu http://ocelli.example/x/",
    );
    check(r#"{{ printf "%.2f" $value }} {{ $value | printf "%5.1f|%-6s|%%" }}"#, "0.83   0.8|%!s(MISSING)|%");
    check(
        "{{ $value | humanizePercentage }} {{ humanize 1234567.0 }} {{ 0.00012 | humanize }}",
        "83.12% 1.235M 120u",
    );
    check(
        "{{ humanize1024 1048576.0 }} {{ humanizeDuration 93784 }} {{ 0.5 | humanizeDuration }}",
        "1Mi 1d 2h 3m 4s 500ms",
    );
    check("{{ 1795694400 | humanizeTimestamp }}", "2026-11-26 12:00:00 +0000 UTC");
    check(
        "{{ $labels.instance | stripPort }} {{ stripDomain .Labels.instance }}",
        "db-1.shop.example db-1:9100",
    );
    check(
        r#"{{ title "on fire" }} {{ "a" | toUpper }} {{ reReplaceAll "(.*)-(.*)" "$2-$1" "a-b" }}"#,
        "On Fire A b-a",
    );
    check(r#"{{ graphLink "up{job=\"a\"}" }}"#, "/graph?g0.expr=up%7Bjob%3D%22a%22%7D&g0.tab=0");
    check("{{ pathPrefix }} {{ externalURL }}", "/x http://ocelli.example/x/");
    check("{{ 1234567.0 }} {{ 100000.0 }} {{ 0.00001 }}", "1.234567e+06 100000 1e-05");
    check("{{ $labels }}", "map[__name__:up instance:db-1.shop.example:9100 job:node]");
}

#[test]
fn the_language() {
    check("a {{- /* nothing */ -}} b", "ab");
    check("{{ if gt $value 0.5 }}high{{ else }}low{{ end }}", "high");
    check("{{ if lt $value 0.5 }}a{{ else if eq .Labels.job \"node\" }}b{{ else }}c{{ end }}", "b");
    check("{{ with .Labels.absent }}x{{ else }}none{{ end }}", "none");
    check("{{ with $x := .Labels.job }}{{ . }}{{ $x }}{{ end }}", "nodenode");
    check(
        "{{ range $k, $v := .Labels }}{{ $k }}={{ $v }};{{ end }}",
        "__name__=up;instance=db-1.shop.example:9100;job=node;",
    );
    check("{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ end }}{{ $x }}", "2");
    check("{{ if and (eq 1 1) (not false) }}y{{ end }}{{ if or false \"\" }}n{{ end }}", "y");
    check(r#"{{ index .Labels "job" }} {{ len "abc" }} {{ eq "a" "b" "a" }}"#, "node 3 true");
    check(
        r#"{{ range query "vector(7)" }}{{ .Value }}{{ end }} {{ query "vector(3)" | first | value }}"#,
        "7 3",
    );
    check(
        r#"{{ (query "vector(5)" | first).Value | humanize }} {{ with query "absent_metric" }}x{{ end }}"#,
        "5 ",
    );
    check(r#"{{ print "a" 1 }}{{ `raw "x"` }}"#, "a 1raw \"x\"");
}

#[test]
fn what_goes_wrong_is_told() {
    for (template, why) in [
        ("{{ nonsense 1 }}", "function \"nonsense\" not defined"),
        ("{{ if true }}x", "unexpected EOF: {{if}} without {{end}}"),
        ("{{ end }}", "unexpected {{end}}"),
        ("{{ $value", "unclosed action"),
        ("{{ define \"x\" }}{{ end }}", "\"define\" is not supported in the templates of rules"),
        ("{{ }}x{{ | }}", "missing value for command"),
        ("{{ (1 }}", "unclosed left paren"),
        ("{{ \"a }}", "unterminated"),
        ("{{ $label.job }}", "undefined variable \"$label\""),
        ("{{ if true }}{{ $x := 1 }}{{ end }}{{ $x }}", "undefined variable \"$x\""),
    ] {
        let found = super::check(template).map_or_else(|why| why, |()| "nothing".to_owned());
        assert!(found.contains(why), "{template}: {found}");
    }
    let deep = "{{ if true }}".repeat(10_000);
    assert!(super::check(&deep).unwrap_err().contains("nested too deeply"));
    assert!(super::check(&format!("{{{{ {} }}}}", "(".repeat(10_000))).is_err());
    assert_eq!(
        expanded("{{ query \"x\" | first }}"),
        "<error expanding template: error calling first: first() called on vector with no elements>"
    );
    assert!(expanded("{{ .Nothing }}").contains("can't evaluate field Nothing"));
    assert!(expanded("{{ $x }}").contains("undefined variable"));
}
