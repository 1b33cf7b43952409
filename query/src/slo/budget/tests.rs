use super::*;
use crate::slo::parse;
use proptest::prelude::*;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

fn slo(window: &str) -> Slo {
    let text = format!("slos: [{{name: a, objective: 90, availability: {{service: s}}, {window}}}]");
    parse("s.yml", &text).unwrap().remove(0)
}

/// Slots of every minute, as total and bad.
fn counts(of: impl IntoIterator<Item = (i64, f64, f64)>) -> Counts {
    let slots = of.into_iter().map(|(minute, total, bad)| Slot { time_ms: minute * MINUTE, total, bad });
    Counts::new(MINUTE, slots.collect())
}

proptest! {
    /// Against a walk over every event.
    #[test]
    fn sums_are_those_of_the_events(
        events in prop::collection::vec((0..3_000i64, prop::bool::ANY), 0..400),
        at in 1..3_000i64,
        window_h in 1..30i64,
    ) {
        let slots = (1..=3_000).map(|minute| {
            let here = || events.iter().filter(|(time, _)| *time == minute - 1);
            (minute, here().count() as f64, here().filter(|(_, bad)| *bad).count() as f64)
        });
        let (counts, slo) = (counts(slots), slo(&format!("window: {window_h}h")));
        // An event of minute 5 lies in the slot of minute 6.
        let within = || events.iter().filter(|(time, _)| *time < at && *time >= at - window_h * 60);
        let (all, bad) = (within().count() as f64, within().filter(|(_, bad)| *bad).count() as f64);
        let found = counts.events((at - window_h * 60) * MINUTE, at * MINUTE).unwrap();
        prop_assert_eq!((found.good, found.bad), (all - bad, bad));
        let expect = if all > 0.0 { 1.0 - bad / all / 0.1 } else { 1.0 };
        prop_assert!((left(&slo, &counts, at * MINUTE).unwrap() - expect).abs() < 1e-9);
        prop_assert_eq!(sli(found), (all > 0.0).then(|| (all - bad) / all));
    }
}

#[test]
fn nothing_known_is_no_figure_and_no_traffic_burns_nothing() {
    let slo = slo("window: 1h");
    assert_eq!(left(&slo, &counts([]), HOUR), None);
    let idle = counts((1..=60).map(|minute| (minute, 0.0, 0.0)));
    assert_eq!((left(&slo, &idle, HOUR), idle.burn_rate(5 * MINUTE, HOUR, 0.1)), (Some(1.0), Some(0.0)));
    assert_eq!(
        (idle.known(0, HOUR), idle.known(0, 2 * HOUR), sli(idle.events(0, HOUR).unwrap())),
        (1.0, 0.5, None)
    );
}

#[test]
fn a_calendar_window_begins_anew_in_its_zone() {
    let slo = slo("window: day, time_zone: Asia/Kolkata");
    // Midnight there is 18:30 UTC.
    let midnight = 18 * 60 + 30;
    let counts =
        counts((1..=24 * 60).map(|minute| (minute, 10.0, if minute <= midnight { 5.0 } else { 0.0 })));
    assert_eq!(left(&slo, &counts, (midnight - 1) * MINUTE), Some(-4.0));
    assert_eq!(left(&slo, &counts, (midnight + 1) * MINUTE), Some(1.0));
}

/// When the budget is spent, in minutes.
fn spent(slo: &Slo, counts: &Counts, at: i64) -> Option<i64> {
    exhaustion(slo, counts, at * MINUTE, HOUR).map(|found| found.at.0 / 1_000_000 / MINUTE)
}

#[test]
fn the_forecast_is_from_the_actual_budget() {
    let slo = slo("window: 24h");
    let day = 24 * 60;
    // All good, and then a fifth is bad: the window is spent when half of it is such.
    let burning = |minutes: i64| {
        counts((1..=day).map(move |minute| (minute, 10.0, if minute > day - minutes { 2.0 } else { 0.0 })))
    };
    assert_eq!(spent(&slo, &burning(60), day), Some(day + 660));
    assert_eq!(spent(&slo, &burning(240), day), Some(day + 480));
    assert_eq!(spent(&slo, &burning(0), day), None);
    // What is bad is about to leave the window: nothing will be spent.
    let leaving = counts((1..=day).map(|minute| (minute, 10.0, if minute <= 120 { 8.0 } else { 0.3 })));
    assert_eq!(spent(&slo, &leaving, day), None);
    // Spent already: since when.
    let over = counts((1..=day).map(|minute| (minute, 10.0, if minute > day - 60 { 10.0 } else { 0.65 })));
    let since = spent(&slo, &over, day).unwrap();
    assert!((day - 15..day).contains(&since), "{since}");
}
