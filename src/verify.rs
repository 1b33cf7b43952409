//! `ocelli verify`: what is wrong with a data directory, a line for each problem.

use crate::cli::{ServeArgs, VerifyArgs};
use crate::config;
use ocelli_storage::{Problem, Verified};
use serde::Serialize;
use std::fmt::Write;
use std::process::ExitCode;

/// Exit 1 if something is wrong; whatever keeps it from looking ends with 2.
pub async fn run(args: VerifyArgs) -> anyhow::Result<ExitCode> {
    let VerifyArgs { data, json: as_json } = args;
    let settings = ServeArgs { data, ..ServeArgs::default() };
    let config = config::load(&settings)?;
    let verified = match ocelli_storage::verify(&config.storage_options()).await {
        Ok(verified) => verified,
        Err(error) => {
            eprintln!("ocelli: {error}");
            return Ok(ExitCode::from(2));
        }
    };
    let text = if as_json { json(&verified)? } else { lines(&verified)? };
    std::io::Write::write_all(&mut std::io::stdout(), text.as_bytes())?;
    Ok(if verified.problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn lines(verified: &Verified) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    for problem in &verified.problems {
        writeln!(text, "{}: {}", problem.path, problem.detail)?;
    }
    for note in &verified.notes {
        writeln!(text, "note: {note}")?;
    }
    let Verified { segments, segment_rows, segment_files, segment_bytes, wal_files, wal_records, .. } =
        verified;
    writeln!(
        text,
        "{segments} segments with {segment_rows} rows in {segment_files} files of {segment_bytes} bytes, \
         {wal_files} WAL files with {wal_records} records: {}",
        match verified.problems.len() {
            0 => "all is as it was written".to_owned(),
            1 => "1 problem".to_owned(),
            many => format!("{many} problems"),
        }
    )?;
    Ok(text)
}

/// The same as one JSON object.
#[derive(Serialize)]
struct Report<'a> {
    ok: bool,
    segments: u64,
    segment_rows: u64,
    segment_files: u64,
    segment_bytes: u64,
    wal_files: u64,
    wal_records: u64,
    problems: Vec<Line<'a>>,
    notes: &'a [String],
}

#[derive(Serialize)]
struct Line<'a> {
    path: &'a str,
    detail: &'a str,
}

impl Line<'_> {
    fn of(problem: &Problem) -> Line<'_> {
        Line { path: &problem.path, detail: &problem.detail }
    }
}

fn json(verified: &Verified) -> serde_json::Result<String> {
    let report = Report {
        ok: verified.problems.is_empty(),
        segments: verified.segments,
        segment_rows: verified.segment_rows,
        segment_files: verified.segment_files,
        segment_bytes: verified.segment_bytes,
        wal_files: verified.wal_files,
        wal_records: verified.wal_records,
        problems: verified.problems.iter().map(Line::of).collect(),
        notes: &verified.notes,
    };
    Ok(serde_json::to_string(&report)? + "\n")
}
