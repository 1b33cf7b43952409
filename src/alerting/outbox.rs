//! The outbox: letters that wait, dead letters, and for a while what was delivered.

use super::letter::{Letter, gate_key};
use super::records::{Unsaved, spaces, text};
use ocelli_api::alerts::Delivery;
use ocelli_notify::Verdict;
use ocelli_notify::policy::{Backoff, Gates, InFlight, Next, pick};
use ocelli_storage::RecordChange;
use std::collections::{BTreeMap, BTreeSet};

/// Delivered and dead letters that are remembered; the oldest go.
const MOST_DELIVERED: usize = 2_000;
const MOST_DEAD: usize = 1_000;

#[derive(Default)]
pub struct Outbox {
    letters: BTreeMap<String, Letter>,
    /// Those whose record is written: nothing else is sent.
    durable: BTreeSet<String>,
    in_flight: BTreeSet<String>,
    pub gates: Gates,
}

impl Outbox {
    pub fn restored(letters: impl IntoIterator<Item = Letter>) -> Outbox {
        let letters: BTreeMap<String, Letter> =
            letters.into_iter().map(|letter| (letter.id.clone(), letter)).collect();
        let durable = letters.keys().cloned().collect();
        Outbox { letters, durable, ..Outbox::default() }
    }

    pub fn add(&mut self, letter: Letter, unsaved: &mut Unsaved) {
        save(&letter, unsaved);
        self.letters.insert(letter.id.clone(), letter);
    }

    /// These records were written.
    pub fn written(&mut self, changes: &[RecordChange]) {
        let outbox = changes.iter().filter(|change| change.space == spaces::OUTBOX);
        self.durable
            .extend(outbox.filter(|change| change.content.is_some()).map(|change| change.name.clone()));
    }

    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Letter> {
        self.letters.values()
    }

    /// What is sent now, taken as in flight; and when to look again.
    pub fn next(&mut self, now_ms: i64) -> (Vec<Letter>, Option<i64>) {
        let is_free = |letter: &&Letter| {
            letter.status == Delivery::Waiting
                && self.durable.contains(&letter.id)
                && !self.in_flight.contains(&letter.id)
        };
        let waiting: Vec<(String, &Letter)> =
            self.letters.values().filter(is_free).map(|letter| (letter.gate(), letter)).collect();
        let waiting: Vec<_> = waiting.iter().map(|(gate, letter)| letter.waiting(gate)).collect();
        let sent: Vec<(String, &Letter)> = self
            .in_flight
            .iter()
            .filter_map(|id| self.letters.get(id))
            .map(|letter| (letter.gate(), letter))
            .collect();
        let in_flight: Vec<InFlight> = sent
            .iter()
            .map(|(gate, letter)| InFlight { id: &letter.id, receiver: gate, order_key: &letter.group_key })
            .collect();
        let picked = pick(&waiting, &in_flight, &mut self.gates, now_ms);
        let send: Vec<Letter> = picked.send.iter().filter_map(|id| self.letters.get(*id)).cloned().collect();
        self.in_flight.extend(send.iter().map(|letter| letter.id.clone()));
        (send, picked.wake_at_ms)
    }

    /// What became of one that was sent.
    pub fn report(&mut self, id: &str, verdict: &Verdict, now_ms: i64, random: f64, unsaved: &mut Unsaved) {
        self.in_flight.remove(id);
        let Some(letter) = self.letters.get_mut(id) else { return };
        self.gates.of(&letter.gate()).report(verdict, now_ms);
        letter.attempts = letter.attempts.saturating_add(1);
        letter.tried_ms = Some(now_ms);
        match verdict {
            Verdict::Delivered { .. } => {
                (letter.status, letter.delivered_ms) = (Delivery::Delivered, Some(now_ms));
                (letter.content, letter.last_error) = (None, None);
            }
            Verdict::Refused { why } => {
                (letter.status, letter.last_error) = (Delivery::Dead, Some(why.clone()));
            }
            Verdict::Retry { why, after } => {
                letter.last_error = Some(why.clone());
                match Backoff::default().next(letter.attempts, letter.created_ms, now_ms, *after, random) {
                    Next::At(at_ms) => letter.not_before_ms = at_ms,
                    Next::GiveUp => letter.status = Delivery::Dead,
                }
            }
        }
        if letter.status == Delivery::Dead {
            tracing::error!(
                receiver = letter.receiver,
                kind = letter.kind,
                letter = id,
                error = letter.last_error,
                "a notification could not be delivered; it is kept and can be sent again"
            );
        }
        save(letter, unsaved);
        self.forget(Delivery::Delivered, MOST_DELIVERED, unsaved);
        self.forget(Delivery::Dead, MOST_DEAD, unsaved);
    }

    /// A dead letter waits again, one that waits is tried at once. None where there is no such.
    pub fn resend(&mut self, id: &str, now_ms: i64, unsaved: &mut Unsaved) -> Option<Letter> {
        let letter = self.letters.get_mut(id).filter(|letter| letter.content.is_some())?;
        if letter.status == Delivery::Dead {
            // It has the patience of a new one.
            (letter.status, letter.created_ms, letter.attempts) = (Delivery::Waiting, now_ms, 0);
        }
        letter.not_before_ms = now_ms;
        save(letter, unsaved);
        Some(letter.clone())
    }

    /// Forgets one that nothing is under way of.
    pub fn discard(&mut self, id: &str, unsaved: &mut Unsaved) -> bool {
        if self.in_flight.contains(id) || self.letters.remove(id).is_none() {
            return false;
        }
        self.durable.remove(id);
        unsaved.put(spaces::OUTBOX, id, None);
        true
    }

    /// Letters of an integration in a state.
    pub fn count(&self, receiver: &str, integration: &str, status: Delivery) -> u64 {
        let gate = gate_key(receiver, integration);
        self.letters.values().filter(|letter| letter.status == status && letter.gate() == gate).count() as u64
    }

    fn forget(&mut self, status: Delivery, most: usize, unsaved: &mut Unsaved) {
        let of_status = self.letters.values().filter(|letter| letter.status == status);
        let ids: Vec<String> = of_status.map(|letter| letter.id.clone()).collect();
        for id in ids.iter().take(ids.len().saturating_sub(most)) {
            self.letters.remove(id);
            self.durable.remove(id);
            unsaved.put(spaces::OUTBOX, id, None);
        }
    }
}

fn save(letter: &Letter, unsaved: &mut Unsaved) {
    if let Some(text) = text(letter) {
        unsaved.put(spaces::OUTBOX, &letter.id, Some(text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ocelli_notify::{Content, HttpContent};
    use std::time::Duration;

    const NOW: i64 = 1_795_694_400_000;

    fn letter(id: &str, receiver: &str, group: &str) -> Letter {
        let content = HttpContent { content_type: "application/json".into(), body: "{}".into() };
        Letter {
            id: id.into(),
            receiver: receiver.into(),
            integration: "webhook-1".into(),
            kind: "webhook".into(),
            target: "https://x".into(),
            group_key: group.into(),
            dedup_key: group.into(),
            fingerprints: Vec::new(),
            firing: 1,
            resolved: 0,
            created_ms: NOW,
            content: Some(Content::Http(content)),
            status: Delivery::Waiting,
            attempts: 0,
            not_before_ms: NOW,
            tried_ms: None,
            delivered_ms: None,
            last_error: None,
            acknowledges: false,
        }
    }

    fn outbox(letters: &[Letter]) -> (Outbox, Unsaved) {
        let (mut outbox, mut unsaved) = (Outbox::default(), Unsaved::default());
        letters.iter().for_each(|letter| outbox.add(letter.clone(), &mut unsaved));
        (outbox, unsaved)
    }

    fn ids(letters: &[Letter]) -> Vec<&str> {
        letters.iter().map(|letter| letter.id.as_str()).collect()
    }

    #[test]
    fn only_what_is_durable_is_sent_and_once_at_a_time() {
        let (mut outbox, mut unsaved) =
            outbox(&[letter("1", "a", "g"), letter("2", "a", "g"), letter("3", "b", "g")]);
        assert_eq!(outbox.next(NOW), (Vec::new(), None));
        outbox.written(&unsaved.take());
        assert_eq!(ids(&outbox.next(NOW).0), ["1", "3"], "2 is about the same group");
        assert!(outbox.next(NOW).0.is_empty());
        outbox.report("1", &Verdict::Delivered { detail: String::new() }, NOW, 0.5, &mut unsaved);
        assert_eq!(ids(&outbox.next(NOW + 100).0), ["2"]);
        let kept: Letter = serde_json::from_str(unsaved.take()[0].content.as_ref().unwrap()).unwrap();
        assert_eq!((kept.status, kept.content), (Delivery::Delivered, None));
    }

    #[test]
    fn a_failure_waits_a_refusal_is_dead_and_both_can_be_sent_again() {
        let (mut outbox, mut unsaved) = outbox(&[letter("1", "a", "g"), letter("2", "a", "h")]);
        outbox.written(&unsaved.take());
        assert_eq!(outbox.next(NOW).0.len(), 2);
        let after = Some(Duration::from_secs(30));
        outbox.report("1", &Verdict::Retry { why: "busy".into(), after }, NOW, 0.5, &mut unsaved);
        outbox.report("2", &Verdict::Refused { why: "no".into() }, NOW, 0.5, &mut unsaved);
        assert_eq!(
            (
                outbox.count("a", "webhook-1", Delivery::Waiting),
                outbox.count("a", "webhook-1", Delivery::Dead)
            ),
            (1, 1)
        );
        assert_eq!(outbox.next(NOW + 1_000), (Vec::new(), Some(NOW + 30_000)));
        assert_eq!(ids(&outbox.next(NOW + 30_000).0), ["1"]);
        assert_eq!(outbox.resend("2", NOW + 40_000, &mut unsaved).unwrap().attempts, 0);
        assert_eq!(ids(&outbox.next(NOW + 40_000).0), ["2"]);
        assert!(!outbox.discard("2", &mut unsaved), "it is under way");
    }

    #[test]
    fn a_restart_goes_on_with_what_waits() {
        let (mut first, mut unsaved) = outbox(&[letter("1", "a", "g")]);
        first.written(&unsaved.take());
        assert_eq!(first.next(NOW).0.len(), 1);
        let mut second = Outbox::restored(first.iter().cloned());
        assert_eq!(ids(&second.next(NOW).0), ["1"], "it may have arrived: its id tells");
    }

    #[test]
    fn a_receiver_that_is_away_for_five_minutes_is_told_all_and_delays_no_other() {
        let (mut outbox, mut unsaved) =
            outbox(&[letter("1", "away", "g"), letter("2", "away", "h"), letter("3", "here", "g")]);
        outbox.written(&unsaved.take());
        let mut told = BTreeMap::new();
        for second in 0..900 {
            let now_ms = NOW + second * 1_000;
            for letter in outbox.next(now_ms).0 {
                let verdict = if letter.receiver == "here" || second >= 300 {
                    told.insert(letter.id.clone(), second);
                    Verdict::Delivered { detail: String::new() }
                } else {
                    Verdict::Retry { why: "connection refused".into(), after: None }
                };
                outbox.report(&letter.id, &verdict, now_ms, 0.5, &mut unsaved);
            }
        }
        assert_eq!((told.len(), told["3"]), (3, 0), "{told:?}");
        assert!(told["1"] < 600 && told["2"] < 600, "soon after it is back: {told:?}");
    }

    #[test]
    fn what_was_delivered_is_forgotten_after_a_while() {
        let (mut outbox, mut unsaved) = outbox(&[]);
        let ids: Vec<String> = (0..MOST_DELIVERED + 5).map(|n| format!("{n:05}")).collect();
        for id in &ids {
            outbox.add(letter(id, "a", id), &mut unsaved);
            outbox.report(id, &Verdict::Delivered { detail: String::new() }, NOW, 0.5, &mut unsaved);
        }
        assert_eq!(
            (outbox.iter().count(), outbox.iter().all(|letter| letter.id != "00004")),
            (MOST_DELIVERED, true)
        );
        assert_eq!(unsaved.take().iter().filter(|change| change.content.is_none()).count(), 5);
    }
}
