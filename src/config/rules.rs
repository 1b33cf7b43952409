//! Rules as the configuration names them.

use super::Config;
use crate::rules::Settings;
use ocelli_signal::{DEFAULT_TENANT, Signal};
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};
use std::path::{Path, PathBuf};

/// How rules are evaluated where their group says nothing else.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct RulesConfig {
    pub evaluation_interval_s: u64,
}

impl Default for RulesConfig {
    fn default() -> RulesConfig {
        RulesConfig { evaluation_interval_s: 60 }
    }
}

/// What another reader makes sense of.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Elsewhere;

impl<'de> Deserialize<'de> for Elsewhere {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Elsewhere, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Elsewhere)
    }
}

/// Time for senders to come back after a start: exporters try again within half a minute.
const SETTLE_MS: i64 = 60_000;

impl Config {
    /// Patterns of the file are relative to its folder; then come those of the flags.
    pub(super) fn name_rules(&mut self, folder: &Path, flags: &[PathBuf]) {
        self.rule_files.iter_mut().for_each(|pattern| *pattern = folder.join(&pattern));
        self.rule_files.extend(flags.iter().cloned());
        self.slo_files.iter_mut().for_each(|pattern| *pattern = folder.join(&pattern));
    }

    pub fn rule_settings(&self) -> Settings {
        let limits = self.query_limits();
        let keep = self.retention.retention().keep(DEFAULT_TENANT, Signal::Points, "");
        let ms = |seconds: u64| i64::try_from(seconds.saturating_mul(1_000)).unwrap_or(i64::MAX);
        Settings {
            files: self.rule_files.clone(),
            starter_pack: self.starter_pack,
            slo_files: self.slo_files.clone(),
            config_file: self.file.clone(),
            interval_ms: ms(self.rules.evaluation_interval_s),
            history_ms: ms(keep.as_secs()),
            timeout: limits.timeout,
            max_samples: limits.samples,
            max_bytes: usize::try_from(limits.query_bytes).unwrap_or(usize::MAX),
            settle_ms: SETTLE_MS,
        }
    }
}
