//! Which of the waiting parcels are sent now.

use super::{Gate, GateSettings, is_past};
use std::collections::{BTreeMap, HashMap, HashSet};

/// A parcel that is still to be delivered, as the outbox has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting<'a> {
    /// Of two that were created together, the smaller id goes first.
    pub id: &'a str,
    pub receiver: &'a str,
    /// Parcels with the same key go to a receiver one after the other, as the group's key has it: a
    /// resolve never overtakes its trigger.
    pub order_key: &'a str,
    pub created_ms: i64,
    /// The last try's end.
    pub tried_ms: Option<i64>,
    pub not_before_ms: i64,
}

/// A parcel that is being sent. It may be among the waiting ones too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InFlight<'a> {
    pub id: &'a str,
    pub receiver: &'a str,
    pub order_key: &'a str,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pick<'a> {
    /// Ids, to be sent now and counted as in flight from now on.
    pub send: Vec<&'a str>,
    /// When to ask again if nothing changes before.
    pub wake_at_ms: Option<i64>,
}

/// The gates of all receivers.
#[derive(Clone, Debug, Default)]
pub struct Gates(HashMap<String, Gate>);

impl Gates {
    /// What holds for a receiver from now on; what happened to it is forgotten.
    pub fn set(&mut self, receiver: &str, settings: GateSettings) {
        self.0.insert(receiver.to_owned(), Gate::new(settings));
    }

    /// A receiver without settings of its own gets the default ones.
    pub fn of(&mut self, receiver: &str) -> &mut Gate {
        self.0.entry(receiver.to_owned()).or_insert_with(|| Gate::new(GateSettings::default()))
    }

    pub fn get(&self, receiver: &str) -> Option<&Gate> {
        self.0.get(receiver)
    }

    /// Forgets the receivers that there are no more.
    pub fn retain(&mut self, is_there: impl Fn(&str) -> bool) {
        self.0.retain(|receiver, _| is_there(receiver));
    }
}

/// Receivers do not know of each other. Within one, the first of each order key is a candidate, and those
/// that wait longest (since they came, or were tried) go first, so that one that always fails keeps no
/// other from being the probe of an open breaker.
pub fn pick<'a>(
    waiting: &[Waiting<'a>],
    in_flight: &[InFlight<'a>],
    gates: &mut Gates,
    now_ms: i64,
) -> Pick<'a> {
    let mut pick = Pick { send: Vec::new(), wake_at_ms: None };
    for (receiver, candidates) in candidates(waiting, in_flight) {
        let mut busy = in_flight.iter().filter(|entry| entry.receiver == receiver).count();
        let gate = gates.of(receiver);
        for candidate in candidates {
            let due = is_past(candidate.not_before_ms, now_ms)
                || candidate.tried_ms.is_some_and(|tried| gate.recovered_since(tried));
            let at_ms = if due { now_ms } else { candidate.not_before_ms };
            let at_ms = at_ms.max(gate.next_ms(now_ms));
            if at_ms > now_ms {
                pick.wake_at_ms = Some(pick.wake_at_ms.map_or(at_ms, |wake| wake.min(at_ms)));
            } else if gate.has_place(busy) {
                gate.take(now_ms);
                busy += 1;
                pick.send.push(candidate.id);
            }
            // Without a place, the end of one that is in flight is what is waited for.
        }
    }
    pick
}

/// By receiver, the first of each order key that has none in flight; those that wait longest first.
fn candidates<'w, 'a>(
    waiting: &'w [Waiting<'a>],
    in_flight: &[InFlight<'a>],
) -> BTreeMap<&'a str, Vec<&'w Waiting<'a>>> {
    let taken: HashSet<_> = in_flight.iter().map(|entry| (entry.receiver, entry.order_key)).collect();
    let mut first: HashMap<(&str, &str), &Waiting> = HashMap::new();
    for entry in waiting.iter().filter(|entry| !taken.contains(&(entry.receiver, entry.order_key))) {
        let head = first.entry((entry.receiver, entry.order_key)).or_insert(entry);
        if (entry.created_ms, entry.id) < (head.created_ms, head.id) {
            *head = entry;
        }
    }
    let mut by_receiver: BTreeMap<&str, Vec<&Waiting>> = BTreeMap::new();
    for entry in first.into_values() {
        by_receiver.entry(entry.receiver).or_default().push(entry);
    }
    for entries in by_receiver.values_mut() {
        entries.sort_by_key(|entry| (entry.tried_ms.unwrap_or(entry.created_ms), entry.created_ms, entry.id));
    }
    by_receiver
}

#[cfg(test)]
mod tests;
