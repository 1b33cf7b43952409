//! Whatever happens in whatever order: what is told is true, comes in time, and a restart changes nothing.

use super::tests::acknowledged::{acknowledgement, config};
use super::tests::{Bench, SECOND, labels, silence};
use super::*;
use proptest::prelude::*;

/// Alerts that things happen to. The last one hides others.
const ALERTS: [&str; 6] = [
    "Slow{zone=a}",
    "Slow{zone=b severity=ticket}",
    "Slow{zone=a severity=ticket}",
    "Down{severity=page zone=a}",
    "Down{severity=page zone=b}",
    "Outage{zone=a}",
];

#[derive(Clone, Debug)]
enum Event {
    Set(usize, bool),
    Silence(&'static str, i64),
    Expire(usize),
    /// An alert, with those that are told together with it, and for how many minutes.
    Acknowledge(usize, bool, Option<i64>),
    TakeBack(usize),
    Pass(i64),
    Restart,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        4 => (0..ALERTS.len(), any::<bool>()).prop_map(|(at, fires)| Event::Set(at, fires)),
        1 => (prop_oneof![Just("zone=\"a\""), Just("severity=\"page\"")], 1..20i64)
            .prop_map(|(matcher, minutes)| Event::Silence(matcher, minutes)),
        1 => (0..4usize).prop_map(Event::Expire),
        2 => (0..ALERTS.len(), any::<bool>(), prop::option::of(1..20i64))
            .prop_map(|(at, is_together, minutes)| Event::Acknowledge(at, is_together, minutes)),
        1 => (0..ALERTS.len()).prop_map(Event::TakeBack),
        4 => (1..400i64).prop_map(Event::Pass),
        1 => Just(Event::Restart),
    ];
    prop::collection::vec(event, 1..40)
}

/// What a receiver was told of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    Fires,
    /// It fires, and so do all others of the group; nothing of it is new.
    FiresStill {
        all_acknowledged: bool,
    },
    Acknowledged,
    Over,
}

impl Word {
    fn fires(self) -> bool {
        matches!(self, Word::Fires | Word::FiresStill { .. })
    }
}

/// What receivers were told: when, who, in which group, of which alert, in the order of telling.
type Told = Vec<(i64, String, String, String, Word)>;

/// Lets everything happen, then waits until all is told.
fn play(events: &[Event], with_restarts: bool) -> (Told, BTreeMap<String, bool>, Bench) {
    let (mut bench, mut truth, mut told, mut silences) =
        (Bench::new(&config()), BTreeMap::new(), Vec::new(), 0);
    for event in events.iter().cloned().chain([Event::Pass(30 * 60)]) {
        match event {
            Event::Set(at, fires) => {
                bench.set(ALERTS[at], fires);
                truth.insert(ALERTS[at].to_owned(), fires);
            }
            Event::Silence(matcher, minutes) => {
                let (id, now_ms) = (format!("s{silences}"), bench.now_ms);
                bench.dispatcher.put_silence(silence(matcher, now_ms, minutes), &id, now_ms).unwrap();
                silences += 1;
            }
            // It may be over, or not be there.
            Event::Expire(at) => drop(bench.dispatcher.expire_silence(&format!("s{at}"), bench.now_ms)),
            Event::Acknowledge(at, is_together, minutes) => {
                let (now_ms, fingerprint) = (bench.now_ms, Fingerprint::of(&labels(ALERTS[at])));
                let given = acknowledgement(&format!("k{now_ms}"), now_ms, minutes);
                // It may not fire.
                let flushes = bench.dispatcher.acknowledge(fingerprint, is_together, &given, now_ms);
                note(&bench, flushes.map(|(_, flushes)| flushes).unwrap_or_default(), &mut told);
            }
            Event::TakeBack(at) => {
                drop(bench.dispatcher.take_back(Fingerprint::of(&labels(ALERTS[at])), bench.now_ms));
            }
            Event::Pass(seconds) => (0..seconds).for_each(|_| tick(&mut bench, &mut told)),
            Event::Restart if with_restarts => bench.restart(),
            Event::Restart => {}
        }
        bench.keep();
    }
    (told, truth, bench)
}

fn tick(bench: &mut Bench, told: &mut Told) {
    bench.now_ms += SECOND;
    let flushes = bench.dispatcher.tick(bench.now_ms);
    note(bench, flushes, told);
    bench.keep();
}

fn note(bench: &Bench, flushes: Vec<crate::alerting::Flush>, told: &mut Told) {
    let is_acknowledged =
        |alert: &Alert| bench.dispatcher.acknowledgement(alert.fingerprint(), bench.now_ms).is_some();
    for flush in flushes {
        let one = |alert: &Alert, word| {
            let place = (flush.receiver.clone(), flush.group_key.clone());
            (bench.now_ms, place.0, place.1, alert.labels.to_string(), word)
        };
        let word = match (flush.is_acknowledgement, flush.is_repeat) {
            (true, _) => Word::Acknowledged,
            (_, true) => Word::FiresStill { all_acknowledged: flush.firing().all(is_acknowledged) },
            _ => Word::Fires,
        };
        told.extend(flush.firing().map(|alert| one(alert, word)));
        told.extend(flush.resolved().map(|alert| one(alert, Word::Over)));
    }
}

/// The last word that each receiver has of each alert.
fn last_words(told: &Told) -> BTreeMap<(String, String), bool> {
    let of_state = told.iter().filter(|(.., word)| *word != Word::Acknowledged);
    of_state.map(|(_, receiver, _, alert, word)| ((receiver.clone(), alert.clone()), word.fires())).collect()
}

proptest! {
    #[test]
    fn restarts_change_nothing(events in events()) {
        prop_assert_eq!(play(&events, true).0, play(&events, false).0);
    }

    #[test]
    fn nobody_hears_of_an_end_without_a_begin(events in events()) {
        let mut open = BTreeSet::new();
        for (_, receiver, group, alert, word) in play(&events, true).0 {
            let place = (receiver, group, alert);
            if word.fires() {
                open.insert(place);
            } else if word == Word::Over {
                prop_assert!(open.remove(&place), "{:?} was not told of", place);
            }
        }
    }

    #[test]
    fn what_is_acknowledged_is_not_repeated(events in events()) {
        for (at_ms, receiver, _, alert, word) in play(&events, true).0 {
            let is_idle = word == Word::FiresStill { all_acknowledged: true };
            prop_assert!(!is_idle, "{receiver} is told of {alert} again at {at_ms}");
        }
    }

    #[test]
    fn an_acknowledgement_is_of_an_open_incident_and_to_those_who_know_it(events in events()) {
        let mut open: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
        for (_, receiver, group, alert, word) in play(&events, true).0 {
            let known = open.entry((receiver.clone(), group)).or_default();
            match word {
                Word::Fires | Word::FiresStill { .. } => drop(known.insert(alert)),
                Word::Over => drop(known.remove(&alert)),
                Word::Acknowledged => {
                    prop_assert!(receiver == "pager" && !known.is_empty(), "{receiver} is told of {alert}");
                }
            }
        }
    }

    #[test]
    fn an_acknowledgement_is_told_and_ends_with_its_alert(events in events()) {
        // What the events alone say of each alert: since when it is acknowledged, and until when.
        let (mut given, mut now_ms): (BTreeMap<usize, (i64, i64)>, i64) = (BTreeMap::new(), 0);
        let mut fires = BTreeSet::new();
        for event in events.iter().chain([&Event::Pass(30 * 60)]) {
            match event {
                Event::Set(at, true) => drop(fires.insert(*at)),
                Event::Set(at, false) => drop((fires.remove(at), given.remove(at))),
                Event::Acknowledge(at, _, minutes) if fires.contains(at) => {
                    let end = minutes.map_or(i64::MAX, |minutes| now_ms + minutes * 60 * SECOND);
                    given.insert(*at, (now_ms, end));
                }
                Event::Pass(seconds) => now_ms += seconds * SECOND,
                _ => {}
            }
        }
        let (told, _, bench) = play(&events, true);
        let start_ms = bench.now_ms - now_ms;
        let is_of = |event: &Event, at: usize| matches!(event, Event::TakeBack(_)) || matches!(event, Event::Acknowledge(other, true, _) if *other != at);
        for (at, (since_ms, until_ms)) in given.into_iter().filter(|(at, _)| !events.iter().any(|event| is_of(event, *at))) {
            let fingerprint = Fingerprint::of(&labels(ALERTS[at]));
            let found = bench.dispatcher.acknowledgement(fingerprint, bench.now_ms);
            prop_assert_eq!(found.map(|one| one.at_ms - start_ms), (until_ms > now_ms).then_some(since_ms));
            // The pager has one alert in a group: its incident is acknowledged while the alert is.
            if ALERTS[at].contains("page") && until_ms == i64::MAX {
                let name = labels(ALERTS[at]).to_string();
                let last = told.iter().rfind(|(_, receiver, _, alert, _)| receiver == "pager" && *alert == name);
                let is_silenced = events.iter().any(|event| matches!(event, Event::Silence(..)));
                prop_assert!(is_silenced || last.is_some_and(|(.., word)| *word == Word::Acknowledged), "{last:?}");
            }
        }
    }

    #[test]
    fn in_the_end_everybody_knows_what_is_true(events in events()) {
        let (told, truth, bench) = play(&events, true);
        let words = last_words(&told);
        for view in bench.dispatcher.alerts(bench.now_ms) {
            // Silences of the test are over after twenty minutes.
            let hidden = !view.silenced_by.is_empty() || !view.inhibited_by.is_empty();
            let heard = words.iter().any(|((_, alert), fires)| *alert == view.alert.labels.to_string() && *fires);
            prop_assert!(hidden || heard, "nobody knows of {}", view.alert.labels);
        }
        let fires: BTreeSet<String> = truth.iter().filter(|(_, fires)| **fires).map(|(text, _)| labels(text).to_string()).collect();
        for ((receiver, alert), open) in words {
            // The chat is not told of ends.
            prop_assert!(!open || fires.contains(&alert) || receiver == "chat", "{alert} is over, {receiver} does not know");
        }
    }

    #[test]
    fn a_group_is_told_of_in_its_interval(events in events()) {
        let mut last: BTreeMap<(String, String), i64> = BTreeMap::new();
        let told = play(&events, true).0.into_iter().filter(|(.., word)| *word != Word::Acknowledged);
        for (at_ms, receiver, group, ..) in told {
            let before = last.insert((receiver, group), at_ms);
            // A group that went and came anew waits its `group_wait`.
            prop_assert!(before.is_none_or(|before| at_ms == before || at_ms - before >= 30 * SECOND));
        }
    }
}
