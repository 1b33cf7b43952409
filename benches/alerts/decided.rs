//! Who is told what, decided without a disk or a network.

use crate::Arguments;
use crate::common::process::cpu_s;
use ocelli_query::alerting::Alert;
use ocelli_query::alerting::config;
use ocelli_query::alerting::dispatch::Dispatcher;
use ocelli_query::promql::labels::Labels;

/// Groups of a hundred alerts, an inhibition that is looked up for each, and a pager beside the team.
pub const CONFIG: &str = "
route:
  receiver: team
  group_by: [alertname]
  group_wait: 30s
  group_interval: 5m
  routes:
  - matchers: [severity=page]
    receiver: pager
    group_by: [alertname, zone]
receivers:
- name: team
  webhook_configs: [{url: 'http://127.0.0.1:9/'}]
- name: pager
  webhook_configs: [{url: 'http://127.0.0.1:9/'}]
inhibit_rules:
- source_matchers: [alertname=Outage]
  target_matchers: [severity=page]
  equal: [zone]
";

const GROUP: usize = 100;
const NOW_MS: i64 = 1_795_694_400_000;

pub fn labels(number: usize) -> Vec<(&'static str, String)> {
    vec![
        ("alertname", format!("Slow{}", number / GROUP)),
        ("severity", if number.is_multiple_of(10) { "page" } else { "ticket" }.to_owned()),
        ("zone", format!("zone-{}", number % 7)),
        ("instance", format!("shop-{number}:8080")),
        ("job", "shop".to_owned()),
    ]
}

fn alert(number: usize, ends_at_ms: Option<i64>) -> Alert {
    Alert {
        labels: Labels::new(labels(number)),
        annotations: Labels::new([("summary", "requests take long")]),
        starts_at_ms: NOW_MS,
        ends_at_ms,
        updated_at_ms: NOW_MS,
        generator_url: String::new(),
        unknown_since_ms: None,
        value: Some(1.0),
    }
}

pub fn run(arguments: &Arguments) -> anyhow::Result<String> {
    let config = config::read(CONFIG, &|_| Ok(String::new()));
    let config = config.map_err(|problems| anyhow::anyhow!("{} problems", problems.len()))?;
    let count = arguments.alerts;
    let mut dispatcher = Dispatcher::new(config, NOW_MS);
    let timed = |what: &mut dyn FnMut() -> usize| {
        let before_s = cpu_s("self")?;
        let done = what();
        anyhow::Ok((done, (cpu_s("self")? - before_s) * 1e6 / count as f64))
    };
    let firing: Vec<Alert> = (0..count).map(|number| alert(number, None)).collect();
    let again = firing.clone();
    let over: Vec<Alert> = (0..count).map(|number| alert(number, Some(NOW_MS + 60_000))).collect();
    let mut batches = [firing, again, over].map(Some);
    let mut receive = |dispatcher: &mut Dispatcher, at: usize, ms: i64| {
        dispatcher.receive(batches[at].take().unwrap_or_default(), NOW_MS + ms);
        dispatcher.changes().len()
    };
    let (records, first_us) = timed(&mut || receive(&mut dispatcher, 0, 0))?;
    let (messages, told_us) = timed(&mut || dispatcher.tick(NOW_MS + 30_000).len())?;
    dispatcher.changes();
    let (unchanged, again_us) = timed(&mut || receive(&mut dispatcher, 1, 40_000))?;
    let (_, over_us) = timed(&mut || receive(&mut dispatcher, 2, 60_000))?;
    let (ends, ended_us) = timed(&mut || dispatcher.tick(NOW_MS + 400_000).len())?;
    Ok(format!(
        "dispatch alone, {count} alerts; µs of CPU for each: {first_us:.2} new ({records} records), {told_us:.2} told in {messages} messages, \
         {again_us:.2} said again ({unchanged} records), {over_us:.2} over, {ended_us:.2} told so in {ends} messages"
    ))
}
