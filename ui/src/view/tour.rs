//! The tour: from a service to its slowest trace, the logs of it, and an objective, as far as there are such.

use super::links;
use ocelli_api::UnixNano;
use ocelli_api::services::ServiceSummary;
use ocelli_api::slos::SloStatus;
use ocelli_api::traces::TraceSummary;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub title: &'static str,
    pub text: String,
    pub href: String,
}

pub fn steps(services: &[ServiceSummary], slowest: Option<&TraceSummary>, slos: &[SloStatus]) -> Vec<Step> {
    let mut steps = Vec::new();
    let p95 = |service: &ServiceSummary| service.red.p95_ms.unwrap_or_default();
    if let Some(service) = services.iter().max_by(|a, b| p95(a).total_cmp(&p95(b))) {
        steps.push(Step {
            title: "A service",
            text: format!(
                "Rate, errors and duration of {}, the slowest service. Drag over a chart to zoom in, double-click to go back.",
                service.name
            ),
            href: links::service_path(&service.name),
        });
    }
    if let Some(trace) = slowest {
        let end = UnixNano(trace.start.0.saturating_add(trace.duration_ns.max(0)));
        steps.push(Step {
            title: "A slow trace",
            text: "The slowest trace of the range. Thin lines above the bars are its critical path: what made it as long as it is.".to_owned(),
            href: format!("{}?path=1", links::trace_path(&trace.trace_id)),
        });
        steps.push(Step {
            title: "Its logs",
            text: "What was logged inside this trace. Each value has + and − that narrow the search."
                .to_owned(),
            href: links::logs_of_trace(&trace.trace_id, trace.start, end),
        });
    }
    if let Some(slo) = slos.first() {
        steps.push(Step {
            title: "An objective",
            text: "How much of the error budget is left, what burned it, and when it will be spent."
                .to_owned(),
            href: links::slo_path(&slo.id),
        });
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_there() {
        assert_eq!(steps(&[], None, &[]), []);
        let service = |name: &str, p95_ms| {
            let mut service = ServiceSummary { name: name.into(), ..ServiceSummary::default() };
            service.red.p95_ms = p95_ms;
            service
        };
        let services = [service("a", None), service("b", Some(9.0)), service("c", Some(3.0))];
        let all = steps(&services, None, &[]);
        assert_eq!((all.len(), &*all[0].href), (1, "/services/b"));
        let trace = TraceSummary { trace_id: "0a".into(), ..TraceSummary::default() };
        let slo = SloStatus { id: "checkout".into(), ..SloStatus::default() };
        let hrefs: Vec<String> =
            steps(&services, Some(&trace), &[slo]).into_iter().map(|step| step.href).collect();
        assert_eq!((hrefs.len(), &*hrefs[1], &*hrefs[3]), (4, "/traces/0a?path=1", "/slos/checkout"));
        assert!(hrefs[2].starts_with("/logs?q=trace_id:\"0a\"") || hrefs[2].starts_with("/logs?q=trace_id:"));
    }
}
