//! What asks for attention now, as tiles: alerts that fire, objectives at risk, services that do worse than the day
//! before, and whether what is sent is taken in.

use super::alerts::{self, Shown};
use super::order::sort_by;
use super::slos::{self, Risk};
use super::{format, links, worse};
use ocelli_api::alerts::AlertsResponse;
use ocelli_api::ingest::SystemResponse;
use ocelli_api::services::ServicesResponse;
use ocelli_api::slos::SlosResponse;

/// Of each kind; the rest is on its page.
const SHOWN: usize = 3;

/// Some things of a kind and the page of all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tile {
    pub id: &'static str,
    pub heading: String,
    pub path: &'static str,
    pub lines: Vec<Line>,
}

/// One thing: how it looks in class, glyph and word, its name, where it is and what there is to say of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub look: Option<(&'static str, &'static str, &'static str)>,
    pub name: String,
    /// None where it has no page.
    pub path: Option<String>,
    pub about: String,
}

impl Tile {
    /// `calm` is said where there is no line.
    fn of(id: &'static str, path: &'static str, heading: String, mut lines: Vec<Line>, calm: &str) -> Tile {
        if lines.is_empty() {
            let look = Some(("ok", "✔", "well"));
            lines.push(Line { look, name: calm.to_owned(), path: None, about: String::new() });
        }
        Tile { id, heading, path, lines }
    }
}

pub fn firing(answer: &AlertsResponse) -> Option<Tile> {
    let mut all: Vec<_> = answer.alerts.clone();
    all.retain(|alert| matches!(Shown::of(alert), Shown::Firing | Shown::Unknown));
    alerts::sort(&mut all);
    let heading = match all.len() {
        0 => "Alerts".to_owned(),
        count => format::plural(count as u64, "alert", "alerts"),
    };
    let lines = all.into_iter().take(SHOWN).map(|alert| {
        let shown = Shown::of(&alert);
        Line {
            look: Some((shown.class(), shown.glyph(), shown.text())),
            path: Some(links::alert_path(&alert.fingerprint)),
            about: alert.annotations.get("summary").cloned().unwrap_or_default(),
            name: alert.name,
        }
    });
    Some(Tile::of("firing-tile", "/alerts", heading, lines.collect(), "None fires"))
}

pub fn at_risk(answer: &SlosResponse) -> Option<Tile> {
    let mut all: Vec<_> = answer.slos.clone();
    all.retain(|slo| Risk::of(slo).is_at_risk());
    slos::sort(&mut all);
    let heading = match all.len() {
        0 => format::plural(answer.slos.len() as u64, "objective", "objectives"),
        count => format::plural(count as u64, "objective at risk", "objectives at risk"),
    };
    let lines = all.into_iter().take(SHOWN).map(|slo| {
        let risk = Risk::of(&slo);
        Line {
            look: Some((risk.class(), risk.glyph(), risk.text())),
            path: Some(links::slo_path(&slo.id)),
            about: format!("{}, {} of the budget left", risk.text(), slos::signed(slo.budget_left)),
            name: slo.id,
        }
    });
    // Nobody who has no objectives wants to hear of none.
    (!answer.slos.is_empty())
        .then(|| Tile::of("risk-tile", "/slos", heading, lines.collect(), "None is at risk"))
}

/// Those that do worse than at the same time a day before, or some days. Nothing while one of the answers is still that
/// of another range.
pub fn worse_services(now: &ServicesResponse, before: &ServicesResponse) -> Option<Tile> {
    let (range, days) = worse::before(&now.range);
    if before.range != range {
        return None;
    }
    let all = worse::worse(&now.services, &before.services);
    let count = format::plural(all.len() as u64, "service", "services");
    let when = if days == 1 { "yesterday".to_owned() } else { format!("{days} days before") };
    let heading = match all.len() {
        0 => format!("Services against {when}"),
        _ => format!("{count} worse than {when}"),
    };
    let lines = all.into_iter().take(SHOWN).map(|of| Line {
        look: None,
        path: Some(links::service_path(&of.name)),
        about: of.what,
        name: of.name,
    });
    // Without services on that day nothing is known.
    (!before.services.is_empty())
        .then(|| Tile::of("worse-tile", "/services", heading, lines.collect(), "None is worse"))
}

/// Whether all that is sent is taken in and kept; what was not, by its reason, the most first.
pub fn ingest(system: &SystemResponse) -> Option<Tile> {
    let line = |look, name: String, about: String| Line { look: Some(look), name, path: None, about };
    let (wrong, odd) = (("sev-error", "✖", "wrong"), ("warn", "▲", "to be looked at"));
    let mut lines = Vec::new();
    if let Some(why) = &system.storage.refusing {
        lines.push(line(wrong, "Telemetry is refused".to_owned(), why.clone()));
    }
    if !system.storage.quarantined.is_empty() {
        let count =
            format::plural(system.storage.quarantined.len() as u64, "damaged piece", "damaged pieces");
        lines.push(line(wrong, count, "set aside".to_owned()));
    }
    let items =
        system.ingest.iter().flat_map(|of| of.rejected_by_reason.iter().map(|why| (&*of.signal, why)));
    let all = items.chain(system.refused_requests.iter().map(|why| ("requests", why)));
    let mut refused: Vec<_> = all.filter(|(_, why)| why.count > 0).collect();
    sort_by(&mut refused, |(_, a), (_, b)| b.count.cmp(&a.count));
    lines.extend(refused.into_iter().map(|(what, why)| {
        let name = format::plural(why.count, what.trim_end_matches('s'), what);
        line(odd, name, format!("not taken in since the start: {}", why.reason))
    }));
    if lines.is_empty() {
        let stored = system.ingest.iter().map(|of| format!("{} {}", format::count(of.stored), of.signal));
        let stored = stored.collect::<Vec<_>>().join(", ");
        lines.push(line(("ok", "✔", "well"), "All stored".to_owned(), stored));
    }
    let more = lines.len().saturating_sub(SHOWN);
    let heading = if more > 0 { format!("Ingest, and {more} more") } else { "Ingest".to_owned() };
    lines.truncate(SHOWN);
    Some(Tile { id: "ingest-tile", heading, path: "/system", lines })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ocelli_api::alerts::{AlertState, AlertSummary};
    use ocelli_api::ingest::{ReasonCount, SignalLedger};
    use ocelli_api::services::{Red, ServiceSummary};
    use ocelli_api::slos::SloStatus;
    use ocelli_api::{TimeRange, UnixNano};

    #[test]
    fn that_all_is_well_is_said_where_there_is_something() {
        let tile = firing(&AlertsResponse::default()).unwrap();
        assert_eq!((tile.heading.as_str(), tile.lines[0].name.as_str()), ("Alerts", "None fires"));
        assert_eq!(at_risk(&SlosResponse::default()), None);
        let good = SloStatus { sli: Some(1.0), budget_left: Some(1.0), ..SloStatus::default() };
        let tile = at_risk(&SlosResponse { slos: vec![good], ..SlosResponse::default() }).unwrap();
        assert_eq!(
            (tile.heading.as_str(), tile.lines[0].name.as_str()),
            ("1\u{a0}objective", "None is at risk")
        );
        let services = ServicesResponse::default();
        assert_eq!(worse_services(&services, &services), None);
    }

    #[test]
    fn a_few_are_shown_and_all_are_counted() {
        let alert = |n: usize| AlertSummary {
            name: format!("A{n}"),
            state: AlertState::Firing,
            ..AlertSummary::default()
        };
        let tile = firing(&AlertsResponse { alerts: (0..5).map(alert).collect(), ..Default::default() });
        let tile = tile.unwrap();
        assert_eq!((tile.heading.as_str(), tile.lines.len()), ("5\u{a0}alerts", 3));
    }

    #[test]
    fn days_are_compared_when_both_are_there() {
        let service = |calls| ServiceSummary {
            name: "pay".to_owned(),
            red: Red { calls, ..Red::default() },
            ..ServiceSummary::default()
        };
        let answer = |from: i64, calls| ServicesResponse {
            range: TimeRange { from: UnixNano(from), to: UnixNano(from + 60) },
            services: vec![service(calls)],
            ..ServicesResponse::default()
        };
        let day = 86_400_000_000_000;
        let tile = worse_services(&answer(day, 0.0), &answer(0, 99.0)).unwrap();
        assert_eq!(tile.heading, "1\u{a0}service worse than yesterday");
        assert_eq!(worse_services(&answer(day, 0.0), &answer(1, 99.0)), None, "that of an older range");
    }

    #[test]
    fn ingest_is_well_or_what_was_not_taken_is_told() {
        let told = |system: &SystemResponse| {
            let tile = ingest(system).unwrap();
            let lines = tile.lines.iter().map(|line| format!("{} {}", line.name, line.about));
            (tile.heading, lines.collect::<Vec<_>>().join("; ").replace('\u{a0}', " "))
        };
        let why = |reason: &str, count| ReasonCount { reason: reason.to_owned(), count };
        let ledger = SignalLedger {
            signal: "logs".to_owned(),
            stored: 7,
            rejected_by_reason: vec![why("late", 2), why("none", 0)],
            ..SignalLedger::default()
        };
        let well = SignalLedger { rejected_by_reason: Vec::new(), ..ledger.clone() };
        let mut system = SystemResponse { ingest: vec![well], ..Default::default() };
        assert_eq!(told(&system), ("Ingest".to_owned(), "All stored 7 logs".to_owned()));
        system.ingest = vec![ledger];
        system.refused_requests = vec![why("odd", 1), why("busy", 3)];
        let since = "not taken in since the start";
        let lines = format!("3 requests {since}: busy; 2 logs {since}: late; 1 request {since}: odd");
        assert_eq!(told(&system), ("Ingest".to_owned(), lines));
        system.storage.refusing = Some("the disk is full".to_owned());
        let (heading, lines) = told(&system);
        assert_eq!(heading, "Ingest, and 1 more");
        assert!(lines.starts_with("Telemetry is refused the disk is full; 3 requests"), "{lines}");
    }
}
