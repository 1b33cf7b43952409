//! What the rules say of their alerts, evaluation after evaluation: kept so that a restart goes on from it,
//! and told to dispatch.

use super::letter::nanos;
use super::records::{Unsaved, spaces, text};
use ocelli_api::alerts::{AlertChange, AlertState as Shown};
use ocelli_query::alerting::{Alert as Told, Fingerprint};
use ocelli_query::promql::labels::Labels;
use ocelli_query::rules::alert::{ALERT_NAME, Alert, AlertState};
use ocelli_query::rules::kept::KeptAlert;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Changes that are remembered; the oldest go.
const MOST_CHANGES: usize = 20_000;

/// Which rule an alert is of.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleOf {
    pub key: String,
    pub name: String,
    pub group: String,
    pub file: String,
    pub expr: String,
    pub language: &'static str,
    /// Where the expression can be looked at.
    pub url: String,
}

impl RuleOf {
    /// One of which nothing but its alerts is left.
    pub fn gone() -> RuleOf {
        let text = String::new;
        RuleOf {
            key: text(),
            name: text(),
            group: text(),
            file: text(),
            expr: text(),
            language: "",
            url: text(),
        }
    }
}

#[derive(Default)]
pub struct RuleAlerts {
    /// By rule and fingerprint.
    kept: BTreeMap<(String, Fingerprint), KeptAlert>,
    rules: HashMap<Fingerprint, Arc<RuleOf>>,
    /// What was found out about an alert when it began to fire, as annotations.
    evidence: HashMap<Fingerprint, Vec<(String, String)>>,
    changes: VecDeque<(String, AlertChange)>,
}

/// What an evaluation brought.
#[derive(Debug, Default)]
pub struct News {
    pub told: Vec<Told>,
    /// Those that did not fire before.
    pub fired: Vec<Alert>,
}

impl RuleAlerts {
    pub fn restored(kept: Vec<(String, KeptAlert)>, mut changes: Vec<(String, AlertChange)>) -> RuleAlerts {
        changes.sort_by(|a, b| a.0.cmp(&b.0));
        let of = |(_, kept): (String, KeptAlert)| {
            let fingerprint = Fingerprint::of(&kept.clone().alert().labels);
            ((kept.rule.clone(), fingerprint), kept)
        };
        RuleAlerts {
            kept: kept.into_iter().map(of).collect(),
            changes: changes.into(),
            ..RuleAlerts::default()
        }
    }

    /// The alerts of a rule as they were kept.
    pub fn of_rule(&self, key: &str) -> Vec<Alert> {
        self.kept.range(places(key)).map(|(_, kept)| kept.clone().alert()).collect()
    }

    /// Which rules the alerts are of that were kept.
    pub fn know(&mut self, rules: &HashMap<String, Arc<RuleOf>>) {
        for (key, fingerprint) in self.kept.keys() {
            if let Some(rule) = rules.get(key) {
                self.rules.insert(*fingerprint, rule.clone());
            }
        }
    }

    /// Rules of which alerts are kept.
    pub fn rule_keys(&self) -> Vec<String> {
        let mut keys: Vec<String> = self.kept.keys().map(|(rule, _)| rule.clone()).collect();
        keys.dedup();
        keys
    }

    pub fn alerts(&self) -> impl Iterator<Item = (Fingerprint, Alert)> {
        self.kept.iter().map(|((_, fingerprint), kept)| (*fingerprint, kept.clone().alert()))
    }

    pub fn rule(&self, fingerprint: Fingerprint) -> Option<&RuleOf> {
        self.rules.get(&fingerprint).map(Arc::as_ref)
    }

    /// The newest first.
    pub fn changes(&self) -> impl Iterator<Item = &AlertChange> {
        self.changes.iter().rev().map(|(_, change)| change)
    }

    /// What was found out about an alert; gives it as it is told from now on.
    pub fn add_evidence(&mut self, fingerprint: Fingerprint, found: Vec<(String, String)>) -> Option<Told> {
        // What is over meanwhile needs none.
        let (_, kept) = self.kept.iter().find(|((_, known), _)| *known == fingerprint)?;
        self.evidence.insert(fingerprint, found);
        let alert = kept.clone().alert();
        (alert.state == AlertState::Firing).then(|| self.told(fingerprint, &alert, alert.active_at_ms))
    }

    /// The alerts of a rule are another one's from now on, as they are.
    pub fn move_rule(&mut self, from: &str, to: &str, unsaved: &mut Unsaved) {
        let moved: Vec<(String, Fingerprint)> =
            self.kept.range(places(from)).map(|(place, _)| place.clone()).collect();
        for place in moved {
            let (Some(mut kept), fingerprint) = (self.kept.remove(&place), place.1) else { continue };
            kept.rule = to.to_owned();
            unsaved.put(spaces::RULE_ALERT, &record_name(from, fingerprint), None);
            unsaved.put(spaces::RULE_ALERT, &record_name(to, fingerprint), text(&kept));
            self.kept.insert((to.to_owned(), fingerprint), kept);
        }
    }

    /// All alerts of a rule at an evaluation.
    pub fn note(&mut self, rule: &Arc<RuleOf>, alerts: &[Alert], now_ms: i64, unsaved: &mut Unsaved) -> News {
        let mut news = News::default();
        let known = self.kept.range(places(&rule.key));
        let mut gone: BTreeSet<Fingerprint> = known.map(|((_, fingerprint), _)| *fingerprint).collect();
        for alert in alerts {
            let fingerprint = Fingerprint::of(&alert.labels);
            gone.remove(&fingerprint);
            self.rules.insert(fingerprint, rule.clone());
            self.one(rule, fingerprint, alert, now_ms, &mut news, unsaved);
        }
        for fingerprint in gone {
            self.end(rule, fingerprint, now_ms, &mut news, unsaved);
        }
        news
    }

    fn one(
        &mut self,
        rule: &RuleOf,
        fingerprint: Fingerprint,
        alert: &Alert,
        now_ms: i64,
        news: &mut News,
        unsaved: &mut Unsaved,
    ) {
        let kept = KeptAlert::new(&rule.key, alert);
        let place = (rule.key.clone(), fingerprint);
        let before = self.kept.insert(place, kept.clone());
        if !before.as_ref().is_some_and(|before| before.is_as(&kept)) {
            unsaved.put(spaces::RULE_ALERT, &record_name(&rule.key, fingerprint), text(&kept));
        }
        let was = before.map(|before| shown(&before.alert()));
        let is = shown(alert);
        if was != Some(is) {
            self.changed(alert, fingerprint, was, is, now_ms, unsaved);
            if is == Shown::Firing && was != Some(Shown::Unknown) {
                news.fired.push(alert.clone());
            }
        }
        if is != Shown::Pending {
            news.told.push(self.told(fingerprint, alert, now_ms));
        }
    }

    /// A rule gives an alert no more: it was pending, over long ago, or the rule is gone.
    fn end(
        &mut self,
        rule: &RuleOf,
        fingerprint: Fingerprint,
        now_ms: i64,
        news: &mut News,
        unsaved: &mut Unsaved,
    ) {
        unsaved.put(spaces::RULE_ALERT, &record_name(&rule.key, fingerprint), None);
        self.evidence.remove(&fingerprint);
        let Some(kept) = self.kept.remove(&(rule.key.clone(), fingerprint)) else { return };
        let mut alert = kept.alert();
        let was = shown(&alert);
        if matches!(was, Shown::Firing | Shown::Unknown) {
            (alert.state, alert.resolved_at_ms) = (AlertState::Resolved, Some(now_ms));
            self.changed(&alert, fingerprint, Some(was), Shown::Resolved, now_ms, unsaved);
            news.told.push(self.told(fingerprint, &alert, now_ms));
        }
        self.rules.retain(|known, of| *known != fingerprint || of.key != rule.key);
    }

    fn told(&self, fingerprint: Fingerprint, alert: &Alert, now_ms: i64) -> Told {
        let found = self.evidence.get(&fingerprint).into_iter().flatten();
        // What the rule itself says wins.
        let new = found.filter(|(name, _)| alert.annotations.get(name).is_empty());
        let all = alert.annotations.iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        Told {
            labels: alert.labels.clone(),
            annotations: Labels::new(all.chain(new.cloned())),
            starts_at_ms: alert.fired_at_ms.unwrap_or(alert.active_at_ms),
            ends_at_ms: alert.resolved_at_ms,
            updated_at_ms: now_ms,
            generator_url: self.rules.get(&fingerprint).map(|rule| rule.url.clone()).unwrap_or_default(),
            unknown_since_ms: alert.unknown_since_ms,
            value: Some(alert.value).filter(|value| value.is_finite()),
        }
    }

    fn changed(
        &mut self,
        alert: &Alert,
        fingerprint: Fingerprint,
        from: Option<Shown>,
        to: Shown,
        now_ms: i64,
        unsaved: &mut Unsaved,
    ) {
        let change = AlertChange {
            time: nanos(now_ms),
            fingerprint: fingerprint.to_string(),
            name: alert.labels.get(ALERT_NAME).to_owned(),
            labels: alert.labels.to_map(),
            from,
            to,
            value: Some(alert.value).filter(|value| value.is_finite()),
        };
        let name = format!("{now_ms:013}-{fingerprint}-{}", self.changes.len() % 10);
        unsaved.put(spaces::CHANGE, &name, text(&change));
        self.changes.push_back((name, change));
        while self.changes.len() > MOST_CHANGES {
            if let Some((name, _)) = self.changes.pop_front() {
                unsaved.put(spaces::CHANGE, &name, None);
            }
        }
    }
}

/// Where the alerts of a rule are.
fn places(rule: &str) -> RangeInclusive<(String, Fingerprint)> {
    (rule.to_owned(), Fingerprint(0))..=(rule.to_owned(), Fingerprint(u64::MAX))
}

fn record_name(rule: &str, fingerprint: Fingerprint) -> String {
    format!("{rule}/{fingerprint}")
}

/// As pages and the API show it.
pub fn shown(alert: &Alert) -> Shown {
    match alert.state {
        AlertState::Pending => Shown::Pending,
        AlertState::Resolved => Shown::Resolved,
        AlertState::Firing if alert.unknown_since_ms.is_some() => Shown::Unknown,
        AlertState::Firing => Shown::Firing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alert(job: &str, state: AlertState) -> Alert {
        Alert {
            labels: Labels::new([("alertname", "Down"), ("job", job)]),
            annotations: Labels::default(),
            series: Labels::new([("job", job)]),
            state,
            value: 1.0,
            active_at_ms: 10,
            fired_at_ms: (state != AlertState::Pending).then_some(20),
            keep_firing_since_ms: None,
            unknown_since_ms: None,
            resolved_at_ms: (state == AlertState::Resolved).then_some(30),
        }
    }

    fn rule() -> Arc<RuleOf> {
        Arc::new(RuleOf { key: "k".into(), name: "Down".into(), ..RuleOf::gone() })
    }

    fn course(alerts: &RuleAlerts) -> String {
        let one = |change: &AlertChange| format!("{}:{:?}", change.labels["job"], change.to);
        let all: Vec<String> = alerts.changes().map(one).collect();
        all.into_iter().rev().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn changes_are_told_once_and_kept() {
        let (mut alerts, mut unsaved, rule) = (RuleAlerts::default(), Unsaved::default(), rule());
        let mut note =
            |alerts: &mut RuleAlerts, given: &[Alert], now| alerts.note(&rule, given, now, &mut unsaved);
        assert!(note(&mut alerts, &[alert("a", AlertState::Pending)], 1).told.is_empty());
        let news = note(&mut alerts, &[alert("a", AlertState::Firing)], 2);
        assert_eq!((news.fired.len(), news.told[0].starts_at_ms, news.told[0].ends_at_ms), (1, 20, None));
        let unknown = Alert { unknown_since_ms: Some(3), ..alert("a", AlertState::Firing) };
        assert_eq!(note(&mut alerts, std::slice::from_ref(&unknown), 3).told[0].unknown_since_ms, Some(3));
        assert!(
            note(&mut alerts, &[alert("a", AlertState::Firing)], 4).fired.is_empty(),
            "it fired all the time"
        );
        assert_eq!(note(&mut alerts, &[alert("a", AlertState::Resolved)], 5).told[0].ends_at_ms, Some(30));
        assert!(note(&mut alerts, &[], 6).told.is_empty());
        assert_eq!(course(&alerts), "a:Pending a:Firing a:Unknown a:Firing a:Resolved");
    }

    #[test]
    fn the_alerts_of_a_rule_that_is_gone_are_over() {
        let (mut alerts, mut unsaved, rule) = (RuleAlerts::default(), Unsaved::default(), rule());
        let both = [alert("a", AlertState::Firing), alert("b", AlertState::Pending)];
        alerts.note(&rule, &both, 1, &mut unsaved);
        let news = alerts.note(&rule, &[], 9, &mut unsaved);
        assert_eq!((news.told.len(), news.told[0].ends_at_ms), (1, Some(9)));
        let left = unsaved.take().into_iter().filter(|change| change.space == spaces::RULE_ALERT);
        assert!(left.into_iter().all(|change| change.content.is_none()));
    }

    #[test]
    fn alerts_of_a_rule_that_has_changed_go_on() {
        let (mut alerts, mut unsaved, old) = (RuleAlerts::default(), Unsaved::default(), rule());
        alerts.note(&old, &[alert("a", AlertState::Firing)], 1, &mut unsaved);
        alerts.move_rule("k", "l", &mut unsaved);
        let new = Arc::new(RuleOf { key: "l".into(), ..(*old).clone() });
        let news = alerts.note(&new, &[alert("a", AlertState::Firing)], 2, &mut unsaved);
        assert!(news.fired.is_empty() && alerts.rule_keys() == ["l"], "it fired all the time");
        assert_eq!(course(&alerts), "a:Firing");
    }

    #[test]
    fn a_restart_goes_on_from_what_is_kept() {
        let (mut first, mut unsaved, rule) = (RuleAlerts::default(), Unsaved::default(), rule());
        first.note(&rule, &[alert("a", AlertState::Firing)], 1, &mut unsaved);
        let kept = unsaved.take().into_iter().filter(|change| change.space == spaces::RULE_ALERT);
        let kept = kept.map(|change| (change.name, serde_json::from_str(&change.content.unwrap()).unwrap()));
        let mut second = RuleAlerts::restored(kept.collect(), Vec::new());
        assert_eq!(second.of_rule("k"), [alert("a", AlertState::Firing)]);
        assert!(second.note(&rule, &[alert("a", AlertState::Firing)], 2, &mut unsaved).fired.is_empty());
        assert!(unsaved.take().is_empty(), "nothing is new");
    }

    #[test]
    fn evidence_stands_beside_the_annotations() {
        let (mut alerts, mut unsaved, rule) = (RuleAlerts::default(), Unsaved::default(), rule());
        alerts.note(&rule, &[alert("a", AlertState::Firing)], 1, &mut unsaved);
        let fingerprint = Fingerprint::of(&alert("a", AlertState::Firing).labels);
        let found = vec![("traces_url".to_owned(), "http://x/traces".to_owned())];
        let told = alerts.add_evidence(fingerprint, found).unwrap();
        assert_eq!(told.annotations.get("traces_url"), "http://x/traces");
        assert_eq!(alerts.add_evidence(Fingerprint(1), Vec::new()), None);
    }
}
