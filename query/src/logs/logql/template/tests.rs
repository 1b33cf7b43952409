use super::*;
use crate::logs::logql::pipeline::Category;

fn filled(template: &str) -> String {
    let mut labels = Labels::default();
    for (name, value) in [("status", "502"), ("path", "/cart/5"), ("took", "1.5s"), ("empty", "")] {
        labels.put(Category::Parsed, name.into(), value.into());
    }
    let line = Line { line: "the line", labels: &labels, time: 1_795_230_245_000_000_000 };
    match LineTemplate::new(template) {
        Ok(template) => template.fill(&line).unwrap_or_else(|why| format!("failed: {why}")),
        Err(why) => why,
    }
}

#[test]
fn labels_and_functions() {
    let cases = [
        ("{{.status}} {{ .path }} [{{.nowhere}}]", "502 /cart/5 []"),
        ("{{ __line__ | ToUpper }}", "THE LINE"),
        (
            "{{ __timestamp__ | date \"2006-01-02\" }} {{ __timestamp__ | unixEpoch }}",
            "2026-11-21 1795230245",
        ),
        ("{{ if eq .status \"502\" }}bad{{ else }}good{{ end }}", "bad"),
        ("{{ if hasPrefix \"/cart\" .path }}{{ trimPrefix \"/cart\" .path }}{{ end }}", "/5"),
        ("{{ Replace .path \"/\" \"_\" 1 }} {{ replace \"/\" \"-\" .path }}", "_cart/5 -cart-5"),
        ("{{ trunc 2 .path }}{{ trunc -1 .path }} {{ substr 1 3 .path }}", "/c5 ca"),
        ("{{ add (int .status) 1 3 }} {{ divf .status 4 }} {{ div .status 4 }}", "506 125.5 125"),
        ("{{ duration .took }} {{ bytes \"2KB\" }}", "1.5 2000"),
        ("{{ regexReplaceAll \"(\\\\d+)\" .path \"<${1}>\" }}", "/cart/<5>"),
        ("{{ regexReplaceAllLiteral \"\\\\d+\" .path \"$1\" }}", "/cart/$1"),
        ("{{ alignLeft 4 .status }}|{{ alignRight 5 .status }}|", "502 |  502|"),
        ("{{ .empty | default \"-\" }} {{ default \"-\" .status }}", "- 502"),
        (
            "{{ $x := fromJson \"{\\\"a\\\": 5, \\\"b\\\": [1,2]}\" }}{{ $x.a }}{{ range fromJson \"[1,2]\" }}<{{.}}>{{ end }}",
            "5<1><2>",
        ),
        ("{{ range $k, $v := . }}{{$k}}={{$v}};{{ end }}", "path=/cart/5;status=502;took=1.5s;"),
        ("{{ b64enc .status }} {{ \"NTAy\" | b64dec }} {{ urlencode \"a b\" }}", "NTAy 502 a+b"),
        ("{{ printf \"%-5s|\" .status }} {{ .status | len }}", "502  | 3"),
        (
            "{{ title \"two words\" }} {{ repeat 3 \"ab\" }} {{ trimAll \"/5\" .path }}",
            "Two Words ababab cart",
        ),
        ("{{ round 1.236 2 }} {{ ceil 1.2 }} {{ max 1 5 3 }} {{ count \"t\" __line__ }}", "1.24 2 5 1"),
        ("{{ unixToTime \"1795230245\" | date \"15:04:05\" }}", "03:04:05"),
        ("{{ toDate \"2006-01-02\" \"2026-11-21\" | unixEpochMillis }}", "1795219200000"),
    ];
    for (template, expected) in cases {
        assert_eq!(filled(template), expected, "{template}");
    }
}

#[test]
fn what_is_wrong_is_named() {
    assert_eq!(filled("a {{ .x | nosuch }}"), "invalid template: 1:3: function \"nosuch\" not defined");
    assert!(filled("{{ .status").contains("unclosed action"));
    assert!(filled("{{ repeat 9999999 \"abc\" }}").contains("longer than"));
    assert!(filled("{{ range 20000 }}x{{ end }}").contains("has not ended after 10000 actions"));
    assert!(filled("{{ duration \"x\" }}").starts_with("failed: 1:1: error calling duration"));
}
