-- One row a scan of a group at a bar, the newest result; and who diverged, one row each.
CREATE TABLE IF NOT EXISTS divergence
(
    group           LowCardinality(String) COMMENT 'a peer group, or a scan of pasted symbols',
    interval        LowCardinality(String) COMMENT '1d or 1m',
    open_ms         Int64 CODEC(Delta, LZ4) COMMENT 'the bar that the scan ends with, ms UTC',
    benchmark       LowCardinality(String),
    lookback        UInt32 COMMENT 'returns behind correlation and beta',
    enter_z         Float64 COMMENT '|z| at which a score crosses',
    min_correlation Float64 COMMENT 'from which a member usually moves with the group',
    scored          UInt32 COMMENT 'members with a score',
    divergers       Array(LowCardinality(String)) COMMENT 'strongest first',
    loners          Array(LowCardinality(String)) COMMENT 'strongest first',
    windows         String CODEC(ZSTD(3)) COMMENT 'JSON, as in the message',
    members         String CODEC(ZSTD(3)) COMMENT 'JSON, as in the message',
    complete        Bool COMMENT 'every member has a close at this bar',
    text            String COMMENT 'the result in one sentence',
    computed_ms     UInt64 CODEC(Delta, LZ4) COMMENT 'our clock',
    scan            LowCardinality(Nullable(String)) COMMENT 'id of the scan that asked',
    pending         UInt32 COMMENT 'closes that the scan still awaited',
    -- Of everybody whose score crosses: what the view below shows.
    crossed         Nested
    (
        symbol            LowCardinality(String),
        window            UInt32,
        z                 Float64,
        own_return        Float64,
        others_return     Float64,
        usual_correlation Nullable(Float64),
        verdict           LowCardinality(String),
        label             String
    ),
    open_time       DateTime64(3, 'UTC') ALIAS fromUnixTimestamp64Milli(open_ms, 'UTC')
)
ENGINE = ReplacingMergeTree(computed_ms)
PARTITION BY toYYYYMM(fromUnixTimestamp64Milli(open_ms, 'UTC'))
ORDER BY (group, interval, open_ms)
SETTINGS index_granularity = 256;

CREATE VIEW IF NOT EXISTS divergers AS
SELECT group, interval, open_ms,
       crossed.symbol AS symbol, crossed.window AS window, crossed.z AS z,
       crossed.own_return AS own_return, crossed.others_return AS others_return,
       crossed.usual_correlation AS usual_correlation, crossed.verdict AS verdict,
       crossed.label AS label
FROM divergence FINAL
ARRAY JOIN crossed;
