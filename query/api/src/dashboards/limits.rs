//! The bounds of dashboards. Each is named in the answer that refuses what is beyond it.

/// Dashboards of a server.
pub const MAX_DASHBOARDS: usize = 1_000;
/// Bytes of all dashboards, as JSON.
pub const MAX_TOTAL_BYTES: usize = 64 << 20;
/// Bytes of one, as JSON.
pub const MAX_BYTES: usize = 512 << 10;
/// Panels of one; the largest that are passed around for machines have about 200.
pub const MAX_PANELS: usize = 500;
/// Queries of a panel.
pub const MAX_QUERIES: usize = 26;
pub const MAX_VARIABLES: usize = 50;
/// Values that are listed for a variable.
pub const MAX_OPTIONS: usize = 500;
pub const MAX_THRESHOLDS: usize = 20;
pub const MAX_TAGS: usize = 20;
/// Characters of a title, a name or a tag.
pub const MAX_NAME_CHARS: usize = 200;
/// Bytes of an id.
pub const MAX_ID_BYTES: usize = 80;
/// Rows of the grid that a panel may reach down to.
pub const MAX_ROWS: u32 = 100_000;
/// Rows of the grid that a panel may be high.
pub const MAX_HEIGHT: u32 = 100;
