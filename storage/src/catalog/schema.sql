-- Version 2. Plain SQL that SQLite and PostgreSQL take. Paths are relative to the node's data directory.
-- A node is what writes a data set of its own: several share one PostgreSQL.
CREATE TABLE IF NOT EXISTS storage_nodes (
    node     TEXT NOT NULL PRIMARY KEY,
    -- Names that the data directory and the object store have, too: see store/claim.rs.
    data_set TEXT NOT NULL,
    wal      TEXT NOT NULL,
    -- Where the segments are; empty for the data directory.
    segments TEXT NOT NULL,
    row_crc32c BIGINT NOT NULL
);
CREATE TABLE IF NOT EXISTS storage_segments (
    node            TEXT   NOT NULL,
    stem            TEXT   NOT NULL,
    tenant          TEXT   NOT NULL,
    signal          TEXT   NOT NULL,
    -- yyyy-mm-dd, or mixed.
    time_partition  TEXT   NOT NULL,
    -- 0 for a flush, then one above the inputs of a merge.
    merge_level     BIGINT NOT NULL,
    format_version  BIGINT NOT NULL,
    row_count       BIGINT NOT NULL,
    min_time        BIGINT NOT NULL,
    max_time        BIGINT NOT NULL,
    -- When the youngest of the rows was flushed, in nanoseconds since the Unix epoch.
    created_at      BIGINT NOT NULL,
    first_sequence  BIGINT NOT NULL,
    last_sequence   BIGINT NOT NULL,
    covered_sequence BIGINT NOT NULL,
    -- JSON: the services with their rows and times.
    services        TEXT   NOT NULL,
    -- Of the row and of its files: SQLite finds only what breaks its own structure.
    row_crc32c      BIGINT NOT NULL,
    PRIMARY KEY (node, stem)
);
CREATE TABLE IF NOT EXISTS storage_files (
    node       TEXT   NOT NULL,
    stem       TEXT   NOT NULL,
    suffix     TEXT   NOT NULL,
    size_bytes BIGINT NOT NULL,
    crc32c     BIGINT NOT NULL,
    PRIMARY KEY (node, stem, suffix)
);
-- The low-water mark: rows of WAL records up to this sequence lie in published segments.
CREATE TABLE IF NOT EXISTS storage_flushed (
    node     TEXT   NOT NULL,
    tenant   TEXT   NOT NULL,
    signal   TEXT   NOT NULL,
    sequence BIGINT NOT NULL,
    row_crc32c BIGINT NOT NULL,
    PRIMARY KEY (node, tenant, signal)
);
-- Spans up to this sequence are told about by span metrics that lie in published segments.
CREATE TABLE IF NOT EXISTS storage_covered (
    node     TEXT   NOT NULL,
    tenant   TEXT   NOT NULL,
    sequence BIGINT NOT NULL,
    row_crc32c BIGINT NOT NULL,
    PRIMARY KEY (node, tenant)
);
-- What was found damaged, and where it was moved.
CREATE TABLE IF NOT EXISTS storage_quarantine (
    node   TEXT NOT NULL,
    path   TEXT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (node, path)
);
-- Segments that were merged into others or have expired, while their files may still be there. A file
-- that no table knows is otherwise one that the catalog has lost.
CREATE TABLE IF NOT EXISTS storage_removed (
    node TEXT NOT NULL,
    stem TEXT NOT NULL,
    PRIMARY KEY (node, stem)
);
