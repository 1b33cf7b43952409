use super::*;
use crate::alerting::samples::{NOON_MS, alert};
use ocelli_api::UnixNano;
use ocelli_api::alerts::{AlertState, IntegrationStatus, ReceiverTestResult, RuleEpisode, SilenceState};
use std::sync::Mutex;

pub const MS: i64 = 1_000_000;

/// In the place of the engine: one alert that fires, one that is silenced, and what was sent.
#[derive(Default)]
pub(crate) struct Double {
    pub received: Mutex<Vec<Alert>>,
    pub silences: Mutex<Vec<Silence>>,
}

pub fn routed(instance: &str, silenced_by: &[&str]) -> Routed {
    Routed {
        alert: alert(&[("alertname", "Down"), ("instance", instance)], &[("summary", "down")], 5),
        receivers: vec!["team-shop".to_owned()],
        unprocessed: false,
        silenced_by: silenced_by.iter().map(|id| (*id).to_owned()).collect(),
        inhibited_by: Vec::new(),
        muted_by: Vec::new(),
        acknowledged: None,
    }
}

pub fn summary(instance: &str, state: AlertState, minutes: i64) -> AlertSummary {
    let alert = alert(&[("alertname", "Down"), ("instance", instance)], &[], minutes);
    AlertSummary {
        fingerprint: alert.fingerprint().to_string(),
        name: "Down".to_owned(),
        state,
        labels: alert.labels.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        since: UnixNano(alert.starts_at_ms * MS),
        receivers: vec!["team-shop".to_owned()],
        ..AlertSummary::default()
    }
}

#[async_trait]
impl Alerting for Double {
    fn now_ms(&self) -> i64 {
        NOON_MS
    }

    fn status(&self) -> Status {
        Status {
            config: "route:\n  receiver: team-shop\n".to_owned(),
            version: "1.2.3".to_owned(),
            started_ms: NOON_MS - 1_000,
            resolve_timeout_ms: 300_000,
        }
    }

    fn alerts(&self) -> Vec<AlertSummary> {
        vec![
            summary("c", AlertState::Pending, 1),
            summary("a", AlertState::Firing, 9),
            summary("b", AlertState::Firing, 5),
            summary("d", AlertState::Resolved, 90),
        ]
    }

    async fn alert(&self, fingerprint: Fingerprint) -> Result<AlertResponse, Error> {
        let found = self.alerts().into_iter().find(|alert| alert.fingerprint == fingerprint.to_string());
        let alert = found.ok_or_else(|| Error::NotFound(format!("there is no alert {fingerprint}")))?;
        Ok(AlertResponse { alert, ..AlertResponse::default() })
    }

    async fn acknowledge(
        &self,
        fingerprint: Fingerprint,
        asked: AcknowledgeRequest,
    ) -> Result<AcknowledgeResponse, Error> {
        let alerts = if asked.together { vec![fingerprint.to_string(), "0".repeat(16)] } else { Vec::new() };
        Ok(AcknowledgeResponse { alerts })
    }

    async fn take_back(&self, fingerprint: Fingerprint) -> Result<AcknowledgeResponse, Error> {
        Ok(AcknowledgeResponse { alerts: vec![fingerprint.to_string()] })
    }

    async fn history(&self, _: TimeRange, limit: usize) -> Result<AlertHistoryResponse, Error> {
        Ok(AlertHistoryResponse { changes: Vec::new(), truncated: limit == 1 })
    }

    fn routed(&self) -> Vec<Routed> {
        vec![routed("a", &[]), routed("b", &["5c1d"])]
    }

    fn groups(&self) -> Vec<Group> {
        let labels = Labels::new([("alertname", "Down")]);
        vec![Group { receiver: "team-shop".to_owned(), labels, alerts: self.routed() }]
    }

    async fn receive(&self, alerts: Vec<Alert>) -> Result<(), Error> {
        self.received.lock().unwrap().extend(alerts);
        Ok(())
    }

    fn silences(&self) -> Vec<Silence> {
        self.silences.lock().unwrap().clone()
    }

    async fn save_silence(&self, request: SilenceRequest) -> Result<Silence, Error> {
        let mut silences = self.silences.lock().unwrap();
        let silence = Silence {
            id: request.id.unwrap_or_else(|| format!("{}", silences.len())),
            state: SilenceState::Active,
            matchers: request.matchers,
            starts_at: request.starts_at.unwrap_or(UnixNano(NOON_MS * MS)),
            ends_at: request.ends_at,
            updated_at: UnixNano(NOON_MS * MS),
            created_by: request.created_by,
            comment: request.comment,
        };
        silences.push(silence.clone());
        Ok(silence)
    }

    async fn expire_silence(&self, id: &str) -> Result<Silence, Error> {
        let mut silences = self.silences.lock().unwrap();
        let found = silences.iter_mut().find(|silence| silence.id == id);
        let silence = found.ok_or_else(|| Error::NotFound(format!("there is no silence {id}")))?;
        silence.state = SilenceState::Expired;
        Ok(silence.clone())
    }

    fn receivers(&self) -> Vec<ReceiverStatus> {
        let slack = IntegrationStatus { kind: "slack".to_owned(), ..IntegrationStatus::default() };
        vec![ReceiverStatus { name: "team-shop".to_owned(), integrations: vec![slack] }]
    }

    async fn test_receiver(&self, name: &str) -> Result<ReceiverTestResponse, Error> {
        let result = ReceiverTestResult { kind: name.to_owned(), ..ReceiverTestResult::default() };
        Ok(ReceiverTestResponse { results: vec![result] })
    }

    async fn outbox(&self) -> Result<Vec<Notification>, Error> {
        let message =
            |id: &str, ns| Notification { id: id.to_owned(), time: UnixNano(ns), ..Notification::default() };
        Ok(vec![message("late", 2), message("early", 1)])
    }

    async fn resend(&self, id: &str) -> Result<Notification, Error> {
        Ok(Notification { id: id.to_owned(), ..Notification::default() })
    }

    async fn discard(&self, id: &str) -> Result<(), Error> {
        if id == "early" { Ok(()) } else { Err(Error::NotFound(format!("there is no message {id}"))) }
    }

    async fn preview_rule(&self, rule: RulePreviewRequest) -> Result<RulePreviewResponse, Error> {
        let episode = RuleEpisode { labels: rule.labels, ..RuleEpisode::default() };
        Ok(RulePreviewResponse { episodes: vec![episode], count: 1, ..RulePreviewResponse::default() })
    }
}
