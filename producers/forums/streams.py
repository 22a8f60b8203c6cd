"""Symbols' streams at Stocktwits -> their messages, and which stream is read next."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import httpx

from oddlot.errors import KeyRefused, QuotaSpent, Unavailable, VenueUnavailable
from oddlot.settings import Settings
from producers.forums.calls import call
from producers.forums.covers import Covers
from producers.forums.messages import Part, read_part
from producers.forums.pace import HOUR_MS, Pace, now_ms, reset_of
from producers.providers.adapter import TOO_MANY_REQUESTS

ROWS = 30  # the most that Stocktwits gives at once
OTHERS_EVERY = 4  # turns; the ones between are those of the symbols in use
OK, NOT_YOURS, NOT_FOUND = 200, (401, 403, 451), 404


class NoStream(VenueUnavailable):
    """Stocktwits does not know a symbol."""


@dataclass(slots=True)
class Stream:
    """One symbol's stream.

    Attributes
    ----------
    tag, symbol : what the forum calls it, and we.
    covers : what has been read of it.
    newest : id of the newest message read.
    visited_ms : when it was asked for last; 0 before.
    read_to_ms : up to when it was read, even if nothing has been written; None before.
    skip_until_ms : there is no such stream; it is looked for again then.
    """

    tag: str
    symbol: str
    covers: Covers = field(default_factory=Covers)
    newest: int | None = None
    visited_ms: int = 0
    read_to_ms: int | None = None
    skip_until_ms: int = 0


def next_of(
    streams: Iterable[Stream], in_use: frozenset[str], *, turn: int, at_ms: int
) -> Stream | None:
    """Choose the stream to read next.

    Symbols in use take three turns of four, the others the fourth, in each lot the one that was
    read longest ago.
    """
    there = [each for each in streams if each.skip_until_ms <= at_ms]
    used = [each for each in there if each.symbol in in_use]
    others = [each for each in there if each.symbol not in in_use]
    lots = (others, used) if turn % OTHERS_EVERY == OTHERS_EVERY - 1 else (used, others)
    return min(lots[0] or lots[1], key=lambda each: (each.visited_ms, each.tag), default=None)


class Stocktwits:
    """Stocktwits' open streams."""

    def __init__(self, settings: Settings, http: httpx.AsyncClient) -> None:
        self.pace = Pace(settings.stocktwits_per_hour, HOUR_MS)
        self._url = settings.stocktwits_url
        self._http = http

    async def part(self, tag: str, *, since: int | None, newest: int | None) -> Part:
        """Give messages newer than `since` and no newer than `newest`, the newest of them first.

        Raises QuotaSpent, KeyRefused, NoStream or VenueUnavailable, saying why and what to do,
        and BadMessage where the answer cannot be read.
        """
        params = {"limit": str(ROWS)}
        params |= {"since": str(since)} if since is not None else {}
        params |= {"max": str(newest)} if newest is not None else {}
        self.pace.note_sent(now_ms())
        try:
            url = f"{self._url}/api/2/streams/symbol/{tag}.json"
            answer = await call(self._http, "GET", url, params=params)
        except VenueUnavailable as e:
            raise VenueUnavailable(f"Stocktwits {e}") from e
        self.pace.obey(answer.headers, now_ms())
        if answer.status != OK:
            raise _refusal_of(answer.status, answer.headers, tag)
        return await asyncio.to_thread(read_part, answer.body, tag)


def _refusal_of(status: int, headers: Mapping[str, str], tag: str) -> Unavailable:
    if status == TOO_MANY_REQUESTS:
        now = now_ms()
        reset_ms = reset_of(headers, now)
        return QuotaSpent(
            "Stocktwits says that there were too many requests from this address; it is asked "
            "again when it has more. ODDLOT_STOCKTWITS_PER_HOUR sets how many we make",
            retry_ms=None if reset_ms is None else reset_ms - now,
        )
    if status in NOT_YOURS:
        return KeyRefused(
            f"Stocktwits refuses this address (HTTP {status}), as it does with many servers and "
            "clouds; it gives no keys at present: run the producers from another network"
        )
    if status == NOT_FOUND:
        return NoStream(f"Stocktwits has no stream of {tag}; it is looked for again tomorrow")
    return VenueUnavailable(f"Stocktwits has trouble of its own (HTTP {status}); asked again later")
