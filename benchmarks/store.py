"""How fast the embedded store takes rows and gives views, and how soon it is back after a kill.

Run it with `python -m benchmarks.store`; it takes under a minute and cleans up after itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Event
from pathlib import Path

import numpy as np
import psutil

from oddlot.contracts.messages import Bar, Ticks
from oddlot.local import bytecode, clickhouse, ports
from oddlot.settings import Settings, load
from oddlot.store import client as clients
from oddlot.store.reader import Reader
from oddlot.store.views import BARS, Selection
from oddlot.store.writer import Writer

START_MS = 1_700_000_000_000
ROWS = 1_000_000
BATCH = 500  # trades in one Kafka record
HISTORY = 200_000  # 1s bars of one symbol: more than two days
READERS = 16
WRITTEN_PER_S = 20_000
VIEW_BARS = 500
THINK_S = 0.25  # on average between two views of one reader: 64 views a second in all
ALONE_S, VIEWS_S = 3.0, 10.0
READY_DEADLINE_S = 30.0


@dataclass(frozen=True)
class Row:
    what: str
    measured: str
    reference: str  # of a trial on two shared cores, with nothing else to do


def main() -> int:
    with tempfile.TemporaryDirectory() as state_dir:
        settings = load(state_dir=Path(state_dir), clickhouse_port=ports.free_port(), clickhouse="")
        with running(settings) as process:
            rows = [*inserts(settings), *asyncio.run(views(settings, process)), memory(process)]
            process.send_signal(signal.SIGKILL)
            process.wait()
            rows.append(recovery(settings))
    width = max(len(row.what) for row in rows)
    print(f"{'':{width}}  {'measured':>24}  {'reference':>20}")
    for row in rows:
        print(f"{row.what:{width}}  {row.measured:>24}  {row.reference:>20}")
    return 0


def inserts(settings: Settings) -> Iterator[Row]:
    """Insert a million ticks, the best of three; the clock runs from arrays to acknowledged."""
    batches = [ticks(f"S{i % 10}", BATCH * (i // 10)) for i in range(ROWS // BATCH)]
    with Writer(settings) as writer:
        best_s = min(timed(lambda: writer.insert_ticks(batches)) for _ in range(3))
        one_s = min(timed(lambda: writer.insert_ticks(batches[:1])) for _ in range(20))
    yield Row("ticks in by Writer (Arrow)", f"{ROWS / best_s / 1e6:.2f} M rows/s", "2.2-4.2 M")
    yield Row(f"one batch of {BATCH} ticks", f"{1e3 * one_s:.1f} ms", "")
    names = ["symbol", "id", "event_ms", "price"]
    columns = [np.full(ROWS, "BTCUSDT"), np.arange(ROWS), np.full(ROWS, START_MS), np.ones(ROWS)]
    with clients.connect(settings) as client:
        best_s = min(
            timed(lambda: client.insert("ticks", columns, names, column_oriented=True))  # type: ignore[arg-type]
            for _ in range(3)
        )
    yield Row("by client.insert, four columns", f"{ROWS / best_s / 1e6:.2f} M rows/s", "1.1-2.4 M")


async def views(settings: Settings, process: subprocess.Popen[bytes]) -> list[Row]:
    """Read under writes: 500 bars, deduplicated, by sixteen readers at a time."""
    with Writer(settings) as writer:
        for first in range(0, HISTORY, 50_000):
            writer.insert_bars(bars(first, 50_000))
        reader = await Reader.connect(settings)
        used_s = -busy_s(process.pid)
        alone = await read_for(reader, readers=1, seconds=ALONE_S)
        used_s += busy_s(process.pid)
        spawn = multiprocessing.get_context("spawn")
        stop, rates = spawn.Event(), spawn.SimpleQueue()
        sink = spawn.Process(target=write_steadily, args=(settings, stop, rates))
        sink.start()
        rates.get()  # it has begun
        together = await read_for(reader, readers=READERS, seconds=VIEWS_S)
        stop.set()
        rate = rates.get()
        sink.join()
        await reader.close()
    return [
        Row("view of 500 bars, alone", quantiles(alone), ""),
        Row("  processor time in the store", f"{1e3 * used_s / len(alone):.1f} ms", ""),
        Row(f"the same, {READERS} readers", quantiles(together), "p50 8, p99 18 ms"),
        Row("  views/s", f"{len(together) / VIEWS_S:.0f}", ""),
        Row("  rows/s written meanwhile", f"{rate:,.0f}", f"{WRITTEN_PER_S:,}"),
    ]


async def read_for(reader: Reader, *, readers: int, seconds: float) -> list[float]:
    until = time.perf_counter() + seconds

    async def read(number: int) -> list[float]:
        newest = Selection(view=BARS, where={"symbol": "BTCUSDT", "interval": "1s"})
        taken = []
        rng = np.random.default_rng(number)
        pause_s = 2 * THINK_S if readers > 1 else 0.0
        # Pages ask now and then, each in its own time: readers in step would queue up.
        await asyncio.sleep(rng.uniform(0, pause_s))
        while (begun := time.perf_counter()) < until:
            found = (await reader.latest(newest, limit=VIEW_BARS)).rows
            assert len(found) == VIEW_BARS, len(found)
            taken.append(time.perf_counter() - begun)
            await asyncio.sleep(rng.uniform(0, pause_s))
        return taken

    return [t for many in await asyncio.gather(*(read(i) for i in range(readers))) for t in many]


def write_steadily(settings: Settings, stop: Event, rates: SimpleQueue[float]) -> None:
    """Insert as the sink does: four times a second, in a process of its own; give the rate."""
    with Writer(settings) as writer:
        rates.put(0.0)
        begun, sent = time.perf_counter(), 0
        while not stop.wait(max(0.0, begun + sent / WRITTEN_PER_S - time.perf_counter())):
            due = WRITTEN_PER_S // 4 // BATCH
            batches = [ticks(f"S{i % 10}", ROWS + sent + BATCH * i) for i in range(due)]
            sent += writer.insert_ticks(batches)
            writer.insert_bars(bars(HISTORY, 10))
    rates.put(sent / (time.perf_counter() - begun))


def busy_s(pid: int) -> float:
    """Processor time so far: unlike a clock, it hardly notices what else the machine does."""
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system


def memory(process: subprocess.Popen[bytes]) -> Row:
    resident = psutil.Process(process.pid).memory_info().rss
    return Row("resident afterwards", f"{resident / 1e6:.0f} MB", "340-430 MB")


def recovery(settings: Settings) -> Row:
    """Start on what a killed process has left."""
    begun = time.perf_counter()
    with running(settings):
        ready_s = time.perf_counter() - begun
    return Row("from start to ready after kill -9", f"{ready_s:.2f} s", "0.6 s")


@contextlib.contextmanager
def running(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    environment = os.environ | {
        "ODDLOT_STATE_DIR": str(settings.state_dir),
        "ODDLOT_CLICKHOUSE_PORT": str(settings.clickhouse_port),
        "ODDLOT_CLICKHOUSE": "",
    }
    bytecode.keep_apart(environment)  # as `oddlot` does for whom it starts
    process = subprocess.Popen(
        [sys.executable, "-m", "oddlot.local.clickhouse"],
        env=environment,
        stdout=subprocess.DEVNULL,
    )
    try:
        asyncio.run(ready(settings, process))
        yield process
    finally:
        if process.poll() not in {None, -signal.SIGKILL}:
            print(f"the store ended with code {process.returncode}", file=sys.stderr)
        process.terminate()
        process.wait(READY_DEADLINE_S)


async def ready(settings: Settings, process: subprocess.Popen[bytes]) -> None:
    async with asyncio.timeout(READY_DEADLINE_S):
        while not await clickhouse.is_ready(settings):
            assert process.poll() is None, f"the store ended with code {process.returncode}"
            await asyncio.sleep(0.01)


def ticks(symbol: str, first_id: int) -> Ticks:
    ids = np.arange(first_id, first_id + BATCH)
    return Ticks(
        symbol=symbol,
        source="live",
        after_id=None,
        watermark_ms=START_MS,
        ids=ids,
        event_ms=START_MS + ids // 10,
        price=65_000 + ids % 977 / 10,
        quantity=ids % 89 / 1000,
        is_buyer_maker=ids % 3 == 0,
        trades=np.ones(BATCH, np.int32),
    )


def bars(first: int, count: int) -> list[Bar]:
    return [
        Bar(
            symbol="BTCUSDT",
            interval="1s",
            open_ms=START_MS + 1_000 * i,
            open=65_000.1,
            high=65_001.2,
            low=64_999.3,
            close=65_000.4 + i % 7,
            volume=1.5,
            quote_volume=97_500.5,
            taker_buy_volume=0.7,
            trades=20,
            first_id=20 * i,
            last_id=20 * i + 19,
            complete=True,
        )
        for i in range(first, first + count)
    ]


def timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def quantiles(taken: list[float]) -> str:
    p50, p99 = np.percentile(np.array(taken) * 1e3, [50, 99])
    return f"p50 {p50:.1f}, p99 {p99:.1f} ms"


if __name__ == "__main__":
    sys.exit(main())
