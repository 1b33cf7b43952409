//! What of an objective fits into a form.

use super::files::parse_one;
use super::model::{Counted, Indicator, Slo, Window};
use crate::promql::duration_text;
use ocelli_api::forms::{SloForm, SloFormKind};

/// None where the form has no place for something that the objective says: it would be lost when the form is
/// saved.
pub fn form_of(slo: &Slo) -> Option<SloForm> {
    let mut form = SloForm {
        name: slo.name.clone(),
        description: slo.description.clone(),
        service: slo.service.clone(),
        language: "promql".to_owned(),
        objective: ((slo.objective * 1e9).round() / 1e7).to_string(),
        window: slo.window.text(),
        ..SloForm::default()
    };
    if let Window::Calendar(calendar) = &slo.window {
        form.time_zone = calendar.zone.name().to_owned();
    }
    match &slo.indicator {
        Indicator::Availability(spans) => form.operation = spans.operation.clone().unwrap_or_default(),
        Indicator::Latency { spans, under_ms } => {
            form.kind = SloFormKind::Latency;
            form.operation = spans.operation.clone().unwrap_or_default();
            form.under = duration_text(*under_ms);
        }
        Indicator::Ratio { counted, total } => {
            form.kind = SloFormKind::Ratio;
            let (Counted::Good(events) | Counted::Bad(events)) = counted;
            form.counts_bad = matches!(counted, Counted::Bad(_));
            form.language = total.language.as_str().to_owned();
            (form.counted, form.total) = (events.expr.clone(), total.expr.clone());
        }
        Indicator::Share { .. } | Indicator::Threshold { .. } => return None,
    }
    let again = parse_one(&slo.file, &form.document()).ok()?;
    (again == *slo).then_some(form)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(yaml: &str, kind: Option<SloFormKind>) {
        let slo = parse_one("s.yml", &format!("slos: [{{name: a, objective: 99.95, {yaml}}}]")).unwrap();
        assert_eq!(form_of(&slo).map(|form| form.kind), kind, "{yaml}");
    }

    #[test]
    fn a_form_loses_nothing() {
        use SloFormKind::*;
        check("availability: {service: s}", Some(Availability));
        check("availability: {service: s, operation: 'POST \"x\" \\'}, description: ü", Some(Availability));
        check(
            "latency: {service: s, under: 1s500ms}, window: month, time_zone: Europe/Berlin",
            Some(Latency),
        );
        check("ratio: {bad: 'x{a=\"b\"}', total: y}, service: s", Some(Ratio));
        check("ratio: {language: traceql, good: '{} | rate()', total: '{} | rate()'}", Some(Ratio));
        // There is no place for these.
        check("availability: {service: s, kind: client}", None);
        check("availability: {service: s}, service: other", None);
        check("availability: {service: s}, labels: {team: shop}", None);
        check("availability: {service: s}, alerts: {page: {enabled: false}}", None);
    }
}
