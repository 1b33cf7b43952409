//! A dashboard to begin with: what there is to see of a service. Its name is a variable, so that the same serves
//! all of them.

use ocelli_api::dashboards::{
    Dashboard, Grid, Level, Measure, Panel, PanelKind, PanelQuery, QueryLanguage, Threshold, Variable,
    VariableKind,
};

use crate::view::text::fixed;

const RATE_BY_OPERATION: &str = "topk(10, sum by (span_name) (rate(traces_span_metrics_calls_total{service_name=\"$service\"}[$__rate_interval])))";
const P95_BY_OPERATION: &str = "topk(10, histogram_quantile(0.95, sum by (span_name) (rate(traces_span_metrics_duration_seconds{service_name=\"$service\"}[$__rate_interval]))))";

/// `slow_ms`: from which duration on a trace of the service is slow.
pub fn dashboard(service: &str, slow_ms: f64) -> Dashboard {
    let red = |measure| query(QueryLanguage::Red, "$service", measure);
    let warn = |from| Threshold { value: Some(from), level: Level::Warn };
    let bad = |from| Threshold { value: Some(from), level: Level::Error };
    let panel = |title: &str, kind, (x, y, w, h), unit: &str, queries| Panel {
        title: title.to_owned(),
        kind,
        grid: Grid { x, y, w, h },
        unit: unit.to_owned(),
        queries,
        ..Panel::default()
    };
    let durations = [Measure::P50, Measure::P95, Measure::P99].map(red).to_vec();
    let slow = "{ resource.service.name = \"$service\" && duration > $slow }";
    let plain = |language, expr: &str| vec![query(language, expr, Measure::Rate)];
    let mut errors =
        panel("Errors", PanelKind::TimeSeries, (8, 0, 8, 8), "percentunit", vec![red(Measure::ErrorRatio)]);
    errors.thresholds = vec![warn(0.01), bad(0.05)];
    let panels = vec![
        panel("Rate", PanelKind::TimeSeries, (0, 0, 8, 8), "reqps", vec![red(Measure::Rate)]),
        errors,
        panel("Duration", PanelKind::TimeSeries, (16, 0, 8, 8), "s", durations),
        panel(
            "Rate by operation",
            PanelKind::TimeSeries,
            (0, 8, 12, 9),
            "reqps",
            plain(QueryLanguage::PromQl, RATE_BY_OPERATION),
        ),
        panel(
            "p95 by operation",
            PanelKind::TimeSeries,
            (12, 8, 12, 9),
            "s",
            plain(QueryLanguage::PromQl, P95_BY_OPERATION),
        ),
        panel(
            "Traces slower than $slow",
            PanelKind::Traces,
            (0, 17, 12, 9),
            "",
            plain(QueryLanguage::TraceQl, slow),
        ),
        panel("Logs", PanelKind::Logs, (12, 17, 12, 9), "", plain(QueryLanguage::Logs, "service:$service")),
    ];
    Dashboard {
        title: service.to_owned(),
        description: "Rate, errors, duration, logs and slow traces of a service.".to_owned(),
        tags: vec!["service".to_owned()],
        variables: vec![
            variable("service", VariableKind::Services, service.to_owned()),
            variable("slow", VariableKind::Text, fixed(slow_ms.max(1.0).ceil(), 0) + "ms"),
        ],
        panels,
        ..Dashboard::default()
    }
}

fn query(language: QueryLanguage, expr: &str, measure: Measure) -> PanelQuery {
    PanelQuery { language, expr: expr.to_owned(), measure, ..PanelQuery::default() }
}

fn variable(name: &str, kind: VariableKind, default: String) -> Variable {
    let title = if name == "service" { "Service" } else { "Slow from" };
    Variable {
        name: name.to_owned(),
        title: title.to_owned(),
        kind,
        default: vec![default],
        ..Variable::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::dashboards::request::{Scope, url};
    use crate::view::dashboards::variables::chosen;

    #[test]
    fn any_name_can_be_asked_for() {
        for name in ["cart", "a\"b\\", "<img src=x>", "$slow"] {
            let all = dashboard(name, 12.5);
            let values =
                all.variables.iter().map(|of| (of.name.clone(), chosen(of, "", None).unwrap())).collect();
            let scope = Scope { range: ocelli_api::TimeRange::default(), values };
            assert_eq!(scope.title(&all.panels[5].title), "Traces slower than 13ms");
            for panel in &all.panels {
                for query in &panel.queries {
                    assert!(url(query, panel.kind, &scope).is_ok(), "{name}: {}", panel.title);
                }
            }
        }
    }
}
