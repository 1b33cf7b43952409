//! Sloth's chains of SLO plugins: each changes the rules that those before it have made.
//!
//! Source: Sloth `internal/plugin/slo/{core,contrib}` and `internal/app/generate`. Plugins are sorted by priority;
//! Sloth's own chain (validate, sli_rules, metadata_rules, alert_rules) stands at 0, before what has no priority.
//! `overridePrevious` takes away that chain, and of an objective also the plugins of its file.

use super::spec::{IntervalYaml, PluginYaml, PluginsYaml, SloYaml};
use crate::nearest;
use crate::rules::file::yaml::{Span, Step};
use crate::rules::template;
use crate::slo::documents::Found;
use crate::slo::model::{Labels, MINUTE_MS};
use crate::slo::options::Options;
use crate::slo::own::sorted;
use crate::slo::rules::METADATA;
use crate::slo::shape::{Exhausted, INFO, KeptLabels, Shape};

const CORE: [&str; 4] = [
    "sloth.dev/core/validate/v1",
    "sloth.dev/core/sli_rules/v1",
    "sloth.dev/core/metadata_rules/v1",
    "sloth.dev/core/alert_rules/v1",
];
const MORE: [&str; 10] = [
    "sloth.dev/core/noop/v1",
    "sloth.dev/core/debug/v1",
    "sloth.dev/contrib/alert_for/v1",
    "sloth.dev/contrib/denominator_corrected_rules/v1",
    "sloth.dev/contrib/error_budget_exhausted_alert/v1",
    "sloth.dev/contrib/info_labels/v1",
    "sloth.dev/contrib/remove_labels/v1",
    "sloth.dev/contrib/rule_intervals/v1",
    "sloth.dev/contrib/sli_total_amount/v1",
    "sloth.dev/contrib/validate_victoria_metrics/v1",
];

/// How often rules may be evaluated: longer than a query looks back there would be nothing between two samples.
const INTERVALS_MS: std::ops::RangeInclusive<i64> = 10_000..=5 * MINUTE_MS;

/// What a chain has made.
#[derive(Default)]
pub struct Chain {
    pub shape: Shape,
    pub has_ratios: bool,
    pub has_alerts: bool,
    /// Whether alerts wait as long as their `for` says.
    pub waits: bool,
    /// Whether queries may be MetricsQL.
    pub is_metricsql: bool,
}

/// A plugin, and the way to it.
struct Link<'a> {
    path: Vec<Step<'a>>,
    plugin: &'a PluginYaml,
}

/// `base` is the way to the document's objectives, and `labels` are all of this one.
pub fn chain_of<'a>(
    group: (&'static str, &'a PluginsYaml),
    slo: &'a SloYaml,
    base: &[Step<'a>],
    labels: &Labels,
    found: &mut Found<'a>,
) -> Chain {
    let own = &slo.plugins;
    let of_group = if own.override_previous { &[] } else { &group.1.chain[..] };
    let mut links = links(base, group.0, of_group);
    links.extend(self::links(&found.path, "plugins", &own.chain));
    links.sort_by_key(|link| link.plugin.priority);
    let (before, after): (Vec<Link>, Vec<Link>) =
        links.into_iter().partition(|link| link.plugin.priority < 0);
    let mut chain = Chain { shape: Shape { has_metadata: false, ..Shape::default() }, ..Chain::default() };
    let state = (slo, labels);
    before.iter().for_each(|link| chain.take(link, state, found));
    if !own.override_previous && !group.1.override_previous {
        let none = &mut Options::new(None);
        CORE.iter().for_each(|id| chain.core(id, none, found));
    }
    after.iter().for_each(|link| chain.take(link, state, found));
    if !chain.has_ratios {
        let path = if own.override_previous {
            [&found.path[..], &[Step::Value("plugins")]].concat()
        } else {
            [base, &[Step::Value(group.0)]].concat()
        };
        at(&path, found, |found| {
            found.here(
                "no plugin of this chain makes error ratios, which alerts and budgets are about: add sloth.dev/core/sli_rules/v1, \
                 or leave `overridePrevious` out",
            );
        });
    }
    chain.old_keys(slo, found);
    chain
}

fn links<'a>(base: &[Step<'a>], key: &'static str, chain: &'a [PluginYaml]) -> Vec<Link<'a>> {
    let path = |at| [base, &[Step::Value(key), Step::Value("chain"), Step::Item(at)]].concat();
    chain.iter().enumerate().map(|(at, plugin)| Link { path: path(at), plugin }).collect()
}

/// Does something at another place of the document.
fn at<'a, T>(path: &[Step<'a>], found: &mut Found<'a>, read: impl FnOnce(&mut Found<'a>) -> T) -> T {
    let here = std::mem::replace(&mut found.path, path.to_vec());
    let result = read(found);
    found.path = here;
    result
}

impl Chain {
    fn take<'a>(&mut self, link: &Link<'a>, of: (&'a SloYaml, &Labels), found: &mut Found<'a>) {
        let id = link.plugin.id.as_str();
        if !CORE.contains(&id) && !MORE.contains(&id) {
            let hint = nearest::hint(id, CORE.into_iter().chain(MORE));
            return at(&link.path, found, |found| {
                found.here(format!(
                    "plugin {id:?} is code, which is not run here: leave it out; labels go under `labels`, other rules into a rule \
                     file. Of plugins there are those of sloth.dev/core and sloth.dev/contrib{hint}"
                ));
            });
        }
        let path = [&link.path[..], &[Step::Value("config")]].concat();
        at(&path, found, |found| {
            let mut options = Options::new(link.plugin.config.as_ref());
            if id.starts_with("sloth.dev/core/") {
                self.core(id, &mut options, found);
            } else {
                self.contrib(id, &mut options, of, found);
            }
            options.end(found);
        });
    }

    fn core<'a>(&mut self, id: &str, options: &mut Options<'a>, found: &mut Found<'a>) {
        match id {
            "sloth.dev/core/sli_rules/v1" => {
                // The whole window is exact in any case.
                options.flag("disableOptimized", found);
                (self.has_ratios, self.shape.by_traffic) = (true, false);
            }
            "sloth.dev/core/metadata_rules/v1" => {
                self.shape.has_metadata = true;
                self.shape.more_labels.clear();
            }
            "sloth.dev/core/alert_rules/v1" => {
                (self.has_alerts, self.waits) = (true, false);
                self.shape.exhausted.clear();
            }
            "sloth.dev/core/debug/v1" => {
                options.text("msg", found);
                options.flag("result", found);
                options.flag("request", found);
            }
            _ => {}
        }
    }

    fn contrib<'a>(
        &mut self,
        id: &str,
        options: &mut Options<'a>,
        (slo, labels): (&'a SloYaml, &Labels),
        found: &mut Found<'a>,
    ) {
        match id {
            "sloth.dev/contrib/alert_for/v1" => {
                self.needs(self.has_alerts, CORE[3], found);
                self.waits = true;
            }
            "sloth.dev/contrib/denominator_corrected_rules/v1" => {
                options.flag("disableOptimized", found);
                events_only(slo, found);
                (self.has_ratios, self.shape.by_traffic) = (true, true);
            }
            "sloth.dev/contrib/error_budget_exhausted_alert/v1" => self.exhausted(options, labels, found),
            "sloth.dev/contrib/info_labels/v1" => self.info_labels(options, found),
            "sloth.dev/contrib/remove_labels/v1" => {
                let names = options.texts("preserveLabels", found).unwrap_or_default();
                let whole = options.texts("skipMetrics", found).unwrap_or_default();
                self.shape.kept_labels = Some(KeptLabels { names, whole });
            }
            "sloth.dev/contrib/rule_intervals/v1" => self.intervals(options, found),
            "sloth.dev/contrib/sli_total_amount/v1" => {
                events_only(slo, found);
                self.shape.has_totals = true;
            }
            "sloth.dev/contrib/validate_victoria_metrics/v1" => self.is_metricsql = true,
            _ => {}
        }
    }

    /// A plugin that changes rules is of no use before they are made.
    fn needs(&self, is_there: bool, maker: &str, found: &mut Found) {
        if !is_there {
            let config = found.path.pop();
            found.here(format!(
                "there is nothing yet that this plugin could change: put it behind {maker}, with a priority of 0 or more"
            ));
            found.path.extend(config);
        }
    }

    fn exhausted<'a>(&mut self, options: &mut Options<'a>, labels: &Labels, found: &mut Found<'a>) {
        self.needs(self.shape.has_metadata, CORE[2], found);
        for (name, value) in options.pairs("selector_labels", found).unwrap_or_default() {
            if !labels.contains(&(name.clone(), value)) {
                let message = format!(
                    "selector_labels: the objective has no label {name:?} of this value, so that nothing would be found; set it under `labels`"
                );
                found.at(&[Step::Value("selector_labels")], message);
            }
        }
        let name = options.text("alert_name", found).filter(|name| !name.is_empty());
        self.shape.exhausted.push(Exhausted {
            name: name.unwrap_or_else(|| "ErrorBudgetExhausted".to_owned()),
            left: options.number("threshold", found).unwrap_or_default(),
            for_ms: options.span_ms("for", found).unwrap_or(5 * MINUTE_MS),
            labels: templates("alert_labels", options, found),
            annotations: templates("annotations", options, found),
        });
    }

    fn info_labels<'a>(&mut self, options: &mut Options<'a>, found: &mut Found<'a>) {
        self.needs(self.shape.has_metadata, CORE[2], found);
        let name = options.text("metricName", found).unwrap_or_else(|| INFO.to_owned());
        if !METADATA.contains(&name.as_str()) {
            let hint = nearest::hint(&name, METADATA);
            let message = format!("metricName {name:?}: there are {}{hint}", METADATA.join(", "));
            found.at(&[Step::Value("metricName")], message);
        }
        let labels = options.pairs("labels", found).unwrap_or_default();
        if labels.is_empty() {
            found.missing("labels", "at least one label must be under `labels`");
        }
        self.shape.more_labels.push((name, labels));
    }

    fn intervals<'a>(&mut self, options: &mut Options<'a>, found: &mut Found<'a>) {
        let mut of = options.below("interval", found);
        found.within(&[Step::Value("interval")], |found| {
            let mut one = |key| of.span_ms(key, found).and_then(|ms| interval(key, ms, found));
            let (default, shape) = (one("default"), &mut self.shape);
            shape.slot_ms = one("sliError").or(default);
            shape.metadata_ms = one("metadata").or(default);
            shape.alert_ms = one("alert").or(default);
            if !of.has("default") {
                found.missing("default", "`interval` needs `default`, as 2m");
            }
            of.end(found);
        });
    }

    /// Where no plugin says so; what is not named has the interval of all.
    fn old_keys<'a>(&mut self, slo: &'a SloYaml, found: &mut Found<'a>) {
        let IntervalYaml { all, slierror, metadata, alert } = slo.interval;
        found.within(&[Step::Value("interval")], |found| {
            let mut one = |key, span: Option<Span>| match span {
                Some(span) => interval(key, span.0, found),
                None => interval("all", all?.0, found),
            };
            let shape = &mut self.shape;
            shape.slot_ms = shape.slot_ms.or(one("slierror", slierror));
            shape.metadata_ms = shape.metadata_ms.or(one("metadata", metadata));
            shape.alert_ms = shape.alert_ms.or(one("alert", alert));
        });
        if !slo.info_labels.0.is_empty() {
            self.shape.more_labels.push((INFO.to_owned(), sorted(&slo.info_labels)));
        }
    }
}

fn templates<'a>(key: &'static str, options: &mut Options<'a>, found: &mut Found<'a>) -> Labels {
    let texts = options.pairs(key, found).unwrap_or_default();
    for (name, text) in &texts {
        if let Err(why) = template::check(text) {
            found.at(&[Step::Value(key)], format!("{name:?}: {why}"));
        }
    }
    texts
}

fn interval(key: &'static str, ms: i64, found: &mut Found) -> Option<i64> {
    if INTERVALS_MS.contains(&ms) {
        return Some(ms);
    }
    let text = crate::promql::duration_text(ms);
    let message = format!(
        "interval {text}: from 10s to 5m are possible, as a query looks back 5m for what a rule has recorded"
    );
    found.at(&[Step::Value(key)], message);
    None
}

fn events_only<'a>(slo: &'a SloYaml, found: &mut Found<'a>) {
    if slo.sli.raw.is_some() {
        let config = found.path.pop();
        found.here(format!(
            "objective {:?}: this plugin needs `events`, as a ratio tells of no traffic",
            slo.name
        ));
        found.path.extend(config);
    }
}
