-- One row a trade; the venue's id makes it one row however often it is inserted.
CREATE TABLE IF NOT EXISTS ticks
(
    symbol         LowCardinality(String) COMMENT 'the name the venue trades under',
    id             Int64 CODEC(Delta, LZ4) COMMENT 'the venue''s id',
    event_ms       Int64 CODEC(Delta, LZ4) COMMENT 'the venue''s trade time, ms UTC',
    price          Float64 COMMENT 'in quote currency',
    quantity       Float64 COMMENT 'in base currency',
    is_buyer_maker Bool COMMENT 'the seller was the taker',
    trades         Int32 CODEC(T64, LZ4) COMMENT 'raw trades behind the row',
    source         LowCardinality(String) COMMENT 'live, backfill or replay',
    -- A replay of old trades must not expire as it arrives, so rows age from when they came in.
    stored_at      DateTime('UTC') DEFAULT now('UTC') CODEC(Delta, LZ4),
    event_time     DateTime64(3, 'UTC') ALIAS fromUnixTimestamp64Milli(event_ms, 'UTC')
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMMDD(fromUnixTimestamp64Milli(event_ms, 'UTC'))
ORDER BY (symbol, id)
TTL stored_at + INTERVAL 30 DAY
SETTINGS ttl_only_drop_parts = 1;
