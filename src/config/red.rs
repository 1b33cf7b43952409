//! The metrics that are made of spans.

use serde::Deserialize;

#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct RedConfig {
    pub interval_s: u64,
}

impl Default for RedConfig {
    fn default() -> RedConfig {
        RedConfig { interval_s: 5 }
    }
}
