//! What of an objective fits into a form.

use super::definitions::Definitions;
use super::files::parse_one;
use super::model::{Counted, Indicator, Slo, Window};
use crate::promql::duration_text;
use ocelli_api::forms::{Form, slo_document};

/// None where the form has no place for something that the objective says: it would be lost when the form is
/// saved.
pub fn form_of(slo: &Slo) -> Option<Form> {
    let mut form = Form::new();
    let mut set = |key: &str, value: String| form.insert(key.to_owned(), value);
    set("name", slo.name.clone());
    set("description", slo.description.clone());
    set("service", slo.service.clone());
    set("language", "promql".to_owned());
    set("objective", ((slo.objective * 1e9).round() / 1e7).to_string());
    set("window", slo.window.text());
    if let Window::Calendar(calendar) = &slo.window {
        set("time_zone", calendar.zone.name().to_owned());
    }
    let kind = match &slo.indicator {
        Indicator::Availability(_) => "availability",
        Indicator::Latency { under_ms, .. } => {
            set("under", duration_text(*under_ms));
            "latency"
        }
        Indicator::Ratio { counted, total } => {
            let (which, events) = match counted {
                Counted::Good(events) => ("good", events),
                Counted::Bad(events) => ("bad", events),
            };
            set("counts", which.to_owned());
            set(which, events.expr.clone());
            set("total", total.expr.clone());
            set("language", total.language.as_str().to_owned());
            "ratio"
        }
        Indicator::Share { .. } | Indicator::Threshold { .. } => return None,
    };
    set("kind", kind.to_owned());
    if let Some(operation) = slo.indicator.spans().and_then(|spans| spans.operation.clone()) {
        set("operation", operation);
    }
    let mut again = parse_one(&Definitions::default(), &slo.file, &slo_document(&form)).ok()?;
    // A catalog of a file says these.
    again.alerting.paces = slo.alerting.paces;
    (again == *slo).then_some(form)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(yaml: &str, kind: Option<&str>) {
        let slo = parse_one(
            &Definitions::default(),
            "s.yml",
            &format!("slos: [{{name: a, objective: 99.95, {yaml}}}]"),
        )
        .unwrap();
        assert_eq!(form_of(&slo).map(|form| form["kind"].clone()).as_deref(), kind, "{yaml}");
    }

    #[test]
    fn a_form_loses_nothing() {
        check("availability: {service: s}", Some("availability"));
        check("availability: {service: s, operation: 'POST \"x\" \\'}, description: ü", Some("availability"));
        check(
            "latency: {service: s, under: 1s500ms}, window: month, time_zone: Europe/Berlin",
            Some("latency"),
        );
        check("ratio: {bad: 'x{a=\"b\"}', total: y}, service: s", Some("ratio"));
        check("ratio: {language: traceql, good: '{} | rate()', total: '{} | rate()'}", Some("ratio"));
        // There is no place for these.
        check("availability: {service: s, kind: client}", None);
        check("availability: {service: s}, service: other", None);
        check("availability: {service: s}, labels: {team: shop}", None);
        check("availability: {service: s}, alerts: {page: {enabled: false}}", None);
    }
}
