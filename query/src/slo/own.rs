//! The own short form: `slos:` in a file of its own, or in the configuration.

use super::calendar::{Calendar, Unit};
use super::documents::{Document, Found};
use super::expr::Events;
use super::model::{
    Alert, Alerting, Counted, ENTRY_KINDS, Indicator, Labels, MINUTE_MS, Method, Slo, Spans, Window,
};
use super::shape::Shape;
use crate::promql::duration_ms;
use crate::rules::file::yaml::{self, Pairs, Span, Step};
use crate::rules::{Language, Problem, template};
use chrono_tz::Tz;
use serde::Deserialize;
use std::sync::Arc;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct FileYaml {
    slos: Vec<SloYaml>,
}

/// The same beside other keys.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct ConfigYaml {
    slos: Vec<SloYaml>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct SloYaml {
    #[serde(deserialize_with = "yaml::text")]
    name: String,
    #[serde(deserialize_with = "yaml::text")]
    service: String,
    #[serde(deserialize_with = "yaml::text")]
    description: String,
    labels: Pairs,
    /// Percent.
    objective: Option<f64>,
    #[serde(deserialize_with = "yaml::text")]
    window: String,
    #[serde(deserialize_with = "yaml::text")]
    time_zone: String,
    availability: Option<SpansYaml>,
    latency: Option<SpansYaml>,
    ratio: Option<RatioYaml>,
    alerts: AlertsYaml,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct SpansYaml {
    #[serde(deserialize_with = "yaml::text")]
    service: String,
    #[serde(deserialize_with = "yaml::text")]
    operation: String,
    #[serde(deserialize_with = "yaml::text")]
    kind: String,
    under: Option<Span>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RatioYaml {
    #[serde(deserialize_with = "yaml::text")]
    good: String,
    #[serde(deserialize_with = "yaml::text")]
    bad: String,
    #[serde(deserialize_with = "yaml::text")]
    total: String,
    language: Language,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct AlertsYaml {
    #[serde(deserialize_with = "yaml::text")]
    name: String,
    labels: Pairs,
    annotations: Pairs,
    #[serde(deserialize_with = "yaml::text")]
    runbook: String,
    page: AlertYaml,
    ticket: AlertYaml,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct AlertYaml {
    enabled: bool,
    labels: Pairs,
    annotations: Pairs,
}

impl Default for AlertYaml {
    fn default() -> AlertYaml {
        AlertYaml { enabled: true, labels: Pairs::default(), annotations: Pairs::default() }
    }
}

/// `alone`: the document has no other keys.
pub fn read(file: &Arc<str>, document: Document, alone: bool) -> Result<Vec<Slo>, Vec<Problem>> {
    let slos = if alone {
        yaml::read::<FileYaml>(document.text).map(|read| read.slos)
    } else {
        yaml::read::<ConfigYaml>(document.text).map(|read| read.slos)
    };
    let slos = slos.map_err(|problem| vec![document.placed(problem)])?;
    let mut found = Found::new(document);
    found.path.push(Step::Value("slos"));
    let read: Vec<Slo> = slos
        .iter()
        .enumerate()
        .filter_map(|(at, slo)| found.within(&[Step::Item(at)], |found| slo_of(file, slo, found)))
        .collect();
    if found.problems.is_empty() { Ok(read) } else { Err(found.problems) }
}

fn slo_of<'a>(file: &Arc<str>, slo: &'a SloYaml, found: &mut Found<'a>) -> Option<Slo> {
    check_name(&slo.name, found);
    let objective = objective_of(slo.objective, found);
    let window = window_of(slo, found);
    let indicator = indicator_of(slo, found);
    let alerting = alerting_of(&slo.alerts, found);
    check_labels("labels", &slo.labels, found);
    let indicator = indicator?;
    let of_spans = || indicator.spans().map(|spans| spans.service.clone()).unwrap_or_default();
    Some(Slo {
        file: file.clone(),
        name: slo.name.clone(),
        service: if slo.service.is_empty() { of_spans() } else { slo.service.clone() },
        description: slo.description.clone(),
        labels: sorted(&slo.labels),
        objective: objective?,
        window: window?,
        indicator,
        method: Method::Occurrences,
        alerting,
        shape: Shape::default(),
    })
}

/// A name is a part of an address and of labels.
pub fn check_name(name: &str, found: &mut Found) {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if name.is_empty() {
        found.missing("name", "an objective needs a name");
    } else if !name.chars().all(is_plain) {
        found.at(
            &[Step::Value("name")],
            format!("name {name:?}: only letters, digits, '-', '_' and '.' may be in it"),
        );
    }
}

/// From percent.
pub fn objective_of(percent: Option<f64>, found: &mut Found) -> Option<f64> {
    match percent {
        // What is left of 1 must be more than rounding.
        Some(percent) if percent > 0.0 && percent < 100.0 => Some((percent * 1e7).round() / 1e9),
        Some(percent) => {
            let why = "an objective is percent, above 0 and below 100: 99.9";
            found.at(&[Step::Value("objective")], format!("{percent}: {why}"));
            None
        }
        None => {
            found.missing("objective", "an objective needs `objective`, in percent: 99.9");
            None
        }
    }
}

fn window_of(slo: &SloYaml, found: &mut Found) -> Option<Window> {
    let text = if slo.window.is_empty() { "30d" } else { &slo.window };
    if let Some(unit) = Unit::parse(text) {
        let zone = if slo.time_zone.is_empty() { "UTC" } else { &slo.time_zone };
        return match zone.parse::<Tz>() {
            Ok(zone) => Some(Window::Calendar(Calendar::new(unit, zone))),
            Err(_) => {
                let message = format!("time zone {zone:?} is not known; name one as Europe/Berlin");
                found.at(&[Step::Value("time_zone")], message);
                None
            }
        };
    }
    if !slo.time_zone.is_empty() {
        found.at(
            &[Step::Key("time_zone")],
            "only a calendar window has a time zone; leave it out, or set `window: month`",
        );
    }
    rolling(text, found, "window")
}

/// Shorter than an hour there is nothing that four pairs of windows could tell.
const SHORTEST_MS: i64 = 60 * MINUTE_MS;
const LONGEST_MS: i64 = 366 * super::model::DAY_MS;

pub fn rolling(text: &str, found: &mut Found, key: &'static str) -> Option<Window> {
    match duration_ms(text) {
        Some(ms) if (SHORTEST_MS..=LONGEST_MS).contains(&ms) => Some(Window::Rolling { ms }),
        Some(_) => {
            found.at(&[Step::Value(key)], format!("window {text}: from 1h to 366d are possible"));
            None
        }
        None => {
            let message =
                format!("window {text:?}: a duration such as 30d, or day, week, month, quarter, year");
            found.at(&[Step::Value(key)], message);
            None
        }
    }
}

fn indicator_of<'a>(slo: &'a SloYaml, found: &mut Found<'a>) -> Option<Indicator> {
    match (&slo.availability, &slo.latency, &slo.ratio) {
        (Some(of), None, None) => found.within(&[Step::Value("availability")], |found| {
            if of.under.is_some() {
                found.at(
                    &[Step::Key("under")],
                    "`under` belongs to `latency`; move it there, or leave it out",
                );
            }
            spans_of(of, found).map(Indicator::Availability)
        }),
        (None, Some(of), None) => found.within(&[Step::Value("latency")], |found| {
            let under_ms = of.under.map(|span| span.0).filter(|ms| *ms > 0);
            if under_ms.is_none() {
                found.missing("under", "a latency needs `under`, as 300ms");
            }
            Some(Indicator::Latency { spans: spans_of(of, found)?, under_ms: under_ms? })
        }),
        (None, None, Some(of)) => found.within(&[Step::Value("ratio")], |found| ratio_of(of, found)),
        (None, None, None) => {
            found.here("an objective needs one of `availability`, `latency` and `ratio`");
            None
        }
        _ => {
            found.here("only one of `availability`, `latency` and `ratio` may be there; make two objectives");
            None
        }
    }
}

fn spans_of(of: &SpansYaml, found: &mut Found) -> Option<Spans> {
    if of.service.is_empty() {
        found.missing("service", "`service` must be set");
        return None;
    }
    let kinds = match of.kind.as_str() {
        "" => ENTRY_KINDS.to_vec(),
        "any" => Vec::new(),
        "server" => vec!["SPAN_KIND_SERVER"],
        "client" => vec!["SPAN_KIND_CLIENT"],
        "consumer" => vec!["SPAN_KIND_CONSUMER"],
        "producer" => vec!["SPAN_KIND_PRODUCER"],
        "internal" => vec!["SPAN_KIND_INTERNAL"],
        other => {
            let message = format!("kind {other:?}: server, client, producer, consumer, internal or any");
            found.at(&[Step::Value("kind")], message);
            return None;
        }
    };
    let operation = Some(of.operation.clone()).filter(|operation| !operation.is_empty());
    Some(Spans { service: of.service.clone(), operation, kinds })
}

fn ratio_of(of: &RatioYaml, found: &mut Found) -> Option<Indicator> {
    let (key, text) = match (of.good.is_empty(), of.bad.is_empty()) {
        (false, true) => ("good", &of.good),
        (true, false) => ("bad", &of.bad),
        _ => {
            found.missing("good", "a ratio needs one of `good` and `bad`");
            return None;
        }
    };
    if of.total.is_empty() {
        found.missing("total", "a ratio needs `total`");
        return None;
    }
    let counted = events_of(of.language, text, key, found)?;
    let total = events_of(of.language, &of.total, "total", found)?;
    let counted = if key == "good" { Counted::Good(counted) } else { Counted::Bad(counted) };
    Some(Indicator::Ratio { counted, total })
}

/// A query, if nothing is wrong with it.
pub fn events_of(language: Language, text: &str, key: &'static str, found: &mut Found) -> Option<Events> {
    let events = Events { language, expr: text.trim().to_owned() };
    let Err(why) = events.check() else { return Some(events) };
    found.at(&[Step::Value(key)], why);
    None
}

fn alerting_of<'a>(of: &'a AlertsYaml, found: &mut Found<'a>) -> Alerting {
    found.within(&[Step::Value("alerts")], |found| {
        check_labels("labels", &of.labels, found);
        check_templates("annotations", &of.annotations, found);
        for (key, alert) in [("page", &of.page), ("ticket", &of.ticket)] {
            found.within(&[Step::Value(key)], |found| {
                check_labels("labels", &alert.labels, found);
                check_templates("annotations", &alert.annotations, found);
            });
        }
    });
    let alert = |of: &AlertYaml| {
        of.enabled.then(|| Alert {
            labels: sorted(&of.labels),
            annotations: sorted(&of.annotations),
            for_ms: 0,
        })
    };
    let mut annotations = sorted(&of.annotations);
    if !of.runbook.is_empty() {
        annotations.push(("runbook_url".to_owned(), of.runbook.clone()));
    }
    let default = Alerting::default();
    Alerting {
        name: if of.name.is_empty() { default.name } else { of.name.clone() },
        labels: sorted(&of.labels),
        annotations,
        page: alert(&of.page),
        ticket: alert(&of.ticket),
        ..default
    }
}

pub fn sorted(pairs: &Pairs) -> Labels {
    let mut pairs = pairs.0.clone();
    pairs.sort();
    pairs
}

/// Labels of what is made are ours to set.
pub fn check_labels<'a>(key: &'static str, labels: &'a Pairs, found: &mut Found<'a>) {
    check_templates(key, labels, found);
    for (name, _) in &labels.0 {
        let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !is_name || name.starts_with(|c: char| c.is_ascii_digit()) {
            found.at(&[Step::Value(key), Step::Key(name)], format!("{name:?} is no name of a label"));
        } else if name.starts_with("sloth_") {
            found.at(
                &[Step::Value(key), Step::Key(name)],
                format!("label {name:?} is set by itself; leave it out"),
            );
        }
    }
}

pub fn check_templates<'a>(key: &'static str, texts: &'a Pairs, found: &mut Found<'a>) {
    for (name, text) in &texts.0 {
        if let Err(why) = template::check(text) {
            found.at(&[Step::Value(key), Step::Value(name)], format!("{name:?}: {why}"));
        }
    }
}
