//! Which alerts hide which, by an index of those that fire: no question looks at all alerts.

use crate::alerting::Fingerprint;
use crate::alerting::config::InhibitRule;
use crate::alerting::matcher::all_match;
use crate::promql::labels::Labels;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The rules that an alert is a source or a target of: its labels never change.
#[derive(Clone, Debug, Default)]
pub struct Sides {
    source: Vec<usize>,
    target: Vec<usize>,
}

#[derive(Default)]
pub struct Inhibition {
    rules: Vec<InhibitRule>,
    /// Of each rule the sources that fire, by their values of the labels in `equal`; whether one is a target
    /// too.
    firing: Vec<HashMap<Vec<String>, BTreeMap<Fingerprint, bool>>>,
}

impl Inhibition {
    pub fn of(rules: &[InhibitRule]) -> Inhibition {
        Inhibition { rules: rules.to_vec(), firing: rules.iter().map(|_| HashMap::new()).collect() }
    }

    pub fn sides(&self, labels: &Labels) -> Sides {
        let of = |side: fn(&InhibitRule) -> &[crate::promql::select::Matcher]| -> Vec<usize> {
            let matching = |(_, rule): &(usize, &InhibitRule)| all_match(side(rule), labels);
            self.rules.iter().enumerate().filter(matching).map(|(at, _)| at).collect()
        };
        Sides { source: of(|rule| &rule.source), target: of(|rule| &rule.target) }
    }

    /// An alert fires, or no more.
    pub fn set(&mut self, fingerprint: Fingerprint, labels: &Labels, sides: &Sides, fires: bool) {
        for at in &sides.source {
            let place = self.firing[*at].entry(equal(&self.rules[*at], labels)).or_default();
            match fires {
                true => drop(place.insert(fingerprint, sides.target.contains(at))),
                false => drop(place.remove(&fingerprint)),
            }
        }
    }

    /// Those that hide an alert.
    pub fn hidden_by(
        &self,
        fingerprint: Fingerprint,
        labels: &Labels,
        sides: &Sides,
    ) -> BTreeSet<Fingerprint> {
        let mut found = BTreeSet::new();
        for at in &sides.target {
            let Some(sources) = self.firing[*at].get(&equal(&self.rules[*at], labels)) else { continue };
            let both = sides.source.contains(at);
            // Of alerts that are both, none hides another.
            let hides = |(source, source_is_both): &(&Fingerprint, &bool)| {
                **source != fingerprint && !(both && **source_is_both)
            };
            found.extend(sources.iter().find(hides).map(|(source, _)| *source));
        }
        found
    }
}

fn equal(rule: &InhibitRule, labels: &Labels) -> Vec<String> {
    rule.equal.iter().map(|name| labels.get(name).to_owned()).collect()
}
