//! Which services do worse than a day before, at the same time of the day.

use super::format::{millis, ratio, short};
use super::order::sort_by;
use ocelli_api::services::{Red, ServiceSummary};
use ocelli_api::{TimeRange, UnixNano};

const DAY_NS: i64 = 86_400_000_000_000;
/// Fewer calls on one of the days say nothing.
const LEAST_CALLS: f64 = 30.0;
/// Of fewer the 95th percentile is that of the slowest few.
const LEAST_CALLS_OF_P95: f64 = 200.0;
/// Standard errors that two shares of errors differ by, which chance does once in two thousand.
const BEYOND_CHANCE: f64 = 3.3;
/// Less is not what somebody is woken for, however sure it is.
const LEAST_MORE_ERRORS: f64 = 0.002;
const TIMES_SLOWER: f64 = 1.5;
const LEAST_SLOWER_MS: f64 = 5.0;

/// The same times so many days before that the ranges don't overlap, and how many days these are.
pub fn before(range: &TimeRange) -> (TimeRange, i64) {
    let days = range.to.0.saturating_sub(range.from.0).div_euclid(DAY_NS) + 1;
    let earlier = |at: UnixNano| UnixNano(at.0.saturating_sub(days * DAY_NS));
    (TimeRange { from: earlier(range.from), to: earlier(range.to) }, days)
}

/// A service, and in what it is worse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worse {
    pub name: String,
    pub what: String,
}

/// Those that are silent come first, then more errors before longer durations, the largest differences first.
pub fn worse(now: &[ServiceSummary], before: &[ServiceSummary]) -> Vec<Worse> {
    let silent = Red::default();
    let one = |service: &ServiceSummary| {
        let earlier = &service.red;
        let red = now.iter().find(|other| other.name == service.name).map_or(&silent, |other| &other.red);
        if red.calls == 0.0 && earlier.calls >= LEAST_CALLS {
            let what = format!("no calls, were {}", short(earlier.calls));
            return Some(((f64::INFINITY, earlier.calls), Worse { name: service.name.clone(), what }));
        }
        if red.calls.min(earlier.calls) < LEAST_CALLS {
            return None;
        }
        let (errors, slower) = (more_errors(red, earlier), slower(red, earlier));
        let told = [
            errors.map(|_| format!("{} errors, was {}", ratio(red.error_ratio), ratio(earlier.error_ratio))),
            slower.map(|_| format!("p95 {}, was {}", millis(red.p95_ms), millis(earlier.p95_ms))),
        ];
        let what = told.into_iter().flatten().collect::<Vec<_>>().join("; ");
        let rank = (errors.unwrap_or_default(), slower.unwrap_or_default());
        (!what.is_empty()).then(|| (rank, Worse { name: service.name.clone(), what }))
    };
    let mut all: Vec<_> = before.iter().filter_map(one).collect();
    sort_by(&mut all, |(a, _), (b, _)| b.0.total_cmp(&a.0).then(b.1.total_cmp(&a.1)));
    all.into_iter().map(|(_, worse)| worse).collect()
}

/// By how much the share of errors is higher, where that is beyond chance.
fn more_errors(now: &Red, before: &Red) -> Option<f64> {
    let more = now.errors / now.calls - before.errors / before.calls;
    let share = (now.errors + before.errors) / (now.calls + before.calls);
    let error = (share * (1.0 - share) * (1.0 / now.calls + 1.0 / before.calls)).sqrt();
    (more >= LEAST_MORE_ERRORS && more > BEYOND_CHANCE * error).then_some(more)
}

/// How many times longer calls take.
fn slower(now: &Red, before: &Red) -> Option<f64> {
    let (now_ms, before_ms) = (now.p95_ms?, before.p95_ms.filter(|ms| *ms > 0.0)?);
    let is_known = now.calls.min(before.calls) >= LEAST_CALLS_OF_P95 && now_ms - before_ms >= LEAST_SLOWER_MS;
    let times = now_ms / before_ms;
    (is_known && times >= TIMES_SLOWER).then_some(times)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(name: &str, calls: f64, errors: f64, p95_ms: f64) -> ServiceSummary {
        let error_ratio = Some(errors / calls);
        let red = Red { calls, errors, error_ratio, p95_ms: Some(p95_ms), ..Red::default() };
        ServiceSummary { name: name.to_owned(), red, ..ServiceSummary::default() }
    }

    #[test]
    fn what_is_worse_beyond_chance_is_told_errors_first() {
        let before = [
            service("pay", 1000.0, 1.0, 100.0),
            service("cart", 1000.0, 0.0, 100.0),
            service("few", 10.0, 0.0, 1.0),
            service("luck", 100.0, 1.0, 100.0),
            service("both", 1000.0, 0.0, 100.0),
            service("seldom", 100.0, 0.0, 100.0),
            service("quick", 1000.0, 0.0, 0.2),
            service("gone", 2500.0, 0.0, 100.0),
            service("idle", 40.0, 0.0, 100.0),
        ];
        let now = [
            service("pay", 1000.0, 50.0, 110.0),
            service("cart", 1000.0, 0.0, 300.0),
            service("few", 10.0, 9.0, 99.0),
            service("luck", 100.0, 4.0, 149.0),
            service("both", 1000.0, 100.0, 200.0),
            service("seldom", 100.0, 0.0, 900.0),
            service("quick", 1000.0, 0.0, 0.4),
            service("new", 1000.0, 999.0, 1.0),
            ServiceSummary { name: "idle".to_owned(), ..ServiceSummary::default() },
        ];
        let told = worse(&now, &before)
            .into_iter()
            .map(|of| format!("{}: {}", of.name, of.what))
            .collect::<Vec<_>>();
        assert_eq!(
            told.iter().map(|text| text.replace('\u{202f}', " ")).collect::<Vec<_>>(),
            [
                "gone: no calls, were 2.5k",
                "idle: no calls, were 40",
                "both: 10% errors, was 0%; p95 200 ms, was 100 ms",
                "pay: 5% errors, was 0.1%",
                "cart: p95 300 ms, was 100 ms",
            ]
        );
        let better: Vec<_> = worse(&before, &now).into_iter().map(|of| of.name).collect();
        assert_eq!(better, ["new"], "of what is better nothing is told, and one is not there any more");
    }

    #[test]
    fn the_day_before_does_not_overlap() {
        let range = |from: i64, to: i64| TimeRange { from: UnixNano(from), to: UnixNano(to) };
        assert_eq!(before(&range(DAY_NS, DAY_NS + 5)), (range(0, 5), 1));
        let week = before(&range(0, 7 * DAY_NS));
        assert_eq!(week, (range(-8 * DAY_NS, -DAY_NS), 8));
    }
}
