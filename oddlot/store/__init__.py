"""ClickHouse: the only importers of clickhouse_connect."""
