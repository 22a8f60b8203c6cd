"""Requests for closes -> jobs for providers within their budgets; answers -> histories.

Decides and remembers, but neither waits nor speaks to anyone: time is an argument. Blocking, one
thread at a time; other processes may share the file.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from oddlot.contracts.messages import Budget, CloseRequest, CloseState, DailyClose, Venue
from oddlot.errors import BadMessage, KeyRefused, QuotaSpent, VenueUnavailable
from oddlot.quant.sessions import last_session
from producers.budget import LEASE_MS
from producers.budget_ledger import Ledger, Reservation, transaction
from producers.providers.adapter import Adapter, Ask, Found, Refusal
from producers.providers.memory import Kept, Memory, Remembered, Wanted
from producers.providers.reasons import fetched_state, pending_state, refused_state, why_nobody
from producers.providers.router import Router
from producers.providers.routes import Route

HISTORY_SESSIONS = 140  # half a year is 126; seven symbols of these fit into 1,000 rows
MAX_SESSIONS = 990  # of which one symbol does
MAX_ATTEMPTS = 8  # with the growing pauses between, eight minutes
VENUES: tuple[Venue, ...] = ("binance", "us", "nasdaq", "nyse")
MAX_READY = 50  # histories published at a time


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One call that is paid for and has to be made now."""

    adapter: Adapter
    symbols: tuple[str, ...]
    sessions: int
    ask: Ask
    reservation: Reservation


@dataclass(frozen=True, slots=True)
class Turn:
    """The calls to make now, and when to look again if nothing happens before; None is never."""

    jobs: tuple[Job, ...]
    next_ms: int | None


@dataclass(frozen=True, slots=True)
class _View:
    """The queue as it stands within one transaction."""

    queue: tuple[Wanted, ...]
    fresh: tuple[Wanted, ...]
    kept: Mapping[str, Kept]
    refusals: Mapping[str, Mapping[str, Remembered]]


class Desk:
    """The queue of one producer."""

    def __init__(
        self, db: sqlite3.Connection, adapters: Sequence[Adapter], *, fresh_ms: int
    ) -> None:
        self._db = db
        self._ledger = Ledger(db)
        self._memory = Memory(db)
        self._router = Router(adapters, self._ledger)
        self._adapters = {adapter.name: adapter for adapter in adapters}
        self._fresh_ms = fresh_ms
        self._published: dict[str, int] = {}  # by symbol, what this process has published
        self._fetched: Counter[str] = Counter()
        self._rejected: Counter[str] = Counter()
        with transaction(db):
            for adapter in adapters:
                self._memory.plan_is(adapter.name, _mark(adapter))

    def want(self, requests: Sequence[CloseRequest], now_ms: int) -> list[CloseState]:
        """Queue what is asked for; what has no room is refused."""
        with transaction(self._db):
            left_out = self._memory.want(requests, now_ms)
        full = "too many symbols wait already; ask again later"
        return [refused_state(r.symbol, full, None, None, now_ms) for r in left_out]

    def turn(self, idle: Collection[str], now_ms: int) -> Turn:
        """Give the calls to make now, their budgets reserved, at most one for each idle provider.

        Parameters
        ----------
        idle : providers that are not being asked at the moment.
        now_ms : our clock.
        """
        with transaction(self._db):
            view = self._view(now_ms)
            free = [w for w in view.queue if w.claimed_until_ms <= now_ms]
            routed = self._router.routes(free, view.refusals, HISTORY_SESSIONS, now_ms)
            jobs: list[Job] = []
            for name in [name for name in self._adapters if name in idle]:
                taken = {symbol for job in jobs for symbol in job.symbols}
                left = [w for w in free if w.symbol not in taken]
                mine = [w for w in left if _is_ready(routed.get(w.symbol), name)]
                job = self._job(self._adapters[name], mine, left, view, now_ms) if mine else None
                jobs += [job] if job else []
        later = [route.at_ms for route in routed.values() if route.at_ms > now_ms]
        later += [w.claimed_until_ms for w in view.queue if w.claimed_until_ms > now_ms]
        return Turn(tuple(jobs), min(later, default=None))

    def found(self, job: Job, found: Found, now_ms: int) -> None:
        """Keep what an answer holds."""
        name = job.adapter.name
        with transaction(self._db):
            self._ledger.settle(job.reservation, now_ms=now_ms)
            self._ledger.accepted(name)
            for meter in found.meters:
                self._ledger.reconcile(name, job.adapter.limits, meter, now_ms=now_ms)
            for closes in found.histories.values():
                self._memory.keep(closes, job.sessions)
            for symbol, refusal in found.refusals.items():
                self._memory.refuse(name, symbol, refusal, now_ms)
            self._memory.free(job.symbols)
        self._router.troubles.pop(name, None)
        self._fetched[name] += len(found.histories)

    def failed(self, job: Job, error: Exception, now_ms: int, *, sent: bool = True) -> None:
        """Take in that a call brought nothing: what it cost, and whom to leave alone for how long.

        Parameters
        ----------
        job : the call.
        error : QuotaSpent, KeyRefused, VenueUnavailable or BadMessage.
        now_ms : our clock.
        sent : whether it may have reached the provider.
        """
        name, attempts = job.adapter.name, 0
        with transaction(self._db):
            if sent:
                self._ledger.settle(job.reservation, now_ms=now_ms)
            else:
                self._ledger.release(job.reservation)
            match error:
                case QuotaSpent(window=window, retry_ms=retry_ms):
                    self._ledger.refused(name, window, str(error), retry_ms=retry_ms, now_ms=now_ms)
                    self._rejected[name] += 1
                case KeyRefused():
                    self._ledger.refused(name, None, str(error), retry_ms=None, now_ms=now_ms)
                case BadMessage():
                    for symbol in job.symbols:
                        refusal = Refusal("empty", "an answer that cannot be read")
                        self._memory.refuse(name, symbol, refusal, now_ms)
                case VenueUnavailable():
                    self._router.trouble(name, str(error), now_ms)
                    attempts = 1
            self._memory.free(job.symbols, attempts=attempts)

    def ready(self, now_ms: int) -> list[tuple[DailyClose, ...]]:
        """Give histories that are wanted, known, and not published by this process yet."""
        with transaction(self._db):
            view = self._view(now_ms)
            unpublished = [w.symbol for w in view.fresh if not self._is_published(w, view)]
            return [self._memory.closes(symbol) for symbol in unpublished[:MAX_READY]]

    def published(self, histories: Iterable[Sequence[DailyClose]]) -> None:
        """Note what the broker has acknowledged."""
        self._published |= {closes[-1].symbol: closes[-1].fetched_ms for closes in histories}

    def finished(self, now_ms: int) -> list[CloseState]:
        """Take off the queue what is published, and what nobody can give; say so."""
        with transaction(self._db):
            view = self._view(now_ms)
            states = [state for w in view.queue if (state := self._refused(w, view, now_ms))]
            for w in view.fresh:
                if self._is_published(w, view):
                    history = view.kept[w.symbol]
                    until_ms = history.fetched_ms + self._fresh_ms
                    states.append(fetched_state(history, until_ms, now_ms))
            self._memory.drop(state.symbol for state in states)
        return states

    def pending(self, now_ms: int) -> list[CloseState]:
        """Say of every symbol that is still to be fetched whom it waits for."""
        with transaction(self._db):
            view = self._view(now_ms)
            free = [w for w in view.queue if w.claimed_until_ms <= now_ms]
            routed = self._router.routes(free, view.refusals, HISTORY_SESSIONS, now_ms)
        return [
            pending_state(w, routed.get(w.symbol), self._adapters, view.kept.get(w.symbol), now_ms)
            for w in view.queue
            if w.symbol in routed or w.claimed_until_ms > now_ms
        ]

    def budgets(self, now_ms: int) -> list[Budget]:
        """Say what every provider still gives."""
        with transaction(self._db):
            return [self._budget(adapter, now_ms) for adapter in self._adapters.values()]

    def _view(self, now_ms: int) -> _View:
        """Look at what is still to be fetched, and what is known already."""
        kept, queue = self._memory.kept(), self._memory.queue()
        newest = {venue: last_session(venue, now_ms).isoformat() for venue in VENUES}

        def is_fresh(wanted: Wanted) -> bool:
            """Tell whether fetching again is pointless: lately done, or nothing newer exists."""
            history = kept.get(wanted.symbol)
            if history is None or history.sessions < _sessions(wanted):
                return False
            is_young = now_ms - history.fetched_ms < self._fresh_ms
            return is_young or history.newest >= newest[wanted.venue]

        fresh = tuple(filter(is_fresh, queue))
        symbols = {wanted.symbol for wanted in fresh}
        return _View(
            queue=tuple(w for w in queue if w.symbol not in symbols),
            fresh=fresh,
            kept=kept,
            refusals=self._memory.refusals(now_ms),
        )

    def _is_published(self, wanted: Wanted, view: _View) -> bool:
        return self._published.get(wanted.symbol) == view.kept[wanted.symbol].fetched_ms

    def _refused(self, wanted: Wanted, view: _View, now_ms: int) -> CloseState | None:
        history = view.kept.get(wanted.symbol)
        if wanted.attempts >= MAX_ATTEMPTS and wanted.claimed_until_ms <= now_ms:
            troubles = [trouble.reason for trouble in self._router.troubles.values()]
            reason = f"gave up after {wanted.attempts} attempts: {'; '.join(troubles)}; ask again"
            return refused_state(wanted.symbol, reason, None, history, now_ms)
        if self._router.giving(wanted, view.refusals):
            return None
        refusals = view.refusals.get(wanted.symbol, {})
        serving = [a for a in self._adapters.values() if a.serves(wanted.venue)]
        until_ms = min((refusal.until_ms for refusal in refusals.values()), default=None)
        reason = why_nobody(wanted, serving, refusals)
        return refused_state(wanted.symbol, reason, until_ms, history, now_ms)

    def _job(
        self, adapter: Adapter, mine: list[Wanted], free: Sequence[Wanted], view: _View, now_ms: int
    ) -> Job | None:
        """Make the largest call that the budget allows, its symbols in the order of the queue."""
        sessions = max(map(_sessions, mine[: adapter.most_symbols(HISTORY_SESSIONS)]))
        most = adapter.most_symbols(sessions)
        if adapter.units(most, sessions) == adapter.units(1, sessions):
            # The call costs the same however many come along: take who would only wait elsewhere.
            given = {w.symbol for w in mine}
            mine += [
                w
                for w in free
                if w.symbol not in given and adapter in self._router.giving(w, view.refusals)
            ]
        room = self._ledger.room(adapter.name, adapter.limits, now_ms)
        symbols = tuple(w.symbol for w in mine if _sessions(w) <= sessions)[:most]
        while symbols and adapter.units(len(symbols), sessions) > room:
            symbols = symbols[:-1]
        units = adapter.units(len(symbols), sessions)
        reserved = symbols and self._ledger.reserve(
            adapter.name, adapter.limits, units, now_ms=now_ms
        )
        if not reserved:
            return None
        self._memory.claim(symbols, adapter.name, now_ms + LEASE_MS)
        ask = adapter.ask(symbols, sessions=sessions, now_ms=now_ms)
        return Job(
            adapter=adapter, symbols=symbols, sessions=sessions, ask=ask, reservation=reserved
        )

    def _budget(self, adapter: Adapter, now_ms: int) -> Budget:
        name = adapter.name
        block, trouble = self._ledger.block(name, now_ms), self._router.troubles.get(name)
        wrong = block or trouble
        until_ms = wrong.until_ms if wrong and wrong.until_ms > now_ms else None
        detail = wrong.reason if wrong and until_ms else ""
        return Budget(
            provider=name,
            title=adapter.title,
            unit=adapter.unit,
            windows=self._ledger.standing(name, adapter.limits, now_ms),
            has_key=adapter.has_key,
            blocked_until_ms=until_ms,
            detail=detail if adapter.has_key else f"no key: set {adapter.key_setting} to use it",
            fetched_total=self._fetched[name],
            rejected_total=self._rejected[name],
            sent_ms=now_ms,
        )


def _sessions(wanted: Wanted) -> int:
    """Give how many sessions to ask for: no fewer than a usual history has."""
    return min(MAX_SESSIONS, max(HISTORY_SESSIONS, wanted.sessions))


def _is_ready(route: Route | None, provider: str) -> bool:
    return route is not None and route.provider == provider and route.cause == "ready"


def _mark(adapter: Adapter) -> str:
    """Tell one key and plan from another without keeping the key."""
    ask = adapter.ask(["AAPL"], sessions=1, now_ms=0) if adapter.has_key else None
    secrets = (ask.headers, {k: v for k, v in ask.params.items() if "key" in k}) if ask else ()
    text = repr((secrets, adapter.limits))
    return hashlib.sha256(text.encode()).hexdigest()[:12]
