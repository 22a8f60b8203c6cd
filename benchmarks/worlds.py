"""A broker of one's own, real trades repeated, and workers pinned to one core."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from oddlot.contracts.messages import Ticks
from oddlot.local import ports, roles
from oddlot.settings import Settings, load
from producers import captures, frames

ROOT = Path(__file__).resolve().parent.parent
RECORDINGS = Path(os.environ.get("ODDLOT_REAL_DATA", ROOT.parent / "shared" / "data"))
READY_DEADLINE_S = 120.0
STOP_DEADLINE_S = 15.0
FAR_MS = 10**15  # a watermark past everything
WORKER_CORE = 0


@contextlib.contextmanager
def broker(group: str = "crypto-majors") -> Iterator[Settings]:
    """Run an embedded broker in a directory that goes away, with one peer group to watch."""
    with tempfile.TemporaryDirectory(prefix="oddlot-bench-") as folder:
        groups = Path(folder) / "groups"
        groups.mkdir()
        shutil.copy(ROOT / "peer_groups" / f"{group}.json", groups)
        settings = load(
            state_dir=Path(folder), peer_groups_dir=groups, kafka_port=ports.free_port(), kafka=""
        )
        with process(settings, [sys.executable, "-m", "oddlot.local.kafka"]):
            yield settings


@contextlib.contextmanager
def worker(
    settings: Settings, parts: str = "bars", *, pinned: bool = True
) -> Iterator[subprocess.Popen[bytes]]:
    """Run one streams worker, on one core unless told otherwise."""
    command = [sys.executable, "-m", "faust", "-A", "streams.app", "worker", "-l", "warn"]
    environment = {**roles.environment(settings), "ODDLOT_PARTS": parts}
    with process(settings, command, environment) as running:
        if pinned:
            os.sched_setaffinity(running.pid, {WORKER_CORE})
        yield running


@contextlib.contextmanager
def process(
    settings: Settings, command: list[str], environment: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a process while the block lasts."""
    log = (settings.state_dir / f"{command[2].rsplit('.', 1)[-1]}.log").open("wb")
    running = subprocess.Popen(
        command,
        env=environment or roles.environment(settings),
        cwd=ROOT,
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    try:
        yield running
    finally:
        running.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            running.wait(STOP_DEADLINE_S)
        running.kill()
        running.wait()
        log.close()


def recorded_trades(name: str) -> Ticks:
    """Give the trades of one recorded capture as one batch."""
    capture = captures.Capture(RECORDINGS / "binance" / name)
    with contextlib.closing(capture):
        read = (frames.read(line.frame) for line in capture.lines())
        ticks = [tick for tick in read if tick is not None]
    return Ticks(
        symbol=ticks[0].symbol,
        source="replay",
        after_id=None,
        watermark_ms=ticks[-1].event_ms,
        ids=np.array([tick.id for tick in ticks]),
        event_ms=np.array([tick.event_ms for tick in ticks]),
        price=np.array([tick.price for tick in ticks]),
        quantity=np.array([tick.quantity for tick in ticks]),
        is_buyer_maker=np.array([tick.is_buyer_maker for tick in ticks]),
        trades=np.array([tick.trades for tick in ticks], np.int32),
    )


def repeated(whole: Ticks, times: int, size: int) -> Iterator[Ticks]:
    """Give a capture again and again, shifted in time and id, cut into batches of a size."""
    span_ms = int(whole.event_ms[-1] - whole.event_ms[0]) + 1
    after_id = None
    for turn in range(times):
        for first in range(0, len(whole), size):
            part = slice(first, first + size)
            ids = whole.ids[part] + turn * len(whole)
            yield replace(
                whole,
                after_id=after_id,
                watermark_ms=int(whole.event_ms[part][-1]) + turn * span_ms,
                ids=ids,
                event_ms=whole.event_ms[part] + turn * span_ms,
                price=whole.price[part],
                quantity=whole.quantity[part],
                is_buyer_maker=whole.is_buyer_maker[part],
                trades=whole.trades[part],
            )
            after_id = int(ids[-1])


def watermark(whole: Ticks) -> Ticks:
    """Give a watermark that closes every bar of a symbol."""
    nothing = np.empty(0, np.int64)
    return replace(
        whole,
        after_id=None,
        watermark_ms=FAR_MS,
        ids=nothing,
        event_ms=nothing,
        price=np.empty(0),
        quantity=np.empty(0),
        is_buyer_maker=np.empty(0, np.bool_),
        trades=np.empty(0, np.int32),
    )


def now_ms() -> int:
    """Give our clock."""
    return time.time_ns() // 1_000_000
