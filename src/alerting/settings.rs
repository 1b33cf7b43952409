//! The configuration of alerting: Alertmanager's file, what may be sent to, and where this server is seen.

use super::letter::gate_key;
use super::targets;
use ocelli_notify::{Content, HttpContent, Mail, Target};
use ocelli_query::alerting::config::{self, Config};
use ocelli_query::alerting::render::Parcel;
use ocelli_query::alerting::template::Templates;
use ocelli_query::rules::files::matching;
use regex::Regex;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// What the configuration of the server says.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Alertmanager's; without one alerts are shown and nobody is told.
    pub file: Option<PathBuf>,
    pub allow_targets: Vec<String>,
    /// Where people open this server; links in messages begin with it.
    pub external_url: String,
}

/// What is wrong with the file, a line each.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct LoadError(pub Vec<String>);

/// The file as it is at work.
pub struct Loaded {
    pub config: Config,
    pub templates: Templates,
    /// By receiver and key of the integration, as gates are.
    pub targets: HashMap<String, Target>,
    pub external_url: String,
    /// The text, for Alertmanager's `status`; it has secrets.
    pub text: String,
}

/// Keys of the file whose values are secrets: of addresses too, as they have tokens in them.
const SECRETS: &str = r"(?m)\b((?:[a-z_]*url|routing_key|service_key|credentials|[a-z_]*(?:password|token|secret))\s*:\s*)[^\s,}#][^,}\n]*";

impl Loaded {
    /// The file without its secrets.
    pub fn shown_text(&self) -> String {
        static SECRET: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(SECRETS).ok());
        SECRET
            .as_ref()
            .map(|secret| secret.replace_all(&self.text, "$1<secret>").into_owned())
            .unwrap_or_default()
    }

    pub fn target(&self, receiver: &str, integration: &str) -> Option<&Target> {
        self.targets.get(&gate_key(receiver, integration))
    }
}

pub fn load(settings: &Settings) -> Result<Loaded, LoadError> {
    let Some(path) = &settings.file else {
        return of_config(Config::default(), Templates::default(), settings, String::new());
    };
    let name = path.display().to_string();
    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
    let text = std::fs::read_to_string(path).map_err(|error| LoadError(vec![format!("{name}: {error}")]))?;
    let secret = |file: &Path| std::fs::read_to_string(folder.join(file)).map(|text| text.trim().to_owned());
    let config = config::read(&text, &secret).map_err(|problems| {
        LoadError(problems.iter().map(|problem| format!("{name}:{problem}")).collect())
    })?;
    let templates = templates(&config, &folder)?;
    of_config(config, templates, settings, text).map_err(|LoadError(lines)| {
        LoadError(lines.into_iter().map(|line| format!("{name}: {line}")).collect())
    })
}

fn of_config(
    config: Config,
    templates: Templates,
    settings: &Settings,
    text: String,
) -> Result<Loaded, LoadError> {
    let (mut all, mut wrong) = (HashMap::new(), Vec::new());
    for receiver in &config.receivers {
        for integration in &receiver.integrations {
            match targets::target(integration) {
                Ok(target) => drop(all.insert(gate_key(&receiver.name, &integration.key), target)),
                Err(error) => {
                    let kind = integration.kind.as_str();
                    wrong.push(format!("receiver '{}', {kind}_configs: {error}", receiver.name));
                }
            }
        }
    }
    if !wrong.is_empty() {
        return Err(LoadError(wrong));
    }
    let external_url = settings.external_url.trim_end_matches('/').to_owned();
    Ok(Loaded { config, templates, targets: all, external_url, text })
}

/// The files that `templates:` names.
fn templates(config: &Config, folder: &Path) -> Result<Templates, LoadError> {
    let (mut texts, mut wrong) = (Vec::new(), Vec::new());
    for pattern in &config.templates {
        let found = matching(folder, pattern).unwrap_or_default();
        for path in found {
            match std::fs::read_to_string(&path) {
                Ok(text) => texts.push((path.display().to_string(), text)),
                Err(error) => wrong.push(format!("{}: {error}", path.display())),
            }
        }
    }
    if !wrong.is_empty() {
        return Err(LoadError(wrong));
    }
    let texts = texts.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    Templates::read(texts).map_err(|why| LoadError(vec![why]))
}

/// A rendered message as it is kept and sent.
pub fn content(parcel: Parcel) -> Content {
    match parcel.mail {
        Some(mail) => Content::Mail(Mail {
            subject: mail.subject,
            text: mail.text,
            html: mail.html,
            headers: Vec::new(),
        }),
        None => Content::Http(HttpContent { content_type: parcel.content_type, body: parcel.body }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_of_the_file_is_shown() {
        let text = "global: {slack_api_url: https://h/SECRET, x: 1}\nreceivers:\n- webhook_configs:\n  - url: 'http://SECRET/'\n\
                    smtp_auth_password: SECRET word\n  send_resolved: true\n";
        let settings = Settings::default();
        let loaded = of_config(Config::default(), Templates::default(), &settings, text.to_owned()).unwrap();
        let shown = loaded.shown_text();
        assert!(
            !shown.contains("SECRET") && shown.contains("x: 1") && shown.contains("send_resolved: true"),
            "{shown}"
        );
        assert_eq!(shown.matches("<secret>").count(), 3, "{shown}");
    }

    #[test]
    fn a_file_that_is_not_there_is_told() {
        let settings = Settings { file: Some("/nowhere/alertmanager.yml".into()), ..Settings::default() };
        let why = load(&settings).map(drop).unwrap_err().to_string();
        assert!(why.starts_with("/nowhere/alertmanager.yml: "), "{why}");
    }
}
