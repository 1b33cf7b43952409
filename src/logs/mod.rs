//! `ocelli logs` and `ocelli query logs`: asks a running server, and prints a line a record.

mod events;
mod lines;

pub use lines::escape;

use crate::cli::LogsArgs;
use crate::client::Client;
use anyhow::Context;
use events::Events;
use lines::write_record;
use ocelli_api::logs::{LogRecord, LogTailEvent, LogsResponse};
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

/// Records that are shown before those that come in, where no number is asked for.
const LAST: u16 = 10;
const LIMIT: u16 = 100;
/// A server that says nothing for so long, not even that it is there, is gone.
const SILENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_secs(1);

/// Oldest first, as a file of logs is read; those that come in follow.
pub async fn run(args: LogsArgs) -> anyhow::Result<ExitCode> {
    let server = Server::new(&args)?;
    let out = &mut Out { json: args.json, out: io::stdout().lock() };
    let limit = args.limit.unwrap_or(if args.follow { LAST } else { LIMIT });
    if args.follow {
        // Watching begins before the search, so that nothing between the two is missed.
        let events = server.tail().await?;
        let found = server.search(limit).await?;
        out.records(&found)?;
        return follow(&server, events, found.records, out).await;
    }
    let found = server.search(limit).await?;
    out.records(&found)?;
    Ok(ExitCode::SUCCESS)
}

/// Until the reader of our output goes, or the command is interrupted.
async fn follow(
    server: &Server<'_>,
    mut events: Events,
    mut shown: Vec<LogRecord>,
    out: &mut Out,
) -> anyhow::Result<ExitCode> {
    loop {
        let lost = match tokio::time::timeout(SILENCE, events.next()).await {
            Ok(Ok(Some(LogTailEvent::Record(record)))) => {
                // What came in while the search ran was found by both.
                match shown.iter().position(|other| *other == *record) {
                    Some(at) => drop(shown.swap_remove(at)),
                    None => out.record(&record)?,
                }
                continue;
            }
            Ok(Ok(Some(LogTailEvent::Skipped(skipped)))) => {
                eprintln!(
                    "ocelli: {} records skipped: they came in faster than they are read",
                    skipped.records
                );
                continue;
            }
            Ok(Ok(None)) => "the server ended it".to_owned(),
            Ok(Err(error)) => format!("{error:#}"),
            Err(_) => "the server is silent".to_owned(),
        };
        eprintln!("ocelli: the connection is lost ({lost}); records may be missing until it is back");
        shown.clear();
        events = loop {
            tokio::time::sleep(PAUSE).await;
            if let Ok(events) = server.tail().await {
                break events;
            }
        };
    }
}

/// What is asked of a server.
struct Server<'a> {
    args: &'a LogsArgs,
    client: Client,
}

impl Server<'_> {
    fn new(args: &LogsArgs) -> anyhow::Result<Server<'_>> {
        Ok(Server { args, client: Client::new(&args.server)? })
    }

    fn query(&self) -> String {
        self.args.query.join(" ")
    }

    async fn search(&self, limit: u16) -> anyhow::Result<LogsResponse> {
        let (query, limit) = (self.query(), limit.to_string());
        let parameters =
            [("q", query.as_str()), ("from", &self.args.from), ("to", &self.args.to), ("limit", &limit)];
        let answer = self.client.get("/api/logs", &parameters).await?;
        let text = answer.text().await.context("the answer broke off")?;
        serde_json::from_str(&text).context("the server's answer is not understood")
    }

    async fn tail(&self) -> anyhow::Result<Events> {
        Ok(Events::new(self.client.get("/api/logs/tail", &[("q", &self.query())]).await?))
    }
}

struct Out {
    json: bool,
    out: io::StdoutLock<'static>,
}

impl Out {
    fn records(&mut self, found: &LogsResponse) -> anyhow::Result<()> {
        for record in found.records.iter().rev() {
            self.record(record)?;
        }
        for field in found.hints.iter().flat_map(|hints| &hints.unknown_fields) {
            let near = match field.near.is_empty() {
                true => String::new(),
                false => format!("; there is {}", field.near.join(", ")),
            };
            let mut line = String::new();
            escape(&format!("ocelli: no record has the field '{}'{near}", field.name), &mut line);
            eprintln!("{line}");
        }
        if let Some(why) = &found.stats.partial {
            eprintln!("ocelli: not all records are shown: {why}");
        }
        Ok(())
    }

    fn record(&mut self, record: &LogRecord) -> anyhow::Result<()> {
        if self.json {
            serde_json::to_writer(&mut self.out, record).context("writing to standard output")?;
            self.out.write_all(b"\n")?;
        } else {
            let mut line = String::new();
            write_record(record, &mut line);
            self.out.write_all(line.as_bytes())?;
        }
        self.out.flush().context("writing to standard output")
    }
}
