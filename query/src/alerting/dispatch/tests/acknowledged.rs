//! Alerts that somebody has taken on.

use super::*;
use crate::alerting::Acknowledgement;

/// The pager is PagerDuty; the chat knows no acknowledgements.
pub fn config() -> String {
    let hook = "webhook_configs: [{url: 'http://pager.example/'}]";
    assert!(CONFIG.contains(hook));
    CONFIG.replace(hook, "pagerduty_configs: [{routing_key: 0123456789abcdef0123456789abcdef}]")
}

pub fn acknowledgement(id: &str, at_ms: i64, minutes: Option<i64>) -> Acknowledgement {
    Acknowledgement {
        id: id.to_owned(),
        by: "ada".to_owned(),
        note: "restarting it".to_owned(),
        at_ms,
        until_ms: minutes.map(|minutes| at_ms + minutes * MINUTE),
    }
}

impl Bench {
    /// Who is told at once.
    fn acknowledge(&mut self, text: &str, is_together: bool, minutes: Option<i64>) -> String {
        let given = acknowledgement(&format!("k{}", self.now_ms), self.now_ms, minutes);
        let fingerprint = Fingerprint::of(&labels(text));
        let told = self.dispatcher.acknowledge(fingerprint, is_together, &given, self.now_ms).unwrap();
        self.keep();
        told.1
            .iter()
            .map(|flush| format!("{}:{}", flush.receiver, flush.alerts.len()))
            .collect::<Vec<_>>()
            .join(", ")
    }

    fn acknowledged(&self) -> Vec<String> {
        let all = self.dispatcher.alerts(self.now_ms).into_iter();
        all.filter(|one| one.acknowledged.is_some())
            .map(|one| one.alert.labels.get("zone").to_owned())
            .collect()
    }
}

const DOWN_A: &str = "Down{severity=page zone=a}";
const DOWN_B: &str = "Down{severity=page zone=b}";

#[test]
fn what_is_acknowledged_is_not_repeated_until_it_is_over() {
    let mut bench = Bench::new(&config());
    bench.set(DOWN_A, true);
    bench.pass(MINUTE);
    assert_eq!(bench.acknowledge(DOWN_A, true, None), "pager:1");
    bench.restart();
    assert_eq!(bench.acknowledged(), ["a"]);
    assert_eq!(bench.pass(10 * 60 * MINUTE), "", "neither a repeat nor a second acknowledgement");
    bench.set(DOWN_A, false);
    assert_eq!(bench.pass(6 * MINUTE), "605:30 pager -Downa");
    bench.set(DOWN_A, true);
    assert!(bench.acknowledged().is_empty(), "it fires anew");
    assert_eq!(bench.pass(MINUTE), "607:30 pager +Downa, 607:30 chat +Downa");
}

#[test]
fn one_that_comes_back_before_anybody_heard_of_its_end_is_not_acknowledged() {
    let mut bench = Bench::new(&config());
    bench.set(DOWN_A, true);
    bench.pass(MINUTE);
    bench.acknowledge(DOWN_A, true, None);
    bench.pass(4 * 60 * MINUTE);
    bench.set(DOWN_A, false);
    bench.set(DOWN_A, true);
    assert!(bench.acknowledged().is_empty());
    assert_eq!(bench.pass(5 * MINUTE), "245:30 pager +Downa, 245:30 chat +Downa");
}

#[test]
fn a_new_alert_of_the_group_is_told_and_the_group_is_repeated_until_it_is_acknowledged_too() {
    let mut bench = Bench::new(&config());
    bench.set(DOWN_A, true);
    bench.pass(MINUTE);
    bench.acknowledge(DOWN_A, true, None);
    bench.set(DOWN_B, true);
    assert_eq!(bench.pass(5 * MINUTE), "1:30 pager +Downb, 5:30 chat +Downa +Downb");
    assert!(bench.pass(4 * 60 * MINUTE).ends_with("245:30 chat +Downa +Downb"));
    assert_eq!(bench.acknowledge(DOWN_B, false, None), "pager:1");
    assert_eq!(bench.pass(8 * 60 * MINUTE), "");
}

#[test]
fn what_is_told_together_is_acknowledged_together() {
    let mut bench = Bench::new(&config());
    bench.set(DOWN_A, true);
    bench.set(DOWN_B, true);
    bench.pass(MINUTE);
    let fingerprint = Fingerprint::of(&labels(DOWN_A));
    assert_eq!(bench.dispatcher.together(fingerprint, bench.now_ms).len(), 2, "by the chat");
    assert_eq!(bench.acknowledge(DOWN_A, true, None), "pager:1, pager:1");
    assert_eq!(bench.acknowledged().len(), 2);
    assert_eq!(bench.dispatcher.take_back(fingerprint, bench.now_ms).unwrap().len(), 2);
    bench.keep();
    bench.restart();
    assert!(bench.acknowledged().is_empty());
    assert_eq!(bench.pass(5 * 60 * MINUTE).split(", ").count(), 3, "all are repeated");
}

#[test]
fn one_that_ends_by_itself_is_as_if_it_had_not_been_given() {
    let mut bench = Bench::new(&config());
    bench.set(DOWN_A, true);
    bench.pass(MINUTE);
    bench.acknowledge(DOWN_A, true, Some(5 * 60));
    assert_eq!(bench.pass(5 * 60 * MINUTE), "");
    assert!(bench.acknowledged().is_empty());
    assert_eq!(
        bench.pass(5 * MINUTE),
        "305:30 pager +Downa, 305:30 chat +Downa",
        "a repeat was due long ago"
    );
    assert_eq!(bench.acknowledge(DOWN_A, true, None), "pager:1", "PagerDuty is told again");
}

#[test]
fn one_that_is_given_before_anybody_was_told_follows_the_message() {
    let mut bench = Bench::new(&config());
    bench.set(DOWN_A, true);
    assert_eq!(bench.acknowledge(DOWN_A, true, None), "");
    assert_eq!(bench.pass(MINUTE), "0:30 pager +Downa, 0:30 pager acknowledged Downa, 0:30 chat +Downa");
}

#[test]
fn the_group_is_acknowledged_when_what_was_not_is_over() {
    let mut bench = Bench::new(&config().replace("group_by: [alertname, zone]", "group_by: [alertname]"));
    bench.set(DOWN_A, true);
    bench.set(DOWN_B, true);
    bench.pass(MINUTE);
    assert_eq!(bench.acknowledge(DOWN_A, false, None), "", "the incident has one that nobody has taken on");
    bench.set(DOWN_B, false);
    assert_eq!(bench.pass(5 * MINUTE), "5:30 pager +Downa -Downb, 5:30 pager acknowledged Downa");
}

#[test]
fn only_what_fires_can_be_acknowledged() {
    let mut bench = Bench::new(&config());
    let (fingerprint, now_ms) = (Fingerprint::of(&labels(DOWN_A)), bench.now_ms);
    let given = acknowledgement("k", now_ms, None);
    let not_firing = Err(AcknowledgeError::NotFiring(fingerprint));
    assert_eq!(bench.dispatcher.acknowledge(fingerprint, true, &given, now_ms), not_firing);
    bench.set(DOWN_A, true);
    let nobody = Err(AcknowledgeError::NotAcknowledged(fingerprint));
    assert_eq!(bench.dispatcher.take_back(fingerprint, now_ms), nobody);
    let late = Acknowledgement { until_ms: Some(now_ms), ..given.clone() };
    let wrong = bench.dispatcher.acknowledge(fingerprint, true, &late, now_ms).unwrap_err();
    assert!(matches!(wrong, AcknowledgeError::Invalid { field: "until", .. }), "{wrong}");
    bench.pass(MINUTE);
    bench.set(DOWN_A, false);
    assert_eq!(
        bench.dispatcher.acknowledge(fingerprint, true, &given, bench.now_ms),
        Err(AcknowledgeError::NotFiring(fingerprint))
    );
}

#[test]
fn another_configuration_keeps_acknowledgements() {
    let mut bench = Bench::new(&config());
    bench.set(DOWN_A, true);
    bench.pass(MINUTE);
    bench.acknowledge(DOWN_A, true, None);
    let changed = config().replace("repeat_interval: 4h", "repeat_interval: 10m");
    let config = config::read(&changed, &|_| Ok(String::new())).unwrap();
    bench.dispatcher.replace_config(config, bench.now_ms);
    assert_eq!((bench.acknowledged(), bench.pass(60 * MINUTE)), (vec!["a".to_owned()], String::new()));
}

#[test]
fn another_alertmanager_is_told_on_as_it_forgets_what_it_is_not_told_of() {
    let hook = "webhook_configs: [{url: 'http://chat.example/', send_resolved: false}]";
    let mut bench =
        Bench::new(&config().replace(hook, "alertmanager_configs: [{url: 'http://am.example/'}]"));
    bench.set(DOWN_A, true);
    bench.pass(MINUTE);
    bench.acknowledge(DOWN_A, true, None);
    assert_eq!(bench.pass(4 * 60 * MINUTE), "240:30 chat +Downa");
}
