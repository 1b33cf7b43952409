use super::*;
use crate::verdict::Verdict;
use proptest::prelude::*;
use std::time::Duration;

fn waiting<'a>(id: &'a str, receiver: &'a str, order_key: &'a str, created_ms: i64) -> Waiting<'a> {
    Waiting { id, receiver, order_key, created_ms, tried_ms: None, not_before_ms: created_ms }
}

fn failed() -> Verdict {
    Verdict::Retry { why: "down".into(), after: None }
}

fn delivered() -> Verdict {
    Verdict::Delivered { detail: String::new() }
}

#[test]
fn a_resolve_does_not_overtake_its_trigger() {
    let mut gates = Gates::default();
    let mut trigger = waiting("1", "pager", "group", 10);
    let resolve = waiting("2", "pager", "group", 20);
    let other = waiting("3", "pager", "other", 30);
    assert_eq!(pick(&[resolve, other, trigger], &[], &mut gates, 100).send, ["1", "3"]);
    let flying = [InFlight { id: "1", receiver: "pager", order_key: "group" }];
    assert_eq!(pick(&[trigger, resolve], &flying, &mut gates, 200).send, [""; 0]);
    // Also while the trigger waits for its next try.
    trigger.not_before_ms = 5_000;
    let later = pick(&[trigger, resolve], &[], &mut gates, 300);
    assert_eq!(later, Pick { send: vec![], wake_at_ms: Some(5_000) });
    assert_eq!(pick(&[resolve], &[], &mut gates, 400).send, ["2"]);
}

#[test]
fn a_receiver_has_its_rate_and_its_places() {
    let mut gates = Gates::default();
    gates.set("slack", GateSettings::slack());
    let all = ["1", "2", "3"].map(|id| waiting(id, "slack", id, 0));
    assert_eq!(pick(&all, &[], &mut gates, 0), Pick { send: vec!["1"], wake_at_ms: Some(1_100) });
    assert_eq!(pick(&all[1..], &[], &mut gates, 1_100).send, ["2"]);
    gates.set("web", GateSettings { in_flight: 2, interval_ms: 0, ..GateSettings::default() });
    let all = ["1", "2", "3"].map(|id| waiting(id, "web", id, 0));
    assert_eq!(pick(&all, &[], &mut gates, 0), Pick { send: vec!["1", "2"], wake_at_ms: None });
    let flying = ["1", "2"].map(|id| InFlight { id, receiver: "web", order_key: id });
    assert_eq!(pick(&all, &flying, &mut gates, 0).send, [""; 0]);
    assert_eq!(pick(&all[1..], &flying[1..], &mut gates, 0).send, ["3"]);
}

#[test]
fn patience_that_is_asked_for_holds_for_the_whole_receiver() {
    let mut gates = Gates::default();
    let asked = Verdict::Retry { why: "429".into(), after: Some(Duration::from_secs(30)) };
    gates.of("slack").report(&asked, 1_000);
    let both = [waiting("1", "slack", "a", 0), waiting("2", "web", "b", 0)];
    assert_eq!(pick(&both, &[], &mut gates, 2_000), Pick { send: vec!["2"], wake_at_ms: Some(31_000) });
    assert_eq!(pick(&both[..1], &[], &mut gates, 31_000).send, ["1"]);
}

#[test]
fn a_receiver_that_is_back_gets_all_that_waits() {
    let mut gates = Gates::default();
    gates.set("web", GateSettings { interval_ms: 0, ..GateSettings::default() });
    for _ in 0..5 {
        gates.of("web").report(&failed(), 1_000);
    }
    let tried = |id: &'static str, not_before_ms| Waiting {
        tried_ms: Some(1_000),
        not_before_ms,
        ..waiting(id, "web", id, 0)
    };
    let all = [tried("1", 2_000), tried("2", 290_000)];
    assert_eq!(pick(&all, &[], &mut gates, 2_000).wake_at_ms, Some(6_000), "the breaker is open");
    assert_eq!(pick(&all, &[], &mut gates, 6_000).send, ["1"], "the probe");
    gates.of("web").report(&delivered(), 6_050);
    assert_eq!(pick(&all[1..], &[], &mut gates, 6_060).send, ["2"]);
}

#[test]
fn one_that_always_fails_is_not_always_the_probe() {
    let mut gates = Gates::default();
    (0..5).for_each(|_| gates.of("web").report(&failed(), 1_000));
    let bad = Waiting { tried_ms: Some(1_000), ..waiting("1", "web", "a", 0) };
    let good = waiting("2", "web", "b", 500);
    assert_eq!(pick(&[bad, good], &[], &mut gates, 6_000).send, ["2"]);
}

#[test]
fn a_clock_set_back_by_a_day_delays_nothing() {
    let mut gates = Gates::default();
    let day = 86_400_000;
    let entry = Waiting { tried_ms: Some(day), not_before_ms: day + 60_000, ..waiting("1", "web", "a", day) };
    assert_eq!(pick(&[entry], &[], &mut gates, 1_000).send, ["1"]);
}

#[derive(Clone, Debug)]
struct Entry {
    id: String,
    receiver: String,
    key: String,
    created_ms: i64,
    tried_ms: Option<i64>,
    not_before_ms: i64,
    flying: bool,
}

impl Entry {
    fn waiting(&self) -> Waiting<'_> {
        Waiting {
            id: &self.id,
            receiver: &self.receiver,
            order_key: &self.key,
            created_ms: self.created_ms,
            tried_ms: self.tried_ms,
            not_before_ms: self.not_before_ms,
        }
    }

    fn in_flight(&self) -> InFlight<'_> {
        InFlight { id: &self.id, receiver: &self.receiver, order_key: &self.key }
    }
}

/// What the worker would do, as often as it would: asks, checks what it is told, and ends some sends.
fn run(
    mut entries: Vec<Entry>,
    outcomes: Vec<(u8, i64)>,
    broken: &str,
) -> Result<Vec<String>, TestCaseError> {
    let mut gates = Gates::default();
    let (mut now, mut sent) = (0, Vec::new());
    for (outcome, step) in outcomes {
        now += step;
        let flying: Vec<Entry> = entries.iter().filter(|entry| entry.flying).cloned().collect();
        let in_flight: Vec<InFlight> = flying.iter().map(Entry::in_flight).collect();
        let all = entries.clone();
        let waiting: Vec<Waiting> = all.iter().map(Entry::waiting).collect();
        let picked = pick(&waiting, &in_flight, &mut gates, now);
        prop_assert!(picked.wake_at_ms.is_none_or(|wake| wake > now));
        for id in picked.send {
            let entry = all.iter().find(|entry| entry.id == id).expect("it waits");
            let same = |other: &&Entry| (&other.receiver, &other.key) == (&entry.receiver, &entry.key);
            prop_assert!(!entries.iter().filter(same).any(|other| other.flying), "one at a time");
            let first = all.iter().filter(same).map(|other| (other.created_ms, &other.id)).min();
            prop_assert_eq!(first, Some((entry.created_ms, &entry.id)), "in order");
            entries.iter_mut().find(|entry| entry.id == id).expect("it waits").flying = true;
            sent.push(format!("{now} {id}"));
        }
        for receiver in ["a", "b", "c"] {
            let busy = entries.iter().filter(|entry| entry.flying && entry.receiver == receiver).count();
            prop_assert!(busy <= GateSettings::default().in_flight);
        }
        // Of each receiver one send ends; the broken one's never well.
        for receiver in ["a", "b", "c"] {
            let Some(at) = entries.iter().position(|entry| entry.flying && entry.receiver == receiver) else {
                continue;
            };
            let well = receiver != broken && outcome % 3 != 0;
            gates.of(receiver).report(&if well { delivered() } else { failed() }, now);
            if well {
                entries.remove(at);
            } else {
                let entry = &mut entries[at];
                (entry.flying, entry.tried_ms, entry.not_before_ms) = (false, Some(now), now + 1_000);
            }
        }
    }
    Ok(sent)
}

fn entries() -> impl Strategy<Value = Vec<Entry>> {
    let entry = (0..3_usize, 0..4_usize, 0..5_000_i64);
    prop::collection::vec(entry, 1..30).prop_map(|parts| {
        let entries = parts.into_iter().enumerate().map(|(at, (receiver, key, created_ms))| Entry {
            id: format!("{at:03}"),
            receiver: ["a", "b", "c"][receiver].to_owned(),
            key: format!("key {key}"),
            created_ms,
            tried_ms: None,
            not_before_ms: created_ms,
            flying: false,
        });
        entries.collect()
    })
}

proptest! {
    #[test]
    fn keys_are_in_order_and_places_are_bounded(
        entries in entries(),
        outcomes in prop::collection::vec((any::<u8>(), 0..3_000_i64), 1..60),
    ) {
        run(entries, outcomes, "")?;
    }

    /// Those of the others are sent at the very same times, whether a receiver is broken or is not there.
    #[test]
    fn a_broken_receiver_delays_no_other(
        entries in entries(),
        outcomes in prop::collection::vec((any::<u8>(), 0..3_000_i64), 1..60),
    ) {
        let others: Vec<Entry> = entries.iter().filter(|entry| entry.receiver != "a").cloned().collect();
        let is_other = |line: &String| {
            let id = line.split_once(' ').map(|(_, id)| id);
            others.iter().any(|entry| Some(entry.id.as_str()) == id)
        };
        let mut beside: Vec<String> = run(entries, outcomes.clone(), "a")?.into_iter().filter(is_other).collect();
        let mut alone = run(others.clone(), outcomes, "a")?;
        beside.sort();
        alone.sort();
        prop_assert_eq!(beside, alone);
    }

    /// All that a well receiver is to get, it gets.
    #[test]
    fn nothing_is_left(entries in entries()) {
        let count = entries.len();
        let sent = run(entries, vec![(1, 1_000); 200], "")?;
        prop_assert_eq!(sent.len(), count);
    }
}
