//! An SLO document as objectives.

use super::spec::{
    CalendarSpec, Inline, Metric, NameOrPolicy, Named, Objective, OneOrList, RatioMetric, SliSpec, SloSpec,
};
use super::{Known, condition_of, length};
use crate::rules::Language;
use crate::rules::file::yaml::Step;
use crate::slo::calendar::{Calendar, Unit};
use crate::slo::documents::Found;
use crate::slo::expr::Events;
use crate::slo::model::{
    Alerting, Condition, Counted, DAY_MS, Indicator, Labels, MINUTE_MS, Method, Slo, Window,
};
use crate::slo::own::{check_name, rolling};
use crate::slo::shape::Shape;
use chrono::NaiveDateTime;
use chrono_tz::Tz;
use std::sync::Arc;

pub fn slos_of(file: &Arc<str>, of: &Named<SloSpec>, known: &Known, found: &mut Found) -> Vec<Slo> {
    found.within(&[Step::Value("metadata")], |found| check_name(&of.metadata.name, found));
    let spec = &of.spec;
    found.within(&[Step::Value("spec")], |found| {
        if spec.service.is_empty() {
            found.here("`service` must be set");
        }
        if spec.objectives.is_empty() {
            found.here("there must be an objective under `objectives`");
        }
        let window = window_of(spec, found);
        let shared = shared_indicator(spec, known, found);
        let conditions = conditions_of(&spec.alert_policies, known, found);
        let mut slos = Vec::new();
        for (at, objective) in spec.objectives.iter().enumerate() {
            let read = found.within(&[Step::Value("objectives"), Step::Item(at)], |found| {
                let is_alpha = of.api_version == "openslo/v1alpha";
                let method = method_of(&spec.budgeting_method, objective, is_alpha, found)?;
                let target = target_of(objective, found)?;
                let is_unknown = shared.is_none() && !spec.indicator_ref.is_empty();
                let indicator = if is_unknown {
                    None
                } else {
                    indicator_of(objective, shared.as_ref(), method, known, found)
                }?;
                Some((method, target, indicator))
            });
            let (Some((method, objective, indicator)), Some(window)) = (read, window.clone()) else {
                continue;
            };
            // Sloth numbers them too.
            let number = if spec.objectives.len() > 1 { format!("-{at}") } else { String::new() };
            slos.push(Slo {
                file: file.clone(),
                name: format!("{}{number}", of.metadata.name),
                service: spec.service.clone(),
                description: spec.description.clone(),
                labels: Labels::new(),
                objective,
                window,
                indicator,
                method,
                alerting: match &conditions {
                    Some(conditions) => {
                        let default = Alerting::default();
                        Alerting { page: None, ticket: None, conditions: conditions.clone(), ..default }
                    }
                    None => Alerting::default(),
                },
                shape: Shape::default(),
            });
        }
        slos
    })
}

fn target_of(of: &Objective, found: &mut Found) -> Option<f64> {
    let share = of.target.or(of.target_percent.map(|percent| percent / 100.0));
    match share {
        Some(share) if share > 0.0 && share < 1.0 => Some((share * 1e9).round() / 1e9),
        Some(_) => {
            found.here("`target` is a share above 0 and below 1, as 0.999; `targetPercent` is in percent");
            None
        }
        None => {
            found.here("an objective needs `target`, as 0.999, or `targetPercent`");
            None
        }
    }
}

fn method_of(method: &str, of: &Objective, is_alpha: bool, found: &mut Found) -> Option<Method> {
    let slice = |found: &mut Found| {
        let text = &of.time_slice_window;
        // v1alpha has no field for it, and a bare number is of minutes.
        let ms = match text.parse::<i64>() {
            Ok(minutes) => minutes.checked_mul(MINUTE_MS),
            Err(_) if text.is_empty() && is_alpha => Some(MINUTE_MS),
            Err(_) => length(text, "timeSliceWindow", found),
        };
        match ms {
            Some(ms) if ms >= MINUTE_MS && ms % MINUTE_MS == 0 => Some(ms),
            _ => {
                found.here("time slices need `timeSliceWindow`, of whole minutes, as 1m");
                None
            }
        }
    };
    match method {
        "" | "Occurrences" => Some(Method::Occurrences),
        "Timeslices" => {
            // Of a threshold the value itself says what a good slice is.
            let target = of.time_slice_target.unwrap_or(1.0);
            Some(Method::Timeslices { slice_ms: slice(found)?, target })
        }
        "RatioTimeslices" => Some(Method::RatioTimeslices { slice_ms: slice(found)? }),
        other => {
            let message = format!("budgetingMethod {other:?}: Occurrences, Timeslices or RatioTimeslices");
            found.here(message);
            None
        }
    }
}

/// The indicator of all objectives.
struct Shared {
    spec: SliSpec,
    /// Whether it is another document.
    is_named: bool,
}

fn shared_indicator(of: &SloSpec, known: &Known, found: &mut Found) -> Option<Shared> {
    if !of.indicator_ref.is_empty() {
        let spec = known.indicators.get(&of.indicator_ref).cloned();
        if spec.is_none() {
            let message = format!("there is no SLI {:?} in these files; add it", of.indicator_ref);
            found.at(&[Step::Value("indicatorRef")], message);
        }
        return spec.map(|spec| Shared { spec, is_named: true });
    }
    let Inline { spec, threshold_metric, .. } = of.indicator.as_ref()?;
    let mut spec = spec.clone();
    spec.threshold_metric = spec.threshold_metric.or_else(|| threshold_metric.clone());
    Some(Shared { spec, is_named: false })
}

fn indicator_of(
    of: &Objective,
    shared: Option<&Shared>,
    method: Method,
    known: &Known,
    found: &mut Found,
) -> Option<Indicator> {
    if of.indicator.is_some() || of.indicator_ref.is_some() || of.composite_weight.is_some() {
        found.here("objectives with indicators of their own make a composite, which is not possible: make an SLO of each");
        return None;
    }
    if let Some(ratio) = &of.ratio_metrics {
        return found.within(&[Step::Value("ratioMetrics")], |found| ratio_of(ratio, known, found));
    }
    let Some(shared) = shared else {
        found.here("the SLO needs `indicator` or `indicatorRef`");
        return None;
    };
    // Places are told where the indicator is a part of this document, or else named by it.
    let within = [Step::Value("spec"), Step::Value("indicator"), Step::Value("spec")];
    let by_name = [Step::Value("spec"), Step::Value("indicatorRef")];
    let place = if shared.is_named { &by_name[..] } else { &within[..] };
    let path = std::mem::replace(&mut found.path, place.to_vec());
    let spec = &shared.spec;
    let indicator = match (&spec.ratio_metric, &spec.threshold_metric) {
        (Some(ratio), None) => {
            found.within(&[Step::Value("ratioMetric")], |found| ratio_of(ratio, known, found))
        }
        (None, Some(metric)) => threshold_of(of, metric, method, known, found),
        _ => {
            found.here("an indicator needs one of `ratioMetric` and `thresholdMetric`");
            None
        }
    };
    found.path = path;
    indicator
}

fn ratio_of(of: &RatioMetric, known: &Known, found: &mut Found) -> Option<Indicator> {
    if let Some(raw) = &of.raw {
        let is_bad = match of.raw_type.as_str() {
            "failure" => true,
            "success" => false,
            other => {
                found.here(format!("rawType {other:?}: success or failure"));
                return None;
            }
        };
        return Some(Indicator::Share { events: events_of(raw, "raw", known, found)?, is_bad });
    }
    let counted = match (&of.good, &of.bad) {
        (Some(good), None) => events_of(good, "good", known, found).map(Counted::Good),
        (None, Some(bad)) => events_of(bad, "bad", known, found).map(Counted::Bad),
        _ => {
            found.here("a ratio needs one of `good` and `bad`");
            return None;
        }
    };
    let Some(total) = &of.total else {
        found.here("a ratio needs `total`");
        return None;
    };
    let total = events_of(total, "total", known, found);
    Some(Indicator::Ratio { counted: counted?, total: total? })
}

fn threshold_of(
    of: &Objective,
    metric: &Metric,
    method: Method,
    known: &Known,
    found: &mut Found,
) -> Option<Indicator> {
    if matches!(method, Method::RatioTimeslices { .. }) {
        found.here("a threshold has no ratio: use Timeslices or Occurrences");
        return None;
    }
    let op = match of.op.as_str() {
        "lt" => "<",
        "lte" => "<=",
        "gt" => ">",
        "gte" => ">=",
        other => {
            found.here(format!("op {other:?} of the objective: lt, lte, gt or gte"));
            return None;
        }
    };
    let Some(bound) = of.value else {
        found.here("an objective over a threshold needs `value`");
        return None;
    };
    Some(Indicator::Threshold { value: events_of(metric, "thresholdMetric", known, found)?, op, bound })
}

fn events_of(of: &Metric, key: &'static str, known: &Known, found: &mut Found) -> Option<Events> {
    let source = &of.metric_source;
    let query = if of.query.is_empty() { &source.spec.query } else { &of.query };
    found.within(&[Step::Value(key)], |found| {
        let named = known.sources.get(&source.metric_source_ref).map(String::as_str);
        let of_source = |key| vec![Step::Value("metricSource"), Step::Value(key)];
        let kinds = [
            (source.kind.as_str(), of_source("type")),
            (named.unwrap_or_default(), of_source("metricSourceRef")),
            (of.source.as_str(), vec![Step::Value("source")]),
            (of.query_type.as_str(), vec![Step::Value("queryType")]),
        ];
        let kind = kinds.into_iter().find(|(kind, _)| !kind.is_empty());
        let name = &source.metric_source_ref;
        if kind.is_none() && !name.is_empty() {
            let message = format!(
                "there is no DataSource {name:?} in these files; add it, or say `type: Prometheus` here"
            );
            found.at(&of_source("metricSourceRef"), message);
            return None;
        }
        let (kind, place) = kind.unwrap_or(("prometheus", Vec::new()));
        let language = match kind.to_ascii_lowercase().as_str() {
            "prometheus" | "promql" | "mimir" | "thanos" | "victoriametrics" => Language::PromQl,
            "loki" | "logql" => Language::LogQl,
            "tempo" | "traceql" => Language::TraceQl,
            _ => {
                let message =
                    format!("metric source {kind:?} can't be asked here: Prometheus, Loki or Tempo");
                found.at(&place, message);
                return None;
            }
        };
        let events = Events { language, expr: query.trim().to_owned() };
        if let Err(why) = events.check() {
            let path = ["metricSource", "spec", "query"].map(Step::Value);
            let path = if of.query.is_empty() { &path[..] } else { &path[2..] };
            found.at(path, why);
            return None;
        }
        Some(events)
    })
}

fn window_of(of: &SloSpec, found: &mut Found) -> Option<Window> {
    let window = match &of.time_window {
        Some(OneOrList::One(window)) => window,
        Some(OneOrList::List(windows)) if windows.len() == 1 => &windows[0],
        // It may be left out; then it is as everywhere here.
        None => return Some(Window::Rolling { ms: 30 * DAY_MS }),
        _ => {
            found.here("an SLO needs one `timeWindow`");
            return None;
        }
    };
    let text = match window.count {
        Some(count) => format!("{count}{}", short_unit(&window.unit)),
        None => window.duration.clone(),
    };
    if let Some(calendar) = &window.calendar {
        return calendar_of(&text, calendar, found);
    }
    if window.is_rolling == Some(false) {
        found.here("a window that is not rolling needs `calendar`, with `startTime` and `timeZone`");
        return None;
    }
    // OpenSLO's months, quarters and years have no length of their own.
    let days = [('M', 30), ('Q', 90), ('Y', 365)];
    let days =
        days.iter().find_map(|(unit, days)| Some(text.strip_suffix(*unit)?.parse::<i64>().ok()? * days));
    let text = days.map_or(text, |days| format!("{days}d"));
    rolling(&text, found, "timeWindow")
}

fn short_unit(unit: &str) -> &'static str {
    match unit {
        "Hour" => "h",
        "Day" => "d",
        "Week" => "w",
        "Month" => "M",
        "Quarter" => "Q",
        "Year" => "Y",
        _ => "?",
    }
}

fn calendar_of(text: &str, of: &CalendarSpec, found: &mut Found) -> Option<Window> {
    found.within(&[Step::Value("timeWindow")], |found| {
        let zone = if of.time_zone.is_empty() { "UTC" } else { &of.time_zone };
        let Ok(zone) = zone.parse::<Tz>() else {
            found.here(format!("time zone {zone:?} is not known; name one as America/New_York"));
            return None;
        };
        let form = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S"];
        let start = form.iter().find_map(|form| NaiveDateTime::parse_from_str(&of.start_time, form).ok());
        let Some(start) = start else {
            found.here(format!("startTime {:?}: a time such as 2026-01-01 00:00:00", of.start_time));
            return None;
        };
        let unit = match text.chars().last() {
            Some('d') => Unit::Day,
            Some('w') => Unit::Week,
            Some('M') => Unit::Month,
            Some('Q') => Unit::Quarter,
            Some('Y' | 'y') => Unit::Year,
            _ => {
                found.here(format!(
                    "a calendar window is of days, weeks, months, quarters or years, as 1w or, for a month, 1M: {text:?}"
                ));
                return None;
            }
        };
        let count = text[..text.len() - 1].parse().ok().filter(|count| (1..=366).contains(count));
        let Some(count) = count else {
            found.here(format!("duration {text:?}: a number and a unit, as 1M"));
            return None;
        };
        Some(Window::Calendar(Calendar::from(unit, count, zone, start)))
    })
}

/// None where the SLO has no policy: then it has the pairs of windows.
fn conditions_of(policies: &[NameOrPolicy], known: &Known, found: &mut Found) -> Option<Vec<Condition>> {
    if policies.is_empty() {
        return None;
    }
    let mut conditions = Vec::new();
    for (at, policy) in policies.iter().enumerate() {
        found.within(&[Step::Value("alertPolicies"), Step::Item(at)], |found| {
            let name = policy.name();
            let Some(spec) = policy.spec().or_else(|| known.policies.get(name)) else {
                return found.here(format!("there is no AlertPolicy {name:?} in these files; add it"));
            };
            for of in &spec.conditions {
                match of
                    .spec
                    .as_ref()
                    .map(|spec| (&of.metadata.name, spec))
                    .or_else(|| known.conditions.get_key_value(&of.condition_ref))
                {
                    Some((name, spec)) => conditions.extend(condition_of(name, spec, found)),
                    None => {
                        let name = &of.condition_ref;
                        found.here(format!("there is no AlertCondition {name:?} in these files; add it"));
                    }
                }
            }
        });
    }
    Some(conditions)
}
