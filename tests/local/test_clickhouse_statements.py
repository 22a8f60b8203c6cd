"""What is told of a statement before it runs: where data begin, whether it writes."""

from __future__ import annotations

import pytest

from oddlot.local.clickhouse_statements import InsertHead, insert_head, is_insert, shape


@pytest.mark.parametrize(
    ("head", "data"),
    [
        (b"INSERT INTO t (a, `FORMAT b`) FORMAT Native\n\n\x0a\x01", b"\n\x0a\x01"),
        (b"insert into t format TSV\n1\t2\n", b"1\t2\n"),
        (b'INSERT INTO t FORMAT JSONEachRow {"a": 1}', b'{"a": 1}'),
        (b"/* FORMAT x */ INSERT INTO t -- FORMAT y\n FORMAT CSV\r\n1", b"1"),
        (b"INSERT INTO t SETTINGS s = 'FORMAT z' FORMAT RowBinary;\n\t\n", b"\t\n"),
    ],
)
def test_data_begin_after_the_formats_line(head: bytes, data: bytes) -> None:
    found = insert_head(head)

    assert found is not None
    assert head[found.length :] == data
    assert "FORMAT " + found.format not in found.sql


def test_settings_stay_with_the_statement() -> None:
    found = insert_head(b"INSERT INTO t SETTINGS a = 1 FORMAT CSV\n")

    assert found == InsertHead(sql="INSERT INTO t SETTINGS a = 1", format="CSV", length=40)


@pytest.mark.parametrize(
    "sql",
    [
        b"INSERT INTO t VALUES ('FORMAT Native')",
        b"INSERT INTO t SELECT 1 FORMAT Native",
        b"INSERT INTO t (format) VALUES (1)",
    ],
)
def test_inserts_without_data_after_a_format_are_plain_statements(sql: bytes) -> None:
    assert is_insert(sql)
    assert insert_head(sql) is None


@pytest.mark.parametrize(
    ("sql", "reads"),
    [
        (b"SELECT 1", True),
        (b"(SELECT 1) UNION ALL (SELECT 2)", True),
        (b"-- INSERT\nSELECT 'INSERT'", True),
        (b"WITH 1 AS a SELECT a", True),
        (b"WITH 1 AS a INSERT INTO t SELECT a", False),
        (b"SHOW TABLES", True),
        (b"EXPLAIN SELECT 1", True),
        (b"DROP TABLE t", False),
        (b"OPTIMIZE TABLE t FINAL", False),
        (b"ALTER TABLE t DELETE WHERE 1", False),
        (b"SYSTEM FLUSH LOGS", False),
        (b"selekt", False),
        (b"", False),
    ],
)
def test_only_what_is_known_to_read_reads(sql: bytes, reads: bool) -> None:
    assert shape(sql).reads is reads


@pytest.mark.parametrize(
    ("sql", "count"),
    [
        (b"SELECT ';'", 1),
        (b"SELECT 1;", 1),
        (b"SELECT 1; -- ;\n", 1),
        (b"SELECT 1; DROP TABLE t", 2),
    ],
)
def test_statements_are_counted(sql: bytes, count: int) -> None:
    assert shape(sql).statements == count
