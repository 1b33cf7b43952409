use crate::promql::duration_text;
use crate::rules::{Group, Rule};
use crate::slo::model::Slo;
use crate::slo::rules::groups;
use crate::slo::windows::pairs;
use crate::slo::{Definitions, parse, parse_all};

const GOOD: &str = include_str!("../../../tests/slo/plugins.good.yml");

fn good(name: &str) -> Slo {
    let slos = parse("plugins.good.yml", GOOD).unwrap_or_else(|problems| panic!("{problems:#?}"));
    slos.into_iter().find(|slo| slo.name == name).unwrap()
}

fn example(name: &str, text: &str) -> Slo {
    parse(name, text).unwrap_or_else(|problems| panic!("{problems:#?}")).remove(0)
}

fn rule(groups: &[Group], name: &str) -> Rule {
    let rules = || groups.iter().flat_map(|group| &group.rules);
    let names = || rules().map(|rule| rule.name.as_str()).collect::<Vec<_>>();
    rules().find(|rule| rule.name == name).unwrap_or_else(|| panic!("{name}: {:?}", names())).clone()
}

fn labels(rule: &Rule) -> String {
    let own = |name: &str| name.starts_with("sloth_") && name != "sloth_window";
    let shown = rule.labels.iter().filter(|(name, _)| !own(name));
    shown.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(",")
}

fn intervals(groups: &[Group]) -> String {
    let one = |group: &Group| {
        let end = group.name.rsplit_once("own-plugin").map_or(group.name.as_str(), |(_, end)| end);
        format!("{end} {}", duration_text(group.interval_ms.unwrap_or_default()))
    };
    groups.iter().map(one).collect::<Vec<_>>().join(", ")
}

#[test]
fn plugins_change_what_they_say() {
    let all = groups(&good("own-plugin"));
    assert_eq!(intervals(&all), " 2m, -slow 4m, -metadata 5m, -alerts 3m");
    // What remove_labels leaves, and what info_labels adds.
    assert_eq!(labels(&rule(&all, "sloth_slo_info")), "owner=team,plug-in=a,tier=2");
    assert_eq!(labels(&rule(&all, "slo:time_period:days")), "owner=team,unit=day");
    assert_eq!(labels(&rule(&all, "slo:objective:ratio")), "owner=team,tier=2");
    assert_eq!(labels(&rule(&all, "slo:sli_error:ratio_rate1h")), "owner=team,sloth_window=1h");
    let page = rule(&all, "SLOErrorBudgetBurn");
    assert_eq!(page.alert.as_ref().unwrap().for_ms, 7 * 60_000);
    let low = rule(&all, "BudgetLow");
    let ids = "{sloth_id=\"shop-own-plugin\",sloth_service=\"shop\",sloth_slo=\"own-plugin\"}";
    assert_eq!(low.expr, format!("slo:period_error_budget_remaining:ratio{ids} <= 0.05"));
    assert_eq!(labels(&low), "service=shop,severity=info,slo=own-plugin");
    let alert = low.alert.unwrap();
    assert_eq!(alert.for_ms, 600_000);
    let annotation =
        |name: &str| alert.annotations.iter().find(|(key, _)| key == name).map(|(_, text)| text.as_str());
    assert_eq!(annotation("note"), Some("{{ $value }} left"));
    assert_eq!(
        annotation("summary"),
        Some("shop-own-plugin has {{ humanizePercentage $value }} of its error budget left")
    );
    // A rate over an hour.
    assert_eq!(
        rule(&all, "slo:sli_total:amount1h").expr,
        format!("sum(sum_over_time(slo:sli_events:total{ids}[1h])) / 3600")
    );
    assert_eq!(all.last().unwrap().rules.len(), 2, "page and budget, no ticket");
}

#[test]
fn what_a_chain_leaves_out_is_not_made() {
    let all = groups(&good("few-rules"));
    let names: Vec<&str> = all.iter().flat_map(|group| &group.rules).map(|rule| rule.name.as_str()).collect();
    let is_kept = |name: &&str| name.starts_with("slo:sli_error:") || name.starts_with("slo:sli_events:");
    assert!(names.iter().all(is_kept), "{names:?}");
    assert_eq!(names.len(), 10, "{names:?}");
    let usual = groups(&good("own-share"));
    assert_eq!(rule(&usual, "slo:error_budget:ratio").expr, "vector(0.01)");
}

#[test]
fn the_example_of_intervals_sets_them() {
    let text = include_str!("../../../tests/slo/sloth/custom_rule_group_interval.yml");
    let slo = example("custom.yml", text);
    assert_eq!(slo.interval_ms(), 4 * 60_000);
    let all = groups(&slo);
    assert_eq!(intervals(&all), "slo-myapp-cpu-availability 4m, slo-myapp-cpu-availability-slow 4m");
    assert!(rule(&all, "slo:sli_events:total").expr.contains("[4m] anchored"), "{all:?}");
    // Of all intervals the one that names a group of its own is taken.
    let all_named = text.replace("slierror: \"4m\"", "all: 3m").replace("      metadata: \"2m\"\n", "");
    assert_eq!(example("custom.yml", &all_named).shape.metadata_ms, Some(3 * 60_000));
}

#[test]
fn catalogs_give_all_objectives_of_their_length_their_windows() {
    let file = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    let (definitions, read) = parse_all(&[
        file("sloth.yml", include_str!("../../../tests/slo/sloth/no-alerts.yml")),
        file("7d.yaml", include_str!("../../../tests/slo/sloth/windows/7d.yaml")),
        file("30d.yaml", include_str!("../../../tests/slo/sloth/windows/custom-30d.yaml")),
        file("own.yml", "slos: [{name: a, objective: 99, window: 7d, availability: {service: s}}]"),
    ]);
    let slos: Vec<Slo> = read.into_iter().flat_map(Result::unwrap).collect();
    let shown = |slo: &Slo| {
        let of = pairs(slo).map(|pair| {
            let threshold = (pair.threshold * 1e4).round() / 1e4;
            format!("{}/{} {threshold}", duration_text(pair.long_ms), duration_text(pair.short_ms))
        });
        of.join(", ")
    };
    // The figures that Sloth makes of the same catalogs.
    assert_eq!(shown(&slos[0]), "30m/2m 14.4, 3h/15m 4.8, 12h/1h 3, 1d12h/3h 1");
    assert_eq!(shown(slos.last().unwrap()), "1h/5m 13.44, 6h/30m 3.5, 1d/2h 1.4, 3d/6h 0.98");
    let other = crate::slo::parse_one(
        &definitions,
        "saved",
        "slos: [{name: a, objective: 99, window: 8d, availability: {service: s}}]",
    );
    assert_eq!(other.unwrap().alerting.paces, None);
}

#[test]
fn a_form_is_made_of_an_objective_with_a_catalog() {
    let mut definitions = Definitions::default();
    let wrong =
        definitions.take("30d.yaml", include_str!("../../../tests/slo/sloth/windows/custom-30d.yaml"));
    assert!(wrong.is_empty(), "{wrong:?}");
    let text = "slos: [{name: a, objective: 99, availability: {service: s}}]";
    let slo = crate::slo::parse_one(&definitions, "saved", text).unwrap();
    assert!(slo.alerting.paces.is_some() && crate::slo::form_of(&slo).is_some());
}
