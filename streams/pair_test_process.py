"""Requests -> tests of pairs, in a process of its own that gives way to the live path.

Imports nothing that loads numpy before `begin` has run: its threads are counted when it loads.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oddlot.contracts.messages import Float64s, Interval, Pair, PairTest
    from oddlot.quant.legs import Leg

NICENESS = 10  # the live path goes first
# Two small threads of BLAS get into each other's way: a test then takes fifty times longer.
PINNED = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is to be tested.

    Attributes
    ----------
    pair, interval, open_ms : the last row of the window.
    y, x : the legs at that row or later.
    arrival_ms : when the facts behind the row reached us.
    """

    pair: Pair
    interval: Interval
    open_ms: int
    y: Leg
    x: Leg
    arrival_ms: int


def begin() -> None:
    """Give way, count no threads, and end when the worker does, however that ends."""
    os.environ |= dict.fromkeys(PINNED, "1")
    os.nice(NICENESS)
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C reaches us too; go without a traceback
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None, "this process was started by a pool"
    parent.join()
    os._exit(1)


def run(requests: Sequence[Request]) -> list[PairTest]:
    """Do the tests."""
    from oddlot.quant.stationarity import pair_test  # not before `begin`

    done = []
    for request in requests:
        y, x = closes(request)
        done.append(pair_test(request.pair, request.interval, request.open_ms, y, x))
    return done


def closes(request: Request) -> tuple[Float64s, Float64s]:
    """Give the aligned closes behind the figures of the row, oldest first."""
    import numpy as np  # not before `begin`

    from oddlot.contracts.messages import INTERVAL_MS
    from oddlot.quant import fits, legs, rolling

    pair, length_ms = request.pair, INTERVAL_MS[request.interval]
    rows = legs.align(request.y, request.x, silence_ms=pair.silence_bars * length_ms)
    oldest_ms = request.open_ms - rolling.SPAN_WINDOWS * pair.window * length_ms
    is_within = (rows.open_ms > oldest_ms) & (rows.open_ms <= request.open_ms)
    both = np.array([rows.y, rows.x])
    is_used = is_within & ~rows.is_stale & fits.is_usable(both, pair.prices)
    y, x = both[:, is_used][:, -pair.window :]
    return y, x
