-- How a spread's hedge ratio was found; one row a test of a pair; one row an alert.
ALTER TABLE spreads ADD COLUMN IF NOT EXISTS
    hedge LowCardinality(String) DEFAULT 'ols' COMMENT 'ols or kalman' AFTER prices;

CREATE TABLE IF NOT EXISTS pair_tests
(
    pair            LowCardinality(String) COMMENT 'y~x',
    y               LowCardinality(String) COMMENT 'symbol of the leg regressed',
    x               LowCardinality(String) COMMENT 'symbol of the leg regressed on',
    interval        LowCardinality(String) COMMENT '1s, 1m or 5m',
    open_ms         Int64 CODEC(Delta, LZ4) COMMENT 'the last bar of the window, ms UTC',
    prices          LowCardinality(String) COMMENT 'level or log',
    hedge           LowCardinality(String) COMMENT 'ols or kalman',
    n               Int32 COMMENT 'aligned closes behind the figures',
    eg_statistic    Nullable(Float64) COMMENT 'Engle-Granger',
    eg_p            Nullable(Float64),
    eg_critical     Array(Float64) COMMENT 'at 1, 5 and 10 per cent',
    adf_statistic   Nullable(Float64) COMMENT 'augmented Dickey-Fuller on the residuals',
    adf_p           Nullable(Float64),
    adf_lags        Nullable(Int32),
    adf_critical    Array(Float64) COMMENT 'at 1, 5 and 10 per cent',
    half_life_bars  Nullable(Float64) COMMENT 'of a deviation, from an AR(1)',
    hurst           Nullable(Float64) COMMENT 'exponent of the residuals',
    is_cointegrated Nullable(Bool) COMMENT 'eg_p below 0.05',
    verdict         String COMMENT 'the same in plain words',
    stored_at       DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC') CODEC(Delta, LZ4),
    open_time       DateTime64(3, 'UTC') ALIAS fromUnixTimestamp64Milli(open_ms, 'UTC')
)
ENGINE = ReplacingMergeTree(stored_at)
PARTITION BY toYYYYMM(fromUnixTimestamp64Milli(open_ms, 'UTC'))
ORDER BY (pair, interval, open_ms)
SETTINGS index_granularity = 1024;

CREATE TABLE IF NOT EXISTS alerts
(
    kind        LowCardinality(String) COMMENT 'what is watched',
    subject     LowCardinality(String) COMMENT 'of what: a pair',
    interval    LowCardinality(String) COMMENT '1s, 1m or 5m',
    event_ms    Int64 CODEC(Delta, LZ4) COMMENT 'the bar at which it happened, ms UTC',
    crossing    LowCardinality(String) COMMENT 'entered or left',
    side        LowCardinality(String) COMMENT 'high or low',
    value       Float64 COMMENT 'what crossed the threshold',
    threshold   Float64 COMMENT 'what was crossed',
    price       Float64 COMMENT 'close of y',
    hedge_ratio Nullable(Float64),
    spread      Nullable(Float64),
    text        String COMMENT 'the same in plain words',
    stored_at   DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC') CODEC(Delta, LZ4),
    event_time  DateTime64(3, 'UTC') ALIAS fromUnixTimestamp64Milli(event_ms, 'UTC')
)
ENGINE = ReplacingMergeTree(stored_at)
PARTITION BY toYYYYMM(fromUnixTimestamp64Milli(event_ms, 'UTC'))
ORDER BY (kind, subject, interval, event_ms, crossing)
SETTINGS index_granularity = 1024;
