//! What was found damaged while running, for the operator: each piece once.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// Shared by everything that reads.
#[derive(Clone, Debug, Default)]
pub struct Reports(Arc<Mutex<BTreeMap<String, String>>>);

impl Reports {
    /// Tells about a path; the first detail stays.
    pub fn add(&self, path: &Path, detail: impl std::fmt::Display) {
        let path = path.display().to_string();
        let mut reports = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Vacant(vacant) = reports.entry(path) {
            tracing::error!(path = vacant.key(), %detail, "found damaged");
            vacant.insert(detail.to_string());
        }
    }

    /// `path: detail`, sorted.
    pub fn list(&self) -> Vec<String> {
        let reports = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        reports.iter().map(|(path, detail)| format!("{path}: {detail}")).collect()
    }
}
