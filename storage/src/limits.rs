//! Every bound of the store, once, with the reason for its size.

use crate::compaction::Sizes;
use std::time::Duration;

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

/// A WAL file is closed above this size. Small enough that a flushed file is soon deleted, large
/// enough that creating it (two fsyncs) is rare.
pub const WAL_FILE_BYTES: u64 = 32 * MIB as u64;
/// One record's payload; what is longer can only be damage.
pub const WAL_RECORD_BYTES: usize = 1 << 30;
/// What may wait for the WAL writer, in bytes of Arrow data.
pub const QUEUE_BYTES: usize = 64 * MIB;
/// What one group commit takes from the queue: bounds the latency of those who wait behind it.
pub const GROUP_BYTES: usize = 8 * MIB;
/// Requests of one tenant and signal are joined into records of up to this many rows.
pub const JOIN_ROWS: usize = 16 * KIB;
/// How long a refused sender is asked to wait: about one flush.
pub const RETRY_AFTER: Duration = Duration::from_secs(1);

/// A memtable is written out at this size of Arrow data: 35,000 spans, or as many log records. Twice as much
/// takes 60 to 100 MiB more at the peak and saves a twentieth of the CPU …
pub const FLUSH_BYTES: usize = 24 * MIB;
/// … or this long after its first row.
pub const FLUSH_AGE: Duration = Duration::from_secs(120);
/// All memtables together, those being written included. Above it, appends are refused.
pub const MEMTABLE_BUDGET_BYTES: usize = 96 * MIB;
/// Neighbouring parts of a memtable are joined up to this many rows, so that many small requests
/// do not become as many small batches to search.
pub const PART_ROWS: usize = 8 * KIB;
/// Days that a flush makes a segment for each; rows of further days, as wrong clocks send them, go
/// into one together. Late data of a week fits; a hostile sender makes no thousands of files.
pub const FLUSH_PARTITIONS: usize = 8;
/// Services that a segment's entry names, with their rows and times; of more it only says so.
pub const SEGMENT_SERVICES: usize = 256;
/// A longer service name is not named in a segment's entry.
pub const SERVICE_NAME_BYTES: usize = 256;
/// After a failed flush the next try waits this long.
pub const FLUSH_RETRY: Duration = Duration::from_secs(1);
/// … and each further one twice as long as the one before, up to this: a full disk stays full for a
/// while, and a flush costs a core. Short enough that ingest is back soon after space is.
pub const FLUSH_RETRY_MAX: Duration = Duration::from_secs(8);

/// Appends are refused while less than this share of the disk is available (beside what a flush of all
/// memtables takes): SQLite needs room to commit, and whoever cleans up needs some to work in.
pub const DISK_MARGIN_SHARE: u64 = 32;
/// Bounds of that margin: a small disk must still be of use, a large one needs no more than a few flushes.
pub const DISK_MARGIN_MIN_BYTES: u64 = MIB as u64;
pub const DISK_MARGIN_MAX_BYTES: u64 = 512 * MIB as u64;
/// The most that is left free for rows that come while a merge runs: about one flush.
pub const MERGE_HEADROOM_BYTES: u64 = FLUSH_BYTES as u64;
/// How often the disk is asked what it has left.
pub const DISK_LOOK: Duration = Duration::from_millis(250);

/// Rows of a Parquet row group: design.md asks for 128–256k.
pub const ROW_GROUP_ROWS: usize = 128 * KIB;
/// Points are few bytes each, and dictionaries of their times and values are kept by row group.
pub const POINTS_ROW_GROUP_ROWS: usize = MIB;
/// A dictionary of times or values that has grown to this is given up.
pub const POINTS_DICTIONARY_BYTES: usize = MIB;
/// Rows of a Parquet page: a hit of the index decodes one page, not the row group.
pub const PAGE_ROWS: usize = 16 * KIB;
/// The same of spans and logs, where single rows are looked for: a quarter of it costs 2 % of the bytes
/// and saves a third of the time of a trace.
pub const LOOKUP_PAGE_ROWS: usize = 4 * KIB;
/// A column's dictionary in a row group. All of it is decoded for a single row, so that a large one
/// costs more than it saves: at 1 MiB a trace takes twice the time, with the same bytes.
pub const DICTIONARY_BYTES: usize = 128 * KIB;
/// Rows that are converted and handed to the Parquet writer at once.
pub const WRITE_ROWS: usize = 8 * KIB;
/// Rows of a batch that a segment is read in.
pub const READ_ROWS: usize = 8 * KIB;
/// So many points of one file are decoded by two threads: about what takes a millisecond …
pub const READ_APART_ROWS: usize = 64 * KIB;
/// … of which the second may be so many batches ahead: a MiB of numbers, ten of histograms.
pub const READ_APART_BATCHES: usize = 4;
/// Rows, and encoded bytes, of spans and logs that a merge holds of all its inputs together. A batch of
/// 8,192 rows of each would take twice the memory and save no time.
pub const MERGE_AHEAD_ROWS: usize = 16 * KIB;
pub const MERGE_AHEAD_BYTES: usize = 16 * MIB;
/// About what a merge takes in all, its row group that is being written included.
pub const MERGE_BYTES: usize = 4 * MERGE_AHEAD_BYTES;
/// Series that a merge reads from each input at once.
pub const MERGE_SERIES: usize = KIB;
/// Bits of a page's filter for each value: one page in a hundred is read for nothing. With 8 it would be three.
pub const FILTER_BITS: usize = 10;

/// Attributes that have a column of their own in a segment. Readers that want all of them open each.
pub const KEY_COLUMNS: usize = 64;
/// A key gets a column when one row in so many has it …
pub const KEY_COLUMN_ONE_ROW_IN: usize = 20;
/// … and a key of the semantic conventions, which is asked for more often, when one in so many has.
pub const PROMOTED_ONE_ROW_IN: usize = 200;
/// A column costs some hundred bytes of footer: smaller segments keep all attributes in the map.
pub const KEY_COLUMNS_MIN_ROWS: usize = 64;
/// A longer key gets no column.
pub const KEY_COLUMN_NAME_BYTES: usize = 256;
/// Rows that are looked at to choose the columns.
pub const SURVEY_ROWS: usize = 4 * KIB;
/// Different orders of attributes in a segment; rows with one more have all attributes in the map.
pub const SHAPES: usize = 256;
/// Begins of such orders that are remembered while a segment is written.
pub const SHAPE_PATHS: usize = 4 * KIB;
/// A row with more attributes has all of them in the map.
pub const SHAPE_ATTRIBUTES: usize = 256;
/// Keys of the maps are listed in the footer up to this many …
pub const RESIDUAL_KEYS: usize = 256;
/// … with this many bytes.
pub const RESIDUAL_KEY_BYTES: usize = 8 * KIB;

/// How segments of logs are merged. A merge of 8 keeps files and rewrites few: below 512 rows a
/// file is mostly its footer, and from there it is three steps to a full one. A full one has four
/// row groups: large enough that a day at 100k rows a second is some thousands of files, small
/// enough that a flush of 100k rows is rewritten once and a merge takes seconds.
pub const LOG_SIZES: Sizes = Sizes {
    fan_in: 8,
    max_inputs: 32,
    tier_rows: 512,
    full_rows: 512 * KIB as u64,
    full_bytes: 256 * MIB as u64,
    quiet_ns: 3_600_000_000_000,
};
/// Spans are asked for by trace in every file of the time, so there should be fewer of them.
pub const SPAN_SIZES: Sizes = Sizes { full_rows: 1_024 * KIB as u64, ..LOG_SIZES };
/// Points are small, and a series is read in one piece out of each file.
pub const POINT_SIZES: Sizes =
    Sizes { tier_rows: 4 * KIB as u64, full_rows: 8 * 1_024 * KIB as u64, ..LOG_SIZES };
/// After a failed merge its partition is left alone for so long, and twice as long after each
/// further one, up to the second. Nothing is lost by waiting, and a merge costs a core.
pub const MERGE_RETRY: Duration = Duration::from_secs(2);
pub const MERGE_RETRY_MAX: Duration = Duration::from_secs(600);

/// How long rows are kept where nothing else is said.
pub const RETENTION: Duration = Duration::from_secs(30 * 86_400);
/// What segments may take of the file system: the rest is for the WAL, merges and others.
pub const MAX_DISK_PERCENT: u8 = 80;
/// How often it is looked for what has expired.
pub const RETENTION_LOOK: Duration = Duration::from_secs(60);
/// A segment is written anew without its expired rows when they are one of so many rows …
pub const REWRITE_SHARE: u64 = 4;
/// … or have been expired for so long: what is to be gone after a week is not there for a month.
pub const REWRITE_WAIT_NS: i64 = 86_400_000_000_000;

/// A log segment with fewer rows has no index: reading it takes a few milliseconds, as asking does.
pub const INDEX_MIN_ROWS: usize = 4 * KIB;
/// A flush has an index only if it is so large that it is merged no more, or once at most: building
/// is the dearest part of taking logs in, and each merge builds anew. The young tail is read instead.
pub const INDEX_FLUSH_ROWS: usize = 256 * KIB;
/// Longer words are indexed, and looked up, by their first bytes.
pub const WORD_BYTES: usize = 64;
/// A prefix that more words begin with than this is not looked up: the segment is read instead.
pub const PREFIX_WORDS: usize = 10_000;
/// What the index builder sizes its first table of words for; it grows when there are more.
pub const INDEX_BUILD_BYTES: usize = 32 * MIB;

/// What becomes of points is kept of series with so many rows in a file: a query that looks at a million series
/// with two points each is not served by a million things that are kept …
pub const KEPT_MIN_ROWS: usize = 64;
/// … and where a query wants at least one in so many of the rows, as all of them are read then …
pub const KEPT_ONE_IN: usize = 4;
/// … and about so much at once …
pub const KEPT_AT_ONCE_BYTES: usize = 16 * MIB;
/// … and no more of one file by one query than one part in so many of the cache.
pub const KEPT_SHARE: usize = 2;

/// Parsed footers, opened indexes, chunks of series and pages of which few rows were wanted, together.
pub const CACHE_BYTES: usize = 48 * MIB;
/// About what series may take whose parsed form is remembered, unless a budget says otherwise: a few
/// with very long labels must not count as little.
pub const SERIES_CACHE_BYTES: usize = 64 * MIB;

/// What one piece of work on a catalog that is not local may take, connecting included.
pub const CATALOG_TIMEOUT: Duration = Duration::from_secs(20);

/// What is kept of an object store on the local disk, unless told otherwise …
pub const READ_CACHE_BYTES: u64 = 10 << 30;
/// … and at most this part of the disk: one in so many.
pub const READ_CACHE_SHARE: u64 = 5;
/// With less than this left on the disk, or one part in so many of a small one, the cache gives up half
/// of what it has. Above the margin at which telemetry is refused.
pub const CACHE_YIELDS_BYTES: u64 = 2 << 30;
pub const CACHE_YIELDS_SHARE: u64 = 10;
/// How long a start waits for a catalog or an object store that can't be reached …
pub const START_WAIT: Duration = Duration::from_secs(30);
/// … and for a node's lock, which the server lets go soon after the process that held it ended.
pub const LOCK_WAIT: Duration = Duration::from_secs(10);

/// The node that a store is unless told otherwise.
pub const NODE: &str = "default";
/// Tenant and node names become directory names.
pub const TENANT_BYTES: usize = 64;

/// The memory budget of a process is one part in so many of what the machine or its control group has:
/// the rest is for the operating system's cache, other programs, and what the allocator keeps.
pub const MEMORY_SHARE: usize = 2;
/// Below it there is no room for a few requests and a query.
pub const MEMORY_BUDGET_MIN_BYTES: usize = 64 * MIB;
/// What caches may take of a large budget: enough for several million series.
pub const CACHE_MAX_BYTES: usize = 2 << 30;
/// What request bodies may take of a large budget.
pub const REQUEST_BYTES: usize = 192 * MIB;

const _: () = assert!(GROUP_BYTES <= QUEUE_BYTES);
const _: () = assert!(2 * FLUSH_BYTES < MEMTABLE_BUDGET_BYTES);
const _: () = assert!(PAGE_ROWS <= ROW_GROUP_ROWS && PAGE_ROWS <= 20_000);
const _: () = assert!(WRITE_ROWS <= PAGE_ROWS && LOOKUP_PAGE_ROWS <= PAGE_ROWS);
// Rows of a segment are numbered with 32 bits; a merge takes less than two full segments.
const _: () = assert!(2 * POINT_SIZES.full_rows < u32::MAX as u64);
const _: () = assert!(MAX_DISK_PERCENT <= 100);
