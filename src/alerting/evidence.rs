//! What one needs at 3 a.m.: links to the bad requests and their logs, what they have in common, and that all of
//! it is still there when somebody looks.

use super::{Alerts, RuleOf};
use ocelli_api::{TimeRange, UnixNano};
use ocelli_query::alerting::Fingerprint;
use ocelli_query::http::TENANT;
use ocelli_query::rules::alert::Alert;
use ocelli_storage::Pin;
use std::sync::Arc;

mod offender;

/// Before an alert's condition began, and after it fired.
const BEFORE_MS: i64 = 10 * 60_000;
const AFTER_MS: i64 = 5 * 60_000;
/// How long an alert's evidence outlives retention.
const KEPT_NS: i64 = 90 * 86_400 * 1_000_000_000;
/// The most that is pinned for one alert: what has been true for days is not one incident's evidence.
const MOST_MS: i64 = 60 * 60_000;
/// Labels that name a service.
const SERVICE: [&str; 4] = ["service_name", "service", "sloth_service", "job"];

/// The time that an alert's evidence lies in.
pub fn time(alert: &Alert) -> (i64, i64) {
    let to_ms = alert.fired_at_ms.unwrap_or(alert.active_at_ms) + AFTER_MS;
    ((alert.active_at_ms - BEFORE_MS).max(to_ms - MOST_MS), to_ms)
}

/// The service that an alert is about, if its labels say so. `job` may have its namespace before it.
pub fn service(alert: &Alert) -> Option<&str> {
    let found =
        SERVICE.iter().map(|name| (*name, alert.labels.get(name))).find(|(_, value)| !value.is_empty());
    found.map(|(name, value)| match value.rsplit_once('/') {
        Some((_, service)) if name == "job" => service,
        _ => value,
    })
}

/// Links that keep the time.
pub fn links(alert: &Alert, external_url: &str) -> Vec<(String, String)> {
    let (from_ms, to_ms) = time(alert);
    let page = |path: &str, parameters: &[(&str, &str)]| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(parameters);
        query.append_pair("from", &(from_ms * 1_000_000).to_string());
        query.append_pair("to", &(to_ms * 1_000_000).to_string());
        format!("{external_url}{path}?{}", query.finish())
    };
    let alert_url = format!("{external_url}/alerts/{}", Fingerprint::of(&alert.labels));
    let mut links = vec![("alert_url".to_owned(), alert_url)];
    if let Some(service) = service(alert) {
        let traces = format!("{{ resource.service.name = {service:?} && status = error }}");
        let logs = format!("service:{service:?} level:>=error");
        links.push(("traces_url".to_owned(), page("/traces", &[("query", &traces)])));
        links.push(("logs_url".to_owned(), page("/logs", &[("q", &logs)])));
    }
    links
}

/// Finds and keeps the evidence of alerts that have just begun to fire.
pub async fn gather(alerts: Arc<Alerts>, rule: Arc<RuleOf>, fired: Vec<Alert>) {
    // They fire together, and mostly about the same time: one pin for all.
    let times = fired.iter().map(time);
    let (from_ms, to_ms) =
        times.fold((i64::MAX, i64::MIN), |(from, to), one| (from.min(one.0), to.max(one.1)));
    let now_ns = alerts.clock.now_ns();
    let pin = Pin {
        tenant: TENANT.to_owned(),
        from_ns: from_ms * 1_000_000,
        to_ns: to_ms * 1_000_000,
        until_ns: now_ns.saturating_add(KEPT_NS),
    };
    let name = format!("alert/{}/{from_ms}", rule.key);
    if let Err(error) = alerts.store.pin(&name, pin).await {
        tracing::warn!(%error, rule = rule.name, "the evidence of an alert is not pinned; it goes with retention");
    }
    let external_url = alerts.loaded().external_url.clone();
    let mut offenders = offender::Known::default();
    for alert in &fired {
        let mut found = links(alert, &external_url);
        let (from_ms, to_ms) = time(alert);
        let range = TimeRange { from: UnixNano(from_ms * 1_000_000), to: UnixNano(to_ms * 1_000_000) };
        if let Some(service) = service(alert)
            && let Some(offender) = offenders.of(&alerts.api, service, range).await
        {
            found.push(("top_offender".to_owned(), offender));
        }
        let now_ms = alerts.now_ms();
        let core = &mut *alerts.core();
        if let Some(told) = core.rules.add_evidence(Fingerprint::of(&alert.labels), found) {
            core.dispatcher.receive(vec![told], now_ms);
            core.absorb();
        }
    }
    alerts.save().await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use ocelli_query::promql::labels::Labels;
    use ocelli_query::rules::alert::AlertState;

    fn alert(labels: &[(&str, &str)]) -> Alert {
        Alert {
            labels: Labels::new(labels.iter().copied()),
            annotations: Labels::default(),
            series: Labels::default(),
            state: AlertState::Firing,
            value: 1.0,
            active_at_ms: 3_600_000,
            fired_at_ms: Some(3_660_000),
            keep_firing_since_ms: None,
            unknown_since_ms: None,
            resolved_at_ms: None,
        }
    }

    #[test]
    fn links_name_the_service_and_the_time() {
        let found = links(&alert(&[("job", "shop/pay \"x\"")]), "http://x");
        let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["alert_url", "traces_url", "logs_url"]);
        assert!(
            found[1].1.starts_with("http://x/traces?query=%7B+resource.service.name+%3D+%22pay+%5C%22x"),
            "{found:?}"
        );
        assert!(found[2].1.ends_with("&from=3000000000000&to=3960000000000"), "{found:?}");
        assert_eq!(links(&alert(&[("instance", "a")]), "").len(), 1);
    }

    #[test]
    fn what_has_been_true_for_days_is_not_pinned_for_days() {
        let old = Alert { fired_at_ms: Some(90_000_000), ..alert(&[]) };
        assert_eq!(time(&old), (90_000_000 + AFTER_MS - MOST_MS, 90_000_000 + AFTER_MS));
    }
}
