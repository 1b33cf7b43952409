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

use super::format::clip;
use super::query_string::encode_segment;
use ocelli_api::dashboards::{Grid, Panel, PanelQuery};

/// So much of a query stands in the title of its panel.
const TITLE_BYTES: usize = 80;

pub fn path(id: &str) -> String {
    format!("/dashboards/{}", encode_segment(id))
}

/// The first panel of a dashboard that is made of a query of PromQL; none of no query.
pub fn of_query(query: &str) -> Option<Panel> {
    (!query.is_empty()).then(|| Panel {
        title: clip(query, TITLE_BYTES).0.to_owned(),
        grid: Grid { x: 0, y: 0, w: 24, h: 10 },
        queries: vec![PanelQuery { expr: query.to_owned(), ..PanelQuery::default() }],
        ..Panel::default()
    })
}
