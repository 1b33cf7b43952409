//! Acknowledgements of the API and those of the dispatcher, one as the other.

use super::core::Core;
use super::letter::nanos;
use super::requests::{Ask, Request};
use super::settings::Loaded;
use super::silences::uuid;
use ocelli_api::alerts::{AcknowledgeRequest, AcknowledgeResponse, Acknowledgement as Shown};
use ocelli_query::Error;
use ocelli_query::alerting::dispatch::AcknowledgeError;
use ocelli_query::alerting::{Acknowledgement, Fingerprint};
use serde::{Deserialize, Serialize};

pub fn shown(given: &Acknowledgement) -> Shown {
    Shown {
        by: given.by.clone(),
        note: given.note.clone(),
        at: nanos(given.at_ms),
        until: given.until_ms.map(nanos),
    }
}

/// Somebody takes an alert on. The acknowledgement and the messages about it are one transaction.
#[derive(Serialize, Deserialize)]
pub struct Acknowledge {
    fingerprint: Fingerprint,
    together: bool,
    given: Acknowledgement,
}

impl Acknowledge {
    pub fn new(fingerprint: Fingerprint, asked: AcknowledgeRequest, now_ms: i64) -> Acknowledge {
        let given = Acknowledgement {
            id: uuid(rand::random()),
            by: asked.by.trim().to_owned(),
            note: asked.note.trim().to_owned(),
            at_ms: now_ms,
            until_ms: asked.until.map(|until| until.0.div_euclid(1_000_000)),
        };
        Acknowledge { fingerprint, together: asked.together, given }
    }
}

impl Ask for Acknowledge {
    type Answer = AcknowledgeResponse;

    fn carry_out(&self, core: &mut Core, loaded: &Loaded, now_ms: i64) -> Result<AcknowledgeResponse, Error> {
        let taken = core.dispatcher.acknowledge(self.fingerprint, self.together, &self.given, now_ms);
        let (alerts, flushes) = taken.map_err(refused)?;
        core.post(loaded, &flushes);
        Ok(answer(&alerts))
    }

    fn written(self) -> Request {
        Request::Acknowledge(self)
    }
}

/// An acknowledgement is taken back.
#[derive(Serialize, Deserialize)]
pub struct TakeBack {
    pub fingerprint: Fingerprint,
}

impl Ask for TakeBack {
    type Answer = AcknowledgeResponse;

    fn carry_out(&self, core: &mut Core, _: &Loaded, now_ms: i64) -> Result<AcknowledgeResponse, Error> {
        Ok(answer(&core.dispatcher.take_back(self.fingerprint, now_ms).map_err(refused)?))
    }

    fn written(self) -> Request {
        Request::TakeBack(self)
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
