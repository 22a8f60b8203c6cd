-- One row a headline of a source, sorted by time: pages go back from the newest.
CREATE TABLE IF NOT EXISTS headlines
(
    source         LowCardinality(String) COMMENT 'who said it',
    headline_id    String CODEC(ZSTD(3)) COMMENT 'its own, or a digest of the title',
    title          String CODEC(ZSTD(3)) COMMENT 'plain text',
    excerpt        String CODEC(ZSTD(3)) COMMENT 'plain text',
    url            String CODEC(ZSTD(3)) COMMENT 'http or https, or empty',
    symbols        Array(LowCardinality(String)) COMMENT 'what it names, as the peer groups do',
    published_ms   Int64 CODEC(Delta, LZ4) COMMENT 'as the source says, or when it was seen, ms UTC',
    seen_ms        UInt64 CODEC(Delta, LZ4) COMMENT 'our clock when it was read; the last one stays',
    published_time DateTime64(3, 'UTC') ALIAS fromUnixTimestamp64Milli(published_ms, 'UTC')
)
ENGINE = ReplacingMergeTree(seen_ms)
PARTITION BY toYYYYMM(fromUnixTimestamp64Milli(published_ms, 'UTC'))
ORDER BY (published_ms, source, headline_id)
SETTINGS index_granularity = 1024;
