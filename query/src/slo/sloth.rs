//! Sloth's files, `version: prometheus/v1`, and the same as a resource of Kubernetes.

mod chain;
mod spec;
mod windows;

use super::definitions::Definitions;
use super::documents::{Document, Found};
use super::model::{Alert, Alerting, Counted, DAY_MS, Indicator, MINUTE_MS, Method, Slo, Window, merged};
use super::own::{check_labels, check_name, check_templates, events_of, objective_of, sorted};
use super::sli_plugins::Use;
use crate::rules::file::yaml::{self, Step};
use crate::rules::{Language, Problem};
use chain::{Chain, chain_of};
use spec::{AlertYaml, AlertingYaml, FILE, FileYaml, Keys, RESOURCE, ResourceYaml, SliYaml, SloYaml};
use std::sync::Arc;

pub use windows::{Catalog, read_windows};

/// The kinds of resources that hold objectives; the second is that of Google's Managed Prometheus.
const KINDS: [&str; 2] = ["PrometheusServiceLevel", "ManagedPrometheusServiceLevel"];

pub fn read(
    file: &Arc<str>,
    document: Document,
    definitions: &Definitions,
) -> Result<Vec<Slo>, Vec<Problem>> {
    let of: FileYaml = yaml::read(document.text).map_err(|problem| vec![document.placed(problem)])?;
    let mut found = Found::new(document);
    if of.version != "prometheus/v1" {
        found.at(&[Step::Value("version")], format!("version {:?}: only prometheus/v1 is known", of.version));
    }
    slos_of(file, &of, FILE, definitions, found)
}

pub fn read_resource(
    file: &Arc<str>,
    document: Document,
    definitions: &Definitions,
) -> Result<Vec<Slo>, Vec<Problem>> {
    let of: ResourceYaml<FileYaml> =
        yaml::read(document.text).map_err(|problem| vec![document.placed(problem)])?;
    let mut found = Found::new(document);
    if !KINDS.contains(&of.kind.as_str()) {
        let message = format!(
            "kind {:?}: {} hold objectives, and AlertWindows their windows",
            of.kind,
            KINDS.join(" and ")
        );
        found.at(&[Step::Value("kind")], message);
    }
    found.path.push(Step::Value("spec"));
    slos_of(file, &of.spec, RESOURCE, definitions, found)
}

fn slos_of<'a>(
    file: &Arc<str>,
    of: &'a FileYaml,
    keys: Keys,
    definitions: &Definitions,
    mut found: Found<'a>,
) -> Result<Vec<Slo>, Vec<Problem>> {
    if of.service.is_empty() {
        found.here("`service` must be set");
    }
    if of.slos.is_empty() {
        found.here("there must be an objective under `slos`");
    }
    check_labels("labels", &of.labels, &mut found);
    let mut slos = Vec::new();
    let reader = Reader { file, of, keys, definitions, base: found.path.clone() };
    for (at, slo) in of.slos.iter().enumerate() {
        let path = [Step::Value("slos"), Step::Item(at)];
        slos.extend(found.within(&path, |found| reader.slo_of(slo, found)));
    }
    if found.problems.is_empty() { Ok(slos) } else { Err(found.problems) }
}

/// What the objectives of a document share.
struct Reader<'a, 'r> {
    file: &'r Arc<str>,
    of: &'a FileYaml,
    keys: Keys,
    definitions: &'r Definitions,
    /// The way to them.
    base: Vec<Step<'a>>,
}

impl<'a> Reader<'a, '_> {
    fn slo_of(&self, slo: &'a SloYaml, found: &mut Found<'a>) -> Option<Slo> {
        check_name(&slo.name, found);
        check_labels("labels", &slo.labels, found);
        let objective = objective_of(slo.objective, found);
        let labels = merged([&sorted(&self.of.labels), &sorted(&slo.labels)]);
        let group = (self.keys.plugins, &self.of.slo_plugins);
        let chain = chain_of(group, slo, &self.base, &labels, found);
        let indicator = found.within(&[Step::Value("sli")], |found| {
            self.indicator_of(slo, objective.unwrap_or_default(), &chain, found)
        });
        let alerting = found
            .within(&[Step::Value("alerting")], |found| alerting_of(&slo.alerting, self.keys, &chain, found));
        let indicator = indicator?;
        // The mean of a ratio over time, as Sloth has it.
        let method = match indicator {
            Indicator::Share { .. } => {
                Method::RatioTimeslices { slice_ms: chain.shape.slot_ms.unwrap_or(MINUTE_MS) }
            }
            _ => Method::Occurrences,
        };
        Some(Slo {
            file: self.file.clone(),
            name: slo.name.clone(),
            service: self.of.service.clone(),
            description: slo.description.clone(),
            labels,
            objective: objective?,
            window: Window::Rolling { ms: 30 * DAY_MS },
            indicator,
            method,
            alerting,
            shape: chain.shape,
        })
    }

    fn indicator_of(
        &self,
        slo: &'a SloYaml,
        objective: f64,
        chain: &Chain,
        found: &mut Found<'a>,
    ) -> Option<Indicator> {
        let (SliYaml { raw, events, plugin }, keys) = (&slo.sli, self.keys);
        let before = found.problems.len();
        let indicator = match (raw, events, plugin) {
            (Some(raw), None, None) => found.within(&[Step::Value("raw")], |found| {
                let events = events_of(Language::PromQl, &raw.error_ratio_query, keys.raw, found)?;
                Some(Indicator::Share { events, is_bad: true })
            }),
            (None, Some(events), None) => found.within(&[Step::Value("events")], |found| {
                let bad = events_of(Language::PromQl, &events.error_query, keys.error, found);
                let total = events_of(Language::PromQl, &events.total_query, keys.total, found);
                Some(Indicator::Ratio { counted: Counted::Bad(bad?), total: total? })
            }),
            (None, None, Some(plugin)) => found.within(&[Step::Value("plugin")], |found| {
                let (service, slo) = (self.of.service.as_str(), slo.name.as_str());
                let of = Use { service, slo, objective, labels: &self.of.labels, options: &plugin.options };
                self.definitions.plugin(&plugin.id, found)?.indicator(&of, found)
            }),
            _ => {
                found.here("an SLI needs one of `events`, `raw` and `plugin`");
                None
            }
        };
        if chain.is_metricsql {
            for problem in &mut found.problems[before..] {
                problem.message.push_str(METRICSQL);
            }
        }
        indicator
    }
}

/// What is wrong with a query of a chain that allows for VictoriaMetrics' language.
const METRICSQL: &str = "; MetricsQL is read as far as it is PromQL: in place of `histogram_share` over `vmrange` buckets count those that are \
    too slow in buckets with `le`, or in native histograms, by `histogram_fraction`, and in place of `vector(1)[w]` count all";

fn alerting_of<'a>(of: &'a AlertingYaml, keys: Keys, chain: &Chain, found: &mut Found<'a>) -> Alerting {
    check_labels("labels", &of.labels, found);
    check_templates("annotations", &of.annotations, found);
    for (key, alert) in [(keys.page, &of.page_alert), (keys.ticket, &of.ticket_alert)] {
        found.within(&[Step::Value(key)], |found| {
            check_labels("labels", &alert.labels, found);
            check_templates("annotations", &alert.annotations, found);
            if alert.wait.is_some() && !chain.waits {
                let message = "`for` counts only with sloth.dev/contrib/alert_for/v1 in the chain of plugins; add it there, or leave this out";
                found.at(&[Step::Key("for")], message);
            }
        });
    }
    let alert = |of: &AlertYaml| {
        (!of.disable && chain.has_alerts).then(|| Alert {
            labels: sorted(&of.labels),
            annotations: sorted(&of.annotations),
            for_ms: of.wait.map_or(0, |wait| wait.0),
        })
    };
    let default = Alerting::default();
    Alerting {
        name: if of.name.is_empty() { default.name } else { of.name.clone() },
        labels: sorted(&of.labels),
        annotations: sorted(&of.annotations),
        page: alert(&of.page_alert),
        ticket: alert(&of.ticket_alert),
        ..default
    }
}

#[cfg(test)]
mod tests;
