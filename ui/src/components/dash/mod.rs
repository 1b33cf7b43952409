//! The page of a dashboard: its variables, its grid, and a panel of each kind.

pub mod answers;
pub mod bars;
pub mod board;
pub mod chart;
pub mod edit;
pub mod edit_more;
pub mod edit_panel;
pub mod fields;
pub mod heat;
pub mod import;
pub mod menu;
pub mod panel;
pub mod place;
pub mod rows;
pub mod seen;
pub mod stat;
pub mod text;
pub mod variables;
