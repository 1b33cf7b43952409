//! Alerts on how fast the budget burns.

use super::metadata::LEFT;
use super::{Made, alert_settings, number};
use crate::promql::duration_text;
use crate::rules::{Language, Rule};
use crate::slo::links;
use crate::slo::model::{Alert, Condition, Labels, merged};
use crate::slo::shape::Exhausted;
use crate::slo::windows::Pair;
use ocelli_api::slos::SloSeverity;

/// With whether the rule belongs into the group that is evaluated at every slot.
pub fn rules(made: &Made) -> Vec<(Rule, bool)> {
    let alerting = &made.slo.alerting;
    let [first, second, third, fourth] = &made.pairs;
    let mut rules = Vec::new();
    rules.extend(alerting.page.as_ref().map(|alert| (of_pairs(made, alert, [first, second]), true)));
    rules.extend(alerting.ticket.as_ref().map(|alert| (of_pairs(made, alert, [third, fourth]), false)));
    rules.extend(alerting.conditions.iter().map(|condition| (of_condition(made, condition), true)));
    rules.extend(made.slo.shape.exhausted.iter().map(|of| (of_budget(made, of), false)));
    rules
}

pub fn severity(severity: SloSeverity) -> &'static str {
    match severity {
        SloSeverity::Page => "page",
        SloSeverity::Ticket => "ticket",
    }
}

fn of_pairs(made: &Made, alert: &Alert, pairs: [&Pair; 2]) -> Rule {
    let over = |pair: &Pair| {
        let threshold = number(pair.threshold);
        let burns = |ms: i64| format!("max without (sloth_window) ({} > {threshold})", made.burn(ms));
        // The long one first: its burn rate is the alert's value.
        format!("({} and {})", burns(pair.long_ms), burns(pair.short_ms))
    };
    let of = severity(pairs[0].severity);
    let link_ms = pairs[0].long_ms;
    let own = made.own_labels(of);
    Rule {
        name: made.slo.alerting.name.clone(),
        expr: format!("{} or {}", over(pairs[0]), over(pairs[1])),
        language: Language::PromQl,
        labels: merged([&own, &made.slo.alerting.labels, &alert.labels]),
        alert: alert_settings(
            alert.for_ms,
            merged([&made.annotations(link_ms), &made.slo.alerting.annotations, &alert.annotations]),
        ),
    }
}

fn of_condition(made: &Made, of: &Condition) -> Rule {
    let severity = if of.severity.is_empty() { "ticket" } else { &of.severity };
    let alerting = &made.slo.alerting;
    let mut annotations = made.annotations(of.lookback_ms);
    if !of.description.is_empty() {
        annotations = merged([&annotations, &vec![("description".to_owned(), text(&of.description))]]);
    }
    Rule {
        name: if of.name.is_empty() { alerting.name.clone() } else { of.name.clone() },
        expr: format!("{} {} {}", made.burn(of.lookback_ms), of.op, number(of.threshold)),
        language: Language::PromQl,
        labels: merged([&made.own_labels(severity), &alerting.labels]),
        alert: alert_settings(of.after_ms, merged([&annotations, &alerting.annotations])),
    }
}

/// Its value is what is left, not a burn rate.
fn of_budget(made: &Made, of: &Exhausted) -> Rule {
    let summary =
        format!("{} has {{{{ humanizePercentage $value }}}} of its error budget left", text(&made.slo.id()));
    let mut annotations = made.annotations(made.period_ms);
    annotations.retain(|(name, _)| name != "burn_rate");
    let own = vec![("summary".to_owned(), summary)];
    Rule {
        name: of.name.clone(),
        expr: format!("{LEFT}{} <= {}", made.selector(), number(of.left)),
        language: Language::PromQl,
        labels: merged([&made.own_labels(""), &of.labels]),
        alert: alert_settings(of.for_ms, merged([&annotations, &own, &of.annotations])),
    }
}

/// A text in a template that stands for itself.
fn text(text: &str) -> String {
    text.replace("{{", "{{ \"{{\" }}")
}

impl Made<'_> {
    /// The burn rate over a window: 1 spends the whole budget in the objective's window.
    fn burn(&self, window_ms: i64) -> String {
        let (window, of) = (duration_text(window_ms), self.selector());
        format!("slo:sli_error:ratio_rate{window}{of} / {}", number(self.slo.budget()))
    }

    fn own_labels(&self, severity: &str) -> Labels {
        let own = [
            ("severity", severity.to_owned()),
            ("sloth_severity", severity.to_owned()),
            ("slo", self.slo.name.clone()),
            ("service", self.slo.service.clone()),
        ];
        own.into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .filter(|(_, value)| !value.is_empty())
            .collect()
    }

    /// `link_ms`: the time before the alert that its links show.
    fn annotations(&self, link_ms: i64) -> Labels {
        let (slo, of) = (self.slo, self.selector().replace('\\', "\\\\").replace('"', "\\\""));
        let period = duration_text(self.period_ms);
        let from = format!(
            "{{{{ range query \"vector(time() - {})\" }}}}{{{{ printf \"%.0f\" .Value }}}}{{{{ end }}}}",
            link_ms / 1_000
        );
        let to = "{{ printf \"%.0f\" now }}";
        let left = format!(
            "{{{{ with query \"slo:period_error_budget_remaining:ratio{of}\" }}}}{{{{ . | first | value | \
             humanizePercentage }}}} of {period}{{{{ else }}}}not known yet{{{{ end }}}}"
        );
        let description =
            if slo.description.is_empty() { slo.indicator.in_words() } else { slo.description.clone() };
        let objective = number(slo.objective * 100.0);
        let all = [
            (
                "summary",
                format!(
                    "{} burns its error budget {{{{ printf \"%.1f\" $value }}}} times too fast",
                    text(&slo.id())
                ),
            ),
            (
                "description",
                format!("{}. Objective: {objective} % in {}.", text(&description), slo.window.text()),
            ),
            ("burn_rate", "{{ printf \"%.1f\" $value }}".to_owned()),
            ("budget_left", left),
            ("slo_url", format!("{{{{ externalURL }}}}{}", text(&links::slo(&slo.id())))),
            ("traces_url", format!("{{{{ externalURL }}}}{}", links::traces(slo, &from, to))),
            ("logs_url", format!("{{{{ externalURL }}}}{}", links::logs(slo, &from, to))),
        ];
        all.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}
