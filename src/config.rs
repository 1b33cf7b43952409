//! The configuration: defaults, then the YAML file, then flags.
//!
//! A wrong file is refused with its name, line and column, and what to write instead.

mod alerting;
mod bytes;
mod red;
mod retention;
mod rules;
mod text;

pub use bytes::Bytes;
pub use retention::Keep;

use crate::cli::ServeArgs;
use alerting::AlertingConfig;
use ocelli_storage::budget::{Budget, Part};
use ocelli_storage::{CatalogAddress, SegmentsAddress};
use red::RedConfig;
use retention::RetentionConfig;
use rules::{Elsewhere, RulesConfig};
use serde::{Deserialize, Deserializer};
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// A file or flag that says something impossible. The message names the place and the fix.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(String);

/// Everything that can be set.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    pub data_dir: PathBuf,
    pub listen: SocketAddr,
    pub otlp_grpc: SocketAddr,
    pub otlp_http: SocketAddr,
    pub insecure: bool,
    /// None for a share of what the control group or the machine has.
    pub memory_budget: Option<Bytes>,
    pub storage: StorageConfig,
    pub ingest: IngestConfig,
    pub query: QueryConfig,
    pub red: RedConfig,
    pub retention: RetentionConfig,
    /// Patterns; in a file they are relative to its folder.
    pub rule_files: Vec<PathBuf>,
    pub rules: RulesConfig,
    pub alerting: AlertingConfig,
    pub starter_pack: bool,
    /// Patterns of files of objectives, as `rule_files`.
    pub slo_files: Vec<PathBuf>,
    /// Objectives in the file itself, which is read with the others for them.
    slos: Elsewhere,
    #[serde(skip)]
    file: Option<PathBuf>,
}

/// Where things are kept, and when memtables are written out.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct StorageConfig {
    #[serde(deserialize_with = "catalog_address")]
    pub catalog: CatalogAddress,
    #[serde(deserialize_with = "segments_address")]
    pub segments: SegmentsAddress,
    pub read_cache_bytes: Option<u64>,
    pub node: String,
    pub flush_bytes: usize,
    pub flush_age_s: u64,
}

fn catalog_address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<CatalogAddress, D::Error> {
    text::parsed(deserializer, CatalogAddress::parse)
}

fn segments_address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SegmentsAddress, D::Error> {
    text::parsed(deserializer, SegmentsAddress::parse)
}

/// Bounds of a request.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct IngestConfig {
    pub max_body_bytes: usize,
    pub max_decompressed_bytes: usize,
}

#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct QueryConfig {
    pub timeout_s: u64,
    pub concurrent_queries: usize,
}

impl Default for Config {
    fn default() -> Config {
        let loopback = |port| SocketAddr::from(([127, 0, 0, 1], port));
        Config {
            data_dir: "ocelli-data".into(),
            listen: loopback(4319),
            otlp_grpc: loopback(4317),
            otlp_http: loopback(4318),
            insecure: false,
            memory_budget: None,
            storage: StorageConfig::default(),
            ingest: IngestConfig::default(),
            query: QueryConfig::default(),
            red: RedConfig::default(),
            retention: RetentionConfig::default(),
            rule_files: Vec::new(),
            rules: RulesConfig::default(),
            alerting: AlertingConfig::default(),
            starter_pack: false,
            slo_files: Vec::new(),
            slos: Elsewhere,
            file: None,
        }
    }
}

impl Default for StorageConfig {
    fn default() -> StorageConfig {
        let options = ocelli_storage::Options::new("");
        StorageConfig {
            catalog: options.catalog,
            segments: options.segments,
            read_cache_bytes: options.read_cache_bytes,
            node: options.node,
            flush_bytes: options.flush_bytes,
            flush_age_s: options.flush_age.as_secs(),
        }
    }
}

impl Default for IngestConfig {
    fn default() -> IngestConfig {
        let limits = ocelli_collector::Limits::default();
        IngestConfig { max_body_bytes: limits.body_bytes, max_decompressed_bytes: limits.decompressed_bytes }
    }
}

impl Default for QueryConfig {
    fn default() -> QueryConfig {
        let limits = ocelli_query::Limits::default();
        QueryConfig { timeout_s: limits.timeout.as_secs(), concurrent_queries: limits.concurrent_queries }
    }
}

impl Config {
    /// The memory that everything shares.
    pub fn memory(&self) -> Arc<Budget> {
        self.memory_budget.map_or_else(Budget::detect, |bytes| Budget::new(bytes.0))
    }

    pub fn storage_options(&self) -> ocelli_storage::Options {
        ocelli_storage::Options {
            catalog: self.storage.catalog.clone(),
            segments: self.storage.segments.clone(),
            read_cache_bytes: self.storage.read_cache_bytes,
            node: self.storage.node.clone(),
            flush_bytes: self.storage.flush_bytes,
            flush_age: Duration::from_secs(self.storage.flush_age_s),
            retention: self.retention.retention(),
            ..ocelli_storage::Options::new(&self.data_dir)
        }
    }

    pub fn collector_limits(&self, memory: &Budget) -> ocelli_collector::Limits {
        let requests = memory.limit(Part::Requests);
        ocelli_collector::Limits {
            in_flight_bytes: requests,
            // What never fits must be refused as too large, not as something to send again.
            body_bytes: self.ingest.max_body_bytes.min(requests),
            decompressed_bytes: self.ingest.max_decompressed_bytes.min(requests),
            ..Default::default()
        }
    }

    pub fn query_limits(&self) -> ocelli_query::Limits {
        ocelli_query::Limits {
            timeout: Duration::from_secs(self.query.timeout_s),
            concurrent_queries: self.query.concurrent_queries,
            ..Default::default()
        }
    }

    /// What no single field can tell: the key that is wrong, and why.
    fn validate(&self) -> Result<(), (&'static str, String)> {
        let positive = [
            ("storage.flush_bytes", self.storage.flush_bytes),
            ("storage.flush_age_s", self.storage.flush_age_s as usize),
            ("ingest.max_body_bytes", self.ingest.max_body_bytes),
            ("ingest.max_decompressed_bytes", self.ingest.max_decompressed_bytes),
            ("query.timeout_s", self.query.timeout_s as usize),
            ("query.concurrent_queries", self.query.concurrent_queries),
            ("red.interval_s", self.red.interval_s as usize),
            ("rules.evaluation_interval_s", self.rules.evaluation_interval_s as usize),
        ];
        check_memory(self.memory_budget).map_err(|why| ("memory_budget", format!("memory_budget: {why}")))?;
        if let Some((name, _)) = positive.into_iter().find(|(_, value)| *value == 0) {
            return Err((name, format!("{name} is 0; give a number from 1")));
        }
        self.storage_options().check().map_err(|error| ("storage.node", error.to_string()))?;
        self.alerting.validate()?;
        self.retention.validate()
    }

    /// There is no log-in yet: whoever reaches a listener may read and write everything.
    /// The key that is wrong, and why.
    fn check_addresses(&self) -> Result<(), (&'static str, String)> {
        let listeners =
            [("listen", self.listen), ("otlp_grpc", self.otlp_grpc), ("otlp_http", self.otlp_http)];
        match listeners.into_iter().find(|(_, address)| !self.insecure && !address.ip().is_loopback()) {
            Some((key, address)) => {
                let flag = key.replace('_', "-");
                let why = format!(
                    "--{flag} {address} is reachable from other machines and there is no log-in yet; \
                     use 127.0.0.1, or add --insecure if the network is trusted"
                );
                Err((key, why))
            }
            None => Ok(()),
        }
    }
}

/// Defaults, then the file that `args` names, then its flags.
pub fn load(args: &ServeArgs) -> Result<Config, ConfigError> {
    let mut config = match &args.data.config {
        Some(path) => read(path).map_err(ConfigError)?,
        None => Config::default(),
    };
    if let Some(data_dir) = &args.data.data_dir {
        config.data_dir = data_dir.clone();
    }
    if let Some(url) = &args.data.catalog {
        config.storage.catalog =
            CatalogAddress::parse(url).map_err(|why| ConfigError(format!("--catalog: {why}")))?;
    }
    if let Some(url) = &args.data.segments {
        config.storage.segments =
            SegmentsAddress::parse(url).map_err(|why| ConfigError(format!("--segments: {why}")))?;
    }
    if let Some(node) = &args.data.node {
        config.storage.node = node.clone();
        config.storage_options().check().map_err(|why| ConfigError(format!("--node: {why}")))?;
    }
    if args.memory_budget.is_some() {
        check_memory(args.memory_budget).map_err(|why| ConfigError(format!("--memory-budget: {why}")))?;
        config.memory_budget = args.memory_budget;
    }
    let folder = args.data.config.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
    config.name_rules(folder, &args.rules);
    config.alerting.name_files(folder);
    config.file = args.data.config.clone();
    config.retention.default = args.retention.unwrap_or(config.retention.default);
    config.listen = args.listen.unwrap_or(config.listen);
    config.otlp_grpc = args.otlp_grpc.unwrap_or(config.otlp_grpc);
    config.otlp_http = args.otlp_http.unwrap_or(config.otlp_http);
    config.insecure |= args.insecure;
    let by_flag = [
        ("listen", args.listen.is_some()),
        ("otlp_grpc", args.otlp_grpc.is_some()),
        ("otlp_http", args.otlp_http.is_some()),
    ];
    config.check_addresses().map_err(|(key, why)| match &args.data.config {
        Some(path) if !by_flag.contains(&(key, true)) => ConfigError(placed(path, key, &why)),
        _ => ConfigError(why),
    })?;
    Ok(config)
}

fn check_memory(budget: Option<Bytes>) -> Result<(), String> {
    let least = ocelli_storage::limits::MEMORY_BUDGET_MIN_BYTES;
    match budget {
        Some(Bytes(bytes)) if bytes < least => {
            Err(format!("{bytes} bytes are too few to work with; give {} MiB or more", least >> 20))
        }
        _ => Ok(()),
    }
}

/// The reason behind the place in the file where the key stands.
fn placed(path: &Path, key: &str, why: &str) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    format!("{}:{}: {why}", path.display(), line_of(&text, key))
}

/// The line of a key, which may be given with its section: `storage.flush_bytes`. The first line where
/// the file is written in another style.
fn line_of(text: &str, key: &str) -> usize {
    let (section, name) = key.rsplit_once('.').unwrap_or(("", key));
    let is = |line: &str, name: &str| {
        line.trim_start().strip_prefix(name).is_some_and(|rest| rest.starts_with(':'))
    };
    let begin = text.lines().position(|line| !section.is_empty() && is(line, section)).unwrap_or(0);
    text.lines().skip(begin).position(|line| is(line, name)).map_or(1, |place| begin + place + 1)
}

/// What is wrong with a file, with its place.
pub fn check(path: &Path) -> Result<(), String> {
    let config = read(path)?;
    config.check_addresses().map_err(|(key, why)| placed(path, key, &why))
}

fn read(path: &Path) -> Result<Config, String> {
    let name = path.display();
    let text = fs::read_to_string(path).map_err(|error| format!("{name}: {error}"))?;
    parse(&text).map_err(|why| format!("{name}:{why}"))
}

/// The message starts with `line:column: `, or a space where the whole file is meant.
fn parse(text: &str) -> Result<Config, String> {
    if text.trim().is_empty() {
        return Ok(Config::default());
    }
    let config: Config = serde_yaml_ng::from_str(text).map_err(|error| match error.location() {
        Some(at) => {
            let message = error.to_string();
            let place = format!(" at line {} column {}", at.line(), at.column());
            format!("{}:{}: {}", at.line(), at.column(), message.replace(&place, ""))
        }
        None => format!(" {error}"),
    })?;
    config.validate().map_err(|(key, why)| format!("{}: {why}", line_of(text, key)))?;
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::DataArgs;

    fn check(text: &str, expect: &str) {
        match parse(text) {
            Ok(config) => assert_eq!(format!("{:?}", config.storage.flush_bytes), expect),
            Err(why) => assert!(why.contains(expect), "{why}"),
        }
    }

    #[test]
    fn a_wrong_file_is_told_by_line_and_column() {
        check("storage:\n  flush_bytes: 1\n  flush_age_s: 2\n", "1");
        check("lisen: 127.0.0.1:1\n", "1:1: unknown field `lisen`, expected one of `data_dir`, `listen`");
        check("storage:\n  flush_byte: 1\n", "storage: unknown field `flush_byte`");
        check("listen: nowhere\n", "1:9: listen: invalid socket address syntax");
        check("storage:\n  flush_bytes: 0\n", "2: storage.flush_bytes is 0; give a number from 1");
        check(
            "storage:\n  catalog: mysql://me:secret@db/o\n",
            "2:12: storage.catalog: invalid: a catalog is postgres://",
        );
        check("storage:\n  node: A b\n", "2: invalid: node 'A b': a node has 1 to 64 of a-z");
        check("listen: [", "1:9: listen: invalid type: sequence, expected socket address");
    }

    #[test]
    fn a_wrong_retention_is_told_by_line_and_column() {
        check(
            "retention:\n  logs: 14 days\n",
            "2:9: retention.logs: '14 days' is no time to keep something: give a number from 1 and d, h, m or s",
        );
        check(
            "retention:\n  spans: 14d\n",
            "retention: unknown field `spans`, expected one of `default`, `traces`",
        );
        check("retention:\n  max_disk_percent: 0\n", "2: 0 percent of the disk; give a number from 1 to 100");
        check(
            "retention:\n  services:\n  - {service: a, signal: spans, keep: 1d}\n",
            "unknown variant `spans`",
        );
        check(
            "retention:\n  services:\n  - {service: a, keep: 1d}\n  - {service: a, keep: 2d}\n",
            "2: service 'a' is there twice for the same signal; keep one",
        );
    }

    #[test]
    fn other_machines_are_kept_out_unless_told() {
        let open = ServeArgs { listen: "0.0.0.0:4319".parse().ok(), ..Default::default() };
        let why = load(&open).unwrap_err().to_string();
        assert!(why.contains("--listen 0.0.0.0:4319") && why.contains("--insecure"), "{why}");
        assert!(load(&ServeArgs { insecure: true, ..open }).is_ok());
    }

    #[test]
    fn a_flag_wins_over_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("ocelli.yml");
        fs::write(&file, "data_dir: from-file\nlisten: 127.0.0.1:1\n").unwrap();
        let data = DataArgs { config: Some(file), data_dir: Some("from-flag".into()), ..Default::default() };
        let args = ServeArgs { data, ..Default::default() };
        let config = load(&args).unwrap();
        assert_eq!((config.data_dir, config.listen.port()), ("from-flag".into(), 1));
    }
}
