//! `ocelli query sql`: asks a running server, and prints its rows.

mod table;

use crate::cli::{SqlArgs, SqlFormat};
use crate::client::Client;
use anyhow::Context;
use ocelli_api::sql::SqlResponse;
use std::io::{self, Read, Write};
use std::process::ExitCode;

pub async fn run(args: SqlArgs) -> anyhow::Result<ExitCode> {
    let query = match args.query.as_str() {
        "-" => {
            let mut text = String::new();
            io::stdin().read_to_string(&mut text).context("reading standard input")?;
            text
        }
        query => query.to_owned(),
    };
    let format = match args.format {
        SqlFormat::Table | SqlFormat::Json => "json",
        SqlFormat::Csv => "csv",
        SqlFormat::Arrow => "arrow",
    };
    let limit = args.limit.to_string();
    let client = Client::new(&args.server)?;
    let answer = client.post("/api/sql", &[("format", format), ("limit", &limit)], query).await?;
    let truncated = answer.headers().get("x-ocelli-truncated").is_some_and(|value| value == "true");
    let body = answer.bytes().await.context("the answer broke off")?;
    let mut out = io::stdout().lock();
    if args.format == SqlFormat::Table {
        let rows: SqlResponse =
            serde_json::from_slice(&body).context("the server's answer is not understood")?;
        out.write_all(table::text(&rows).as_bytes())?;
    } else {
        out.write_all(&body)?;
        if args.format == SqlFormat::Json {
            out.write_all(b"\n")?;
        }
    }
    out.flush().context("writing to standard output")?;
    if truncated {
        eprintln!("ocelli: there are more rows than {limit}; --limit says how many are printed");
    }
    Ok(ExitCode::SUCCESS)
}
