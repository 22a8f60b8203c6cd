"""Views as files: every row, every figure exactly, in bounded memory."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Any

import httpx
import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest
from fastapi import FastAPI
from starlette.requests import ClientDisconnect

from api import exports
from api.exports import MAX_EXPORTS, Exports
from api.formats import KINDS, Format
from oddlot.errors import StoreUnavailable
from oddlot.store import schemas
from tests.api.messages import OPEN_MS, alert, bar, pair_test, spread
from tests.api.places import backend_of, serving
from tests.fakes import MemoryReader

FILES: tuple[Format, ...] = ("csv", "parquet", "arrow")
NASTY = 0.1 + 0.2, 1e-8, 1.7976931348623157e308, 5e-324, -0.0, 65_000.30000000001
PAIR = "BTCUSDT~ETHUSDT"


def read(content: bytes, format_: Format, schema: pa.Schema | None = None) -> pa.Table:
    """Read a file as others do."""
    if format_ == "parquet":
        return pyarrow.parquet.read_table(io.BytesIO(content))
    if format_ == "arrow":
        return pa.ipc.open_stream(content).read_all()
    types = {} if schema is None else dict(zip(schema.names, schema.types, strict=True))
    options = pyarrow.csv.ConvertOptions(column_types=types, strings_can_be_null=True)
    return pyarrow.csv.read_csv(io.BytesIO(content), convert_options=options)


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "CHUNK_ROWS", 7)


@pytest.mark.parametrize("format_", FILES)
async def test_a_file_has_every_row_and_every_figure_exactly(
    http: httpx.AsyncClient, reader: MemoryReader, format_: Format
) -> None:
    written = [
        spread(i, z=NASTY[i % len(NASTY)] if i % 5 else None, warm=i % 2 == 0) for i in range(50)
    ]
    reader.rows = [*written[::-1]]
    answer = await http.get(f"/spreads/{PAIR}?format={format_}&limit=3")
    assert answer.status_code == 200
    table = read(answer.content, format_, schemas.SPREADS)
    assert table.to_pylist() == [asdict(row) for row in written]


@pytest.mark.parametrize("format_", FILES)
async def test_a_file_says_what_it_is_and_what_to_call_it(
    http: httpx.AsyncClient, format_: Format
) -> None:
    answer = await http.get(f"/spreads/{PAIR}?interval=1m&format={format_}")
    kind = KINDS[format_]
    assert answer.headers["content-type"].startswith(kind.media_type)
    filename = f"oddlot-spreads-{PAIR}-1m.{kind.ending}"
    assert answer.headers["content-disposition"] == f'attachment; filename="{filename}"'


@pytest.mark.parametrize("format_", FILES)
@pytest.mark.parametrize(
    ("path", "columns"),
    [
        (f"/spreads/{PAIR}", set(schemas.SPREADS.names)),
        ("/bars/BTCUSDT?", set(schemas.BARS.names)),
        (f"/spreads/{PAIR}/stats", set(schemas.PAIR_TESTS.names)),
        ("/alerts", set(schemas.ALERTS.names)),
        ("/symbols", {"symbol", "groups", "last_price"}),
        ("/pairs", {"pair", "group", "added", "enter_z", "interval", "z"}),
    ],
)
async def test_every_view_is_a_file_too_even_without_rows(
    http: httpx.AsyncClient, path: str, columns: set[str], format_: Format
) -> None:
    answer = await http.get(path, params={"format": format_})
    assert answer.status_code == 200
    assert columns <= set(read(answer.content, format_).schema.names)


async def test_a_list_is_json_where_a_file_has_no_lists(
    http: httpx.AsyncClient, reader: MemoryReader
) -> None:
    reader.rows = [pair_test(minute) for minute in range(150)]
    csv = read((await http.get(f"/spreads/{PAIR}/stats?format=csv")).content, "csv")
    assert csv.num_rows == 150  # all there are, not the newest hundred
    assert json.loads(csv["eg_critical"][0].as_py()) == [-3.9, -3.3, -3.0]
    arrow = read((await http.get(f"/spreads/{PAIR}/stats?format=arrow")).content, "arrow")
    assert arrow["eg_critical"][0].as_py() == [-3.9, -3.3, -3.0]


async def test_a_figure_that_is_none_is_missing(
    http: httpx.AsyncClient, reader: MemoryReader
) -> None:
    reader.rows = [bar(0, volume=float("nan"), high=float("inf"))]
    answer = await http.get("/bars/BTCUSDT?interval=1s&format=csv")
    assert answer.text.splitlines()[1].startswith('"BTCUSDT","1s",1700000000000,100,,99,101,,')


async def test_a_file_of_pairs_has_a_row_for_each_interval(
    http: httpx.AsyncClient, reader: MemoryReader
) -> None:
    reader.rows = [spread(0, z=3.5)]
    table = read((await http.get("/pairs?format=parquet")).content, "parquet")
    rows = [row for row in table.to_pylist() if row["pair"] == PAIR]
    assert [(row["interval"], row["z"]) for row in rows] == [
        ("1s", 3.5),
        ("1m", None),
        ("5m", None),
    ]


async def test_alerts_of_a_file_are_those_asked_for(
    http: httpx.AsyncClient, reader: MemoryReader
) -> None:
    reader.rows = [alert(i, crossing="left" if i % 2 else "entered") for i in range(30)]
    answer = await http.get(f"/alerts?crossing=left&from={OPEN_MS + 10_000}&format=csv")
    assert read(answer.content, "csv").num_rows == 10
    assert 'filename="oddlot-alerts-left.csv"' in answer.headers["content-disposition"]


async def test_a_thinned_view_is_a_file_too(http: httpx.AsyncClient, reader: MemoryReader) -> None:
    reader.rows = [spread(i) for i in range(100)]
    answer = await http.get(f"/spreads/{PAIR}?resolution=10&format=csv")
    assert read(answer.content, "csv").num_rows == 10


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("text/csv", "text/csv"),
        ("application/vnd.apache.parquet", "application/vnd.apache.parquet"),
        ("application/vnd.apache.arrow.stream", "application/vnd.apache.arrow.stream"),
        ("application/json;q=0.5, text/csv;q=0.9", "text/csv"),
        ("text/csv;q=0.5, application/json", "application/json"),
        ("text/html, */*;q=0.1", "application/json"),
        ("text/csv;q=x", "application/json"),
        ("", "application/json"),
    ],
)
async def test_the_format_may_be_asked_for_by_accept(
    http: httpx.AsyncClient, accept: str, media_type: str
) -> None:
    answer = await http.get("/bars/BTCUSDT", headers={"Accept": accept})
    assert answer.headers["content-type"].split(";")[0] == media_type


async def test_the_parameter_beats_the_header(http: httpx.AsyncClient) -> None:
    answer = await http.get("/bars/BTCUSDT?format=json", headers={"Accept": "text/csv"})
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/bars/NOPE?format=csv", 404),
        ("/spreads/A~B?format=csv", 404),
        ("/bars/BTCUSDT?format=xml", 422),
        (f"/spreads/{PAIR}?resolution=1", 422),
    ],
)
async def test_what_cannot_be_given_is_a_problem_and_no_file(
    http: httpx.AsyncClient, path: str, status: int
) -> None:
    answer = await http.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


async def test_an_absent_store_is_a_problem_and_takes_no_place(
    app: FastAPI, http: httpx.AsyncClient, reader: MemoryReader
) -> None:
    reader.rows = [bar(0)]
    await http.get("/bars/BTCUSDT")  # which connects
    for _ in range(MAX_EXPORTS + 1):
        reader.away = True
        assert (await http.get("/bars/BTCUSDT?format=csv")).status_code == 503
        reader.away = False
    assert (await http.get("/bars/BTCUSDT?format=csv")).status_code == 200
    assert backend_of(app).exports._running == 0


class Million:
    """A store of a million bars, made chunk by chunk; counts those that still exist."""

    def __init__(self, rows: int, chunk: int) -> None:
        self.rows = rows
        self.chunk = chunk
        self.made = 0

    async def tables(self) -> AsyncIterator[pa.Table]:
        for first in range(0, self.rows, self.chunk):
            self.made += 1
            numbers = pa.array(np.arange(first, first + self.chunk))
            figures: dict[str, Any] = {
                field.name: numbers.cast(field.type)
                for field in schemas.BARS
                if pa.types.is_integer(field.type) or pa.types.is_floating(field.type)
            }
            rest = {
                field.name: pa.nulls(self.chunk, field.type)
                for field in schemas.BARS
                if field.name not in figures
            }
            yield pa.table({**figures, **rest}).select(schemas.BARS.names)


class Client:
    """Takes a file piece by piece and keeps nothing of it but its size."""

    def __init__(self, source: Million) -> None:
        self.source = source
        self.pieces = self.largest = self.farthest_ahead = 0

    async def send(self, message: Any) -> None:
        if body := message.get("body"):
            self.pieces += 1
            self.largest = max(self.largest, len(body))
            self.farthest_ahead = max(self.farthest_ahead, self.source.made - self.pieces)

    async def receive(self) -> Any:
        raise AssertionError("nothing more to say")


@pytest.mark.parametrize("format_", FILES)
async def test_a_million_rows_are_read_no_faster_than_they_are_taken(format_: Format) -> None:
    source = Million(rows=1_000_000, chunk=20_000)
    client = Client(source)
    before = pa.total_allocated_bytes()
    running = Exports()
    answer = await running.of_tables(source.tables(), name="x", format_=format_)
    scope = {"type": "http", "asgi": {"spec_version": "2.4"}}
    await answer(scope, client.receive, client.send)
    assert client.pieces >= source.made == 50
    assert client.farthest_ahead <= 1
    assert client.largest < 8_000_000
    assert pa.total_allocated_bytes() - before < 20_000_000
    assert running._running == 0


async def test_a_client_that_goes_frees_its_place_and_stops_the_reading() -> None:
    source = Million(rows=1_000_000, chunk=100)

    class Gone(Client):
        async def send(self, message: Any) -> None:
            await super().send(message)
            if self.pieces == 3:
                raise OSError("the line is cut")

    running = Exports()
    answer = await running.of_tables(source.tables(), name="x", format_="csv")
    client = Gone(source)
    with pytest.raises(ClientDisconnect):
        await answer({"type": "http", "asgi": {"spec_version": "2.4"}}, client.receive, client.send)
    assert source.made <= 4
    assert running._running == 0


async def test_one_export_too_many_is_told_to_come_later() -> None:
    running = Exports()
    source = Million(rows=1_000, chunk=100)
    started = [
        await running.of_tables(source.tables(), name="x", format_="csv")
        for _ in range(MAX_EXPORTS)
    ]
    with pytest.raises(exports.HTTPException) as refused:
        await running.of_tables(source.tables(), name="x", format_="csv")
    assert refused.value.status_code == 503
    assert started


async def test_a_store_that_goes_away_in_the_middle_cuts_the_file_off(
    app: FastAPI, reader: MemoryReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader.rows = [bar(i) for i in range(50)]
    oldest = reader.oldest

    async def twice(*args: Any, **options: Any) -> Any:
        if sum(asked.startswith("oldest") for asked in reader.asked) >= 2:
            raise StoreUnavailable("away")
        return await oldest(*args, **options)

    monkeypatch.setattr(reader, "oldest", twice)
    async with serving(app) as place, httpx.AsyncClient(trust_env=False) as client:
        with pytest.raises(httpx.RemoteProtocolError, match="incomplete"):
            await client.get(f"http://{place}/bars/BTCUSDT?interval=1s&format=csv")
    assert sum(asked.startswith("oldest") for asked in reader.asked) == 2
