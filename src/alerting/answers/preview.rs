//! `POST /api/rules/preview`: a rule over the past, before it is saved.

use super::super::letter::nanos;
use ocelli_api::UnixNano;
use ocelli_api::alerts::{RulePreviewRequest, RulePreviewResponse};
use ocelli_query::http::rules::past::{most_steps, over_the_past};
use ocelli_query::http::run::run;
use ocelli_query::promql::duration_ms;
use ocelli_query::rules::preview::{Episode, Over};
use ocelli_query::rules::{AlertSettings, Language, Rule};
use ocelli_query::{Api, Error};

const DAY_MS: i64 = 86_400_000;
const MINUTE_MS: i64 = 60_000;

pub async fn preview(
    api: &Api,
    asked: RulePreviewRequest,
    now: UnixNano,
) -> Result<RulePreviewResponse, Error> {
    let rule = rule(&asked)?;
    let interval_ms = span("interval", &asked.interval, MINUTE_MS)?.max(1_000);
    let to_ms = asked.to.unwrap_or(now).0.div_euclid(1_000_000);
    let from_ms = asked.from.map_or(to_ms - DAY_MS, |from| from.0.div_euclid(1_000_000));
    if from_ms >= to_ms {
        return Err(Error::bad_parameter("from", "must be before 'to'"));
    }
    let over = Over { from_ms, to_ms, interval_ms, max_samples: api.limits.samples };
    let most = most_steps(rule.language);
    if over.steps() > most {
        let message = format!(
            "{} evaluations; {most} is the limit: ask for a shorter range or a longer interval",
            over.steps()
        );
        return Err(Error::bad_parameter("interval", message));
    }
    run(api, move |api, budget| {
        let snapshot = budget.snapshot(api);
        let found = over_the_past(api, &snapshot, budget, &rule, over)?;
        Ok(RulePreviewResponse {
            from: nanos(from_ms),
            to: nanos(to_ms),
            interval_ms,
            episodes: found.episodes.into_iter().map(Episode::shown).collect(),
            count: found.count,
            firing_ms: found.firing_ms,
            stats: budget.stats(),
        })
    })
    .await
}

fn rule(asked: &RulePreviewRequest) -> Result<Rule, Error> {
    let language = match asked.language.as_str() {
        "" | "promql" => Language::PromQl,
        "logql" => Language::LogQl,
        "traceql" => Language::TraceQl,
        other => {
            return Err(Error::bad_parameter(
                "language",
                format!("'{other}' is none; promql, logql and traceql are"),
            ));
        }
    };
    let expr = asked.expression.trim();
    if expr.is_empty() {
        return Err(Error::bad_parameter("expression", "is missing"));
    }
    language.check(expr).map_err(|why| Error::bad_parameter("expression", why))?;
    let pairs = |field: &str, texts: &std::collections::BTreeMap<String, String>| {
        for (name, text) in texts {
            let wrong = |why| Error::bad_parameter(field, format!("{name}: {why}"));
            ocelli_query::rules::template::check(text).map_err(wrong)?;
        }
        Ok::<_, Error>(texts.iter().map(|(name, text)| (name.clone(), text.clone())).collect())
    };
    let name = if asked.name.is_empty() { "Preview".to_owned() } else { asked.name.clone() };
    Ok(Rule {
        name,
        expr: expr.to_owned(),
        language,
        labels: pairs("labels", &asked.labels)?,
        alert: Some(AlertSettings {
            for_ms: span("for", &asked.for_, 0)?,
            keep_firing_for_ms: span("keep_firing_for", &asked.keep_firing_for, 0)?,
            annotations: pairs("annotations", &asked.annotations)?,
        }),
    })
}

fn span(field: &str, text: &str, absent_ms: i64) -> Result<i64, Error> {
    match text {
        "" => Ok(absent_ms),
        "0" => Ok(0),
        text => duration_ms(text).ok_or_else(|| {
            Error::bad_parameter(field, format!("'{text}' is no duration such as 30s, 5m or 1h"))
        }),
    }
}
