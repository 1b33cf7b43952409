//! What people and other systems ask of alerting, the same wherever they ask: the server that tells of alerts
//! carries it out, one that stands by writes it down for that server (see [`super::standby`]).

use super::Alerts;
use super::acknowledgements::{Acknowledge, TakeBack};
use super::core::{Core, Role};
use super::letter::Letter;
use super::settings::Loaded;
use super::silences::{EndSilence, PutSilence};
use ocelli_query::Error;
use ocelli_query::alerting::dispatch::kept::KeptAlert;
use serde::{Deserialize, Serialize};

/// One kind of request.
pub trait Ask: Sized {
    type Answer;

    /// What is changed is to be written afterwards. May come a second time, after a crash.
    fn carry_out(&self, core: &mut Core, loaded: &Loaded, now_ms: i64) -> Result<Self::Answer, Error>;

    fn written(self) -> Request;
}

/// A request as a record of the catalog.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    Receive(Receive),
    PutSilence(PutSilence),
    EndSilence(EndSilence),
    Acknowledge(Acknowledge),
    TakeBack(TakeBack),
    Resend(Resend),
    Discard(Discard),
}

impl Request {
    pub fn carry_out(&self, core: &mut Core, loaded: &Loaded, now_ms: i64) -> Result<(), Error> {
        match self {
            Request::Receive(one) => one.carry_out(core, loaded, now_ms),
            Request::PutSilence(one) => one.carry_out(core, loaded, now_ms).map(drop),
            Request::EndSilence(one) => one.carry_out(core, loaded, now_ms).map(drop),
            Request::Acknowledge(one) => one.carry_out(core, loaded, now_ms).map(drop),
            Request::TakeBack(one) => one.carry_out(core, loaded, now_ms).map(drop),
            Request::Resend(one) => one.carry_out(core, loaded, now_ms).map(drop),
            Request::Discard(one) => one.carry_out(core, loaded, now_ms),
        }
    }
}

/// Alerts of another Prometheus.
#[derive(Serialize, Deserialize)]
pub struct Receive {
    pub alerts: Vec<KeptAlert>,
}

impl Ask for Receive {
    type Answer = ();

    fn carry_out(&self, core: &mut Core, _: &Loaded, now_ms: i64) -> Result<(), Error> {
        let alerts = self.alerts.iter().cloned().map(|kept| kept.into_parts().0).collect();
        core.dispatcher.receive(alerts, now_ms);
        Ok(())
    }

    fn written(self) -> Request {
        Request::Receive(self)
    }
}

/// A dead letter is to wait again, one that waits to be tried at once.
#[derive(Serialize, Deserialize)]
pub struct Resend {
    pub id: String,
}

impl Ask for Resend {
    type Answer = Letter;

    fn carry_out(&self, core: &mut Core, _: &Loaded, now_ms: i64) -> Result<Letter, Error> {
        let letter = core.outbox.resend(&self.id, now_ms, &mut core.unsaved);
        letter.ok_or_else(|| Error::NotFound(format!("no message {} waits or is dead", self.id)))
    }

    fn written(self) -> Request {
        Request::Resend(self)
    }
}

/// A letter is to be forgotten.
#[derive(Serialize, Deserialize)]
pub struct Discard {
    pub id: String,
}

impl Ask for Discard {
    type Answer = ();

    fn carry_out(&self, core: &mut Core, _: &Loaded, _: i64) -> Result<(), Error> {
        match core.outbox.discard(&self.id, &mut core.unsaved) {
            true => Ok(()),
            false => Err(Error::NotFound(format!("there is no message {}, or it is being sent", self.id))),
        }
    }

    fn written(self) -> Request {
        Request::Discard(self)
    }
}

impl Alerts {
    /// Durable when this returns: carried out, or written down for the server that carries it out.
    pub(super) async fn ask<A: Ask>(&self, asked: A) -> Result<A::Answer, Error> {
        let (loaded, now_ms) = (self.loaded(), self.now_ms());
        let (role, since, answer) = {
            let core = &mut *self.core();
            // On a copy it is seen whether that can be.
            let answer = asked.carry_out(core, &loaded, now_ms)?;
            core.absorb();
            (core.role, core.since, answer)
        };
        let not_kept = |error: ocelli_storage::Error| Error::NotKept(error.to_string());
        if role == Role::Tells {
            self.keep().await.map_err(not_kept)?;
        }
        // Who has stepped down meanwhile may have forgotten it before it was written.
        if role == Role::StandsBy || self.core().since != since {
            self.hand_on(&asked.written()).await.map_err(not_kept)?;
        }
        self.dispatch_changed.notify_one();
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::super::records::{spaces, text};
    use super::super::{Settings, load};
    use super::*;
    use ocelli_api::UnixNano;
    use ocelli_api::alerts::AcknowledgeRequest;
    use ocelli_query::alerting::{Alert, Fingerprint};
    use ocelli_query::promql::labels::Labels;
    use ocelli_query::{Api, Limits};
    use ocelli_storage::{Clock, Options, Store};
    use std::sync::Arc;

    const NOW: i64 = 1_795_694_400_000;

    fn core() -> (Core, Loaded) {
        let loaded = load(&Settings::default()).unwrap();
        (Core::empty(&loaded, NOW), loaded)
    }

    fn fault() -> Alert {
        Alert {
            labels: Labels::new([("alertname", "Fault")]),
            annotations: Labels::new([("summary", "it is at fault")]),
            starts_at_ms: NOW,
            ends_at_ms: Some(NOW + 60_000),
            updated_at_ms: NOW,
            generator_url: "http://prometheus:9090".to_owned(),
            unknown_since_ms: None,
            value: None,
        }
    }

    /// What another server does of the text of a request.
    fn handed_on(request: Request, core: &mut Core, loaded: &Loaded) -> Result<(), Error> {
        serde_json::from_str::<Request>(&text(&request).unwrap()).unwrap().carry_out(core, loaded, NOW)
    }

    #[test]
    fn a_request_that_was_handed_on_does_what_was_asked_also_twice() {
        let (mut core, loaded) = core();
        let receive = || Receive { alerts: vec![KeptAlert::new(&fault(), None)] };
        let (by, note) = ("Ada".to_owned(), String::new());
        let asked = AcknowledgeRequest { by, note, until: None, together: true };
        let fingerprint = fault().fingerprint();
        let taken = || Acknowledge::new(fingerprint, asked.clone(), NOW);
        for request in [receive().written(), receive().written(), taken().written(), taken().written()] {
            handed_on(request, &mut core, &loaded).unwrap();
        }
        let alerts = core.dispatcher.alerts(NOW);
        assert_eq!(alerts.len(), 1);
        assert_eq!(alerts[0].alert, fault());
        assert_eq!(alerts[0].acknowledged.as_ref().map(|given| given.by.as_str()), Some("Ada"));
        handed_on(TakeBack { fingerprint }.written(), &mut core, &loaded).unwrap();
        assert_eq!(core.dispatcher.acknowledgement(fingerprint, NOW), None);
    }

    #[test]
    fn what_happens_to_a_copy_is_the_other_servers_to_write() {
        let loaded = load(&Settings::default()).unwrap();
        let receive = || Receive { alerts: vec![KeptAlert::new(&fault(), None)] };
        for (role, written) in [(Role::StandsBy, 0), (Role::Tells, 1)] {
            let mut core = Core { role, ..Core::empty(&loaded, NOW) };
            receive().carry_out(&mut core, &loaded, NOW).unwrap();
            core.absorb();
            let alerts = core.unsaved.take().into_iter().filter(|change| change.space == "alert").count();
            assert_eq!((alerts, core.dispatcher.alerts(NOW).len()), (written, 1), "{role:?}");
        }
    }

    #[tokio::test]
    async fn what_is_forgotten_on_stepping_down_is_handed_on() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(Options::new(directory.path()), None).await.unwrap();
        let now = Arc::new(|| UnixNano(NOW * 1_000_000));
        let api = Api::new(store.clone(), Arc::new(Default::default), now, Limits::default());
        let (clock, settings) = (Clock::new(|| NOW * 1_000_000), Settings::default());
        let loaded = load(&settings).unwrap();
        let (alerts, running) = Alerts::start(store.clone(), clock, api, settings, loaded).await.unwrap();
        assert_eq!(alerts.core().role, Role::Tells);
        // Nothing is written until another server has the lease.
        let writing = alerts.writing.lock().await;
        let asked = alerts.ask(Receive { alerts: vec![KeptAlert::new(&fault(), None)] });
        let step_down = async {
            while alerts.core().dispatcher.alerts(NOW).is_empty() {
                tokio::task::yield_now().await;
            }
            *alerts.core() = Core::empty(&alerts.loaded(), NOW);
            drop(writing);
        };
        tokio::join!(asked, step_down).0.unwrap();
        running.stop().await;

        let requests = store.records(spaces::REQUEST).await.unwrap();
        let (mut core, loaded) = core();
        for (_, content) in requests {
            serde_json::from_str::<Request>(&content).unwrap().carry_out(&mut core, &loaded, NOW).unwrap();
        }
        assert_eq!(core.dispatcher.alerts(NOW).len(), 1);
    }

    #[test]
    fn what_can_not_be_is_said() {
        let (mut core, loaded) = core();
        for (request, words) in [
            (TakeBack { fingerprint: Fingerprint(7) }.written(), "nobody has acknowledged"),
            (EndSilence { id: "x".to_owned() }.written(), "there is no silence x"),
            (Resend { id: "x".to_owned() }.written(), "no message x waits or is dead"),
            (Discard { id: "x".to_owned() }.written(), "there is no message x"),
        ] {
            let told = handed_on(request, &mut core, &loaded).unwrap_err().to_string();
            assert!(told.contains(words), "{told}");
        }
    }
}
