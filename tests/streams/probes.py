"""What tests let the process of pair tests do; importable by it, and cheap to import."""

from __future__ import annotations

import os
import signal
import sys
import time


def conditions() -> tuple[dict[str, str | None], int, bool]:
    """Give its pinned variables, its niceness, and whether numpy came before them."""
    from streams.pair_test_process import PINNED

    return {name: os.environ.get(name) for name in PINNED}, os.nice(0), "numpy" in sys.modules


def die() -> None:
    """End as the kernel would end it."""
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":  # a worker that is killed while its pool is at work
    from streams.pair_tests import make_pool

    with make_pool() as pool:
        print(pool.submit(os.getpid).result(), flush=True)  # noqa: T201  # read by the test
        time.sleep(600)
