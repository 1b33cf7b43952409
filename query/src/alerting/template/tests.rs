use super::*;
use crate::alerting::samples::{alert, flush, resolved};

fn data() -> Data {
    let down = |instance: &str| {
        let labels = [("alertname", "Down"), ("job", "cart"), ("instance", instance), ("severity", "page")];
        alert(&labels, &[("summary", "cart is down"), ("note", instance)], 90)
    };
    let alerts = vec![down("a:80"), down("b:80"), resolved(down("<c>"), 1)];
    Data::of(&flush(&[("alertname", "Down"), ("job", "cart")], alerts), "https://ocelli.example/")
}

#[track_caller]
fn check(template: &str, expect: &str) {
    let templates = Templates::default();
    templates.check(template).unwrap_or_else(|why| panic!("{template}: {why}"));
    assert_eq!(templates.fill(template, &data()), expect, "{template}");
}

#[track_caller]
fn check_html(template: &str, expect: &str) {
    assert_eq!(Templates::default().fill_html(template, &data()), expect, "{template}");
}

#[test]
fn what_alertmanagers_reference_has() {
    check(
        "{{ .Receiver }} {{ .Status | toUpper }} {{ .ExternalURL }}",
        "team-shop FIRING https://ocelli.example",
    );
    check("{{ len .Alerts }} {{ .Alerts.Firing | len }} {{ len .Alerts.Resolved }}", "3 2 1");
    check("{{ range .Alerts.Firing }}{{ .Labels.instance }} {{ end }}", "a:80 b:80 ");
    check("{{ .GroupLabels }}; {{ .CommonAnnotations }}", "alertname=Down, job=cart; summary=cart is down");
    check("{{ .CommonLabels.SortedPairs }}", "alertname=Down, job=cart, severity=page");
    check(
        "{{ range .CommonLabels.SortedPairs }}{{ .Name }}:{{ .Value }} {{ end }}",
        "alertname:Down job:cart severity:page ",
    );
    check(
        "{{ range $name, $value := .GroupLabels }}{{ $name }}={{ $value }} {{ end }}",
        "alertname=Down job=cart ",
    );
    check(
        "{{ .CommonLabels.Names.Join \"+\" }} {{ .GroupLabels.Values | join \"/\" }}",
        "alertname+job+severity Down/cart",
    );
    check("{{ with .CommonLabels.Remove .GroupLabels.Names }}{{ .Values | join \" \" }}{{ end }}", "page");
    check("{{ (.CommonLabels.Remove (stringSlice \"job\" \"severity\")).Names }}", "[alertname]");
    check("{{ (index .Alerts 2).Status }} {{ (index .Alerts 0).Fingerprint | len }}", "resolved 16");
    check(
        "{{ (index .Alerts 0).EndsAt.IsZero }} {{ (index .Alerts 2).EndsAt.Format \"15:04\" }}",
        "true 11:59",
    );
}

#[test]
fn functions_of_alertmanager() {
    check("{{ title \"on FIRE\" }} {{ trimSpace \" a \" }}{{ toLower \"B\" }}", "On Fire ab");
    check(
        "{{ match \"^c\" .CommonLabels.job }} {{ reReplaceAll \"c(.)\" \"$1-\" .CommonLabels.job }}",
        "true a-rt",
    );
    check(
        "{{ range .Alerts.Resolved }}{{ .StartsAt | date \"Jan 2 15:04\" }} {{ since .StartsAt | humanizeDuration }}{{ end }}",
        "Nov 26 10:30 1h 30m 0s",
    );
    check(
        "{{ now | date \"2006-01-02T15:04:05Z07:00\" }} {{ (index .Alerts 0).StartsAt.Sub now }}",
        "2026-11-26T12:00:00Z -1h30m0s",
    );
    check(
        "{{ list 1 \"a\" | toJson }} {{ dict \"a\" 1 \"b\" true | toJson }} {{ .GroupLabels | toJson }}",
        r#"[1,"a"] {"a":1,"b":true} {"alertname":"Down","job":"cart"}"#,
    );
    check("{{ (append (list 1) 2) | len }} {{ (dict \"a\" \"x\").a }}", "2 x");
    check(
        "{{ base64encode \"a?>\" }} {{ base64decode \"YT8-\" }} {{ urlUnescape \"a%20b+c\" }}",
        "YT8- a?> a b c",
    );
    check(
        "{{ range .Alerts.Firing }}{{ (index (. | toJson | stringSlice) 0) | len | lt 10 }}{{ break }}{{ end }}",
        "true",
    );
}

#[test]
fn the_whole_data_as_json_has_alertmanagers_names() {
    let filled = Templates::default().fill("{{ . | toJson }}", &data());
    let json: serde_json::Value = serde_json::from_str(&filled).unwrap();
    let names: Vec<_> = json.as_object().unwrap().keys().collect();
    assert_eq!(
        names,
        ["receiver", "status", "alerts", "groupLabels", "commonLabels", "commonAnnotations", "externalURL"]
    );
    let alert = &json["alerts"][0];
    assert_eq!(
        (&alert["startsAt"], &alert["endsAt"], &alert["status"]),
        (&"2026-11-26T10:30:00Z".into(), &"0001-01-01T00:00:00Z".into(), &"firing".into())
    );
    assert!(alert["generatorURL"].is_string() && alert["fingerprint"].is_string());
}

#[test]
fn templates_that_files_define() {
    let files = [
        ("a.tmpl", "{{ define \"what\" }}{{ .Status }}: {{ template \"who\" . }}{{ end }}"),
        (
            "conf/b.tmpl",
            "{{ define \"who\" }}{{ .GroupLabels.job }}{{ end }}{{ define \"__alertmanager\" }}Us{{ end }}",
        ),
    ];
    let templates = Templates::read(files).unwrap();
    let fill = |text| templates.fill(text, &data());
    assert_eq!(fill("<{{ template \"what\" . }}>"), "<firing: cart>");
    assert_eq!(fill("{{ template \"slack.default.username\" . }}"), "Us");
    assert_eq!(fill("{{ template \"slack.default.title\" . }}"), "[FIRING:2] Down cart (page)");
    assert_eq!(
        fill("{{ template \"slack.default.titlelink\" . }}"),
        "https://ocelli.example/alerts?receiver=team-shop"
    );
    assert!(
        Templates::default().fill("{{ template \"email.default.html\" . }}", &data()).starts_with("<html>")
    );
}

#[test]
fn what_is_wrong_is_told_and_stands_in_its_place() {
    let refused = |text: &str| Templates::default().check(text).unwrap_err();
    assert_eq!(refused("a\n{{ nosuch . }}"), "2:1: function \"nosuch\" not defined");
    assert_eq!(refused("{{ template \"nosuch\" . }}"), "1:1: template \"nosuch\" not defined");
    assert_eq!(refused("{{ $labels.a }}"), "1:1: undefined variable \"$labels\"");
    let read = |text| Templates::read([("x/a.tmpl", text)]).unwrap_err();
    assert_eq!(read("{{ define \"a\" }}"), "x/a.tmpl:1:1: unexpected EOF: {{define}} without {{end}}");
    assert_eq!(
        read("{{ define \"a\" }}{{ template \"b\" }}{{ end }}"),
        "x/a.tmpl: template \"b\" not defined"
    );
    let filled = |text: &str| Templates::default().fill(text, &data());
    let of_a_list = filled("a {{ .Alerts.First }}");
    assert!(
        of_a_list.starts_with("<error expanding template: can't evaluate field First in ["),
        "{of_a_list}"
    );
    assert!(of_a_list.len() < 350);
    assert_eq!(
        filled("{{ .Nosuch }}"),
        "<error expanding template: can't evaluate field Nosuch in type Data>"
    );
    assert!(filled("{{ range .Alerts }}{{ template \"loop\" . }}{{ end }}{{ define \"loop\" }}{{ template \"loop\" . }}{{ end }}").contains("maximum template depth"));
}

#[test]
fn html_is_escaped_and_addresses_run_nothing() {
    check_html("<b>{{ (index .Alerts 2).Labels.instance }}</b>", "<b>&lt;c&gt;</b>");
    check_html(
        "{{ \"<i>\" | safeHtml }}{{ .Nosuch }}",
        "&lt;error expanding template: can&#39;t evaluate field Nosuch in type Data&gt;",
    );
    check_html("{{ \"<i>\" | safeHtml }}{{ \"<i>\" }}", "<i>&lt;i&gt;");
    check_html("<a href=\"{{ \"javascript:alert(1)\" }}\">", "<a href=\"#unsafe-address\">");
    check_html("<a HREF='{{ \"/a?b=:\" }}'>", "<a HREF='/a?b=:'>");
    check_html("<a href=\"{{ .ExternalURL }}/x\">", "<a href=\"https://ocelli.example/x\">");
}
