//! What is asked of alerting over HTTP, and who answers.
//!
//! The engine has the clock, the records and the outbox, so it is not in this crate; it implements
//! [`Alerting`].

mod alertmanager;
mod native;
mod read;
mod silences;

pub(super) use read::Json;

use crate::Error;
use crate::alerting::{Acknowledgement, Alert, Fingerprint};
use crate::promql::labels::Labels;
use async_trait::async_trait;
use axum::routing::MethodRouter;
use ocelli_api::TimeRange;
use ocelli_api::alerts::{
    AcknowledgeRequest, AcknowledgeResponse, AlertHistoryResponse, AlertResponse, AlertSummary, Notification,
    ReceiverStatus, ReceiverTestResponse, RulePreviewRequest, RulePreviewResponse, Silence, SilenceRequest,
};
use std::sync::Arc;

type Engine = Arc<dyn Alerting>;

/// The native routes, and Alertmanager's.
pub fn endpoints(engine: Arc<dyn Alerting>) -> Vec<(&'static str, MethodRouter)> {
    let mut all = native::endpoints(engine.clone());
    all.extend(silences::endpoints(engine.clone()));
    all.extend(alertmanager::endpoints(engine));
    all
}

/// Everything that handlers need of alerting. What does not wait is of one moment, and quick.
///
/// Errors are those that a caller of the API sees: [`Error::BadParameter`] names the field,
/// [`Error::NotFound`] what is not here.
#[async_trait]
pub trait Alerting: Send + Sync {
    /// Milliseconds since the epoch; the time that all states are of.
    fn now_ms(&self) -> i64;

    fn status(&self) -> Status;

    /// Pending, firing, unknown, and those that were resolved a short while ago, in any order.
    fn alerts(&self) -> Vec<AlertSummary>;

    async fn alert(&self, fingerprint: Fingerprint) -> Result<AlertResponse, Error>;

    /// At most `limit` changes, the newest first.
    async fn history(&self, range: TimeRange, limit: usize) -> Result<AlertHistoryResponse, Error>;

    /// Acknowledges one that fires; one that does not is [`Error::NotFound`].
    async fn acknowledge(
        &self,
        fingerprint: Fingerprint,
        asked: AcknowledgeRequest,
    ) -> Result<AcknowledgeResponse, Error>;

    /// Takes the acknowledgement back, of all alerts that it was given for.
    async fn take_back(&self, fingerprint: Fingerprint) -> Result<AcknowledgeResponse, Error>;

    /// The alerts of dispatch, as Alertmanager's API tells them: none that is pending.
    fn routed(&self) -> Vec<Routed>;

    /// By receiver and labels.
    fn groups(&self) -> Vec<Group>;

    /// From an external Prometheus. Their times are complete; they are durable when this returns.
    async fn receive(&self, alerts: Vec<Alert>) -> Result<(), Error>;

    /// In any order, with those that are over for a while.
    fn silences(&self) -> Vec<Silence>;

    /// Makes one, or changes the one of the id.
    async fn save_silence(&self, silence: SilenceRequest) -> Result<Silence, Error>;

    /// Ends it now. One that is over is [`Error::BadParameter`], one that is unknown [`Error::NotFound`].
    async fn expire_silence(&self, id: &str) -> Result<Silence, Error>;

    /// In the order of the configuration.
    fn receivers(&self) -> Vec<ReceiverStatus>;

    /// Sends a message that says that it is a test to all integrations, and waits for them.
    async fn test_receiver(&self, name: &str) -> Result<ReceiverTestResponse, Error>;

    /// Messages that wait, and dead letters.
    async fn outbox(&self) -> Result<Vec<Notification>, Error>;

    /// A dead letter waits again; one that waits is tried at once.
    async fn resend(&self, id: &str) -> Result<Notification, Error>;

    async fn discard(&self, id: &str) -> Result<(), Error>;

    async fn preview_rule(&self, rule: RulePreviewRequest) -> Result<RulePreviewResponse, Error>;
}

/// What Alertmanager's `status` tells.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Status {
    /// The configuration, with `<secret>` in the place of every secret.
    pub config: String,
    pub version: String,
    pub started_ms: i64,
    /// An alert that another system sent without an end is over after so long.
    pub resolve_timeout_ms: i64,
}

/// An alert with what dispatch thinks of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Routed {
    pub alert: Alert,
    /// Names, in the order of the routes.
    pub receivers: Vec<String>,
    /// No group has seen it yet.
    pub unprocessed: bool,
    /// Ids of silences.
    pub silenced_by: Vec<String>,
    /// Fingerprints of alerts.
    pub inhibited_by: Vec<String>,
    /// Names of time intervals.
    pub muted_by: Vec<String>,
    /// While it holds.
    pub acknowledged: Option<Acknowledgement>,
}

/// The alerts that one receiver is told of together.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    pub receiver: String,
    pub labels: Labels,
    pub alerts: Vec<Routed>,
}

#[cfg(test)]
pub(crate) mod tests;
