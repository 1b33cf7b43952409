//! What the bench must know about a product.

use crate::common::bodies::Kind;
use crate::question::{Ask, Facts, Question};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::str::FromStr;

/// Loopback addresses that a product listens at.
#[derive(Clone, Copy, Debug)]
pub struct Addresses {
    /// Where it is asked.
    pub api: SocketAddr,
    /// Where OTLP over HTTP goes, in a product that has a port of its own for it.
    pub push: SocketAddr,
    /// For a third port.
    pub other: SocketAddr,
}

pub trait Product {
    fn name(&self) -> &'static str;

    fn version(&self) -> &str;

    /// What it does before it acknowledges, by its documentation.
    fn acknowledges(&self) -> &'static str;

    /// Starts it with its default settings.
    fn command(&self, at: &Addresses, data: &Path) -> Command;

    /// Answers 200 once it takes in and answers.
    fn health_path(&self) -> &'static str;

    fn push_url(&self, at: &Addresses, kind: Kind) -> String;

    /// Paths that are asked for to have all data written, then merged.
    fn settle_paths(&self) -> &'static [&'static str];

    /// Begins of the lines of `/metrics` that are above 0 as long as it merges.
    fn busy_metrics(&self) -> &'static [&'static str];

    /// Merges what can only be merged while it is stopped; how much CPU that took, in seconds.
    fn merge_stopped(&self, _data: &Path) -> anyhow::Result<f64> {
        Ok(0.0)
    }

    /// Directories that hold no data of users, below the data directory.
    fn caches(&self) -> &'static [&'static str];

    /// `None` where it has no such question.
    fn ask(&self, question: Question, facts: &Facts) -> Option<Ask>;
}

/// A program that was built for this bench.
#[derive(Clone, Debug)]
pub struct Peer {
    pub name: String,
    pub version: String,
    pub program: PathBuf,
}

impl FromStr for Peer {
    type Err = String;

    fn from_str(text: &str) -> Result<Peer, String> {
        let parts = text.split_once('=').and_then(|(name, program)| Some((name.split_once('@')?, program)));
        let ((name, version), program) = parts.ok_or("write NAME@VERSION=PROGRAM")?;
        Ok(Peer { name: name.into(), version: version.into(), program: program.into() })
    }
}
