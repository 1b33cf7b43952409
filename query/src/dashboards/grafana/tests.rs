use super::*;
use crate::dashboards::check::check;
use ocelli_api::dashboards::{Grid, Level, PanelKind, QueryLanguage, Reduce, VariableKind};
use serde_json::json;

fn imported(document: Value) -> (Dashboard, Vec<String>) {
    let (dashboard, left_out) = import(&document).unwrap();
    check(&dashboard).unwrap();
    (dashboard, left_out.into_iter().map(|note| format!("{}: {}", note.place, note.why)).collect())
}

fn grid(x: u32, y: u32, w: u32, h: u32) -> Grid {
    Grid { x, y, w, h }
}

/// In the shape of what is passed around for machines and clusters.
fn of_machines() -> Value {
    json!({ "dashboard": {
        "title": "Node  Exporter", "tags": ["linux", "node"], "refresh": "1m", "uid": "rYdddlPWk",
        "time": { "from": "now-24h", "to": "now" },
        "__inputs": [
            { "name": "DS_PROMETHEUS", "type": "datasource", "pluginId": "prometheus" },
            { "name": "VAR_LIMIT", "type": "constant", "value": "90" },
        ],
        "annotations": { "list": [{ "builtIn": 1, "name": "Annotations & Alerts" }, { "name": "deploys" }] },
        "templating": { "list": [
            { "type": "datasource", "name": "datasource", "query": "prometheus" },
            { "type": "query", "name": "job", "query": { "query": "label_values(node_uname_info, job)", "refId": "x" },
              "current": { "value": "elsewhere" } },
            { "type": "query", "name": "node", "multi": true, "includeAll": true, "allValue": ".*", "regex": "/(.*):\\d+/",
              "query": "label_values(node_uname_info{job=\"$job\"}, instance)", "current": { "value": ["$__all"] } },
            { "type": "custom", "name": "disks", "hide": 2, "query": "[a-z]+|nvme[0-9]+n[0-9]+" },
            { "type": "custom", "name": "q", "query": "median : 0.5, 0.9, 1\\,5", "current": { "value": "0.9" } },
            { "type": "interval", "name": "window", "query": "1m,5m,auto" },
            { "type": "textbox", "name": "search", "query": "err.*" },
            { "type": "query", "name": "up", "query": "query_result(up == 1)" },
            { "type": "adhoc", "name": "filters" },
        ] },
        "panels": [
            { "type": "row", "title": "Below", "collapsed": true, "gridPos": { "x": 0, "y": 20, "w": 24, "h": 1 }, "panels": [
                { "type": "graph", "title": "Disk of $node", "gridPos": { "x": 12, "y": 121, "w": 12, "h": 10 }, "stack": true,
                  "yaxes": [{ "format": "Bps", "min": "0" }], "datasource": "${DS_PROMETHEUS}", "seriesOverrides": [{ "alias": "x" }],
                  "targets": [
                    { "refId": "A", "expr": "irate(node_disk_read_bytes_total{device=~\"$disks\",instance=~\"$node\"}[$__rate_interval])", "legendFormat": "{{device}}" },
                    { "refId": "B", "expr": "irate(", "legendFormat": "" },
                    { "refId": "C", "expr": "up", "hide": true },
                  ] },
                { "type": "graph", "title": "Other", "gridPos": { "x": 0, "y": 121, "w": 12, "h": 8 }, "datasource": "graphite",
                  "targets": [{ "refId": "A", "target": "servers.*" }] },
            ] },
            { "type": "gauge", "title": "CPU", "gridPos": { "x": 3, "y": 1, "w": 3, "h": 4 }, "datasource": { "type": "prometheus", "uid": "${datasource}" },
              "fieldConfig": { "defaults": { "unit": "percent", "decimals": 1, "min": 0, "max": 100, "thresholds": { "mode": "absolute", "steps": [
                { "color": "green", "value": null }, { "color": "rgba(237, 129, 40, 0.89)", "value": 80 }, { "color": "red", "value": 90 } ] } } },
              "options": { "reduceOptions": { "calcs": ["mean"] } },
              "targets": [{ "refId": "A", "expr": "100 * (1 - avg(rate(node_cpu_seconds_total{mode=\"idle\"}[$window]))) > ${VAR_LIMIT}", "instant": true }] },
            { "type": "row", "title": "Quick", "collapsed": false, "gridPos": { "x": 0, "y": 0, "w": 24, "h": 1 }, "panels": [] },
            { "type": "timeseries", "title": "Load", "gridPos": { "x": 0, "y": 5, "w": 24, "h": 8 }, "datasource": null,
              "fieldConfig": { "defaults": { "thresholds": { "steps": [{ "color": "green", "value": null }, { "color": "red", "value": 80 }] } }, "overrides": [{}] },
              "targets": [{ "refId": "A", "expr": "quantile($q, node_load1)" }] },
            { "type": "nodeGraph", "title": "Map", "gridPos": { "x": 0, "y": 1, "w": 3, "h": 4 } },
        ],
    } })
}

#[test]
fn a_dashboard_of_machines() {
    let (dashboard, notes) = imported(of_machines());
    assert_eq!(
        (dashboard.title.as_str(), dashboard.from.as_str(), dashboard.refresh.as_str()),
        ("Node  Exporter", "now-24h", "1m")
    );
    let places: Vec<(&str, Grid)> =
        dashboard.panels.iter().map(|panel| (panel.title.as_str(), panel.grid)).collect();
    assert_eq!(
        places,
        [
            ("Quick", grid(0, 0, 24, 1)),
            ("CPU", grid(3, 1, 3, 4)),
            ("Load", grid(0, 5, 24, 8)),
            ("Below", grid(0, 13, 24, 1)),
            ("Disk of $node", grid(12, 14, 12, 10)),
        ]
    );
    let cpu = &dashboard.panels[1];
    assert_eq!(
        (cpu.kind, cpu.unit.as_str(), cpu.decimals, cpu.reduce),
        (PanelKind::Stat, "percent", Some(1), Reduce::Mean)
    );
    let levels: Vec<_> = cpu.thresholds.iter().map(|step| (step.value, step.level)).collect();
    assert_eq!(levels, [(None, Level::Ok), (Some(80.0), Level::Warn), (Some(90.0), Level::Error)]);
    assert!(cpu.queries[0].instant && cpu.queries[0].expr.ends_with("[$window]))) > 90"));
    assert_eq!(dashboard.panels[2].thresholds, [], "those that every time series has");
    let disk = &dashboard.panels[4];
    assert!(disk.stacked && disk.unit == "Bps" && disk.min == Some(0.0));
    // A pattern that somebody wrote stays one; an instance is none.
    assert!(
        disk.queries[0].expr.contains("device=~\"${disks:raw}\",instance=~\"$node\""),
        "{}",
        disk.queries[0].expr
    );
    assert_eq!(disk.queries.len(), 1);
    let names: Vec<&str> = dashboard.variables.iter().map(|variable| variable.name.as_str()).collect();
    assert_eq!(names, ["job", "node", "disks", "q", "window", "search"]);
    let [job, node, disks, q, window, search] = &dashboard.variables[..] else { panic!() };
    assert_eq!((job.selector.as_str(), job.label.as_str(), job.default.len()), ("node_uname_info", "job", 0));
    assert_eq!(
        (node.kind, node.selector.as_str()),
        (VariableKind::LabelValues, "node_uname_info{job=\"$job\"}")
    );
    assert!(
        node.multi
            && node.include_all
            && node.all_value == ".*"
            && node.default == ["$__all"]
            && node.regex == "(.*):\\d+"
    );
    assert!(disks.hidden && disks.options == ["[a-z]+|nvme[0-9]+n[0-9]+"]);
    assert_eq!((q.options.join(" "), q.default.join(" ")), ("0.5 0.9 1,5".into(), "0.9".into()));
    assert_eq!((window.options.join(" "), search.default.join(" ")), ("1m 5m".into(), "err.*".into()));
    for expect in [
        "variable datasource: there is one source of data here",
        "variable up: query_result() is not known here",
        "variable filters: filters that are put into every query",
        "CPU: a gauge is shown as its number",
        "Load: its overrides are not applied",
        "Map: panels of the type nodeGraph are not known here",
        "Disk of $node: query B: ",
        "Disk of $node: its overrides are not applied",
        "Other: query A: it has no text",
        "Other: the panel: no query of it can be asked here",
        "annotation deploys: annotations are not shown",
    ] {
        let found = notes.iter().filter(|note| note.starts_with(expect)).count();
        assert!(found == 1 || expect.starts_with("Other: query"), "{expect} in {notes:#?}");
    }
}

#[test]
fn the_old_layout_of_rows() {
    let (dashboard, notes) = imported(json!({
        "title": "Old", "refresh": false,
        "rows": [
            { "title": "First", "showTitle": true, "panels": [
                { "type": "singlestat", "title": "Up", "span": 2, "height": "100px", "format": "none", "valueName": "avg",
                  "thresholds": "1,2", "colorValue": true, "colors": ["#d44a3a", "#EAB839", "#299c46"], "targets": [{ "refId": "A", "expr": "count(up)" }] },
                { "type": "graph", "title": "A", "span": 12, "targets": [{ "expr": "up" }] },
            ] },
            { "title": "Second", "panels": [
                { "type": "text", "title": "Note", "span": 6, "mode": "markdown", "content": "# Hello" },
                { "type": "text", "title": "Page", "span": 6, "mode": "html", "content": "<script>" },
                { "type": "table", "title": "T", "span": 6, "repeat": "node", "targets": [{ "expr": "topk(5, up)", "instant": true }] },
            ] },
        ],
    }));
    let places: Vec<(&str, Grid)> =
        dashboard.panels.iter().map(|panel| (panel.title.as_str(), panel.grid)).collect();
    assert_eq!(
        places,
        [
            ("First", grid(0, 0, 24, 1)),
            ("Up", grid(0, 1, 4, 4)),
            ("A", grid(0, 5, 24, 8)),
            ("Note", grid(0, 13, 12, 8)),
            ("T", grid(12, 13, 12, 8)),
        ]
    );
    let up = &dashboard.panels[1];
    assert_eq!((up.kind, up.reduce), (PanelKind::Stat, Reduce::Mean));
    let levels: Vec<Level> = up.thresholds.iter().map(|step| step.level).collect();
    assert_eq!(levels, [Level::Error, Level::Warn, Level::Ok]);
    assert_eq!(dashboard.panels[3].text, "# Hello");
    assert_eq!(notes.len(), 2, "{notes:?}");
    assert_eq!(notes[0], "Page: HTML is not shown");
    assert!(notes[1].starts_with("T: it is repeated for each $node"));
}

#[test]
fn logs_and_traces_of_loki_and_tempo() {
    let (dashboard, notes) = imported(json!({ "title": "L", "panels": [
        { "type": "logs", "title": "L", "datasource": { "type": "loki" }, "targets": [{ "expr": "{app=\"$app\"} |= \"x\"", "queryType": "range" }] },
        { "type": "timeseries", "title": "R", "datasource": "Loki", "targets": [{ "expr": "sum(rate({app=\"a\"}[$__auto]))" }] },
        { "type": "table", "title": "T", "targets": [{ "datasource": { "type": "tempo" }, "queryType": "traceql", "query": "{ status = error }" }] },
        { "type": "traces", "title": "One", "datasource": { "type": "tempo" }, "targets": [{ "query": "{ duration > 1s }" }] },
        { "type": "traces", "title": "By id", "datasource": { "type": "tempo" }, "targets": [{ "query": "0a1b" }] },
        { "type": "stat", "title": "S", "datasource": { "type": "influxdb" }, "targets": [{ "refId": "A", "query": "SELECT 1" }] },
        { "title": "Lib", "libraryPanel": { "uid": "x" } },
    ] }));
    let kinds: Vec<_> =
        dashboard.panels.iter().map(|panel| (panel.kind, panel.queries[0].language)).collect();
    assert_eq!(
        kinds,
        [
            (PanelKind::Logs, QueryLanguage::LogQl),
            (PanelKind::TimeSeries, QueryLanguage::LogQl),
            (PanelKind::Traces, QueryLanguage::TraceQl),
        ]
    );
    assert!(
        notes.iter().any(|note| note.starts_with("T: query : gives traces, and the panel shows figures")),
        "{notes:#?}"
    );
    assert!(
        notes.iter().any(|note| note.starts_with("S: query A: its data source is influxdb")),
        "{notes:#?}"
    );
    assert!(notes.iter().any(|note| note.contains("it is a library panel")), "{notes:#?}");
}

#[test]
fn what_is_no_dashboard_is_refused_and_what_is_strange_survives() {
    let why = |document: Value| import(&document).unwrap_err().to_string();
    assert!(why(json!([])).contains("neither `panels` nor `rows`"));
    assert!(why(json!({ "elements": {} })).contains("schema v2"));
    for strange in [
        json!({ "panels": [null, 5, [], { "type": 5 }, { "type": "graph", "gridPos": { "x": -5, "w": 1e9, "h": -1 }, "targets": { "a": 1 } }] }),
        json!({ "rows": [null, { "panels": "x" }], "templating": { "list": [null, { "type": "query", "query": 5 }] } }),
        json!({ "title": "\u{0}\n<b>", "panels": [{ "type": "text", "title": "a\nb".repeat(500), "options": { "content": "<script>alert(1)</script>" } }] }),
        json!({ "panels": [], "time": { "from": "then" }, "tags": "x", "__inputs": 5 }),
    ] {
        imported(strange);
    }
}
