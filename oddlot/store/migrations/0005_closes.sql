-- One row a symbol and session; of the same session, what was fetched last stays.
CREATE TABLE IF NOT EXISTS closes
(
    symbol         LowCardinality(String),
    date           Date CODEC(Delta, LZ4) COMMENT 'of the listing exchange; UTC days for crypto',
    open           Nullable(Float64) COMMENT 'unadjusted, as high, low and close',
    high           Nullable(Float64),
    low            Nullable(Float64),
    close          Float64,
    volume         Nullable(Float64),
    adjusted_close Float64 COMMENT 'as if every later split and dividend had been before it',
    provider       LowCardinality(String),
    fetched_ms     UInt64 CODEC(Delta, LZ4) COMMENT 'our clock; the same for a whole history',
    currency       LowCardinality(String),
    exchange       LowCardinality(String)
)
ENGINE = ReplacingMergeTree(fetched_ms)
PARTITION BY toYear(date)
ORDER BY (symbol, date)
SETTINGS index_granularity = 1024;
