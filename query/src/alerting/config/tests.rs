use super::*;
use crate::alerting::receiver::{Kind, Secret};
use crate::promql::labels::Labels;

/// The files that the fixtures name.
fn secret(path: &Path) -> io::Result<String> {
    match path.to_str() {
        Some("slack.url") => Ok("https://hooks.slack.example/T/B/x\n".to_owned()),
        Some("/run/secrets/pagerduty") => Ok("0123456789abcdef".to_owned()),
        _ => Err(io::Error::new(io::ErrorKind::NotFound, "no such file")),
    }
}

fn fixture(name: &str) -> String {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/alerting/config");
    std::fs::read_to_string(dir.join(name)).unwrap()
}

#[test]
fn the_files_in_testdata_are_told_as_they_say() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/alerting/config");
    let (mut seen, mut wrong) = ((0, 0), String::new());
    for entry in std::fs::read_dir(dir).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let text = fixture(&name);
        let found: Vec<String> = match read(&text, &secret) {
            Ok(_) => Vec::new(),
            Err(problems) => problems.iter().map(Problem::to_string).collect(),
        };
        let wanted: Vec<&str> = match name.ends_with(".bad.yml") {
            true => text.lines().filter_map(|line| line.strip_prefix("# ")).collect(),
            false => Vec::new(),
        };
        if found != wanted || name.ends_with(".bad.yml") && found.is_empty() {
            wrong.push_str(&format!("{name}:\n{}\n", found.join("\n")));
        }
        let kind = if name.ends_with(".good.yml") { &mut seen.0 } else { &mut seen.1 };
        *kind += 1;
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(seen.0 >= 2 && seen.1 >= 3, "{seen:?}");
}

fn receivers_of(config: &Config, labels: &[(&str, &str)]) -> String {
    let mut found = Vec::new();
    config.route.matching(&Labels::new(labels.iter().copied()), &mut found);
    found.iter().map(|route| route.receiver.as_str()).collect::<Vec<_>>().join(" ")
}

#[test]
fn routes_inherit_and_match() {
    let config = read(&fixture("simple.good.yml"), &secret).unwrap();
    assert_eq!(receivers_of(&config, &[]), "team-X-mails");
    assert_eq!(receivers_of(&config, &[("service", "foo1")]), "team-X-mails");
    assert_eq!(receivers_of(&config, &[("service", "foo1"), ("severity", "critical")]), "team-X-pager");
    assert_eq!(receivers_of(&config, &[("service", "files")]), "team-Y-mails");
    assert_eq!(receivers_of(&config, &[("service", "database")]), "team-DB-pager");
    assert_eq!(
        receivers_of(&config, &[("service", "database"), ("owner", "team-X")]),
        "team-X-pager team-DB-pager"
    );
    let [_, _, database] = &config.route.routes[..] else { panic!("{:?}", config.route) };
    assert_eq!(
        database.group_by,
        GroupBy::Labels(["alertname", "cluster", "database"].map(str::to_owned).to_vec())
    );
    let owner = &database.routes[0];
    assert_eq!((owner.group_by.clone(), owner.group_wait_ms), (database.group_by.clone(), 10_000));
    assert_eq!(owner.group_interval_ms, 300_000);
    assert_eq!((owner.repeat_interval_ms, owner.goes_on), (3 * 3_600_000, true));
    let labels = Labels::new([("alertname", "Down"), ("x", "y")]);
    assert_eq!(owner.group_labels(&labels), Labels::new([("alertname", "Down")]));
}

#[test]
fn receivers_have_what_global_says_and_defaults() {
    let config = read(&fixture("simple.good.yml"), &secret).unwrap();
    let of = |name: &str| &config.receiver(name).unwrap().integrations;
    let mails = &of("team-X-mails")[0];
    let Kind::Email(email) = &mails.kind else { panic!("{mails:?}") };
    assert_eq!((email.from.as_str(), email.smarthost.as_str()), ("alerts@example.org", "localhost:25"));
    assert_eq!(email.to, ["team-X+alerts@example.org", "x@example.org"]);
    assert!(email.require_tls && !mails.send_resolved && email.subject.contains("{{"));
    let [pager, hook] = &of("team-X-pager")[..] else { panic!() };
    let Kind::PagerDuty(pagerduty) = &pager.kind else { panic!("{pager:?}") };
    assert_eq!(pagerduty.routing_key, Secret("0123456789abcdef".to_owned()));
    assert_eq!(pagerduty.details, [("runbook".to_owned(), "1.10".to_owned())]);
    assert!(pager.send_resolved && hook.send_resolved);
    assert_eq!(hook.http.bearer, Some(Secret("t".to_owned())));
    assert_eq!(hook.http.headers, [("X-Scope".to_owned(), "a".to_owned())]);
    assert_eq!(hook.http.timeout_ms, Some(5_000));
    let slack = &of("team-Y-mails")[0];
    let Kind::Slack(one) = &slack.kind else { panic!("{slack:?}") };
    assert_eq!((one.url.0.as_str(), one.channel.as_str()), ("https://hooks.slack.example/T/B/x", "#y"));
    assert!(!slack.send_resolved);
    let bot = &of("team-DB-pager")[0];
    let Kind::Slack(slack) = &bot.kind else { panic!("{bot:?}") };
    assert_eq!(
        (slack.url.0.as_str(), &bot.http.bearer),
        ("https://slack.com/api/chat.postMessage", &Some(Secret("xoxb-1".to_owned())))
    );
    assert!(!format!("{config:?}").contains("xoxb-1"), "secrets are not shown");
}

#[test]
fn without_a_file_alerts_are_grouped_and_nobody_is_told() {
    let config = Config::default();
    assert_eq!(receivers_of(&config, &[("alertname", "Down")]), "nobody");
    assert!(config.receiver("nobody").unwrap().integrations.is_empty());
    let labels = Labels::new([("alertname", "Down"), ("service_name", "cart"), ("pod", "p")]);
    assert_eq!(config.route.group_labels(&labels).len(), 2);
    assert_eq!(config.route.group_wait_ms, 30_000);
}
