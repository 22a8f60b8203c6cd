"""What every process started on this machine does alike: logs, refuses, dies with its parent."""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import sys
from collections.abc import Callable

PR_SET_PDEATHSIG = 1  # linux/prctl.h
REFUSED = os.EX_CONFIG  # exit code: starting again will not help


def log_to_stdout() -> None:
    """Log in lines of time, level and text, where the supervisor reads them."""
    logging.basicConfig(
        level=logging.INFO, stream=sys.stdout, format="%(asctime)s %(levelname)s %(message)s"
    )


def die_with_parent(number: int = signal.SIGKILL) -> Callable[[], None] | None:
    """Give what a child has to do so that it does not outlive us; only Linux can.

    Parameters
    ----------
    number : the signal that the child gets when we are gone.
    """
    if sys.platform != "linux":
        return None
    libc, parent = ctypes.CDLL(None), os.getpid()

    def ask_for_it() -> None:
        libc.prctl(PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:  # it died before we asked
            os.kill(os.getpid(), number)

    return ask_for_it
