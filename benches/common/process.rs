//! What the kernel knows about a process, and the files of a directory.
#![allow(dead_code, reason = "every bench uses its part")]

use anyhow::Context;
use std::fs;
use std::path::{Path, PathBuf};

/// User and system time in seconds, of all threads, in steps of 10 ms; of the calling process for
/// `"self"`.
pub fn cpu_s(process: impl std::fmt::Display) -> anyhow::Result<f64> {
    // Fields 14 and 15 of proc(5)'s stat, counted from the third.
    ticks_s(process, 11)
}

/// User and system time of all children of this process that have ended.
pub fn children_cpu_s() -> anyhow::Result<f64> {
    ticks_s("self", 13)
}

fn ticks_s(process: impl std::fmt::Display, field: usize) -> anyhow::Result<f64> {
    const TICKS_PER_S: f64 = 100.0;
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    let after_name = stat.rsplit_once(") ").context("stat has a name in brackets")?.1;
    let fields: Vec<&str> = after_name.split(' ').collect();
    Ok((fields[field].parse::<f64>()? + fields[field + 1].parse::<f64>()?) / TICKS_PER_S)
}

pub fn resident_mib(process: impl std::fmt::Display) -> anyhow::Result<f64> {
    status_mib(process, "VmRSS:")
}

/// The most that was ever resident.
pub fn peak_mib(process: impl std::fmt::Display) -> anyhow::Result<f64> {
    status_mib(process, "VmHWM:")
}

fn status_mib(process: impl std::fmt::Display, field: &str) -> anyhow::Result<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(field)).context("no such field")?;
    let kib: f64 = line.split_whitespace().next().context("no number")?.parse()?;
    Ok(kib / 1024.0)
}

/// All files below a directory with their sizes in bytes.
pub fn files_below(dir: &Path) -> anyhow::Result<Vec<(PathBuf, u64)>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let meta = entry.metadata()?;
        if meta.is_dir() {
            files.extend(files_below(&entry.path())?);
        } else {
            files.push((entry.path(), meta.len()));
        }
    }
    Ok(files)
}

pub fn bytes_below(dir: &Path) -> anyhow::Result<u64> {
    Ok(files_below(dir)?.iter().map(|(_, bytes)| bytes).sum())
}
