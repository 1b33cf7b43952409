//! The parts that pages are put together from.

pub mod answer;
pub mod attributes;
pub mod copy;
pub mod dot;
pub mod find;
pub mod help;
pub mod histogram;
pub mod keys;
pub mod line_chart;
pub mod log_detail;
pub mod log_list;
pub mod minimap;
pub mod moment;
pub mod scatter;
pub mod size;
pub mod span_panel;
pub mod span_row;
pub mod sparkline;
pub mod time_picker;
pub mod time_plot;
pub mod top_bar;
pub mod trace_bars;
pub mod trace_tree;
pub mod trace_view;
pub mod waiting;
