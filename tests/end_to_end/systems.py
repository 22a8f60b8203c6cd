"""A broker, a store and workers of a test's own, run as users run them."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from oddlot.contracts.messages import INTERVAL_MS, Bar, Spread, Ticks
from oddlot.contracts.pairs import Pair
from oddlot.local import ports, roles
from oddlot.quant import legs, pairs
from oddlot.quant.bars import Folding, add_ticks
from oddlot.settings import Settings, load
from oddlot.store.reader import Reader
from tests.builders import ticks, trades_of_capture
from tests.fixtures_clickhouse import running_store
from tests.fixtures_kafka import running_broker

T = TypeVar("T")

ROOT = Path(__file__).resolve().parent.parent.parent
CAPTURES = ("usdm_btcusdt_20240808.gz", "usdm_ethusdt_20240808.gz")
CLOSE_MS = 1_723_161_900_000  # the five minutes after the recordings' last trade
PAIR = Pair(y="BTCUSDT", x="ETHUSDT")
DEADLINE_S = 120.0  # far beyond what any of it takes; only a stall reaches it
STOP_DEADLINE_S = 20.0


@dataclass
class System:
    """A running broker, and the workers started on it; they end with it."""

    settings: Settings
    broker: subprocess.Popen[bytes]
    logs: Path
    workers: list[Worker] = field(default_factory=list)

    def start_worker(self, number: int = 1, parts: str = "bars,spreads,sink") -> Worker:
        """Start a streams worker."""
        environment = roles.environment(self.settings) | {
            "ODDLOT_WORKER": str(number),
            "ODDLOT_PARTS": parts,
            "ODDLOT_STATE_DIR": str(self.settings.state_dir / f"worker{number}"),
        }
        command = [sys.executable, "-m", "faust", "-A", "streams.app", "worker", "-l", "info"]
        path = self.logs / f"worker{number}.log"
        with path.open("ab") as log:
            process = subprocess.Popen(
                command, env=environment, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT
            )
        worker = Worker(process, path)
        self.workers.append(worker)
        return worker


@dataclass
class Worker:
    """One worker process."""

    process: subprocess.Popen[bytes]
    log: Path

    def until_said(self, words: str) -> None:
        """Wait for words in its log."""
        deadline = time.monotonic() + DEADLINE_S
        while words not in self.log.read_text():
            assert time.monotonic() < deadline, f"no {words!r} in {self.log}"
            time.sleep(0.1)

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """End it as a user would; kill it if it will not."""
        if self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_DEADLINE_S)
        except subprocess.TimeoutExpired:
            self.kill()


@contextlib.contextmanager
def running_system(folder: Path, *, with_store: bool) -> Iterator[System]:
    """Run a broker and, if wanted, a store in a folder."""
    settings = load(
        state_dir=folder,
        kafka="",
        clickhouse="",
        kafka_port=ports.free_port(),
        clickhouse_port=ports.free_port(),
    )
    with contextlib.ExitStack() as stack:
        broker = stack.enter_context(running_broker(settings))
        if with_store:
            stack.enter_context(running_store(settings))
        system = System(settings, broker, folder)
        try:
            yield system
        finally:
            for worker in system.workers:
                worker.stop()
            if system.broker is not broker:
                system.broker.terminate()
                system.broker.wait()


def replay(system: System, files: list[Path], *options: str, **knobs: str) -> None:
    """Run `oddlot replay` to its end."""
    environment = roles.environment(system.settings) | knobs
    command = [str(Path(sys.executable).with_name("oddlot")), "replay", *map(str, files), *options]
    subprocess.run(command, env=environment, cwd=ROOT, check=True, timeout=DEADLINE_S)


async def until_many(ask: Callable[[], Awaitable[list[T]]], count: int) -> list[T]:
    """Ask a view until it has so many rows; another process is filling it."""
    deadline = time.monotonic() + DEADLINE_S
    while len(rows := await ask()) < count:
        assert time.monotonic() < deadline, f"{len(rows)} of {count} rows after {DEADLINE_S} s"
        await asyncio.sleep(0.1)
    return rows


@contextlib.asynccontextmanager
async def connected(system: System) -> AsyncIterator[Reader]:
    """Give a reader of the system's store."""
    reader = await Reader.connect(system.settings)
    try:
        yield reader
    finally:
        await reader.close()


def recorded(real_data: Path) -> list[Ticks]:
    """Give both recordings, each as one batch, read apart from the product's own parser."""
    return [trades_of_capture(real_data / "binance" / name) for name in CAPTURES]


def expected_bars(wholes: list[Ticks]) -> list[Bar]:
    """Fold the recordings in one piece each, and close everything."""
    bars = []
    for whole in wholes:
        end = ticks(ids=[], event_ms=[], watermark_ms=CLOSE_MS)
        bars += add_ticks(Folding(symbol=whole.symbol), [whole, end]).bars
    return bars


def expected_spreads(bars: list[Bar]) -> list[Spread]:
    """Compute every spread of the pair from closed bars in one go."""
    found = []
    for interval in PAIR.intervals:
        length_ms = INTERVAL_MS[interval]
        both = []
        for symbol in (PAIR.y, PAIR.x):
            leg = legs.Leg()
            for bar in bars:
                if (bar.symbol, bar.interval) == (symbol, interval):
                    leg = legs.add_bar(leg, bar.open_ms, bar.close, length_ms)
            both.append(legs.add_lull(leg, int(leg.open_ms[-1]), CLOSE_MS))
        found += pairs.spreads_since(PAIR, interval, *both, since_ms=0)
    return found


def key_of(bar: Bar) -> tuple[str, str, int]:
    """Give what a bar is known by."""
    return bar.symbol, bar.interval, bar.open_ms
