"""Replay: the trades of the files, once and in order, whatever the cuts and the files' number."""

from __future__ import annotations

import gzip
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from oddlot import settings
from oddlot.contracts import topics
from oddlot.contracts.messages import Ticks
from oddlot.errors import BadCapture, BadRequest
from producers import replay
from tests import builders
from tests.fakes import MemoryPublisher

START_MS = 1_750_000_000_000
CAPTURES = ("usdm_btcusdt_20240808.gz", "usdm_ethusdt_20240808.gz")


def recorded(number: int, event_ms: int, symbol: str = "BTCUSDT") -> bytes:
    """Write one line of a capture; times count from START_MS."""
    trade = {
        "e": "trade",
        "E": START_MS + event_ms,
        "T": START_MS + event_ms,
        "s": symbol,
        "t": number,
        "p": "100.5",
        "q": "2",
        "m": False,
    }
    frame = {"stream": f"{symbol.lower()}@trade", "data": trade}
    return b"1750000000000000000 " + json.dumps(frame).encode() + b"\n"


async def replayed(*files: Path, **options: Any) -> tuple[MemoryPublisher, replay.Progress]:
    """Replay files as fast as possible, unless said otherwise."""
    publisher = MemoryPublisher()
    knobs = settings.load(**options.pop("knobs", {}))
    end = await replay.run(files, publisher=publisher, settings=knobs, **{"speed": None, **options})
    return publisher, end


def written(folder: Path, *lines: bytes, name: str = "capture") -> Path:
    path = folder / name
    path.write_bytes(b"".join(lines))
    return path


def of(publisher: MemoryPublisher, symbol: str) -> list[Ticks]:
    return [batch for batch in publisher.on(topics.TICKS) if batch.symbol == symbol]


def ids(publisher: MemoryPublisher, symbol: str = "BTCUSDT") -> list[int]:
    return [i for batch in of(publisher, symbol) for i in batch.ids.tolist()]


@pytest.mark.real_data
async def test_recorded_captures_are_published_whole(real_data: Path) -> None:
    paths = [real_data / "binance" / name for name in CAPTURES]
    publisher, end = await replayed(*paths, knobs={"tick_cut_trades": 30})
    assert (end.trades, end.rejected) == (21_313 + 14_076, 0)
    assert end.bytes_read == end.bytes_total
    for path in paths:
        expected = builders.trades_of_capture(path)
        batches = of(publisher, expected.symbol)
        for column in ("ids", "event_ms", "price", "quantity", "is_buyer_maker", "trades"):
            found = np.concatenate([getattr(batch, column) for batch in batches])
            assert (found == getattr(expected, column)).all()
        assert {batch.source for batch in batches} == {"replay"}


async def test_the_same_files_give_the_same_batches(tmp_path: Path) -> None:
    path = written(tmp_path, *(recorded(n, 37 * n) for n in range(1, 300)))
    (one, _), (other, _) = await replayed(path), await replayed(path)
    assert [(b.ids.tolist(), b.after_id, b.watermark_ms) for b in of(one, "BTCUSDT")] == [
        (b.ids.tolist(), b.after_id, b.watermark_ms) for b in of(other, "BTCUSDT")
    ]


async def test_files_are_merged_by_the_venues_time(tmp_path: Path) -> None:
    late = written(tmp_path, *(recorded(n, 1_000 * n, "ETHUSDT") for n in range(5, 9)), name="a")
    early = written(tmp_path, *(recorded(n, 1_000 * n) for n in range(1, 9)), name="b")
    publisher, _ = await replayed(late, early)
    newest_ms = 0
    for batch in publisher.on(topics.TICKS):
        if len(batch):
            assert batch.event_ms[0] >= newest_ms - 1_000, "one cut is a second of venue time"
            newest_ms = max(newest_ms, int(batch.event_ms[-1]))
    assert ids(publisher) == list(range(1, 9))
    assert ids(publisher, "ETHUSDT") == list(range(5, 9))


async def test_trades_that_two_files_share_are_published_once(tmp_path: Path) -> None:
    first = written(tmp_path, *(recorded(n, 10 * n) for n in range(1, 60)), name="a")
    second = written(tmp_path, *(recorded(n, 10 * n) for n in range(40, 100)), name="b")
    publisher, end = await replayed(first, second)
    assert ids(publisher) == list(range(1, 100))
    assert end.trades == 99


async def test_the_last_watermark_is_the_newest_trade_of_any_symbol(tmp_path: Path) -> None:
    path = written(
        tmp_path, recorded(1, 0), recorded(1, 10_500, "ETHUSDT"), recorded(2, 90_250, "ETHUSDT")
    )
    publisher, _ = await replayed(path)
    assert of(publisher, "BTCUSDT")[-1].watermark_ms == START_MS + 90_250
    assert of(publisher, "ETHUSDT")[-1].watermark_ms == START_MS + 90_250


async def test_asked_to_close_it_passes_the_end_of_every_bar(tmp_path: Path) -> None:
    path = written(tmp_path, recorded(1, 0), recorded(1, 10_500, "ETHUSDT"))
    publisher, _ = await replayed(path, close=True)
    for symbol in ("BTCUSDT", "ETHUSDT"):
        end = of(publisher, symbol)[-1]
        assert len(end) == 0
        assert end.watermark_ms % 300_000 == 0
        assert START_MS + 10_500 < end.watermark_ms <= START_MS + 310_500


async def test_bad_lines_become_dead_letters_with_file_and_line(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        recorded(1, 0),
        b"torn\n",
        b'1750000000000000000 {"stream":"btcusdt@trade","data":{"e":"trade"}}\n',
        recorded(2, 5),
        name="night.txt",
    )
    publisher, end = await replayed(path)
    assert ids(publisher) == [1, 2]
    assert (end.trades, end.rejected) == (2, 2)
    first, second = publisher.on(topics.DEAD_LETTERS)
    assert first.reason.startswith("night.txt, line 2: ")
    assert first.payload == b"torn"
    assert second.reason.startswith("night.txt, line 3: ")


async def test_a_file_of_bad_lines_only_is_told_in_bounded_batches(tmp_path: Path) -> None:
    path = written(tmp_path, recorded(1, 0), *(b"torn\n" for _ in range(2_000)))
    publisher, end = await replayed(path)
    assert end.rejected == len(publisher.on(topics.DEAD_LETTERS)) == 2_000


async def test_nothing_is_published_if_one_file_is_no_capture(tmp_path: Path) -> None:
    good = written(tmp_path, recorded(1, 0), name="good")
    bad = written(tmp_path, b"a letter home\n", name="bad")
    publisher = MemoryPublisher()
    with pytest.raises(BadCapture, match="bad"):
        await replay.run([good, bad], speed=None, settings=settings.load(), publisher=publisher)
    assert not publisher.published


@pytest.mark.parametrize("speed", [0, -1.0, float("nan"), float("inf")])
async def test_a_speed_that_is_none_is_refused(tmp_path: Path, speed: float) -> None:
    path = written(tmp_path, recorded(1, 0))
    with pytest.raises(BadRequest, match="positive number"):
        await replayed(path, speed=speed)


async def test_at_a_pace_it_takes_as_long_as_the_recording_sped_up(tmp_path: Path) -> None:
    path = written(tmp_path, *(recorded(n, 100 * n) for n in range(1, 42)))
    started_s = time.monotonic()
    publisher, _ = await replayed(path, speed=20.0)
    assert time.monotonic() - started_s >= 4.0 / 20
    assert ids(publisher) == list(range(1, 42))


async def test_progress_is_told_on_the_way(tmp_path: Path) -> None:
    path = tmp_path / "capture.gz"
    path.write_bytes(gzip.compress(b"".join(recorded(n, 100 * n) for n in range(1, 500))))
    told: list[replay.Progress] = []
    await replayed(path, progress=told.append)
    assert len(told) > 10
    assert [p.trades for p in told] == sorted(p.trades for p in told)
    assert told[-1].trades == 499
    assert told[-1].event_ms == START_MS + 49_900
