//! OTLP metrics as Prometheus series, made when they are read.
//!
//! Follows the OpenTelemetry specification "Prometheus and OpenMetrics compatibility": names and
//! units, `job` and `instance`, scope labels, `target_info`; explicit histograms become classic
//! ones, exponential ones native ones, summaries their quantiles; deltas are added up. Where the
//! specification leaves a choice, it is that of Prometheus' own OTLP receiver with
//! `UnderscoreEscapingWithSuffixes`. Storage keeps the points as they came, so a better translation
//! also holds for old data.

mod choose;
mod deltas;
pub mod exemplars;
pub mod identities;
pub mod identity;
mod keys;
mod label_value;
mod labels;
mod life;
pub mod names;
mod narrow;
mod native;
mod numbers;
mod parts;
mod pieces;
mod points;
pub mod prometheus;
pub mod select;
mod shared_names;
mod target_info;

pub use identities::Identities;
pub use identity::Identity;
pub use keys::metrics_of;
pub use labels::{each_label, label_names, label_values};
pub use native::native;
pub use select::{Stored, label_sets, select_from};
