//! What a file says about itself in its footer, so that the catalog can be made anew from the files.

use super::partition::Partition;
use super::read::Chunks;
use super::services::Services;
use super::sums::{self, FileSums};
use super::verified::{Checked, VerifiedReader};
use super::write::FORMAT_VERSION;
use crate::catalog::{FileEntry, SegmentEntry};
use crate::disk::{self, Disk};
use crate::error::{Error, IoContext, Result};
use crate::paths::{self, ROWS_SUFFIX, SEGMENT_SUFFIXES, SERIES_SUFFIX, SUMS_SUFFIX};
use ocelli_signal::Signal;
use parquet::file::metadata::{KeyValue, ParquetMetaDataReader};
use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Keys of a footer's metadata all begin so.
const PREFIX: &str = "ocelli.";

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    pub tenant: String,
    pub signal: Signal,
    pub partition: Partition,
    pub level: u32,
    pub first_sequence: u64,
    pub last_sequence: u64,
    pub covered_sequence: u64,
    pub min_time: i64,
    pub max_time: i64,
    /// When the youngest row was flushed.
    pub created_at: i64,
    pub services: Services,
    /// All partitions of the flush that wrote the file, if there are more; without the others it is
    /// a flush that did not get to its end. Empty for a merge.
    pub flush_partitions: Vec<Partition>,
}

impl About {
    pub fn key_values(&self) -> Vec<KeyValue> {
        let pair = |key: &str, value: String| KeyValue::new(format!("{PREFIX}{key}"), value);
        let partitions: Vec<String> = self.flush_partitions.iter().map(Partition::to_string).collect();
        vec![
            pair("format_version", FORMAT_VERSION.to_string()),
            pair("tenant", self.tenant.clone()),
            pair("signal", self.signal.as_str().to_owned()),
            pair("partition", self.partition.to_string()),
            pair("level", self.level.to_string()),
            pair("first_sequence", self.first_sequence.to_string()),
            pair("last_sequence", self.last_sequence.to_string()),
            pair("covered_sequence", self.covered_sequence.to_string()),
            pair("min_time", self.min_time.to_string()),
            pair("max_time", self.max_time.to_string()),
            pair("created_at", self.created_at.to_string()),
            pair("services", self.services.to_json()),
            pair("flush_partitions", partitions.join(" ")),
        ]
    }

    /// The path of the files, without suffix.
    pub fn stem(&self) -> PathBuf {
        let range = (self.first_sequence, self.last_sequence);
        paths::segment_stem(&self.tenant, self.signal, self.partition, range, self.level)
    }

    /// The catalog's entry of the segment with these files.
    pub fn entry(self, stem: &Path, rows: u64, files: Vec<FileEntry>) -> SegmentEntry {
        SegmentEntry {
            stem: stem.to_string_lossy().into_owned(),
            tenant: self.tenant,
            signal: self.signal,
            partition: self.partition,
            level: self.level,
            format_version: FORMAT_VERSION,
            rows,
            min_time: self.min_time,
            max_time: self.max_time,
            created_at: self.created_at,
            first_sequence: self.first_sequence,
            last_sequence: self.last_sequence,
            covered_sequence: self.covered_sequence,
            services: self.services,
            files,
        }
    }

    fn parse(pairs: &[KeyValue]) -> Option<About> {
        let values: HashMap<&str, &str> = pairs
            .iter()
            .filter_map(|pair| Some((pair.key.strip_prefix(PREFIX)?, pair.value.as_deref()?)))
            .collect();
        let number = |key: &str| values.get(key)?.parse::<u64>().ok();
        let time = |key: &str| values.get(key)?.parse::<i64>().ok();
        (number("format_version")? == u64::from(FORMAT_VERSION)).then_some(())?;
        Some(About {
            tenant: (*values.get("tenant")?).to_owned(),
            signal: Signal::ALL.into_iter().find(|signal| Some(&signal.as_str()) == values.get("signal"))?,
            partition: Partition::parse(values.get("partition")?)?,
            level: u32::try_from(number("level")?).ok()?,
            first_sequence: number("first_sequence")?,
            last_sequence: number("last_sequence")?,
            covered_sequence: number("covered_sequence")?,
            min_time: time("min_time")?,
            max_time: time("max_time")?,
            created_at: time("created_at")?,
            services: Services::from_json(values.get("services")?),
            flush_partitions: values
                .get("flush_partitions")?
                .split_whitespace()
                .map(Partition::parse)
                .collect::<Option<_>>()?,
        })
    }
}

/// A segment that lies on the disk, as its own files tell it.
#[derive(Clone, Debug)]
pub struct Found {
    pub entry: SegmentEntry,
    pub about: About,
    /// All files are there that were written.
    pub is_whole: bool,
}

impl Found {
    /// Whether its rows can be read: points are of no use without their series.
    pub fn is_readable(&self) -> bool {
        self.about.signal != Signal::Points || self.entry.file(SERIES_SUFFIX).is_some()
    }
}

/// Makes the catalog's entry of a segment from its files. What these should be is told by their
/// checksums; where the checksums are lost, the files are taken as they are. `None` without rows.
pub fn entry_of(disk: &dyn Disk, stem: &Path) -> Result<Option<Found>> {
    let path = paths::with_suffix(stem, ROWS_SUFFIX);
    let damaged = |detail: &dyn std::fmt::Display| Error::corrupt(&path, detail);
    let (files, is_whole) = sums_of_files(disk, stem)?;
    let Some((_, sums)) = files.iter().find(|(suffix, _)| suffix == ROWS_SUFFIX) else { return Ok(None) };
    let file = disk.open(&path).context("open", &path)?;
    if file.bytes() != sums.bytes {
        return Err(damaged(&format_args!("it has {} bytes of {}", file.bytes(), sums.bytes)));
    }
    let checked = Arc::new(Checked::new(sums.clone()));
    let file = Chunks(Arc::new(VerifiedReader::new(file, checked, Arc::default())));
    let footer = ParquetMetaDataReader::new().parse_and_finish(&file).map_err(|error| damaged(&error))?;
    let footer = footer.file_metadata();
    let about = footer.key_value_metadata().and_then(|pairs| About::parse(pairs));
    let about = about.ok_or_else(|| damaged(&"its footer does not say what it is"))?;
    let entry = |(suffix, sums): (String, FileSums)| FileEntry {
        suffix,
        bytes: sums.bytes,
        crc32c: sums.whole(),
        blocks: Vec::new(),
    };
    let files: Vec<FileEntry> = files.into_iter().map(entry).collect();
    let entry = about.clone().entry(stem, footer.num_rows() as u64, files);
    Ok(Some(Found { entry, about, is_whole }))
}

/// The checksums of the files of a segment that are there, and whether these are all.
fn sums_of_files(disk: &dyn Disk, stem: &Path) -> Result<(Vec<(String, FileSums)>, bool)> {
    let told = paths::with_suffix(stem, SUMS_SUFFIX);
    let told = disk::read(disk, &told).ok().and_then(|text| match sums::parse(&text) {
        Ok(files) => Some(files),
        Err(why) => {
            tracing::warn!(path = %told.display(), why, "the files are taken as they are");
            None
        }
    });
    let told = told.unwrap_or_default();
    let mut files = Vec::new();
    for suffix in SEGMENT_SUFFIXES {
        let path = paths::with_suffix(stem, suffix);
        let file = match disk.open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            outcome => outcome.context("open", &path)?,
        };
        let sums = match told.iter().find(|(of, _)| of == suffix) {
            Some((_, sums)) => sums.clone(),
            None => sums::of_file(file.as_ref()).context("read", &path)?,
        };
        files.push((suffix.to_owned(), sums));
    }
    let is_there = |suffix: &String| files.iter().any(|(there, _)| there == suffix);
    let is_whole = !told.is_empty() && told.iter().all(|(suffix, _)| is_there(suffix));
    Ok((files, is_whole))
}
