"""Run the producers of this machine: `python -m producers`."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine

import uvloop

from oddlot import errors, kafka, peer_groups, settings
from producers import binance

Run = Callable[[settings.Settings, kafka.Publisher], Coroutine[None, None, None]]


async def _main(knobs: settings.Settings) -> None:
    groups = peer_groups.load(knobs.peer_groups_dir)
    symbols = peer_groups.streaming_symbols(groups, binance.FEED)
    async with kafka.connect(knobs) as publisher:
        gc.freeze()  # what is there now stays: looking it all over takes 50 ms each time
        try:
            async with asyncio.TaskGroup() as tasks:
                changes = _symbols_of(knobs)
                tasks.create_task(binance.run(knobs, publisher, symbols=symbols, changes=changes))
                tasks.create_task(_serve_late(knobs, publisher))
        except* errors.Oddlot as group:
            raise group.exceptions[0] from group


async def _symbols_of(knobs: settings.Settings) -> AsyncIterator[tuple[str, ...]]:
    """Give the symbols that stream, each time that the files of the peer groups change."""
    async for snapshot in peer_groups.watch(knobs.peer_groups_dir):
        yield peer_groups.streaming_symbols(snapshot.groups, binance.FEED)


async def _serve_late(knobs: settings.Settings, publisher: kafka.Publisher) -> None:
    """Begin once the trades are on their way: the HTTP client takes a while to import."""
    runs = await asyncio.to_thread(_late_runs)
    gc.freeze()
    async with asyncio.TaskGroup() as tasks:
        for run in runs:
            tasks.create_task(run(knobs, publisher))


def _late_runs() -> list[Run]:
    from producers import closes, headlines, reddit, stocktwits

    logging.getLogger("httpx").setLevel(logging.WARNING)  # it tells every address, keys and all
    return [closes.run, headlines.run, reddit.run, stocktwits.run]


async def _until_told(knobs: settings.Settings) -> None:
    """End quietly when told to; a bug ends the process with its traceback."""
    main = asyncio.create_task(_main(knobs))
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, main.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await main


def main() -> int:
    """Run until told to stop; the exit code says whether starting again can help."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    try:
        uvloop.run(_until_told(settings.load()))
    except (errors.BadSetting, errors.BadPeerGroup) as e:
        sys.stderr.write(f"producers: {e}\n")
        return os.EX_CONFIG
    except errors.Unavailable as e:
        sys.stderr.write(f"producers: {e}\n")
        return os.EX_UNAVAILABLE
    return os.EX_OK


if __name__ == "__main__":
    sys.exit(main())
