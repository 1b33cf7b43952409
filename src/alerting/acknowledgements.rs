//! Acknowledgements of the API and those of the dispatcher, one as the other.

use super::Alerts;
use super::letter::nanos;
use super::silences::uuid;
use ocelli_api::alerts::{AcknowledgeRequest, AcknowledgeResponse, Acknowledgement as Shown};
use ocelli_query::Error;
use ocelli_query::alerting::dispatch::AcknowledgeError;
use ocelli_query::alerting::{Acknowledgement, Fingerprint};

pub fn shown(given: &Acknowledgement) -> Shown {
    Shown {
        by: given.by.clone(),
        note: given.note.clone(),
        at: nanos(given.at_ms),
        until: given.until_ms.map(nanos),
    }
}

impl Alerts {
    /// The acknowledgement and the messages about it are one transaction.
    pub(super) async fn put_acknowledgement(
        &self,
        fingerprint: Fingerprint,
        asked: AcknowledgeRequest,
    ) -> Result<AcknowledgeResponse, Error> {
        self.must_lead()?;
        let (loaded, now_ms) = (self.loaded(), self.now_ms());
        let given = Acknowledgement {
            id: uuid(rand::random()),
            by: asked.by.trim().to_owned(),
            note: asked.note.trim().to_owned(),
            at_ms: now_ms,
            until_ms: asked.until.map(|until| until.0.div_euclid(1_000_000)),
        };
        let alerts = {
            let core = &mut *self.core();
            let (alerts, flushes) =
                core.dispatcher.acknowledge(fingerprint, asked.together, &given, now_ms).map_err(refused)?;
            core.post(&loaded, &flushes);
            alerts
        };
        self.save().await;
        Ok(answer(&alerts))
    }

    pub(super) async fn take_acknowledgement(
        &self,
        fingerprint: Fingerprint,
    ) -> Result<AcknowledgeResponse, Error> {
        self.must_lead()?;
        let alerts = {
            let core = &mut *self.core();
            let alerts = core.dispatcher.take_back(fingerprint, self.now_ms()).map_err(refused)?;
            core.absorb();
            alerts
        };
        self.save().await;
        Ok(answer(&alerts))
    }
}

fn refused(why: AcknowledgeError) -> Error {
    match why {
        AcknowledgeError::Invalid { field, what } => Error::bad_parameter(field, what),
        other => Error::NotFound(other.to_string()),
    }
}

fn answer(alerts: &[Fingerprint]) -> AcknowledgeResponse {
    AcknowledgeResponse { alerts: alerts.iter().map(Fingerprint::to_string).collect() }
}
