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
    expand(text, &data, &mut |_, query, time_ms| {
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
    check(r#"{{ print "a" 1 2 }}{{ `raw "x"` }}"#, "a1 2raw \"x\"");
    check("{{ if and false (index 1 2) }}x{{ end }}{{ or 0 \"\" \"z\" (index 1 2) }}", "z");
    check("{{ with .Labels.absent }}x{{ else with .Labels.job }}{{ . }}{{ end }}", "node");
    check("{{ range 3 }}{{ . }}{{ end }}", "012");
    check("{{\n  $value\n}}", "0.8312");
    check(
        r"{{ 0x1F }} {{ 1_000 }} {{ -0b11 }} {{ .5 }} {{ 'a' }} {{ '\n' }} {{ '\'' }}",
        "31 1000 -3 0.5 97 10 39",
    );
}

#[test]
fn what_goes_wrong_is_told() {
    for (template, why) in [
        ("{{ nonsense 1 }}", "function \"nonsense\" not defined"),
        ("{{ if true }}x", "unexpected EOF: {{if}} without {{end}}"),
        ("{{ end }}", "unexpected {{end}}"),
        ("{{ $value", "unclosed action"),
        ("{{ break }}", "1:1: {{break}} outside {{range}}"),
        ("{{ range 3 }}{{ else }}{{ continue }}{{ end }}", "1:24: {{continue}} outside {{range}}"),
        ("{{ range 3 }}{{ block \"x\" . }}{{ break }}{{ end }}{{ end }}", "{{break}} outside {{range}}"),
        ("{{ if true }}{{ define \"x\" }}{{ end }}{{ end }}", "1:14: unexpected {{define}}"),
        (
            "{{ define \"x\" }}1{{ end }}\n {{ define \"x\" }}2{{ end }}",
            "2:2: multiple definition of template",
        ),
        ("{{ define x }}{{ end }}", "{{define}} takes a name in quotes"),
        ("{{ define \"x\" }}", "unexpected EOF: {{define}} without {{end}}"),
        ("{{ define \"x\" }}{{ $labels.job }}{{ end }}", "undefined variable \"$labels\""),
        ("{{ template x }}", "{{template}} takes a name in quotes"),
        ("{{ block \"x\" }}{{ end }}", "missing value for command"),
        ("a\n{{\u{a0}$value }}", "2:1: unrecognized character in action: U+00A0"),
        ("{{ 1 2 }}", "can't give argument to non-function"),
        ("{{ }}", "missing value for command"),
        ("{{ ..Foo }}", "unexpected . after term"),
        ("{{ 1 | 2 }}", "non executable command in pipeline stage 2"),
        ("{{ 0xG }}", "bad number syntax: \"0xG\""),
        ("{{ 'ab' }}", "malformed character constant"),
        ("{{ | }}", "missing value for command"),
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
        "<error expanding template: 1:1: error calling first: first() called on vector with no elements>"
    );
    assert!(expanded("{{ .Nothing }}").contains("can't evaluate field Nothing"));
    assert!(expanded("{{ $x }}").contains("undefined variable"));
}

#[test]
fn templates_in_templates() {
    check(
        r#"{{define "x"}}{{.arg0}} {{.arg1}}{{.arg2}}{{end}}{{template "x" (args 1 "2")}}"#,
        "1 2<no value>",
    );
    check(r#"{{ template "x" . }}{{ define "x" }}{{ .Labels.job }}/{{ $.Value }}{{ end }}"#, "node/0.8312");
    check(
        r#"{{ define "x" }}[{{ . }}]{{ end }}{{ range 2 }}{{ template "x" . }}{{ end }}{{ template "x" }}"#,
        "[0][1][<no value>]",
    );
    check(r#"{{ block "x" .Labels }}{{ .job }}{{ end }}+{{ template "x" .Labels }}"#, "node+node");
    check(
        r#"{{ define "down" }}{{ . }}{{ if gt . 0 }},{{ template "down" (index (args 0 0 1 2) .) }}{{ end }}{{ end }}{{ template "down" 3 }}"#,
        "3,2,1,0",
    );
}

#[test]
fn loops_end() {
    check(
        "{{ range 9 }}{{ if eq . 1 }}{{ continue }}{{ end }}{{ if gt . 3 }}{{ break }}{{ end }}{{ . }}{{ end }}",
        "023",
    );
    check("{{ range 2 }}{{ range 3 }}{{ if . }}{{ break }}{{ end }}i{{ end }}o{{ end }}", "ioio");
    check("{{ range 2 }}{{ with . }}{{ continue }}{{ end }}x{{ end }}", "x");
    for (endless, why) in [
        ("{{ range 100000000 }}{{ end }}", "has not ended after"),
        ("{{ range 100000000 }}aaaaaaaaaaaaaaaaaaa{{ end }}", "longer than"),
        (
            r#"{{ define "x" }}{{ template "x" }}{{ end }}{{ template "x" }}"#,
            "exceeded maximum template depth",
        ),
        (r#"{{ template "absent" }}"#, "1:1: template \"absent\" not defined"),
        ("\n {{ now.Nothing }}", "2:2: can't evaluate field Nothing"),
    ] {
        super::check(endless).unwrap();
        assert!(
            expanded(endless).contains(why),
            "{}",
            &expanded(endless)[..200.min(expanded(endless).len())]
        );
    }
}

/// The cases of Prometheus' template reference.
#[test]
fn functions_of_prometheus() {
    check(
        r#"{{ "[2001:0DB8::1]:12345" | stripPort }} {{ "[2001:0DB8::1]::12345" | stripPort }}"#,
        "2001:0DB8::1 [2001:0DB8::1]::12345",
    );
    check(
        r#"{{ "foo.example.com" | stripDomain }} {{ "192.0.2.1:12345" | stripDomain }} {{ "[fe80::1%eth0.100]:9090" | stripDomain }}"#,
        "foo 192.0.2.1:12345 [fe80::1%eth0.100]:9090",
    );
    check(
        r#"{{ "aa bb CC" | title }} {{ "aA" | toLower }} {{ match "a+" "aa" }} {{ match "a+" "b" }}"#,
        "Aa Bb CC aa true false",
    );
    check(
        "{{ humanizeDuration 899.99 }} {{ humanizeDuration 60.5 }} {{ humanizeDuration 12.345 }} {{ -183845 | humanizeDuration }}",
        "14m 59s 1m 0s 12.35s -2d 3h 4m 5s",
    );
    check(
        "{{ humanize \"1234567.0\" }} {{ humanize1024 1234567 }} {{ -0.22222 | humanizePercentage }}",
        "1.235M 1.177Mi -22.22%",
    );
    check(
        "{{ 1435065584.128 | humanizeTimestamp }} {{ humanizeTimestamp -1 }}",
        "2015-06-23 13:19:44.128 +0000 UTC 1969-12-31 23:59:59 +0000 UTC",
    );
    check("{{ humanizeTimestamp \"+Inf\" }} {{ humanize \"NaN\" }}", "+Inf NaN");
    check(
        r#"{{ (1435065584.128 | toTime).Format "2006" }} {{ (1800 | toDuration).String }} {{ toDuration "90" }}"#,
        "2015 30m0s 1m30s",
    );
    check(
        r#"{{ ("-30m" | parseDuration | toDuration | (now | toTime).Add).UnixMilli }} {{ now }}"#,
        "1795692600000 1.7956944e+09",
    );
    check(
        r#"{{ printf "%0.2f" (parseDuration "-1h2m10ms") }} {{ ((now | toTime).Sub (0 | toTime)).Hours }}"#,
        "-3720.01 498804",
    );
    check(
        r#"{{ urlQueryEscape "a b&c" }} {{ urlquery "a" 1 }} {{ "<b>" | safeHtml }} {{ html "<b>" }}"#,
        "a+b%26c a1 <b> &lt;b&gt;",
    );
    check(r#"{{ slice "abcdef" 1 3 }} {{ js "it's" }}"#, r"bc it\'s");
    check(
        r#"{{ range query "label_replace(vector(1), \"a\", \"y\", \"\", \"\") or label_replace(vector(2), \"a\", \"x\", \"\", \"\")" | sortByLabel "a" }}{{ .Labels.a }}:{{ . | value }} {{ end }}"#,
        "x:2 y:1 ",
    );
    for (template, why) in [
        (r#"{{ humanize "one" }}"#, "error calling humanize: parsing \"one\": invalid syntax"),
        ("{{ humanizeTimestamp 9223372036854775807 }}", "9223372036854776000 cannot be represented"),
        (r#"{{ reReplaceAll "(" "x" "y" }}"#, "error calling reReplaceAll"),
        (r#"{{ parseDuration "1x" }}"#, "not a valid duration string"),
        (r#"{{ .Labels.job "x" }}"#, "has arguments but cannot be invoked as function"),
    ] {
        assert!(expanded(template).contains(why), "{template}: {}", expanded(template));
    }
}
