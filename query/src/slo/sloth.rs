//! Sloth's files, `version: prometheus/v1`, and the same as a resource of Kubernetes.
//!
//! Source: Sloth 0.16 `pkg/prometheus/api/v1` and `pkg/kubernetes/api/sloth/v1`. The two differ in how keys of two
//! words are written.

use super::documents::{Document, Found};
use super::model::{Alert, Alerting, Counted, DAY_MS, Indicator, Method, Slo, Window, merged};
use super::own::{check_labels, check_name, check_templates, events_of, objective_of, sorted};
use crate::rules::file::yaml::{self, Pairs, Step};
use crate::rules::{Language, Problem};
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::sync::Arc;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct FileYaml {
    #[serde(deserialize_with = "yaml::text")]
    version: String,
    #[serde(deserialize_with = "yaml::text")]
    service: String,
    labels: Pairs,
    #[serde(alias = "sloPlugins")]
    slo_plugins: PluginsYaml,
    slos: Vec<SloYaml>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
struct ResourceYaml {
    api_version: Option<IgnoredAny>,
    #[serde(deserialize_with = "yaml::text")]
    kind: String,
    metadata: Option<IgnoredAny>,
    spec: FileYaml,
    status: Option<IgnoredAny>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct SloYaml {
    #[serde(deserialize_with = "yaml::text")]
    name: String,
    #[serde(deserialize_with = "yaml::text")]
    description: String,
    objective: Option<f64>,
    plugins: PluginsYaml,
    labels: Pairs,
    sli: SliYaml,
    alerting: AlertingYaml,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct SliYaml {
    raw: Option<RawYaml>,
    events: Option<EventsYaml>,
    plugin: Option<SliPluginYaml>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawYaml {
    #[serde(alias = "errorRatioQuery", deserialize_with = "yaml::text")]
    error_ratio_query: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct EventsYaml {
    #[serde(alias = "errorQuery", deserialize_with = "yaml::text")]
    error_query: String,
    #[serde(alias = "totalQuery", deserialize_with = "yaml::text")]
    total_query: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct SliPluginYaml {
    #[serde(deserialize_with = "yaml::text")]
    id: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct PluginsYaml {
    chain: Vec<SliPluginYaml>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct AlertingYaml {
    #[serde(deserialize_with = "yaml::text")]
    name: String,
    labels: Pairs,
    annotations: Pairs,
    #[serde(alias = "pageAlert")]
    page_alert: AlertYaml,
    #[serde(alias = "ticketAlert")]
    ticket_alert: AlertYaml,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct AlertYaml {
    disable: bool,
    labels: Pairs,
    annotations: Pairs,
}

/// Which form a document has: how its keys are called in messages, and where its objectives lie.
#[derive(Clone, Copy)]
struct Keys {
    error: &'static str,
    total: &'static str,
    raw: &'static str,
    page: &'static str,
    ticket: &'static str,
    plugins: &'static str,
}

const FILE: Keys = Keys {
    error: "error_query",
    total: "total_query",
    raw: "error_ratio_query",
    page: "page_alert",
    ticket: "ticket_alert",
    plugins: "slo_plugins",
};
const RESOURCE: Keys = Keys {
    error: "errorQuery",
    total: "totalQuery",
    raw: "errorRatioQuery",
    page: "pageAlert",
    ticket: "ticketAlert",
    plugins: "sloPlugins",
};

pub fn read(file: &Arc<str>, document: Document) -> Result<Vec<Slo>, Vec<Problem>> {
    let of: FileYaml = yaml::read(document.text).map_err(|problem| vec![document.placed(problem)])?;
    let mut found = Found::new(document);
    if of.version != "prometheus/v1" {
        found.at(&[Step::Value("version")], format!("version {:?}: only prometheus/v1 is known", of.version));
    }
    slos_of(file, &of, FILE, found)
}

/// Sloth's own windows and rates for all objectives.
const WINDOWS: &str = "kind \"AlertWindows\": every objective has the windows and rates of the Site Reliability Workbook; leave this document out, \
    or write objectives that need others in OpenSLO, with an AlertPolicy";

pub fn read_resource(file: &Arc<str>, document: Document) -> Result<Vec<Slo>, Vec<Problem>> {
    if document.word("kind").as_deref() == Some("AlertWindows") {
        let mut found = Found::new(document);
        found.at(&[Step::Value("kind")], WINDOWS);
        return Err(found.problems);
    }
    let of: ResourceYaml = yaml::read(document.text).map_err(|problem| vec![document.placed(problem)])?;
    let mut found = Found::new(document);
    if of.kind != "PrometheusServiceLevel" {
        let message = format!("kind {:?}: only PrometheusServiceLevel holds objectives", of.kind);
        found.at(&[Step::Value("kind")], message);
    }
    found.path.push(Step::Value("spec"));
    slos_of(file, &of.spec, RESOURCE, found)
}

fn slos_of<'a>(
    file: &Arc<str>,
    of: &'a FileYaml,
    keys: Keys,
    mut found: Found<'a>,
) -> Result<Vec<Slo>, Vec<Problem>> {
    if of.service.is_empty() {
        found.here("`service` must be set");
    }
    if of.slos.is_empty() {
        found.here("there must be an objective under `slos`");
    }
    check_labels("labels", &of.labels, &mut found);
    check_plugins(keys.plugins, &of.slo_plugins, &mut found);
    let mut slos = Vec::new();
    for (at, slo) in of.slos.iter().enumerate() {
        slos.extend(
            found.within(&[Step::Value("slos"), Step::Item(at)], |found| slo_of(file, of, slo, keys, found)),
        );
    }
    if found.problems.is_empty() { Ok(slos) } else { Err(found.problems) }
}

fn slo_of<'a>(
    file: &Arc<str>,
    of: &'a FileYaml,
    slo: &'a SloYaml,
    keys: Keys,
    found: &mut Found<'a>,
) -> Option<Slo> {
    check_name(&slo.name, found);
    check_labels("labels", &slo.labels, found);
    check_plugins("plugins", &slo.plugins, found);
    let objective = objective_of(slo.objective, found);
    let indicator = found.within(&[Step::Value("sli")], |found| indicator_of(&slo.sli, keys, found));
    let alerting = found.within(&[Step::Value("alerting")], |found| alerting_of(&slo.alerting, keys, found));
    let indicator = indicator?;
    // The mean of a ratio over time, as Sloth has it.
    let method = match indicator {
        Indicator::Share { .. } => Method::RatioTimeslices { slice_ms: super::model::MINUTE_MS },
        _ => Method::Occurrences,
    };
    Some(Slo {
        file: file.clone(),
        name: slo.name.clone(),
        service: of.service.clone(),
        description: slo.description.clone(),
        labels: merged([&sorted(&of.labels), &sorted(&slo.labels)]),
        objective: objective?,
        window: Window::Rolling { ms: 30 * DAY_MS },
        indicator,
        method,
        alerting,
    })
}

fn indicator_of<'a>(of: &'a SliYaml, keys: Keys, found: &mut Found<'a>) -> Option<Indicator> {
    match (&of.raw, &of.events, &of.plugin) {
        (Some(raw), None, None) => found.within(&[Step::Value("raw")], |found| {
            let events = events_of(Language::PromQl, &raw.error_ratio_query, keys.raw, found)?;
            Some(Indicator::Share { events, is_bad: true })
        }),
        (None, Some(events), None) => found.within(&[Step::Value("events")], |found| {
            let bad = events_of(Language::PromQl, &events.error_query, keys.error, found);
            let total = events_of(Language::PromQl, &events.total_query, keys.total, found);
            Some(Indicator::Ratio { counted: Counted::Bad(bad?), total: total? })
        }),
        (None, None, Some(plugin)) => {
            let message = format!(
                "plugin {:?} is code, which is not run here: write what it makes as `events`, with {} and {} \
                 (`sloth generate` shows the queries)",
                plugin.id, keys.error, keys.total
            );
            found.at(&[Step::Value("plugin")], message);
            None
        }
        _ => {
            found.here("an SLI needs one of `events` and `raw`");
            None
        }
    }
}

/// What Sloth's own chain does is done here too.
fn check_plugins(key: &'static str, plugins: &PluginsYaml, found: &mut Found) {
    for (at, plugin) in plugins.chain.iter().enumerate() {
        if !plugin.id.starts_with("sloth.dev/core/") {
            let message = format!(
                "plugin {:?} is code, which is not run here: leave it out; labels go under `labels`, other rules into \
                 a rule file",
                plugin.id
            );
            found.at(&[Step::Value(key), Step::Value("chain"), Step::Item(at)], message);
        }
    }
}

fn alerting_of<'a>(of: &'a AlertingYaml, keys: Keys, found: &mut Found<'a>) -> Alerting {
    check_labels("labels", &of.labels, found);
    check_templates("annotations", &of.annotations, found);
    for (key, alert) in [(keys.page, &of.page_alert), (keys.ticket, &of.ticket_alert)] {
        found.within(&[Step::Value(key)], |found| {
            check_labels("labels", &alert.labels, found);
            check_templates("annotations", &alert.annotations, found);
        });
    }
    let alert = |of: &AlertYaml| {
        (!of.disable).then(|| Alert { labels: sorted(&of.labels), annotations: sorted(&of.annotations) })
    };
    let default = Alerting::default();
    Alerting {
        name: if of.name.is_empty() { default.name } else { of.name.clone() },
        labels: sorted(&of.labels),
        annotations: sorted(&of.annotations),
        page: alert(&of.page_alert),
        ticket: alert(&of.ticket_alert),
        conditions: Vec::new(),
    }
}
