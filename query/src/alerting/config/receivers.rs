//! `receivers`.

use super::ReadSecret;
use super::global::Global;
use super::integrations::{self, Context};
use super::reader::{Fields, Reader};
use crate::alerting::receiver::{Integration, Receiver, set_keys};
use serde_yaml_ng::Value;

const OTHERS: &str =
    "send it with webhook_configs, or let an Alertmanager send it that is named in alertmanager_configs";

const NOT_HERE: &[(&str, &str)] = &[
    ("discord_configs", OTHERS),
    ("incidentio_configs", OTHERS),
    ("jira_configs", OTHERS),
    ("mattermost_configs", OTHERS),
    ("msteams_configs", OTHERS),
    ("msteamsv2_configs", OTHERS),
    ("opsgenie_configs", OTHERS),
    ("pushover_configs", OTHERS),
    ("rocketchat_configs", OTHERS),
    ("sns_configs", OTHERS),
    ("telegram_configs", OTHERS),
    ("victorops_configs", OTHERS),
    ("webex_configs", OTHERS),
    ("wechat_configs", OTHERS),
    ("labels", "receivers are found by their name; remove it"),
];

type ReadOne = fn(&mut Reader, Value, &Context) -> Integration;

const KINDS: [(&str, ReadOne); 5] = [
    ("slack_configs", integrations::slack),
    ("pagerduty_configs", integrations::pagerduty),
    ("webhook_configs", integrations::webhook),
    ("email_configs", integrations::email),
    ("alertmanager_configs", integrations::alertmanager),
];

pub fn read(reader: &mut Reader, file: &mut Fields, global: &Global, secret: ReadSecret) -> Vec<Receiver> {
    let context = Context { global, secret };
    let mut receivers: Vec<Receiver> = Vec::new();
    file.each(reader, "receivers", |reader, value| {
        let mut fields = reader.fields(value);
        let name = fields.text(reader, "name");
        if name.is_empty() {
            reader.problem("a receiver needs a name");
        } else if receivers.iter().any(|other| other.name == name) {
            reader.problem_at("name", format!("receiver {name:?} is there twice; rename one"));
        }
        let mut integrations = Vec::new();
        // In the order of the file, whatever it is.
        let mut kinds = KINDS.to_vec();
        let order = fields.left();
        kinds.sort_by_key(|(key, _)| order.iter().position(|name| name == key));
        for (key, read) in kinds {
            fields.each(reader, key, |reader, value| integrations.push(read(reader, value, &context)));
        }
        fields.finish(reader, "a receiver", NOT_HERE);
        set_keys(&mut integrations);
        receivers.push(Receiver { name, integrations });
    });
    receivers
}
