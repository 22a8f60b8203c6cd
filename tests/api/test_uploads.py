"""Uploads: what comes in, what was understood, how long it is kept, what is refused."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from api.uploads_kept import Shelf
from api.uploads_work import MINUTE_MS, Uploads
from oddlot.settings import load
from tests.api.places import app_on, asking, backend_of
from tests.fakes import MemoryReader

WIDE = b"Date;GLD;GDX\n31.12.2023;1.234,50;12,5\n01.01.2024;1.240,25;12,75\nnever;1;2\n"
YAHOO = b"Date,Open,High,Low,Close,Adj Close,Volume\n2024-01-02,1,2,0.5,1.5,1.4,100\n"
ALWAYS_MS = 1 << 60


@pytest.fixture
def app(tmp_path: Path) -> FastAPI:
    return app_on(
        MemoryReader(),
        settings={"state_dir": tmp_path, "upload_max_bytes": 10_000, "upload_max_rows": 500},
    )


@pytest.fixture
async def http(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with asking(app) as client:
        yield client


def form(*files: tuple[str, bytes]) -> list[tuple[str, tuple[str, bytes, str]]]:
    return [("files", (name, content, "text/csv")) for name, content in files]


async def uploaded(http: httpx.AsyncClient, *files: tuple[str, bytes], **data: str) -> Any:
    answer = await http.post("/uploads", files=form(*files), data=data)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_an_upload_says_what_was_understood_before_anything_is_computed(
    http: httpx.AsyncClient,
) -> None:
    answer = await http.post("/uploads", files=form(("gold.csv", WIDE)))
    assert answer.status_code == 201
    about = answer.json()
    assert answer.headers["location"] == f"/uploads/{about['upload']}"
    assert about["symbols"] == ["GLD", "GDX"]
    file = about["understood"]["files"][0]
    assert (file["name"], file["rows"], file["encoding"]) == ("gold.csv", 4, "utf-8")
    assert (file["delimiter"], file["decimal"], file["thousands"]) == (";", ",", ".")
    assert file["columns"] == {"time": "Date", "GLD close": "GLD", "GDX close": "GDX"}
    assert (file["time_format"], file["timezone"]) == ("%d.%m.%Y", "UTC")
    assert (file["interval"], file["interval_ms"]) == ("1d", 86_400_000)
    assert (file["first_ms"], file["last_ms"]) == (1_703_980_800_000, 1_704_067_200_000)
    assert about["bad_rows_total"] == 1
    bad = about["bad_rows"][0]
    assert (bad["file"], bad["line"], bad["text"]) == ("gold.csv", 4, "never;1;2")
    assert bad["reason"].startswith("expected a time as %d.%m.%Y")
    again = await http.get(f"/uploads/{about['upload']}")
    assert again.json() == about


async def test_a_file_may_be_the_body_itself(http: httpx.AsyncClient) -> None:
    answer = await http.post(
        "/uploads?name=AAPL.csv&delimiter=,", content=YAHOO, headers={"Content-Type": "text/csv"}
    )
    assert answer.status_code == 201
    assert answer.json()["symbols"] == ["AAPL"]


async def test_packed_files_are_unpacked(http: httpx.AsyncClient) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("MSFT.csv", YAHOO)
    about = await uploaded(
        http, ("AAPL.csv.gz", gzip.compress(YAHOO)), ("whatever.zip", archive.getvalue())
    )
    assert about["symbols"] == ["AAPL", "MSFT"]
    assert [file["packing"] for file in about["understood"]["files"]] == ["gzip", "zip"]


async def test_fields_of_the_form_say_how_to_read(http: httpx.AsyncClient) -> None:
    columns = json.dumps({"close": "Adj Close"})
    about = await uploaded(http, ("x.csv", YAHOO), symbol="brk.b", columns=columns)
    assert about["symbols"] == ["BRK.B"]
    assert about["understood"]["files"][0]["columns"]["close"] == "Adj Close"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"delimitr": ";"}, "expected fields delimiter"),
        ({"columns": "close"}, "expected JSON such as"),
        ({"columns": '{"close": "Nope"}'}, "expected a column named 'Nope'"),
        ({"columns": '{"clothes": "Close"}'}, "expected time, clock, symbol"),
        ({"symbol": ["A", "B"]}, "expected one for each of 1 files, was 2"),
        ({"delimiter": "::"}, "delimiter: expected one character"),
        ({"timezone": "Mars/Olympus"}, "timezone: expected a name such as"),
        ({"date_order": "ydm"}, "date_order: expected dmy or mdy"),
        ({"encoding": "rot13"}, "encoding: expected one such as"),
        ({"decimal": ";"}, "decimal: expected a point or a comma"),
        ({"thousands": "x"}, "thousands: expected a point, comma"),
    ],
)
async def test_a_field_that_does_not_fit_is_refused_by_name(
    http: httpx.AsyncClient, fields: dict[str, Any], said: str
) -> None:
    answer = await http.post("/uploads", files=form(("x.csv", YAHOO)), data=fields)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert said in answer.json()["detail"]


async def test_what_is_no_file_of_prices_is_refused_and_not_kept(
    http: httpx.AsyncClient, tmp_path: Path
) -> None:
    answer = await http.post("/uploads", files=form(("x.csv", b"hello\nworld\n")))
    assert answer.status_code == 422
    assert "expected columns parted by" in answer.json()["detail"]
    answer = await http.post("/uploads", data={"symbol": "A"}, files=[])
    assert answer.status_code == 415
    assert not list((tmp_path / "uploads").glob("*"))


async def test_a_form_without_files_is_refused(http: httpx.AsyncClient) -> None:
    boundary = {"Content-Type": "multipart/form-data; boundary=b"}
    empty = await http.post("/uploads", content=b"--b--\r\n", headers=boundary)
    assert empty.status_code == 422
    assert "expected 1 to 50 files, was 0" in empty.json()["detail"]
    broken = await http.post("/uploads", content=b"nonsense", headers=boundary)
    assert broken.status_code == 422


@pytest.mark.parametrize("says_length", [True, False])
async def test_more_bytes_than_allowed_are_refused_as_they_come(
    http: httpx.AsyncClient, tmp_path: Path, says_length: bool
) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"2024-01-02,1\n" * 1_000

    content: Any = b"x" * 3_000_000 if says_length else endless()
    answer = await http.post(
        "/uploads?name=A", content=content, headers={"Content-Type": "text/csv"}
    )
    assert answer.status_code == 413
    assert "expected at most 10,000 bytes" in answer.json()["detail"]


async def test_more_rows_than_allowed_are_refused(http: httpx.AsyncClient) -> None:
    lines = b"".join(b"%d,1\n" % (1_700_000_000 + n) for n in range(501))
    answer = await http.post("/uploads", files=form(("x.csv.gz", gzip.compress(lines))))
    assert answer.status_code == 422
    assert "expected at most 500" in answer.json()["detail"]


async def test_a_bomb_stops_where_the_limit_is(http: httpx.AsyncClient) -> None:
    bomb = gzip.compress(b"time,close\n" + b"2024-01-02," + b"1" * 5_000_000)
    assert len(bomb) < 10_000
    answer = await http.post("/uploads", files=form(("x.csv.gz", bomb)))
    assert answer.status_code == 422
    assert "once unpacked" in answer.json()["detail"]


async def test_an_upload_is_deleted_when_asked_for(http: httpx.AsyncClient, tmp_path: Path) -> None:
    about = await uploaded(http, ("gold.csv", WIDE))
    path = f"/uploads/{about['upload']}"
    assert (await http.delete(path)).status_code == 204
    assert not list((tmp_path / "uploads").iterdir())
    for answer in (
        await http.get(path),
        await http.delete(path),
        await http.get(f"{path}/bars/GLD"),
    ):
        assert answer.status_code == 404
        assert "expected an upload that is kept" in answer.json()["detail"]


@pytest.mark.parametrize("name", ["%2e%2e", "%2e%2e%2f%2e%2e", "about.json", "x" * 22, "a" * 5_000])
async def test_an_id_that_was_not_given_leads_nowhere(http: httpx.AsyncClient, name: str) -> None:
    answer = await http.get(f"/uploads/{name}")
    assert answer.status_code == 404


async def test_uploads_survive_a_restart(http: httpx.AsyncClient, tmp_path: Path) -> None:
    about = await uploaded(http, ("gold.csv", WIDE))
    async with asking(app_on(MemoryReader(), settings={"state_dir": tmp_path})) as restarted:
        answer = await restarted.get(f"/uploads/{about['upload']}")
        assert answer.json() == about
        bars = await restarted.get(f"/uploads/{about['upload']}/bars/GLD")
        assert [bar["close"] for bar in bars.json()["bars"]] == [1_234.5, 1_240.25]


async def test_an_upload_expires_and_is_swept(tmp_path: Path) -> None:
    now_ms = 1_000_000
    settings = load(state_dir=tmp_path, upload_keep_minutes=5)
    app = app_on(MemoryReader(), settings={"state_dir": tmp_path})
    uploads = Uploads(settings, clock=lambda: now_ms)
    object.__setattr__(backend_of(app), "uploads", uploads)
    async with asking(app) as http:
        about = await uploaded(http, ("gold.csv", WIDE))
        assert about["expires_ms"] == now_ms + 5 * MINUTE_MS
        now_ms += 5 * MINUTE_MS
        assert (await http.get(f"/uploads/{about['upload']}")).status_code == 404
        assert list((tmp_path / "uploads").iterdir())
        await uploads.sweep()
        assert not list((tmp_path / "uploads").iterdir())


async def test_what_was_left_half_written_is_swept_too(tmp_path: Path) -> None:
    half = tmp_path / ("x" * 22 + ".part")
    half.mkdir()
    shelf = Shelf(tmp_path, max_kept=1)
    shelf.sweep(now_ms=0, keep_ms=0)
    assert half.exists()
    shelf.sweep(now_ms=ALWAYS_MS, keep_ms=0)
    assert not half.exists()


async def test_so_many_uploads_are_kept_and_no_more(tmp_path: Path) -> None:
    app = app_on(MemoryReader(), settings={"state_dir": tmp_path, "upload_kept": 2})
    async with asking(app) as http:
        first, _ = [await uploaded(http, ("gold.csv", WIDE)) for _ in range(2)]
        full = await http.post("/uploads", files=form(("gold.csv", WIDE)))
        assert full.status_code == 503
        assert "expected fewer than 2 uploads" in full.json()["detail"]
        await http.delete(f"/uploads/{first['upload']}")
        await uploaded(http, ("gold.csv", WIDE))


async def test_ids_cannot_be_guessed_from_one_another(http: httpx.AsyncClient) -> None:
    ids = {(await uploaded(http, ("gold.csv", WIDE)))["upload"] for _ in range(5)}
    assert len(ids) == 5
    assert all(len(each) == 22 for each in ids)


async def test_a_foreign_page_may_not_upload(http: httpx.AsyncClient) -> None:
    answer = await http.post(
        "/uploads", files=form(("gold.csv", WIDE)), headers={"Origin": "https://evil.example"}
    )
    assert answer.status_code == 403


async def test_the_loop_goes_on_while_files_are_read(http: httpx.AsyncClient) -> None:
    uploading = asyncio.create_task(uploaded(http, ("gold.csv", WIDE)))
    turns = 0
    while not uploading.done():
        turns += 1
        await asyncio.sleep(0)
    assert turns > 1
    assert (await uploading)["symbols"] == ["GLD", "GDX"]
