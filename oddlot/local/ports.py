"""A port -> free, or a refusal that says who holds it and which setting to change."""

from __future__ import annotations

import contextlib
import socket

import psutil

from oddlot import errors
from oddlot.settings import LOOPBACK

CONNECT_DEADLINE_S = 1.0  # loopback answers or refuses at once; more means a stuck listener
FULL_COMMAND = 80  # characters of a command line that tell who it is


def free_port() -> int:
    """Give a port on loopback that nothing listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def is_free(port: int) -> bool:
    """Say whether a server of ours could listen on a port of loopback.

    Parameters
    ----------
    port : where it would listen.
    """
    # Asking first: where SO_REUSEADDR is lax (macOS), binding beside a wildcard listener works.
    with contextlib.suppress(OSError):
        socket.create_connection((LOOPBACK, port), CONNECT_DEADLINE_S).close()
        return False
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def require_free(port: int, setting: str) -> None:
    """Return if a port is free.

    Parameters
    ----------
    port : where a server of ours is about to listen.
    setting : the environment variable that moves it.

    Raises
    ------
    Refused
        If it is taken; the message names the holder and the setting.
    """
    if is_free(port):
        return
    holder = holder_of(port)
    who = f"held by {describe(holder)}" if holder else "held by another process"
    raise errors.Refused(
        f"expected port {port} on {LOOPBACK} to be free, was {who}; "
        f"stop that, or set {setting} to another port"
    )


def holder_of(port: int) -> psutil.Process | None:
    """Find the process that listens on a port; None if the system will not tell.

    Parameters
    ----------
    port : any port of this machine.
    """
    with contextlib.suppress(psutil.Error, OSError):
        for connection in psutil.net_connections("tcp"):
            listens = connection.status == psutil.CONN_LISTEN
            if listens and connection.laddr and connection.laddr[1] == port and connection.pid:
                return psutil.Process(connection.pid)
    return None


def describe(process: psutil.Process) -> str:
    """Name a process for people: id and the start of its command line.

    Parameters
    ----------
    process : one that may end at any moment.
    """
    command = ""
    with contextlib.suppress(psutil.Error):
        command = " ".join(process.cmdline())
    if len(command) > FULL_COMMAND:
        command = command[: FULL_COMMAND - 1] + "…"
    return f"process {process.pid}" + (f" ({command})" if command else "")
