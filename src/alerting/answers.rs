//! What alerting answers to the HTTP API.

use super::acknowledgements::{Acknowledge, TakeBack};
use super::core::letter;
use super::letter::nanos;
use super::requests::{Discard, Receive, Resend};
use super::rule_alerts::shown;
use super::silences::{EndSilence, PutSilence};
use super::{Alerts, acknowledgements, evidence, silences};
use async_trait::async_trait;
use ocelli_api::TimeRange;
use ocelli_api::alerts::*;
use ocelli_notify::policy::BreakerState;
use ocelli_notify::{Parcel, Verdict};
use ocelli_query::Error;
use ocelli_query::alerting::dispatch::kept::KeptAlert;
use ocelli_query::alerting::{Alert, Fingerprint, Flush, Integration};
use ocelli_query::http::alerting::{Alerting, Group, Routed, Status};
use ocelli_query::promql::labels::Labels;
use ocelli_query::rules::alert::ALERT_NAME;
use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

mod preview;

#[async_trait]
impl Alerting for Alerts {
    fn now_ms(&self) -> i64 {
        Alerts::now_ms(self)
    }

    fn status(&self) -> Status {
        let loaded = self.loaded();
        Status {
            config: loaded.shown_text(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started_ms: self.started_ms,
            resolve_timeout_ms: loaded.config.resolve_timeout_ms,
        }
    }

    fn alerts(&self) -> Vec<AlertSummary> {
        let now_ms = Alerts::now_ms(self);
        let external_url = self.loaded().external_url.clone();
        let core = self.core();
        let mut routed: HashMap<Fingerprint, Routed> =
            core.dispatcher.alerts(now_ms).into_iter().map(|one| (one.alert.fingerprint(), one)).collect();
        let of_rules = core.rules.alerts().map(|(fingerprint, alert)| {
            let known = routed.remove(&fingerprint);
            let rule = core.rules.rule(fingerprint);
            let mut summary = AlertSummary {
                fingerprint: fingerprint.to_string(),
                name: alert.labels.get(ALERT_NAME).to_owned(),
                state: shown(&alert),
                suppressed: known.iter().flat_map(suppressed).collect(),
                labels: alert.labels.to_map(),
                annotations: known
                    .as_ref()
                    .map_or(&alert.annotations, |known| &known.alert.annotations)
                    .to_map(),
                since: nanos(alert.active_at_ms),
                fired_at: alert.fired_at_ms.map(nanos),
                resolved_at: alert.resolved_at_ms.map(nanos),
                unknown_since: alert.unknown_since_ms.map(nanos),
                value: Some(alert.value).filter(|value| value.is_finite()),
                rule: rule.map(|rule| rule.name.clone()),
                group: rule.map(|rule| rule.group.clone()),
                file: rule.map(|rule| rule.file.clone()),
                expression: rule.map(|rule| rule.expr.clone()),
                language: rule.map(|rule| rule.language.to_owned()),
                acknowledged: known
                    .as_ref()
                    .and_then(|known| known.acknowledged.as_ref())
                    .map(acknowledgements::shown),
                receivers: known.map(|known| known.receivers).unwrap_or_default(),
                links: Vec::new(),
            };
            let found = evidence::links(&alert, &external_url);
            summary.links = links(&summary.annotations, &found);
            summary
        });
        let mut all: Vec<AlertSummary> = of_rules.collect();
        all.extend(routed.into_values().map(|one| from_outside(&one, now_ms)));
        all
    }

    async fn alert(&self, fingerprint: Fingerprint) -> Result<AlertResponse, Error> {
        let text = fingerprint.to_string();
        let now = nanos(Alerts::now_ms(self));
        let found = Alerting::alerts(self).into_iter().find(|alert| alert.fingerprint == text);
        let core = self.core();
        let changes: Vec<AlertChange> =
            core.rules.changes().filter(|change| change.fingerprint == text).take(1_000).cloned().collect();
        let alert = found.or_else(|| changes.first().map(of_change)).ok_or_else(|| {
            Error::NotFound(format!("no alert has the fingerprint {text}, and none had lately"))
        })?;
        let about = core.outbox.iter().rev().filter(|letter| letter.fingerprints.contains(&text));
        let notifications = about.take(200).map(|letter| letter.shown()).collect();
        let together =
            core.dispatcher.together(fingerprint, Alerts::now_ms(self)).len().saturating_sub(1) as u64;
        Ok(AlertResponse { now, alert, changes, notifications, together })
    }

    async fn acknowledge(
        &self,
        fingerprint: Fingerprint,
        asked: AcknowledgeRequest,
    ) -> Result<AcknowledgeResponse, Error> {
        self.ask(Acknowledge::new(fingerprint, asked, Alerts::now_ms(self))).await
    }

    async fn take_back(&self, fingerprint: Fingerprint) -> Result<AcknowledgeResponse, Error> {
        self.ask(TakeBack { fingerprint }).await
    }

    async fn history(&self, range: TimeRange, limit: usize) -> Result<AlertHistoryResponse, Error> {
        let core = self.core();
        let within = |change: &&AlertChange| (range.from..range.to).contains(&change.time);
        let mut changes: Vec<AlertChange> =
            core.rules.changes().filter(within).take(limit + 1).cloned().collect();
        let truncated = changes.len() > limit;
        changes.truncate(limit);
        Ok(AlertHistoryResponse { changes, truncated })
    }

    fn routed(&self) -> Vec<Routed> {
        self.core().dispatcher.alerts(Alerts::now_ms(self))
    }

    fn groups(&self) -> Vec<Group> {
        self.core().dispatcher.groups(Alerts::now_ms(self))
    }

    async fn receive(&self, alerts: Vec<Alert>) -> Result<(), Error> {
        self.ask(Receive { alerts: alerts.iter().map(|alert| KeptAlert::new(alert, None)).collect() }).await
    }

    fn silences(&self) -> Vec<Silence> {
        let now_ms = Alerts::now_ms(self);
        self.core().dispatcher.silences().map(|silence| silences::shown(silence, now_ms)).collect()
    }

    async fn save_silence(&self, silence: SilenceRequest) -> Result<Silence, Error> {
        let asked = PutSilence::new(silence, Alerts::now_ms(self));
        Ok(silences::shown(&self.ask(asked).await?, Alerts::now_ms(self)))
    }

    async fn expire_silence(&self, id: &str) -> Result<Silence, Error> {
        let ended = self.ask(EndSilence { id: id.to_owned() }).await?;
        Ok(silences::shown(&ended, Alerts::now_ms(self)))
    }

    fn receivers(&self) -> Vec<ReceiverStatus> {
        let loaded = self.loaded();
        let core = self.core();
        let of = |receiver: &ocelli_query::alerting::Receiver, integration: &Integration| {
            let key = &integration.key;
            let gate = super::letter::gate_key(&receiver.name, key);
            let letters: Vec<_> = core.outbox.iter().rev().filter(|letter| letter.gate() == gate).collect();
            let open_until = core.outbox.gates.get(&gate).and_then(|gate| match gate.breaker().state() {
                BreakerState::Open { until_ms, .. } => Some(nanos(until_ms)),
                _ => None,
            });
            IntegrationStatus {
                kind: integration.kind.as_str().to_owned(),
                target: loaded.target(&receiver.name, key).map(ToString::to_string).unwrap_or_default(),
                send_resolved: integration.send_resolved,
                last_success: letters.iter().filter_map(|letter| letter.delivered_ms).max().map(nanos),
                last_error: letters.iter().find_map(|letter| {
                    let message = letter.last_error.clone()?;
                    Some(DeliveryError { time: nanos(letter.tried_ms.unwrap_or(letter.created_ms)), message })
                }),
                breaker_open_until: open_until,
                waiting: core.outbox.count(&receiver.name, key, Delivery::Waiting),
                dead: core.outbox.count(&receiver.name, key, Delivery::Dead),
            }
        };
        let status = |receiver: &ocelli_query::alerting::Receiver| ReceiverStatus {
            name: receiver.name.clone(),
            integrations: receiver.integrations.iter().map(|one| of(receiver, one)).collect(),
        };
        loaded.config.receivers.iter().map(status).collect()
    }

    async fn test_receiver(&self, name: &str) -> Result<ReceiverTestResponse, Error> {
        let loaded = self.loaded();
        let receiver = loaded.config.receiver(name);
        let receiver = receiver.ok_or_else(|| Error::NotFound(format!("there is no receiver '{name}'")))?;
        let mut results = Vec::new();
        for (place, integration) in receiver.integrations.iter().enumerate() {
            let started = Instant::now();
            let flush = test_flush(name, place, Alerts::now_ms(self), &loaded.external_url);
            let (Some(target), Some(letter)) =
                (loaded.target(name, &integration.key), letter(&loaded, &flush, place))
            else {
                continue;
            };
            let Some(content) = letter.content else { continue };
            let parcel = Parcel { id: format!("test-{}", letter.id), content };
            let verdict = self.notifier().send(target, &parcel).await;
            results.push(ReceiverTestResult {
                kind: letter.kind,
                target: letter.target,
                elapsed_ms: started.elapsed().as_secs_f64() * 1e3,
                error: match verdict {
                    Verdict::Delivered { .. } => None,
                    Verdict::Retry { why, .. } | Verdict::Refused { why } => Some(why),
                },
            });
        }
        Ok(ReceiverTestResponse { results })
    }

    async fn outbox(&self) -> Result<Vec<Notification>, Error> {
        let core = self.core();
        let open = core.outbox.iter().filter(|letter| letter.status != Delivery::Delivered);
        Ok(open.map(|letter| letter.shown()).collect())
    }

    async fn resend(&self, id: &str) -> Result<Notification, Error> {
        Ok(self.ask(Resend { id: id.to_owned() }).await?.shown())
    }

    async fn discard(&self, id: &str) -> Result<(), Error> {
        self.ask(Discard { id: id.to_owned() }).await
    }

    async fn preview_rule(&self, rule: RulePreviewRequest) -> Result<RulePreviewResponse, Error> {
        preview::preview(&self.api, rule, nanos(Alerts::now_ms(self))).await
    }
}

fn suppressed(routed: &Routed) -> Vec<Suppression> {
    let of = |by: SuppressedBy, ids: &[String]| -> Vec<Suppression> {
        ids.iter().map(|id| Suppression { by, id: id.clone() }).collect()
    };
    [
        of(SuppressedBy::Silence, &routed.silenced_by),
        of(SuppressedBy::Inhibition, &routed.inhibited_by),
        of(SuppressedBy::MuteTime, &routed.muted_by),
    ]
    .concat()
}

/// Annotations that are addresses, and what alerting found out itself.
fn links(annotations: &BTreeMap<String, String>, found: &[(String, String)]) -> Vec<AlertLink> {
    const TITLES: [(&str, &str); 5] = [
        ("traces_url", "Traces"),
        ("logs_url", "Logs"),
        ("slo_url", "SLO"),
        ("runbook_url", "Runbook"),
        ("dashboard_url", "Dashboard"),
    ];
    let url = |name: &str| {
        let found = found.iter().find(|(known, _)| known == name).map(|(_, url)| url);
        annotations.get(name).or(found).filter(|url| is_link(url)).cloned()
    };
    let link = |(name, title): (&str, &str)| Some(AlertLink { title: title.to_owned(), url: url(name)? });
    TITLES.into_iter().filter_map(link).collect()
}

fn is_link(url: &str) -> bool {
    ["http://", "https://", "/"].iter().any(|start| url.starts_with(start))
}

fn from_outside(routed: &Routed, now_ms: i64) -> AlertSummary {
    let alert = &routed.alert;
    let is_resolved = alert.is_resolved(now_ms);
    AlertSummary {
        fingerprint: alert.fingerprint().to_string(),
        name: alert.labels.get(ALERT_NAME).to_owned(),
        state: if is_resolved { AlertState::Resolved } else { AlertState::Firing },
        suppressed: suppressed(routed),
        labels: alert.labels.to_map(),
        annotations: alert.annotations.to_map(),
        since: nanos(alert.starts_at_ms),
        fired_at: Some(nanos(alert.starts_at_ms)),
        resolved_at: alert.ends_at_ms.filter(|_| is_resolved).map(nanos),
        value: alert.value,
        acknowledged: routed.acknowledged.as_ref().map(acknowledgements::shown),
        receivers: routed.receivers.clone(),
        links: links(&alert.annotations.to_map(), &[]),
        ..AlertSummary::default()
    }
}

/// One that is over for so long that only its history is left.
fn of_change(change: &AlertChange) -> AlertSummary {
    AlertSummary {
        fingerprint: change.fingerprint.clone(),
        name: change.name.clone(),
        state: change.to,
        labels: change.labels.clone(),
        since: change.time,
        resolved_at: (change.to == AlertState::Resolved).then_some(change.time),
        value: change.value,
        ..AlertSummary::default()
    }
}

/// What "send a test" sends: a message as any other, that says what it is.
fn test_flush(receiver: &str, integration: usize, at_ms: i64, external_url: &str) -> Flush {
    let labels = Labels::new([(ALERT_NAME, "OcelliTest"), ("severity", "info")]);
    let annotations = Labels::new([
        ("summary", "This is a test. Nothing is wrong."),
        ("description", "Somebody pressed \"send a test\" to see whether messages arrive here."),
    ]);
    let alert = Alert {
        labels: labels.clone(),
        annotations,
        starts_at_ms: at_ms,
        ends_at_ms: None,
        updated_at_ms: at_ms,
        generator_url: format!("{external_url}/alerts"),
        unknown_since_ms: None,
        value: None,
    };
    Flush {
        receiver: receiver.to_owned(),
        integration,
        group_key: format!("test/{at_ms}"),
        group_labels: Labels::new([(ALERT_NAME, "OcelliTest")]),
        alerts: vec![alert],
        at_ms,
        is_repeat: false,
        is_acknowledgement: false,
    }
}
