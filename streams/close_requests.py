"""Peer groups and the closes that are known -> requests for those that are due."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from oddlot.contracts.messages import CloseRequest, Venue
from oddlot.peer_groups import PeerGroup
from oddlot.quant.closes import midnight_ms
from oddlot.quant.sessions import end_ms, last_session
from streams.closes import Kept

REQUESTER = "refresh"
SESSIONS = 126  # half a year
# Providers have some closes late, and the calendar knows no holidays: a session that is not there
# is asked for once more, and then taken not to exist.
AGAIN_MS = 6 * 3_600_000
MAX_REQUESTS = 5_000


class CloseRequests:
    """Asks for each session of each symbol once, and at most once again."""

    def __init__(self) -> None:
        self._asked: dict[str, int] = {}  # by symbol, what its closes have to be fetched after

    def due(
        self, groups: Sequence[PeerGroup], closes: Mapping[str, Kept], now_ms: int
    ) -> list[CloseRequest]:
        """Give the requests to publish now.

        Parameters
        ----------
        groups : whose members and benchmarks are kept fresh.
        closes : that are known.
        now_ms : our clock.
        """
        found: list[CloseRequest] = []
        venues = _venues(groups)
        sessions = {venue: last_session(venue, now_ms) for venue in set(venues.values())}
        for symbol, venue in venues.items():
            if len(found) == MAX_REQUESTS:
                break
            after_ms = _wanted_after(closes.get(symbol), sessions[venue], venue, now_ms)
            if after_ms is not None and self._asked.get(symbol, -1) < after_ms:
                found.append(_request(symbol, venue, now_ms))
                self._asked[symbol] = after_ms
        return found

    def forget(self, requests: Sequence[CloseRequest]) -> None:
        """Take back requests that could not be published."""
        for request in requests:
            self._asked.pop(request.symbol, None)


def _wanted_after(kept: Kept | None, session: dt.date, venue: Venue, now_ms: int) -> int | None:
    """Give the time after which closes have to be fetched; None if those known will do."""
    if kept is not None and kept.closes and max(kept.closes) >= midnight_ms(session):
        return None
    after_ms = end_ms(session, venue)
    if now_ms >= after_ms + AGAIN_MS:
        after_ms += AGAIN_MS
    return after_ms if kept is None or kept.fetched_ms < after_ms else None


def _venues(groups: Sequence[PeerGroup]) -> dict[str, Venue]:
    found: dict[str, Venue] = {}
    for group in groups:
        for symbol in (*group.symbols, group.benchmark):
            found.setdefault(symbol, group.venue)
    return found


def _request(symbol: str, venue: Venue, now_ms: int) -> CloseRequest:
    return CloseRequest(
        symbol=symbol,
        venue=venue,
        sessions=SESSIONS,
        requester=REQUESTER,
        requested_ms=now_ms,
    )
