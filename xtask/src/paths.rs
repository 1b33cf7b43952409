//! Where things lie: the checkout, and what is built outside it.

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::command;

/// The absolute folders that every command works with.
pub struct Paths {
    /// The checkout.
    pub root: PathBuf,
    /// Cargo's target directory; what is downloaded or cached by these commands lies in it too, so
    /// that keeping it keeps everything.
    pub target: PathBuf,
}

impl Paths {
    /// Asks cargo, which knows about `CARGO_TARGET_DIR` and configuration files.
    pub fn find() -> Result<Paths> {
        let mut ask = command::cargo();
        ask.args(["metadata", "--no-deps", "--format-version", "1"]);
        let metadata: serde_json::Value =
            serde_json::from_str(&command::output(&mut ask)?).context("cargo metadata is not JSON")?;
        let folder = |key: &str| {
            metadata[key].as_str().map(PathBuf::from).with_context(|| format!("cargo metadata has no {key}"))
        };
        Ok(Paths { root: folder("workspace_root")?, target: folder("target_directory")? })
    }

    pub fn ui(&self) -> PathBuf {
        self.root.join("ui")
    }

    /// What the binary embeds.
    pub fn ui_dist(&self) -> PathBuf {
        self.root.join("ui/dist")
    }

    /// Built UIs by the hash of their inputs, so that a fresh checkout need not build again.
    pub fn ui_cache(&self) -> PathBuf {
        self.target.join("ocelli-ui")
    }

    /// The browser's code is built beside the host's, because it may be built by another compiler
    /// and two compilers must not share a target directory.
    pub fn wasm_target(&self) -> PathBuf {
        let mut name = OsString::from(&self.target);
        name.push("-wasm");
        PathBuf::from(name)
    }

    /// The OpenTelemetry SDKs of other languages, which the end-to-end tests drive.
    pub fn clients(&self) -> PathBuf {
        self.target.join("ocelli-clients")
    }

    /// Other products that benchmarks compare with, by version.
    pub fn peers(&self) -> PathBuf {
        self.target.join("ocelli-peers")
    }

    /// Programs that these commands install for themselves.
    pub fn tools(&self) -> PathBuf {
        self.target.join("ocelli-tools")
    }
}
