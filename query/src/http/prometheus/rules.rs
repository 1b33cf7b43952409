//! `rules` and `alerts`, from what the rule engine tells of itself.

use super::FormParams;
use super::envelope::{PrometheusAnswer, success};
use crate::Error;
use crate::http::params::Params;
use crate::http::rules::Rules;
use axum::extract::State;
use ocelli_api::UnixNano;
use ocelli_api::rules::{ActiveAlert, RuleGroup, RuleHealth, RuleStatus};
use ocelli_api::time_range::format_rfc3339;
use serde_json::{Value, json};

pub async fn rules(State(rules): State<Rules>, FormParams(params): FormParams) -> PrometheusAnswer {
    let wanted = Wanted::read(&params)?;
    let groups = (rules.0)().groups;
    let shown = groups.iter().filter(|group| wanted.has_group(group)).filter_map(|group| {
        let rules: Vec<Value> = group
            .rules
            .iter()
            .filter(|rule| wanted.has_rule(rule))
            .map(|one| rule(one, wanted.alerts))
            .collect();
        // A filter leaves no group empty.
        (!rules.is_empty() || wanted.is_all()).then(|| {
            json!({
                "name": group.name,
                "file": group.file,
                "rules": rules,
                "interval": group.interval_ms as f64 / 1e3,
                "limit": group.limit,
                "evaluationTime": group.evaluation_ms / 1e3,
                "lastEvaluation": rfc3339(group.last_evaluation),
            })
        })
    });
    success(json!({ "groups": shown.collect::<Vec<_>>() }))
}

pub async fn alerts(State(rules): State<Rules>) -> PrometheusAnswer {
    let groups = (rules.0)().groups;
    let alerting = groups.iter().flat_map(|group| &group.rules).filter_map(|rule| rule.alerting.as_ref());
    let alerts: Vec<Value> = alerting.flat_map(|alerting| &alerting.alerts).map(alert).collect();
    success(json!({ "alerts": alerts }))
}

/// The filters of a request; empty lists want everything.
struct Wanted {
    kind: Option<bool>,
    names: Vec<String>,
    groups: Vec<String>,
    files: Vec<String>,
    alerts: bool,
}

impl Wanted {
    fn read(params: &Params) -> Result<Wanted, Error> {
        let kind = match params.get("type") {
            None => None,
            Some("alert") => Some(true),
            Some("record") => Some(false),
            Some(other) => {
                return Err(Error::bad_parameter("type", format!("not supported value {other:?}")));
            }
        };
        let all = |name: &str| params.all(name).map(str::to_owned).collect();
        Ok(Wanted {
            kind,
            names: all("rule_name[]"),
            groups: all("rule_group[]"),
            files: all("file[]"),
            alerts: params.get("exclude_alerts") != Some("true"),
        })
    }

    fn is_all(&self) -> bool {
        self.kind.is_none() && self.names.is_empty()
    }

    fn has_group(&self, group: &RuleGroup) -> bool {
        (self.groups.is_empty() || self.groups.contains(&group.name))
            && (self.files.is_empty() || self.files.contains(&group.file))
    }

    fn has_rule(&self, rule: &RuleStatus) -> bool {
        self.kind.is_none_or(|alerting| alerting == rule.alerting.is_some())
            && (self.names.is_empty() || self.names.contains(&rule.name))
    }
}

/// Go's zero time for never.
fn rfc3339(at: Option<UnixNano>) -> String {
    at.map_or_else(|| "0001-01-01T00:00:00Z".to_owned(), format_rfc3339)
}

fn rule(rule: &RuleStatus, with_alerts: bool) -> Value {
    let health = match rule.health {
        RuleHealth::Unknown => "unknown",
        RuleHealth::Ok => "ok",
        RuleHealth::Err => "err",
    };
    let mut shown = json!({
        "name": rule.name,
        "query": rule.query,
        "labels": rule.labels,
        "health": health,
        "evaluationTime": rule.evaluation_ms / 1e3,
        "lastEvaluation": rfc3339(rule.last_evaluation),
        "type": if rule.alerting.is_some() { "alerting" } else { "recording" },
    });
    if let Some(error) = &rule.last_error {
        shown["lastError"] = error.as_str().into();
    }
    if let Some(alerting) = &rule.alerting {
        let state = |wanted: &str| alerting.alerts.iter().any(|alert| alert.state == wanted);
        let state = ["firing", "pending"].into_iter().find(|wanted| state(wanted)).unwrap_or("inactive");
        shown["state"] = state.into();
        shown["duration"] = (alerting.for_ms as f64 / 1e3).into();
        shown["keepFiringFor"] = (alerting.keep_firing_for_ms as f64 / 1e3).into();
        shown["annotations"] = json!(alerting.annotations);
        shown["alerts"] =
            if with_alerts { alerting.alerts.iter().map(alert).collect() } else { Value::Array(Vec::new()) };
    }
    shown
}

fn alert(alert: &ActiveAlert) -> Value {
    let mut shown = json!({
        "labels": alert.labels,
        "annotations": alert.annotations,
        "state": alert.state,
        "activeAt": rfc3339(Some(alert.active_at)),
        "value": exponential(&alert.value),
    });
    if let Some(since) = alert.keep_firing_since {
        shown["keepFiringSince"] = rfc3339(Some(since)).into();
    }
    shown
}

/// Prometheus gives the values of alerts as `1.5e+00`.
fn exponential(value: &str) -> String {
    let Some(number) = value.parse::<f64>().ok().filter(|number| number.is_finite()) else {
        return value.to_owned();
    };
    let text = format!("{number:e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, digits) = exponent.strip_prefix('-').map_or(('+', exponent), |digits| ('-', digits));
    format!("{mantissa}e{sign}{digits:0>2}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use ocelli_api::rules::{Alerting, RulesResponse};
    use std::sync::Arc;

    fn engine() -> Rules {
        let record = RuleStatus {
            name: "job:x".into(),
            query: "sum(x)".into(),
            health: RuleHealth::Ok,
            last_evaluation: Some(UnixNano(1_795_694_400_250_000_000)),
            evaluation_ms: 1.5,
            ..RuleStatus::default()
        };
        let firing = ActiveAlert {
            labels: [("alertname".to_owned(), "Down".to_owned())].into(),
            state: "firing".into(),
            active_at: UnixNano(1_795_694_400_000_000_000),
            value: "+Inf".into(),
            ..ActiveAlert::default()
        };
        let alerting = Alerting { for_ms: 300_000, alerts: vec![firing], ..Alerting::default() };
        let alert = RuleStatus {
            name: "Down".into(),
            health: RuleHealth::Err,
            last_error: Some("no".into()),
            alerting: Some(alerting),
            ..RuleStatus::default()
        };
        let group = |name: &str, rules| RuleGroup {
            name: name.into(),
            file: "r.yml".into(),
            interval_ms: 15_000,
            rules,
            ..RuleGroup::default()
        };
        let response = RulesResponse { groups: vec![group("a", vec![record]), group("b", vec![alert])] };
        Rules(Arc::new(move || response.clone()))
    }

    async fn asked(parameters: &str) -> Value {
        let params = FormParams(Params::parse(parameters.as_bytes()));
        let Ok(answer) = rules(State(engine()), params).await else { return json!("refused") };
        serde_json::to_value(&answer.0).unwrap()["data"]["groups"].clone()
    }

    #[tokio::test]
    async fn groups_in_the_shape_of_prometheus() {
        let groups = asked("").await;
        let record = json!({
            "name": "job:x", "query": "sum(x)", "labels": {}, "health": "ok", "evaluationTime": 0.0015,
            "lastEvaluation": "2026-11-26T12:00:00.25Z", "type": "recording",
        });
        assert_eq!(groups[0]["rules"], json!([record]));
        assert_eq!((&groups[0]["interval"], &groups[0]["file"]), (&json!(15.0), &json!("r.yml")));
        assert_eq!(groups[0]["lastEvaluation"], "0001-01-01T00:00:00Z", "never");
        let alert = &groups[1]["rules"][0];
        assert_eq!((&alert["state"], &alert["duration"]), (&json!("firing"), &json!(300.0)));
        assert_eq!((&alert["lastError"], &alert["type"]), (&json!("no"), &json!("alerting")));
        assert_eq!(alert["alerts"][0]["activeAt"], "2026-11-26T12:00:00Z");
    }

    #[tokio::test]
    async fn filters() {
        for (parameters, names) in [
            ("type=record", "job:x"),
            ("type=alert", "Down"),
            ("rule_name[]=Down&rule_name[]=x", "Down"),
            ("rule_group[]=a", "job:x"),
            ("file[]=other.yml", ""),
        ] {
            let groups = asked(parameters).await;
            let rules =
                groups.as_array().unwrap().iter().flat_map(|group| group["rules"].as_array().unwrap());
            let found: Vec<&str> = rules.map(|rule| rule["name"].as_str().unwrap()).collect();
            assert_eq!(found.join(" "), names, "{parameters}");
        }
        assert_eq!(["12", "0", "-0.05"].map(exponential), ["1.2e+01", "0e+00", "-5e-02"]);
        assert_eq!(asked("type=both").await, "refused");
        let Ok(answer) = alerts(State(engine())).await else { panic!("refused") };
        let answer = serde_json::to_value(&answer.0).unwrap();
        assert_eq!(answer["data"]["alerts"][0]["value"], "+Inf");
    }
}
