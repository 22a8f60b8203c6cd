-- One row a mention of a symbol in a post; one a scan of a place; one an hour of buzz.
CREATE TABLE IF NOT EXISTS posts
(
    symbol     LowCardinality(String) COMMENT 'as the peer groups name it',
    forum      LowCardinality(String) COMMENT 'reddit or stocktwits',
    place      LowCardinality(String) COMMENT 'a subreddit, or the symbol''s stream',
    post_id    String COMMENT 'the forum''s own',
    event_ms   Int64 CODEC(Delta, LZ4) COMMENT 'when it was written, ms UTC',
    mood       LowCardinality(Nullable(String)) COMMENT 'bullish or bearish',
    mood_by    LowCardinality(Nullable(String)) COMMENT 'tag or vader',
    mood_score Nullable(Float64) COMMENT 'compound score of VADER, -1 to 1',
    excerpt    String CODEC(ZSTD(3)) COMMENT 'the beginning, as plain text',
    url        String CODEC(ZSTD(3)) COMMENT 'where to read all of it',
    seen_ms    UInt64 CODEC(Delta, LZ4) COMMENT 'our clock when it was read; the last one stays',
    -- What a forum's people wrote years ago must not expire as it arrives.
    stored_at  DateTime('UTC') DEFAULT now('UTC') CODEC(Delta, LZ4),
    event_time DateTime64(3, 'UTC') ALIAS fromUnixTimestamp64Milli(event_ms, 'UTC')
)
ENGINE = ReplacingMergeTree(seen_ms)
PARTITION BY toYYYYMM(fromUnixTimestamp64Milli(event_ms, 'UTC'))
ORDER BY (symbol, event_ms, forum, post_id)
TTL stored_at + INTERVAL 90 DAY
SETTINGS index_granularity = 1024, ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS forum_scans
(
    forum      LowCardinality(String) COMMENT 'reddit or stocktwits',
    place      LowCardinality(String),
    symbol     LowCardinality(Nullable(String)) COMMENT 'the only one that the place tells of',
    from_ms    Int64 CODEC(Delta, LZ4) COMMENT 'all posts of [from_ms, to_ms) were read, ms UTC',
    to_ms      Int64 CODEC(Delta, LZ4),
    posts      UInt32 COMMENT 'new ones',
    state      LowCardinality(String) COMMENT 'read, limited or unavailable',
    detail     String CODEC(ZSTD(3)) COMMENT 'why, and what to do about it',
    next_ms    Nullable(Int64) COMMENT 'when it is read again',
    scanned_ms Int64 CODEC(Delta, LZ4) COMMENT 'our clock',
    stored_at  DateTime('UTC') DEFAULT now('UTC') CODEC(Delta, LZ4)
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(fromUnixTimestamp64Milli(scanned_ms, 'UTC'))
ORDER BY (forum, place, scanned_ms)
TTL stored_at + INTERVAL 90 DAY
SETTINGS index_granularity = 1024, ttl_only_drop_parts = 1;

-- The hour comes before the symbol: what is asked for most is everybody's last hours.
CREATE TABLE IF NOT EXISTS buzz
(
    symbol        LowCardinality(String) COMMENT 'as the peer groups name it',
    forum         LowCardinality(String) COMMENT 'all, reddit or stocktwits',
    hour_ms       Int64 CODEC(Delta, LZ4) COMMENT 'the beginning of the hour, ms UTC',
    mentions      UInt32 COMMENT 'posts of the hour that name it',
    covered       Float64 COMMENT 'share of the hour that was read',
    baseline      Nullable(Float64) COMMENT 'median of the same hour of the days before',
    baseline_days UInt32 COMMENT 'known of the last 30',
    is_warm       Bool COMMENT 'these are enough to trust the rest',
    expected      Nullable(Float64) COMMENT 'the baseline for what was read of the hour',
    z             Nullable(Float64) COMMENT '(mentions - expected) / scale',
    log_ratio     Nullable(Float64) COMMENT 'ln((mentions + 1) / (expected + 1))',
    multiple      Nullable(Float64) COMMENT 'mentions / expected',
    momentum      Nullable(Float64) COMMENT 'log_ratio less that of the hour before',
    rank          Nullable(UInt32) COMMENT '1 for the most abnormal of the hour',
    bullish       UInt32 COMMENT 'mentions with that mood',
    bearish       UInt32,
    first_seen_ms Int64 CODEC(Delta, LZ4) COMMENT 'the earliest mention known, ms UTC',
    revision      UInt32 COMMENT 'the highest one stays',
    open_time     DateTime64(3, 'UTC') ALIAS fromUnixTimestamp64Milli(hour_ms, 'UTC')
)
ENGINE = ReplacingMergeTree(revision)
PARTITION BY toYYYYMM(fromUnixTimestamp64Milli(hour_ms, 'UTC'))
ORDER BY (forum, hour_ms, symbol)
SETTINGS index_granularity = 1024;
