-- Version 1. Plain SQL that PostgreSQL takes as well. Paths are relative to the data directory.
CREATE TABLE IF NOT EXISTS storage_segments (
    stem            TEXT   NOT NULL PRIMARY KEY,
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
    services        TEXT   NOT NULL
);
CREATE TABLE IF NOT EXISTS storage_files (
    stem       TEXT   NOT NULL,
    suffix     TEXT   NOT NULL,
    size_bytes BIGINT NOT NULL,
    crc32c     BIGINT NOT NULL,
    PRIMARY KEY (stem, suffix)
);
-- The low-water mark: rows of WAL records up to this sequence lie in published segments.
CREATE TABLE IF NOT EXISTS storage_flushed (
    tenant   TEXT   NOT NULL,
    signal   TEXT   NOT NULL,
    sequence BIGINT NOT NULL,
    PRIMARY KEY (tenant, signal)
);
-- Spans up to this sequence are told about by span metrics that lie in published segments.
CREATE TABLE IF NOT EXISTS storage_covered (
    tenant   TEXT   NOT NULL PRIMARY KEY,
    sequence BIGINT NOT NULL
);
-- What was found damaged, and where it was moved.
CREATE TABLE IF NOT EXISTS storage_quarantine (
    path   TEXT NOT NULL PRIMARY KEY,
    detail TEXT NOT NULL
);
