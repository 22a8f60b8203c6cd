"""The embedded store takes what the real client sends, and answers as ClickHouse does."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import clickhouse_connect
import httpx
import numpy as np
import pyarrow as pa
import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError, OperationalError, StreamFailureError

from oddlot.local import clickhouse, embedded
from oddlot.settings import Settings
from tests.fixtures_clickhouse import (
    STOP_DEADLINE_S,
    running_store,
    start_store,
    store_settings,
)

pytestmark = pytest.mark.clickhouse

ROWS = 200_000  # the client cuts them into four blocks, each a compressed frame of its own
COLUMNS = "a Int64, s LowCardinality(String), f Nullable(Float64), t DateTime64(3, 'UTC')"


def client_of(settings: Settings, **options: object) -> Client:
    return clickhouse_connect.get_client(
        host="127.0.0.1",
        port=settings.clickhouse_port,
        autogenerate_session_id=False,
        **options,
    )


@pytest.fixture
def client(store: Settings) -> Iterator[Client]:
    with client_of(store) as client:
        yield client


@pytest.fixture
def table(client: Client, request: pytest.FixtureRequest) -> Iterator[str]:
    name = f"table_{abs(hash(request.node.name))}"
    client.command(f"CREATE TABLE {name} ({COLUMNS}) ENGINE = MergeTree ORDER BY a")
    yield name
    client.command(f"DROP TABLE {name}")


def url_of(settings: Settings, **fields: str) -> httpx.URL:
    return httpx.URL(f"http://127.0.0.1:{settings.clickhouse_port}/", params=fields)


# Inserts.


@pytest.mark.parametrize("compress", [False, "lz4", "zstd", "gzip"])
def test_every_frame_of_an_insert_arrives(store: Settings, table: str, compress: str) -> None:
    with client_of(store, compress=compress) as client:
        numbers = np.arange(ROWS)
        columns = [numbers, ["x"] * ROWS, numbers / 2]
        summary = client.insert(table, columns, ["a", "s", "f"], column_oriented=True)

        assert summary.written_rows == ROWS
        found = client.query(f"SELECT count(), sum(a), uniqExact(a), sum(f) FROM {table}")
        assert found.result_rows == [(ROWS, numbers.sum(), ROWS, numbers.sum() / 2)]


@pytest.mark.parametrize("compress", [False, "lz4", "zstd"])
def test_arrow_goes_in_and_comes_out(store: Settings, table: str, compress: str) -> None:
    with client_of(store, compress=compress) as client:
        sent = pa.table({
            "a": pa.array(range(1_000), pa.int64()),
            "s": pa.array(["x", "y"] * 500).dictionary_encode(),
            "f": pa.array([None, 1.5] * 500, pa.float64()),
            "t": pa.array(range(1_000), pa.timestamp("ms", "UTC")),
        })  # fmt: skip
        client.insert_arrow(table, sent)

        back = client.query_arrow(f"SELECT a, f FROM {table} ORDER BY a")
        assert back.to_pydict() == sent.select(["a", "f"]).to_pydict()


def test_an_insert_whose_frame_is_cut_off_leaves_no_row(store: Settings, table: str) -> None:
    packed = client_of(store).raw_query("SELECT toInt64(1) AS a FORMAT Native")
    import lz4.frame

    answer = httpx.post(
        url_of(store, query=f"INSERT INTO {table} (a) FORMAT Native"),
        content=lz4.frame.compress(packed)[:-5],
        headers={"content-encoding": "lz4"},
    )

    assert answer.headers["x-clickhouse-exception-code"] == "117"  # INCORRECT_DATA
    assert client_of(store).command(f"SELECT count() FROM {table}") == 0


def test_a_client_that_leaves_in_mid_insert_leaves_no_row(
    store: Settings, table: str, client: Client
) -> None:
    def half() -> Iterator[bytes]:
        yield b"1\n2\n" * 1_000_000  # more than is gathered before the insert begins
        raise ConnectionAbortedError

    with pytest.raises(ConnectionAbortedError):
        httpx.post(url_of(store, query=f"INSERT INTO {table} (a) FORMAT TSV"), content=half())

    # The writer does one thing at a time: once this is through, the other one is decided.
    client.command(f"INSERT INTO {table} (a) VALUES (7)")
    assert client.query(f"SELECT a FROM {table} LIMIT 10").result_rows == [(7,)]


def test_a_deadline_never_cuts_an_insert_short(store: Settings, table: str) -> None:
    gone_on = threading.Event()

    def slowly() -> Iterator[bytes]:
        yield b"1\n" * 2_200_000  # the insert begins
        gone_on.wait(1.2)  # the engine's own clock is what is tested
        yield b"2\n"

    answer = httpx.post(
        url_of(store, query=f"INSERT INTO {table} (a) FORMAT TSV", max_execution_time="1"),
        content=slowly(),
    )

    assert answer.status_code == 200
    assert client_of(store).command(f"SELECT count() FROM {table}") == 2_200_001


def test_values_select_and_parameters_can_be_inserted(client: Client, table: str) -> None:
    client.command(f"INSERT INTO {table} (a, s) VALUES (1, 'FORMAT x; DROP')")
    client.command(f"INSERT INTO {table} (a) SELECT {{a:Int64}}", parameters={"a": 2})
    client.raw_insert(table, ["a"], b"3\n", fmt="TSV")

    assert client.query(f"SELECT sum(a) FROM {table}").first_row == (6,)


# Reads.


def test_parameters_are_bound_by_the_engine(client: Client) -> None:
    given = {"text": "x'y\\z\n\t\"é", "list": ["q'", "b\\n"], "none": None, "number": 1.5}
    found = client.query(
        "SELECT {text:String}, {list:Array(String)}, {none:Nullable(Int64)}, {number:Float64}",
        parameters=given,
    )

    assert found.first_row == tuple(given.values())


def test_settings_end_with_their_statement(client: Client) -> None:
    asked = "SELECT getSetting('max_block_size')"
    usual = client.command(asked)

    for size in [77, 78] * 10:  # more often than there are connections to take turns
        assert client.command(asked, settings={"max_block_size": size}) == size
    assert {client.command(asked) for _ in range(10)} == {usual}


def test_set_and_use_end_with_their_request(client: Client, table: str) -> None:
    usual = client.command("SELECT getSetting('max_block_size')")
    client.command("SET max_block_size = 78")
    client.command("USE system")

    client.command(f"INSERT INTO {table} (a) SELECT getSetting('max_block_size')")
    assert client.query(f"SELECT a FROM {table} LIMIT 2").result_rows == [(usual,)]


def test_an_answer_can_be_read_as_it_comes(client: Client) -> None:
    with client.query_row_block_stream("SELECT number FROM numbers(1000000)") as blocks:
        sizes = [len(block) for block in blocks]

    assert sum(sizes) == 1_000_000
    assert len(sizes) > 1


def test_an_error_in_mid_answer_is_told(client: Client) -> None:
    sql = "SELECT throwIf(number = 500000, 'boom') FROM numbers(1000000)"
    stream = client.query_row_block_stream(sql, settings={"max_block_size": 10_000})
    with pytest.raises(StreamFailureError, match="boom"), stream as blocks:
        for _ in blocks:
            pass


def test_long_parameters_travel_in_a_form(store: Settings) -> None:
    with client_of(store, form_encode_query_params=True) as client:
        found = client.query("SELECT length({text:String})", parameters={"text": "é" * 100_000})

    assert found.first_row == (200_000,)


def test_curl_reads_text(store: Settings) -> None:
    answer = httpx.get(url_of(store, query="SELECT 1, 'a'"))

    assert answer.text == "1\ta\n"
    assert answer.headers["x-clickhouse-format"] == "TabSeparated"


def test_the_format_is_the_statements_or_the_default(store: Settings) -> None:
    both = {"default_format": "JSONEachRow"}

    assert httpx.post(url_of(store, **both), content=b"SELECT 1 AS a").text == '{"a":1}\n'
    assert httpx.post(url_of(store, **both), content=b"SELECT 1 AS a FORMAT CSV").text == "1\n"


@pytest.mark.parametrize(
    "statement", ["SHOW DATABASES", "DESCRIBE TABLE system.one", "EXPLAIN SELECT 1"]
)
def test_statements_that_only_look_give_rows(client: Client, statement: str) -> None:
    assert client.query(statement).result_rows


def test_a_database_is_chosen_by_request(client: Client, store: Settings) -> None:
    client.command("CREATE DATABASE IF NOT EXISTS elsewhere")

    where = "SELECT currentDatabase()"
    assert httpx.get(url_of(store, query=where, database="elsewhere")).text == "elsewhere\n"
    assert httpx.get(url_of(store, query=where)).text == "default\n"


def test_the_summary_counts(client: Client, table: str) -> None:
    client.command(f"INSERT INTO {table} (a) SELECT number FROM numbers(10)")

    summary = client.query(f"SELECT a FROM {table} WHERE a < 3").summary
    assert (summary["result_rows"], summary["read_rows"]) == ("3", "10")


# Errors.


@pytest.mark.parametrize(
    ("statement", "code", "status"),
    [
        ("SELECT * FROM nowhere", 60, 404),
        ("SELECT nothing", 47, 404),
        ("SELECT * FROM numbers(1) SETTINGS no_such_setting = 1", 115, 404),
        ("SELEC 1", 62, 400),
        ("SELECT 1; SELECT 2", 62, 400),
        ("SELECT throwIf(1)", 395, 500),
        ("SELECT max(sipHash64(number)) FROM numbers(1000000000000)", 159, 408),
        ("INSERT INTO nowhere (a) FORMAT TSV\n1\n", 60, 404),
    ],
)
def test_errors_have_clickhouses_code_and_status(
    store: Settings, statement: str, code: int, status: int
) -> None:
    answer = httpx.post(url_of(store, max_execution_time="1"), content=statement.encode())

    assert answer.headers["x-clickhouse-exception-code"] == str(code)
    assert answer.status_code == status
    assert answer.text.startswith(f"Code: {code}. DB::Exception: ")


def test_the_client_raises_what_the_engine_says(client: Client) -> None:
    with pytest.raises(DatabaseError) as raised:
        client.query("SELECT * FROM nowhere")

    assert (raised.value.code, raised.value.name) == (60, "UNKNOWN_TABLE")


def test_get_changes_nothing(store: Settings) -> None:
    answer = httpx.get(url_of(store, query="CREATE DATABASE by_get"))

    assert answer.headers["x-clickhouse-exception-code"] == "164"  # READONLY
    assert "by_get" not in httpx.get(url_of(store, query="SHOW DATABASES")).text


@pytest.mark.parametrize(
    "headers", [{"origin": "https://example.org"}, {"host": "rebound.example.org"}]
)
def test_web_pages_are_refused(store: Settings, headers: dict[str, str]) -> None:
    answer = httpx.post(url_of(store), content=b"SELECT 1", headers=headers)

    assert answer.status_code == 403


# One process a directory; reads beside writes; what is acknowledged stays.


def test_reads_run_beside_an_insert(store: Settings, table: str) -> None:
    read = threading.Event()
    found = []

    def data() -> Iterator[bytes]:
        yield b"1\n" * 2_200_000  # the insert begins and waits for the rest
        assert read.wait(30)
        yield b"2\n"

    def insert() -> None:
        sql = f"INSERT INTO {table} (a) FORMAT TSV"
        found.append(httpx.post(url_of(store, query=sql), content=data(), timeout=60).status_code)

    thread = threading.Thread(target=insert)
    thread.start()
    with client_of(store) as client:
        found.append(client.command("SELECT 1"))
    read.set()
    thread.join()
    assert found == [1, 200]


def test_a_second_process_on_the_directory_is_refused(store: Settings) -> None:
    other = store_settings(store.state_dir)
    process = start_store(other, stderr=subprocess.PIPE)
    _, said = process.communicate(timeout=30)

    assert process.returncode == embedded.REFUSED
    assert str(clickhouse.directory_of(store)) in said.decode()
    assert "ODDLOT_STATE_DIR" in said.decode()


def test_a_port_that_is_taken_is_refused(
    store: Settings, tmp_path_factory: pytest.TempPathFactory
) -> None:
    taken = store.model_copy(update={"state_dir": tmp_path_factory.mktemp("other")})
    process = start_store(taken, stderr=subprocess.PIPE)
    _, said = process.communicate(timeout=30)

    assert process.returncode == embedded.REFUSED
    assert "ODDLOT_CLICKHOUSE_PORT" in said.decode()


def test_every_acknowledged_block_is_there_after_a_kill(tmp_path: Path) -> None:
    settings = store_settings(tmp_path)
    acknowledged: list[int] = []
    with running_store(settings):
        client_of(settings).command("CREATE TABLE k (b Int64) ENGINE = MergeTree ORDER BY b")
    for _ in range(2):
        with running_store(settings) as process:
            enough = threading.Event()
            thread = threading.Thread(
                target=insert_until_away, args=(settings, acknowledged, enough)
            )
            thread.start()
            assert enough.wait(30)
            process.send_signal(signal.SIGKILL)
            thread.join(30)
    with running_store(settings):
        rows = client_of(settings).query("SELECT b, count() FROM k GROUP BY b").result_rows
    there = dict(rows)

    assert len(acknowledged) >= 20
    assert {block: there.get(block) for block in acknowledged} == dict.fromkeys(acknowledged, 1_000)


def insert_until_away(settings: Settings, done: list[int], enough: threading.Event) -> None:
    """Insert blocks of a thousand equal rows, noting each one acknowledged."""
    first = len(done)
    with contextlib.suppress(OperationalError), client_of(settings) as client:
        while True:
            block = (done[-1] if done else 0) + 1 + (len(done) == first)  # a kill skips a number
            client.insert("k", [[block] * 1_000], ["b"], column_oriented=True)
            done.append(block)
            if len(done) - first >= 10:
                enough.set()


async def test_a_probe_tells_whether_it_answers(store: Settings) -> None:
    assert await clickhouse.is_ready(store)
    assert not await clickhouse.is_ready(store_settings(store.state_dir))


def test_it_stops_in_time_whatever_is_still_running(tmp_path: Path) -> None:
    settings = store_settings(tmp_path)
    endless = "SELECT max(sipHash64(number)) FROM numbers(1000000000000)"

    def ask() -> None:
        with contextlib.suppress(httpx.HTTPError):
            httpx.post(url_of(settings, wait_end_of_query="1"), content=endless, timeout=60)

    with running_store(settings) as process:
        thread = threading.Thread(target=ask)
        thread.start()
        running = "SELECT count() FROM system.processes WHERE query LIKE '%sipHash64%'"
        with client_of(settings) as client:
            while client.command(running) < 2:  # itself, and the one asked
                assert thread.is_alive()
        process.send_signal(signal.SIGTERM)
        assert process.wait(STOP_DEADLINE_S) == 0
        thread.join()
