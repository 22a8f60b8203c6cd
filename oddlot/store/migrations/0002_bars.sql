-- One row a closed bar; of several revisions the highest stays.
CREATE TABLE IF NOT EXISTS bars
(
    symbol           LowCardinality(String) COMMENT 'the name the venue trades under',
    interval         LowCardinality(String) COMMENT '1s, 1m or 5m',
    open_ms          Int64 CODEC(Delta, LZ4) COMMENT 'start of the bar, venue time, ms UTC',
    open             Float64,
    high             Float64,
    low              Float64,
    close            Float64,
    volume           Float64 COMMENT 'base currency traded',
    quote_volume     Float64 COMMENT 'quote currency traded',
    taker_buy_volume Float64 COMMENT 'base currency bought by takers',
    trades           Int64 CODEC(T64, LZ4) COMMENT 'raw trades',
    first_id         Int64 CODEC(Delta, LZ4) COMMENT 'the venue''s id of its first tick',
    last_id          Int64 CODEC(Delta, LZ4) COMMENT 'the venue''s id of its last tick',
    complete         Bool COMMENT 'no id is missing inside it or right before it',
    revision         UInt32 COMMENT 'grows each time the bar is published with other content',
    open_time        DateTime64(3, 'UTC') ALIAS fromUnixTimestamp64Milli(open_ms, 'UTC')
)
ENGINE = ReplacingMergeTree(revision)
PARTITION BY toYYYYMM(fromUnixTimestamp64Milli(open_ms, 'UTC'))
ORDER BY (symbol, interval, open_ms)
-- A view takes a few hundred rows: the usual 8192 at a time would read many for nothing.
SETTINGS index_granularity = 1024;
