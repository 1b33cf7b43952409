//! Whatever happens in whatever order: what is told is true, comes in time, and a restart changes nothing.

use super::tests::{Bench, CONFIG, SECOND, labels, silence};
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
    Pass(i64),
    Restart,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        4 => (0..ALERTS.len(), any::<bool>()).prop_map(|(at, fires)| Event::Set(at, fires)),
        1 => (prop_oneof![Just("zone=\"a\""), Just("severity=\"page\"")], 1..20i64)
            .prop_map(|(matcher, minutes)| Event::Silence(matcher, minutes)),
        1 => (0..4usize).prop_map(Event::Expire),
        4 => (1..400i64).prop_map(Event::Pass),
        1 => Just(Event::Restart),
    ];
    prop::collection::vec(event, 1..40)
}

/// What receivers were told: who, of which alert, and whether it fires, in the order of telling.
type Told = Vec<(i64, String, String, String, bool)>;

/// Lets everything happen, then waits until all is told.
fn play(events: &[Event], with_restarts: bool) -> (Told, BTreeMap<String, bool>, Bench) {
    let (mut bench, mut truth, mut told, mut silences) = (Bench::new(CONFIG), BTreeMap::new(), Vec::new(), 0);
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
    for flush in bench.dispatcher.tick(bench.now_ms) {
        let one = |alert: &Alert, fires| {
            let place = (flush.receiver.clone(), flush.group_key.clone());
            (bench.now_ms, place.0, place.1, alert.labels.to_string(), fires)
        };
        told.extend(flush.firing().map(|alert| one(alert, true)));
        told.extend(flush.resolved().map(|alert| one(alert, false)));
    }
    bench.keep();
}

/// The last word that each receiver has of each alert.
fn last_words(told: &Told) -> BTreeMap<(String, String), bool> {
    told.iter().map(|(_, receiver, _, alert, fires)| ((receiver.clone(), alert.clone()), *fires)).collect()
}

proptest! {
    #[test]
    fn restarts_change_nothing(events in events()) {
        prop_assert_eq!(play(&events, true).0, play(&events, false).0);
    }

    #[test]
    fn nobody_hears_of_an_end_without_a_begin(events in events()) {
        let mut open = BTreeSet::new();
        for (_, receiver, group, alert, fires) in play(&events, true).0 {
            let place = (receiver, group, alert);
            if fires {
                open.insert(place);
            } else {
                prop_assert!(open.remove(&place), "{:?} was not told of", place);
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
        for (at_ms, receiver, group, _, _) in play(&events, true).0 {
            let before = last.insert((receiver, group), at_ms);
            // A group that went and came anew waits its `group_wait`.
            prop_assert!(before.is_none_or(|before| at_ms == before || at_ms - before >= 30 * SECOND));
        }
    }
}
