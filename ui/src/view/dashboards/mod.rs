//! What a dashboard's page computes: what is asked for a panel, what of the answers is shown and how it is
//! written, where panels lie, and what is chosen of the variables.

pub mod axis;
pub mod cells;
pub mod draft;
pub mod forms;
pub mod lines;
pub mod of_service;
pub mod request;
pub mod text;
pub mod units;
pub mod variables;

use super::query_string::encode_segment;

pub fn path(id: &str) -> String {
    format!("/dashboards/{}", encode_segment(id))
}
