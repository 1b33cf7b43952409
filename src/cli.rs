//! The command line: a contract, as others script against it.

use crate::config::{Bytes, Keep};
use clap::{Args, Parser, Subcommand};
use std::net::SocketAddr;
use std::path::PathBuf;

/// Logs, metrics and traces: taken in, kept and shown by one binary.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub serve: ServeArgs,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Take in, keep and show telemetry (the default).
    Serve(ServeArgs),
    /// Serve, with a shop of seven services that sends its telemetry here.
    Demo(DemoArgs),
    /// Start a command and take in what it writes to stdout and stderr.
    Run(RunArgs),
    /// Take in the lines of standard input: CMD | ocelli pipe --service NAME.
    Pipe(PipeArgs),
    /// Print log records of a running server, and with --follow those that come in.
    Logs(LogsArgs),
    /// Ask a running server.
    Query {
        #[command(subcommand)]
        what: QueryCommand,
    },
    /// Check configuration files and rule files.
    Check {
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Exit 2 for duplicate rules too.
        #[arg(long)]
        lint_fatal: bool,
    },
    /// Check every byte of a data directory, without changing it; the server must be stopped.
    Verify(VerifyArgs),
    /// Run scripts that say what is expected.
    Test {
        #[command(subcommand)]
        what: TestCommand,
    },
    /// One process of the demo shop.
    #[command(hide = true)]
    Shop(ShopArgs),
}

#[derive(Debug, Subcommand)]
pub enum QueryCommand {
    /// The same as `ocelli logs`.
    Logs(LogsArgs),
    /// SQL over the tables logs, spans, samples and series: ocelli query sql "SELECT count(*) FROM logs".
    Sql(SqlArgs),
}

#[derive(Args, Clone, Debug)]
pub struct SqlArgs {
    /// One statement that reads; - takes it from standard input.
    #[arg(value_name = "SQL")]
    pub query: String,
    /// How rows are printed.
    #[arg(long, value_enum, default_value = "table")]
    pub format: SqlFormat,
    /// At most so many rows.
    #[arg(long, default_value = "10000", value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub limit: u32,
    /// Where the server's UI and API are.
    #[arg(long, default_value = "http://127.0.0.1:4319", value_name = "URL")]
    pub server: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum SqlFormat {
    /// Columns below each other, for people.
    Table,
    /// A JSON object with columns and rows.
    Json,
    Csv,
    /// An Arrow IPC stream.
    Arrow,
}

#[derive(Args, Clone, Debug)]
pub struct LogsArgs {
    /// A search as in the UI: level:error service:payment "card declined". Words are joined by spaces; put it in
    /// quotes for the shell. Put -- before one that begins with a minus.
    #[arg(value_name = "QUERY")]
    pub query: Vec<String>,
    /// Print records as they come in, until interrupted.
    #[arg(long, short)]
    pub follow: bool,
    /// now-15m, now/d, RFC 3339.
    #[arg(long, default_value = "now-1h", value_name = "TIME")]
    pub from: String,
    /// Like --from.
    #[arg(long, default_value = "now", value_name = "TIME", conflicts_with = "follow")]
    pub to: String,
    /// The newest so many records [default: 100; 10 before those that come in].
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub limit: Option<u16>,
    /// A JSON object a line, with everything that was sent.
    #[arg(long)]
    pub json: bool,
    /// Where the server's UI and API are.
    #[arg(long, default_value = "http://127.0.0.1:4319", value_name = "URL")]
    pub server: String,
}

#[derive(Debug, Subcommand)]
pub enum TestCommand {
    /// Run the `.test` scripts (Prometheus' promqltest format) of folders or files.
    Promql {
        #[arg(required = true, value_name = "DIR")]
        paths: Vec<PathBuf>,
    },
    /// Run unit tests of rules (the format of promtool).
    Rules {
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
}

/// Where the data is. What a flag says wins over the configuration file.
#[derive(Args, Clone, Debug, Default)]
pub struct DataArgs {
    /// Settings in YAML.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Where everything is kept [default: ./ocelli-data].
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Where the list of files is kept: postgres://user@host:port/database, the password in PGPASSWORD
    /// [default: a SQLite file in the data directory].
    #[arg(long, value_name = "URL")]
    pub catalog: Option<String>,
    /// Where segments are kept: s3://bucket/prefix, with credentials and endpoint in AWS_… variables
    /// [default: the data directory].
    #[arg(long, value_name = "URL")]
    pub segments: Option<String>,
    /// The name of this server among those that share a catalog or a bucket [default: default].
    #[arg(long, value_name = "NAME")]
    pub node: Option<String>,
}

#[derive(Args, Clone, Debug, Default)]
pub struct ServeArgs {
    #[command(flatten)]
    pub data: DataArgs,
    /// The UI and everything that is read [default: 127.0.0.1:4319; port 0 is any free one].
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<SocketAddr>,
    /// OTLP over gRPC [default: 127.0.0.1:4317].
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub otlp_grpc: Option<SocketAddr>,
    /// Everything that is pushed over HTTP [default: 127.0.0.1:4318].
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub otlp_http: Option<SocketAddr>,
    /// How long telemetry is kept, where the configuration says nothing else [default: 30d].
    #[arg(long, value_name = "TIME")]
    pub retention: Option<Keep>,
    /// Memory for rows, caches, requests and queries together, as 512MiB [default: half of what the
    /// control group allows, or of what the machine has].
    #[arg(long, value_name = "SIZE")]
    pub memory_budget: Option<Bytes>,
    /// Rule files in Prometheus' format, beside those of the configuration: a file, or a pattern as
    /// 'rules/*.yml'. May be given more than once.
    #[arg(long, value_name = "FILE|GLOB")]
    pub rules: Vec<PathBuf>,
    /// Listen on addresses that other machines reach, although there is no log-in yet.
    #[arg(long)]
    pub insecure: bool,
}

#[derive(Args, Clone, Debug)]
pub struct VerifyArgs {
    #[command(flatten)]
    pub data: DataArgs,
    /// One JSON object instead of lines.
    #[arg(long)]
    pub json: bool,
}

#[derive(Args, Clone, Debug)]
pub struct DemoArgs {
    #[command(flatten)]
    pub serve: ServeArgs,
    /// The first of eight ports on 127.0.0.1 for the shop, with its chat's behind them; 0 picks free ones.
    #[arg(long, default_value_t = 4330)]
    pub base_port: u16,
    /// Requests a second that customers make.
    #[arg(long, default_value_t = 10.0)]
    pub rate: f64,
    /// What the customers' plan follows from.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

/// Where `run` and `pipe` send what they read.
#[derive(Args, Clone, Debug)]
pub struct ForwardArgs {
    /// The OTLP/HTTP receiver of a running server.
    #[arg(long, default_value = "http://127.0.0.1:4318", value_name = "URL")]
    pub endpoint: String,
}

#[derive(Args, Clone, Debug)]
pub struct RunArgs {
    #[command(flatten)]
    pub to: ForwardArgs,
    /// The service's name [default: the command's file name].
    #[arg(long, value_name = "NAME")]
    pub service: Option<String>,
    /// The command and its arguments, after `--`.
    #[arg(required = true, last = true, value_name = "CMD")]
    pub command: Vec<String>,
}

#[derive(Args, Clone, Debug)]
pub struct PipeArgs {
    #[command(flatten)]
    pub to: ForwardArgs,
    /// The service's name.
    #[arg(long, value_name = "NAME")]
    pub service: String,
}

#[derive(Args, Clone, Debug)]
pub struct ShopArgs {
    pub process: String,
    #[command(flatten)]
    pub options: ocelli_shop::ShopOptions,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn serve_is_the_default() {
        let cli = Cli::parse_from(["ocelli", "--data-dir", "d", "--listen", "127.0.0.1:0"]);
        assert!(cli.command.is_none());
        assert_eq!(cli.serve.data.data_dir, Some("d".into()));
        let cli = Cli::parse_from(["ocelli", "run", "--service", "s", "--", "sh", "-c", "true"]);
        let Some(Command::Run(run)) = cli.command else { panic!("run") };
        assert_eq!((run.service.as_deref(), run.command.len()), (Some("s"), 3));
    }
}
