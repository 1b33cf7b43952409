//! Pure view models: everything that the pages compute and that needs no browser. Tested natively.

pub mod collapse;
pub mod colours;
pub mod costs;
pub mod curl;
pub mod decimate;
pub mod format;
pub mod links;
pub mod log_query;
pub mod minimap;
pub mod query_string;
pub mod range;
pub mod red;
pub mod route;
pub mod scale;
pub mod scatter;
pub mod series;
pub mod setups;
pub mod ticks;
pub mod waterfall;
pub mod window;
pub mod zone;
