//! What of the rules that are made of an objective may be otherwise than usual: Sloth's plugins ask for it.

use super::model::{Labels, merged};

/// The name of the series that only carries labels.
pub const INFO: &str = "sloth_slo_info";

#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    /// How often events are counted, where it is not the budgeting method that says so.
    pub slot_ms: Option<i64>,
    /// How often metadata is recorded and alerts are judged; never more often than events are counted.
    pub metadata_ms: Option<i64>,
    pub alert_ms: Option<i64>,
    /// Whether the objective itself, its budget and what is left of it are recorded.
    pub has_metadata: bool,
    /// Bad events weigh against the mean traffic of the whole window, not that of the window they fell into: a
    /// failure at night burns as much as one by day.
    pub by_traffic: bool,
    /// Whether the totals of all windows are recorded.
    pub has_totals: bool,
    /// More labels of a series of metadata, by its name.
    pub more_labels: Vec<(String, Labels)>,
    pub kept_labels: Option<KeptLabels>,
    pub exhausted: Vec<Exhausted>,
}

/// The objective's labels that series have, where they don't have all.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptLabels {
    pub names: Vec<String>,
    /// The series that have all.
    pub whole: Vec<String>,
}

/// An alert on what is left of the budget.
#[derive(Clone, Debug, PartialEq)]
pub struct Exhausted {
    pub name: String,
    /// It fires at this share of the budget or less.
    pub left: f64,
    pub for_ms: i64,
    pub labels: Labels,
    pub annotations: Labels,
}

impl Default for Shape {
    fn default() -> Shape {
        Shape {
            slot_ms: None,
            metadata_ms: None,
            alert_ms: None,
            has_metadata: true,
            by_traffic: false,
            has_totals: false,
            more_labels: Vec::new(),
            kept_labels: None,
            exhausted: Vec::new(),
        }
    }
}

impl Shape {
    /// The labels of a series, of those that it has otherwise; `own` are the objective's.
    pub fn labels(&self, series: &str, all: &Labels, own: &Labels) -> Labels {
        let is_kept = |name: &String| match &self.kept_labels {
            Some(kept) if series != INFO && !kept.whole.iter().any(|whole| whole == series) => {
                kept.names.contains(name) || !own.iter().any(|(own, _)| own == name)
            }
            _ => true,
        };
        let all: Labels = all.iter().filter(|(name, _)| is_kept(name)).cloned().collect();
        let more = self.more_labels.iter().filter(|(of, _)| of == series);
        more.fold(all, |labels, (_, more)| merged([&labels, more]))
    }
}
