pub mod acknowledged;

use super::*;
use crate::alerting::receiver::Webhook;
use crate::alerting::{Integration, Kind, Receiver, config};

pub const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const START: i64 = 1_795_694_400_000;

pub const CONFIG: &str = "
route:
  receiver: team
  group_by: [alertname]
  group_wait: 30s
  group_interval: 5m
  repeat_interval: 4h
  routes:
  - matchers: [severity=page]
    receiver: pager
    group_by: [alertname, zone]
    continue: true
  - matchers: [severity=page]
    receiver: chat
receivers:
- name: team
  webhook_configs: [{url: 'http://team.example/'}]
- name: pager
  webhook_configs: [{url: 'http://pager.example/'}]
- name: chat
  webhook_configs: [{url: 'http://chat.example/', send_resolved: false}]
inhibit_rules:
- source_matchers: [alertname=Outage]
  target_matchers: [severity=ticket]
  equal: [zone]
";

pub struct Bench {
    pub dispatcher: Dispatcher,
    pub now_ms: i64,
    records: BTreeMap<(String, String), String>,
}

impl Bench {
    pub fn new(config: &str) -> Bench {
        let config = config::read(config, &|_| Ok(String::new())).unwrap();
        Bench { dispatcher: Dispatcher::new(config, START), now_ms: START, records: BTreeMap::new() }
    }

    /// `name{a=b c=d}` fires, or is over.
    pub fn set(&mut self, text: &str, fires: bool) {
        let alert = Alert {
            labels: labels(text),
            annotations: Labels::default(),
            starts_at_ms: self.now_ms,
            ends_at_ms: (!fires).then_some(self.now_ms),
            updated_at_ms: self.now_ms,
            generator_url: String::new(),
            unknown_since_ms: None,
            value: None,
        };
        self.dispatcher.receive(vec![alert], self.now_ms);
        self.keep();
    }

    pub fn keep(&mut self) {
        for Record { space, name, content } in self.dispatcher.changes() {
            match content {
                Some(content) => drop(self.records.insert((space.to_owned(), name), content)),
                None => drop(self.records.remove(&(space.to_owned(), name))),
            }
        }
    }

    /// Kills the process and starts another one.
    pub fn restart(&mut self) {
        let records = self.records.iter();
        let records = records.map(|((space, name), content)| (space.clone(), name.clone(), content.clone()));
        self.dispatcher =
            Dispatcher::restore(self.dispatcher.config().clone(), records.collect(), self.now_ms);
    }

    /// Lets time pass second by second; the messages as `minute:second receiver +firing -resolved`, or
    /// `acknowledged firing`.
    fn pass(&mut self, ms: i64) -> String {
        let mut told = Vec::new();
        for _ in 0..ms / SECOND {
            self.now_ms += SECOND;
            for flush in self.dispatcher.tick(self.now_ms) {
                let at = (self.now_ms - START) / SECOND;
                let name =
                    |alert: &Alert| format!("{}{}", alert.labels.get("alertname"), alert.labels.get("zone"));
                let mark = if flush.is_acknowledgement { "acknowledged " } else { "+" };
                let firing = flush.firing().map(|alert| format!(" {mark}{}", name(alert)));
                let resolved = flush.resolved().map(|alert| format!(" -{}", name(alert)));
                let alerts: String = firing.chain(resolved).collect();
                told.push(format!("{}:{:02} {}{alerts}", at / 60, at % 60, flush.receiver));
            }
            self.keep();
        }
        told.join(", ")
    }
}

/// Of `name{a=b c=d}`.
pub fn labels(text: &str) -> Labels {
    let (name, rest) = text.split_once('{').unwrap();
    let pairs = rest.trim_end_matches('}').split(' ').filter_map(|pair| pair.split_once('='));
    Labels::new(pairs.chain([("alertname", name)]))
}

#[test]
fn a_group_waits_tells_and_repeats() {
    let mut bench = Bench::new(CONFIG);
    bench.set("Slow{zone=a}", true);
    assert_eq!(bench.pass(10 * SECOND), "");
    bench.set("Slow{zone=b}", true);
    assert_eq!(bench.pass(2 * MINUTE), "0:30 team +Slowa +Slowb");
    bench.set("Slow{zone=c}", true);
    assert_eq!(bench.pass(5 * MINUTE), "5:30 team +Slowa +Slowb +Slowc");
    assert_eq!(bench.pass(4 * 60 * MINUTE), "245:30 team +Slowa +Slowb +Slowc");
    bench.set("Slow{zone=a}", false);
    assert_eq!(bench.pass(5 * MINUTE), "250:30 team +Slowb +Slowc -Slowa");
    bench.set("Slow{zone=b}", false);
    bench.set("Slow{zone=c}", false);
    assert_eq!(bench.pass(5 * MINUTE), "255:30 team -Slowb -Slowc");
    assert_eq!((bench.dispatcher.alerts(bench.now_ms).len(), bench.records.len()), (0, 0), "nothing is left");
    bench.set("Slow{zone=a}", true);
    assert_eq!(bench.pass(MINUTE), "257:42 team +Slowa".replace("257:42", "257:40"), "it is new again");
}

#[test]
fn routes_go_on_and_some_receivers_are_not_told_the_end() {
    let mut bench = Bench::new(CONFIG);
    bench.set("Down{severity=page zone=a}", true);
    bench.set("Down{severity=page zone=b}", true);
    assert_eq!(bench.pass(MINUTE), "0:30 pager +Downa, 0:30 pager +Downb, 0:30 chat +Downa +Downb");
    bench.set("Down{severity=page zone=a}", false);
    assert_eq!(bench.pass(10 * MINUTE), "5:30 pager -Downa");
}

#[test]
fn what_nobody_was_told_of_is_not_told_as_over() {
    let mut bench = Bench::new(CONFIG);
    bench.set("Slow{zone=a}", true);
    bench.pass(10 * SECOND);
    bench.set("Slow{zone=a}", false);
    assert_eq!(bench.pass(10 * MINUTE), "");
    assert!(bench.records.is_empty());
}

pub fn silence(matcher: &str, now_ms: i64, minutes: i64) -> Silence {
    Silence {
        id: String::new(),
        matchers: vec![matcher.to_owned()],
        starts_at_ms: now_ms,
        ends_at_ms: now_ms + minutes * MINUTE,
        created_by: "me".into(),
        comment: "known".into(),
        created_at_ms: now_ms,
        updated_at_ms: now_ms,
    }
}

#[test]
fn a_silence_hides_until_it_ends_and_the_end_of_what_was_told_is_told() {
    let mut bench = Bench::new(CONFIG);
    let made = bench.dispatcher.put_silence(silence("zone=\"a\"", START, 8), "s1", START).unwrap();
    bench.set("Slow{zone=a}", true);
    bench.set("Slow{zone=b}", true);
    assert_eq!(bench.pass(6 * MINUTE), "0:30 team +Slowb");
    let hidden = bench.dispatcher.alerts(bench.now_ms);
    assert_eq!(hidden.iter().filter(|one| one.silenced_by == [made.id.clone()]).count(), 1);
    assert_eq!(bench.pass(6 * MINUTE), "10:30 team +Slowa +Slowb");
    bench.dispatcher.put_silence(silence("zone=~\"a|b\"", bench.now_ms, 60), "s2", bench.now_ms).unwrap();
    bench.set("Slow{zone=a}", false);
    assert_eq!(bench.pass(5 * MINUTE), "15:30 team -Slowa", "an incident does not stay open");
    let now_ms = bench.now_ms;
    assert_eq!(bench.dispatcher.expire_silence("s1", now_ms), Err(SilenceError::Expired("s1".into())));
    assert_eq!(bench.dispatcher.expire_silence("x", now_ms), Err(SilenceError::NotFound("x".into())));
    bench.dispatcher.expire_silence("s2", now_ms).unwrap();
    bench.pass(6 * 1_440 * MINUTE / 60);
}

#[test]
fn a_changed_silence_is_another_one_where_it_hides_others() {
    let mut bench = Bench::new(CONFIG);
    let first = bench.dispatcher.put_silence(silence("a=\"1\"", START, 10), "s1", START).unwrap();
    let longer = Silence { ends_at_ms: START + 60 * MINUTE, ..first.clone() };
    assert_eq!(bench.dispatcher.put_silence(longer, "s2", START).unwrap().id, "s1");
    let other = Silence { matchers: vec!["a=\"2\"".into()], ..first };
    assert_eq!(bench.dispatcher.put_silence(other, "s2", START).unwrap().id, "s2");
    let states: Vec<_> =
        bench.dispatcher.silences().map(|one| (one.id.clone(), one.ends_at_ms - START)).collect();
    assert_eq!(states, [("s1".to_owned(), 0), ("s2".to_owned(), 10 * MINUTE)]);
    let wrong = bench.dispatcher.put_silence(silence("a=~\".*\"", START, 10), "s3", START).unwrap_err();
    assert!(wrong.to_string().contains("match the empty text"), "{wrong}");
}

#[test]
fn a_source_hides_its_targets_where_labels_are_equal() {
    let mut bench = Bench::new(CONFIG);
    bench.set("Outage{zone=a}", true);
    bench.set("Slow{severity=ticket zone=a}", true);
    bench.set("Slow{severity=ticket zone=b}", true);
    assert_eq!(bench.pass(MINUTE), "0:30 team +Outagea, 0:30 team +Slowb");
    bench.set("Outage{zone=a}", false);
    assert_eq!(bench.pass(6 * MINUTE), "5:30 team -Outagea, 5:30 team +Slowa +Slowb");
}

#[test]
fn an_alert_of_another_system_ends_when_it_said() {
    let mut bench = Bench::new(CONFIG);
    bench.set("Slow{zone=a}", true);
    bench.pass(MINUTE);
    let alert = bench.dispatcher.alerts(bench.now_ms)[0].alert.clone();
    let ends = Alert { ends_at_ms: Some(bench.now_ms + MINUTE), ..alert };
    bench.dispatcher.receive(vec![ends], bench.now_ms);
    assert_eq!(bench.pass(10 * MINUTE), "5:30 team -Slowa");
}

#[test]
fn a_restart_at_any_moment_changes_nothing() {
    let play = |restart_at: i64| {
        let mut bench = Bench::new(CONFIG);
        let mut told = Vec::new();
        for second in 0..700 {
            match second {
                5 => bench.set("Slow{zone=a}", true),
                50 => bench.set("Down{severity=page zone=a}", true),
                200 => bench.set("Slow{zone=b}", true),
                300 => bench.set("Slow{zone=a}", false),
                400 => bench.set("Down{severity=page zone=a}", false),
                _ => {}
            }
            if second == restart_at {
                bench.restart();
            }
            let said = bench.pass(SECOND);
            told.extend(Some(said).filter(|said| !said.is_empty()));
        }
        told
    };
    let expected = play(-1);
    assert_eq!(expected.len(), 4, "{expected:?}");
    for second in 0..700 {
        assert_eq!(play(second), expected, "at second {second}");
    }
}

#[test]
fn a_restart_after_a_long_time_tells_what_is_due_at_once() {
    let mut bench = Bench::new(CONFIG);
    bench.set("Slow{zone=a}", true);
    bench.pass(10 * SECOND);
    bench.now_ms += 600 * MINUTE;
    bench.restart();
    assert_eq!(bench.pass(2 * SECOND), "600:11 team +Slowa");
    bench.now_ms -= 600 * MINUTE;
    bench.restart();
    assert_eq!(bench.pass(6 * MINUTE), "", "a clock that was set back: no time lies hours ahead");
    bench.set("Slow{zone=b}", true);
    assert!(bench.pass(6 * MINUTE).contains("+Slowb"));
}

#[test]
fn another_configuration_goes_on_with_the_groups_that_stay() {
    let mut bench = Bench::new(CONFIG);
    bench.set("Slow{zone=a}", true);
    bench.pass(MINUTE);
    let changed = CONFIG.replace("repeat_interval: 4h", "repeat_interval: 10m");
    let config = config::read(&changed, &|_| Ok(String::new())).unwrap();
    bench.dispatcher.replace_config(config, bench.now_ms);
    assert_eq!(bench.pass(12 * MINUTE), "10:30 team +Slowa");
}

#[test]
fn a_thousand_alerts_are_few_messages() {
    let mut bench = Bench::new(CONFIG);
    for n in 0..1_000 {
        bench.set(&format!("Down{{severity=page zone={} instance=i{n}}}", n % 7), true);
    }
    let told = bench.pass(4 * MINUTE);
    assert_eq!(told.split(", ").count(), 8, "one to the chat, one for each zone to the pager");
}

#[test]
fn ten_thousand_alerts_with_silences_and_inhibition_are_no_trouble() {
    let integration = Integration {
        key: "more".into(),
        kind: Kind::Webhook(Webhook::default()),
        send_resolved: true,
        http: Default::default(),
    };
    let mut config = config::read(CONFIG, &|_| Ok(String::new())).unwrap();
    config.receivers.push(Receiver { name: "more".into(), integrations: vec![integration] });
    let mut bench =
        Bench { dispatcher: Dispatcher::new(config, START), now_ms: START, records: BTreeMap::new() };
    for n in 0..200 {
        let silence = silence(&format!("instance=\"i{n}\""), START, 60);
        bench.dispatcher.put_silence(silence, &format!("s{n}"), START).unwrap();
    }
    for n in 0..10_000 {
        bench.set(&format!("Slow{}{{severity=ticket zone=z{} instance=i{n}}}", n % 1_000, n % 10), true);
    }
    for zone in 0..5 {
        bench.set(&format!("Outage{{zone=z{zone}}}"), true);
    }
    let told = bench.pass(31 * SECOND);
    // Five of ten zones are hidden: 500 of 1,000 names, each with ten alerts in one zone; silences take single ones.
    assert_eq!(told.split(", ").filter(|one| one.contains("+Slow")).count(), 500);
}

#[test]
fn an_integration_that_is_put_before_another_takes_nothing_from_it() {
    let mut bench = Bench::new(CONFIG);
    bench.set("Slow{zone=a}", true);
    assert_eq!(bench.pass(MINUTE), "0:30 team +Slowa");
    let before = "webhook_configs: [{url: 'http://team.example/'}]";
    let two = "webhook_configs: [{url: 'http://new.example/'}, {url: 'http://team.example/'}]";
    let config = config::read(&CONFIG.replace(before, two), &|_| Ok(String::new())).unwrap();
    bench.dispatcher.replace_config(config, bench.now_ms);
    assert_eq!(bench.pass(5 * MINUTE), "5:30 team +Slowa", "the new one alone is told");
    bench.set("Slow{zone=a}", false);
    assert_eq!(bench.pass(5 * MINUTE), "10:30 team -Slowa, 10:30 team -Slowa");
}
