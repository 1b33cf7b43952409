//! When alerts were firing, or would have been: the pairs of windows over a history.

use super::budget::{Counts, burn};
use super::links;
use super::model::Slo;
use super::windows::Pair;
use crate::promql::duration_text;
use ocelli_api::UnixNano;
use ocelli_api::slos::{BurnState, Episode, SloSeverity};

/// An episode while it lasts.
struct Open {
    from_ms: i64,
    windows: String,
    peak: f64,
}

/// Every time in which one of the pairs of a severity was critical, oldest first. What is not known changes nothing,
/// as with the alerts themselves.
pub fn episodes(slo: &Slo, counts: &Counts, pairs: &[Pair], from_ms: i64, to_ms: i64) -> Vec<Episode> {
    let enabled = [
        (SloSeverity::Page, slo.alerting.page.is_some()),
        (SloSeverity::Ticket, slo.alerting.ticket.is_some()),
    ];
    let mut found = Vec::new();
    for (severity, _) in enabled.into_iter().filter(|(_, is_enabled)| *is_enabled) {
        let pairs: Vec<&Pair> = pairs.iter().filter(|pair| pair.severity == severity).collect();
        of_severity(slo, counts, &pairs, (from_ms, to_ms), severity, &mut found);
    }
    found.sort_by_key(|episode| episode.from);
    found
}

fn of_severity(
    slo: &Slo,
    counts: &Counts,
    pairs: &[&Pair],
    (from_ms, to_ms): (i64, i64),
    severity: SloSeverity,
    found: &mut Vec<Episode>,
) {
    let budget = slo.budget();
    let mut open: Option<Open> = None;
    for &time_ms in counts.times(from_ms, to_ms) {
        let burn = |ms: i64| counts.burn_rate(ms, time_ms, budget);
        let states = pairs.iter().map(|pair| (*pair, burn(pair.long_ms), burn(pair.short_ms)));
        let mut is_known = true;
        let mut critical: Option<(&Pair, f64)> = None;
        for (pair, long, short) in states {
            match pair.state(long, short) {
                BurnState::Critical => critical = critical.or(Some((pair, long.unwrap_or_default()))),
                BurnState::Unknown => is_known = false,
                _ => {}
            }
        }
        match (critical, &mut open) {
            (Some((_, peak)), Some(open)) => open.peak = open.peak.max(peak),
            (Some((pair, peak)), None) => {
                let windows = format!("{}/{}", duration_text(pair.long_ms), duration_text(pair.short_ms));
                open = Some(Open { from_ms: time_ms, windows, peak });
            }
            (None, Some(_)) if is_known => {
                found
                    .extend(open.take().map(|open| open.closed(slo, counts, severity, Some(time_ms), to_ms)));
            }
            _ => {}
        }
    }
    found.extend(open.map(|open| open.closed(slo, counts, severity, None, to_ms)));
}

impl Open {
    fn closed(
        self,
        slo: &Slo,
        counts: &Counts,
        severity: SloSeverity,
        to: Option<i64>,
        last_ms: i64,
    ) -> Episode {
        let until_ms = to.unwrap_or(last_ms);
        // Its links begin where the burning did, which the alert came after.
        let (from, until) = ((self.from_ms - 3_600_000).to_string(), until_ms.to_string());
        let nanos = |ms: i64| UnixNano(ms.saturating_mul(1_000_000));
        Episode {
            severity,
            from: nanos(self.from_ms),
            to: to.map(nanos),
            windows: self.windows,
            peak_burn_rate: self.peak,
            budget_spent: share(slo, counts, self.from_ms, until_ms),
            traces_url: links::traces(slo, &from, &until),
            logs_url: links::logs(slo, &from, &until),
        }
    }
}

/// What a time has spent of the budget of the window that it ends in.
pub fn share(slo: &Slo, counts: &Counts, after_ms: i64, until_ms: i64) -> f64 {
    let (start, _) = super::budget::bounds(&slo.window, until_ms);
    let (Some(window), Some(events)) = (counts.events(start, until_ms), counts.events(after_ms, until_ms))
    else {
        return 0.0;
    };
    match window.bad {
        bad if bad > 0.0 => burn(window, slo.budget()) * events.bad / bad,
        _ => 0.0,
    }
}

/// `would have paged 3 times and opened 1 ticket in 30d`.
pub fn verdict(episodes: &[Episode], length_ms: i64) -> String {
    let count = |severity| episodes.iter().filter(|episode| episode.severity == severity).count();
    let times = |count: usize, one: &str, several: &str| match count {
        1 => one.to_owned(),
        _ => several.replace('#', &count.to_string()),
    };
    let pages = times(count(SloSeverity::Page), "once", "# times");
    let tickets = times(count(SloSeverity::Ticket), "1 ticket", "# tickets");
    let mut text = format!("would have paged {pages} and opened {tickets} in {}", duration_text(length_ms));
    let shown = episodes.iter().filter(|episode| episode.severity == SloSeverity::Page).take(5);
    let shown: Vec<String> = shown.map(|episode| episode.from.to_rfc3339()).collect();
    if !shown.is_empty() {
        text.push_str(&format!(": {}", shown.join(", ")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slo::budget::Slot;
    use crate::slo::{parse, windows::pairs};

    const MINUTE: i64 = 60_000;

    #[test]
    fn an_outage_pages_once_and_what_is_not_known_changes_nothing() {
        let text = "slos: [{name: a, objective: 99, availability: {service: s}}]";
        let slo = parse("s.yml", text).unwrap().remove(0);
        // Ten minutes of nothing but errors, in a day; five of them again later, with a gap behind.
        let is_bad = |minute: i64| (600..610).contains(&minute) || (1_200..1_215).contains(&minute);
        let slots = (1..=1_440).filter(|minute| !(1_215..1_225).contains(minute)).map(|minute| {
            let bad = if is_bad(minute) { 100.0 } else { 0.0 };
            Slot { time_ms: minute * MINUTE, total: 100.0, bad }
        });
        let counts = Counts::new(MINUTE, slots.collect());
        let pairs = pairs(&slo);
        let found = episodes(&slo, &counts, &pairs, 0, 1_440 * MINUTE);
        let pages: Vec<&Episode> = found.iter().filter(|one| one.severity == SloSeverity::Page).collect();
        let minutes = |at: UnixNano| at.0 / 1_000_000 / MINUTE;
        // Nine bad minutes of sixty are 15 budgets.
        assert_eq!(minutes(pages[0].from), 608);
        assert!(pages[0].windows == "1h/5m" && pages[0].peak_burn_rate >= 15.0, "{:?}", pages[0]);
        assert_eq!(pages.len(), 2, "{found:?}");
        assert!(pages[0].budget_spent > 0.0 && pages[0].to.is_some());
        assert!(verdict(&found, 1_440 * MINUTE).starts_with("would have paged 2 times and opened"));
        assert!(pages[0].traces_url.starts_with("/traces?query="));
        let quiet = text.replace("}}]", "}, alerts: {page: {enabled: false}}}]");
        let quiet = parse("s.yml", &quiet).unwrap();
        let none = episodes(&quiet[0], &counts, &pairs, 0, 1_440 * MINUTE);
        assert!(none.iter().all(|one| one.severity == SloSeverity::Ticket));
    }
}
