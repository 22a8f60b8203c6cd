-- One row a pair and bar; what was stored last stays.
CREATE TABLE IF NOT EXISTS spreads
(
    pair        LowCardinality(String) COMMENT 'y~x',
    y           LowCardinality(String) COMMENT 'symbol of the leg regressed',
    x           LowCardinality(String) COMMENT 'symbol of the leg regressed on',
    interval    LowCardinality(String) COMMENT '1s, 1m or 5m',
    open_ms     Int64 CODEC(Delta, LZ4) COMMENT 'start of the bar both legs have closed, ms UTC',
    y_close     Float64,
    x_close     Float64,
    hedge_ratio Nullable(Float64) COMMENT 'slope of y on x',
    intercept   Nullable(Float64),
    r_squared   Nullable(Float64),
    spread      Nullable(Float64) COMMENT 'last residual',
    z           Nullable(Float64) COMMENT 'spread / standard deviation of the residuals, ddof 1',
    correlation Nullable(Float64) COMMENT 'of the legs'' returns over the window',
    n           Int32 COMMENT 'aligned closes behind the figures',
    window      Int32 COMMENT 'aligned closes wanted',
    warm        Bool COMMENT 'n has reached the window',
    stale       Bool COMMENT 'a leg has been silent for longer than its limit',
    prices      LowCardinality(String) COMMENT 'level or log',
    stored_at   DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC') CODEC(Delta, LZ4),
    open_time   DateTime64(3, 'UTC') ALIAS fromUnixTimestamp64Milli(open_ms, 'UTC')
)
ENGINE = ReplacingMergeTree(stored_at)
PARTITION BY toYYYYMM(fromUnixTimestamp64Milli(open_ms, 'UTC'))
ORDER BY (pair, interval, open_ms)
-- A view takes a few hundred rows: the usual 8192 at a time would read many for nothing.
SETTINGS index_granularity = 1024;
