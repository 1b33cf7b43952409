//! Alerting as the configuration names it.

use super::Config;
use crate::alerting::Settings;
use serde::Deserialize;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Who is told of alerts, and what may be sent to.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct AlertingConfig {
    /// Alertmanager's configuration file; relative to the folder of this one.
    pub config_file: Option<PathBuf>,
    /// Private networks, addresses and hosts that messages may go to.
    pub allow_targets: Vec<String>,
    /// Where people open this server.
    pub external_url: Option<String>,
}

impl AlertingConfig {
    pub(super) fn name_files(&mut self, folder: &Path) {
        self.config_file.iter_mut().for_each(|file| *file = folder.join(&file));
    }

    /// What is wrong with a value, and which.
    pub(super) fn validate(&self) -> Result<(), (&'static str, String)> {
        let guard = ocelli_notify::Guard::new(&self.allow_targets);
        guard.map(drop).map_err(|error| ("allow_targets", error.to_string()))?;
        match &self.external_url {
            Some(url) if !url.starts_with("http://") && !url.starts_with("https://") => Err((
                "external_url",
                format!("alerting.external_url: '{url}' does not begin with http:// or https://"),
            )),
            _ => Ok(()),
        }
    }
}

impl Config {
    /// Without an external address links lead to where the API listens.
    pub fn alerting_settings(&self, api: SocketAddr) -> Settings {
        Settings {
            file: self.alerting.config_file.clone(),
            allow_targets: self.alerting.allow_targets.clone(),
            external_url: self.alerting.external_url.clone().unwrap_or_else(|| format!("http://{api}")),
        }
    }
}
