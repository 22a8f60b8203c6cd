"""Scans asked for -> requests for topics; what is heard of them -> how far they have come."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import msgspec
from starlette.exceptions import HTTPException

from api.divergence_memory import Memory
from api.divergence_views import ScanState, ScanView, Standing, Wait
from api.divergence_words import said
from api.hub import Hub
from api.live import now_ms
from api.problems import RETRY_AFTER_S
from oddlot import errors
from oddlot.contracts.divergence import MAX_AWAITED
from oddlot.contracts.messages import (
    Basket,
    CloseRequest,
    CloseState,
    Divergence,
    Message,
    ScanRequest,
    Venue,
)

MAX_SCANS = 32  # different ones under way
MAX_KEPT = 100  # scans whose progress can be asked for
RESTED_MS = 30_000  # how long after its end the same scan is not started anew
GIVEN_UP_MS = 600_000  # a scan that goes on for longer counts as over: it may be started anew
SESSIONS = 140  # six months of trading days are 126
PRIORITY = 9  # somebody waits
PASTED = "pasted"  # id of a basket of pasted symbols, until it has its scan's

Judge = Callable[[Divergence | None], Divergence | None]


@dataclass(kw_only=True)
class Job:
    """One scan as this process knows it.

    Attributes
    ----------
    request : as it was published.
    results : the newest of each basket, by its id.
    waits : symbols that nobody awaits: they waited for a quota, or could not be had, before.
    said_ms : of the view given last; grows.
    ended_ms : when it was over; None while it goes on.
    """

    request: ScanRequest
    waits: frozenset[str]
    results: dict[str, Divergence] = field(default_factory=dict)
    said_ms: int = 0
    ended_ms: int | None = None

    @cached_property
    def symbols(self) -> list[str]:
        """Every symbol of it once, benchmarks included."""
        return _symbols(self.request.baskets)

    @cached_property
    def awaited(self) -> frozenset[str]:
        """Symbols whose closes were requested for it."""
        return frozenset(self.request.awaited)

    @cached_property
    def content(self) -> str:
        """What it scans, the same for all scans of that."""
        name = self.request.scan
        return content_of(
            [replace(b, id=PASTED) if b.id == name else b for b in self.request.baskets]
        )


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What a new scan asks of the others: the scan first, so that no answer comes too early."""

    scan: ScanRequest
    closes: tuple[CloseRequest, ...]


class Jobs:
    """Starts scans, equal ones once, and follows how far they come."""

    def __init__(self, memory: Memory, hub: Hub, *, fresh_ms: int) -> None:
        self._memory = memory
        self._hub = hub
        self._fresh_ms = fresh_ms
        self._jobs: dict[str, Job] = {}
        self._changed: set[str] = set()
        self.outbox: deque[Outgoing] = deque()

    def start(self, baskets: Sequence[Basket], venues: dict[str, Venue]) -> Job:
        """Give the scan of some baskets; publish requests only where none is under way.

        A basket named PASTED gets the scan's id, and shows what an equal scan has found before.
        Raises 503 where too many others are under way, BadRequest beyond MAX_AWAITED symbols.
        """
        at_ms, content = now_ms(), content_of(baskets)
        before = [job for job in self._jobs.values() if job.content == content]
        if before and not _is_over(before[-1], at_ms):
            return before[-1]
        if sum(job.ended_ms is None for job in self._jobs.values()) >= MAX_SCANS:
            self._end_stale(at_ms)
        if sum(job.ended_ms is None for job in self._jobs.values()) >= MAX_SCANS:
            detail = f"{MAX_SCANS} scans at a time are the limit; try again later"
            raise HTTPException(503, detail, {"Retry-After": str(RETRY_AFTER_S)})
        # Another id each time: elsewhere, the one before may still go on, waiting for a quota.
        job = self._make(f"scan-{content}-{at_ms:x}", baskets, at_ms)
        scan = job.request.scan
        if before and (found := self._memory.find(before[-1].request.scan, "1d")):
            self._memory.take(replace(found, group=scan, scan=scan))
        wanted = [symbol for symbol in job.symbols if not self._is_fresh(symbol, at_ms)]
        self.outbox.append(
            Outgoing(
                job.request,
                tuple(_request(symbol, venues[symbol], scan, at_ms) for symbol in wanted),
            )
        )
        self._keep(job)
        return job

    def find(self, scan: str) -> Job | None:
        """Give a scan by its id."""
        return self._jobs.get(scan)

    def missing(self, job: Job) -> list[str]:
        """Name the symbols whose closes are still awaited."""
        return [symbol for symbol in job.request.awaited if not self._is_settled(symbol, job)]

    def hear(self, message: Message) -> None:
        """Take in what concerns scans; others of this id, from another process, are followed."""
        match message:
            case Divergence(scan=str(scan)) if scan in self._jobs:
                job = self._jobs[scan]
                before = job.results.get(message.group)
                if message.computed_ms >= max(
                    job.request.requested_ms, before.computed_ms if before else 0
                ):
                    job.results[message.group] = message
                    self._note(job)
            case CloseState():
                for job in self._jobs.values():
                    if message.symbol in job.awaited or message.symbol in job.waits:
                        self._note(job)
            case ScanRequest():
                if message.scan not in self._jobs:
                    self._keep(Job(request=message, waits=self._waits(message)))

    def tell(self) -> None:
        """Say on their channels how far the scans are that have changed."""
        at_ms = now_ms()
        changed, self._changed = self._changed, set()
        for scan in changed:
            if job := self._jobs.get(scan):
                view = self.view(job)
                self._hub.publish(view, arrival_ms=at_ms, published_ms=at_ms)

    def view(self, job: Job, *, judge: Judge = lambda result: result) -> ScanView:
        """Say how far a scan is."""
        request = job.request
        waiting = self._waiting(job)
        missing = self.missing(job)
        symbols = job.symbols
        ready = len(symbols) - len(missing) - len(waiting)
        state = self._state(job, missing, waiting)
        if state != "fetching" and job.ended_ms is None:
            job.ended_ms = now_ms()
        job.said_ms = max(job.said_ms + 1, now_ms())
        alone = job.results.get(request.baskets[0].id) if len(request.baskets) == 1 else None
        return ScanView(
            scan=request.scan,
            state=state,
            members=len(symbols),
            ready=ready,
            waiting=waiting,
            text=said(state, len(symbols), ready, len(missing), waiting),
            groups=[_standing(basket, job.results.get(basket.id)) for basket in request.baskets],
            result=judge(alone),
            requested_ms=request.requested_ms,
            said_ms=job.said_ms,
        )

    def _make(self, scan: str, baskets: Sequence[Basket], at_ms: int) -> Job:
        stale = [symbol for symbol in _symbols(baskets) if not self._is_fresh(symbol, at_ms)]
        awaited = tuple(symbol for symbol in stale if not self._is_given_up(symbol, at_ms))
        if len(awaited) > MAX_AWAITED:
            raise errors.BadRequest(
                f"groups: expected at most {MAX_AWAITED} symbols without fresh closes, "
                f"was {len(awaited)}; scan fewer groups at a time"
            )
        named = tuple(replace(b, id=scan) if b.id == PASTED else b for b in baskets)
        request = ScanRequest(scan=scan, baskets=named, awaited=awaited, requested_ms=at_ms)
        return Job(request=request, waits=frozenset(stale).difference(awaited))

    def _keep(self, job: Job) -> None:
        scan = job.request.scan
        while len(self._jobs) >= MAX_KEPT:
            over = [name for name, kept in self._jobs.items() if kept.ended_ms is not None]
            oldest = over[0] if over else next(iter(self._jobs))
            del self._jobs[oldest]
            self._hub.retire([channel_of(oldest)])
        self._jobs[scan] = job
        self._hub.offer([channel_of(scan)])
        self._note(job)

    def _note(self, job: Job) -> None:
        self._changed.add(job.request.scan)

    def _end_stale(self, at_ms: int) -> None:
        for job in self._jobs.values():
            if at_ms - job.request.requested_ms > GIVEN_UP_MS:
                job.ended_ms = at_ms

    def _is_fresh(self, symbol: str, at_ms: int) -> bool:
        state = self._memory.states.get(symbol)
        return (
            state is not None
            and state.state == "fetched"
            and at_ms - state.sent_ms < self._fresh_ms
        )

    def _is_given_up(self, symbol: str, at_ms: int) -> bool:
        """Tell whether it was said already that the closes will not come soon."""
        state = self._memory.states.get(symbol)
        if state is None or state.state not in ("waiting", "refused"):
            return False
        return at_ms < (state.until_ms or state.sent_ms + self._fresh_ms)

    def _waits(self, request: ScanRequest) -> frozenset[str]:
        others = set(_symbols(request.baskets)).difference(request.awaited)
        return frozenset(s for s in others if self._is_given_up(s, request.requested_ms))

    def _heard(self, symbol: str, job: Job) -> CloseState | None:
        """Give what was said of an awaited symbol since it was asked for."""
        state = self._memory.states.get(symbol)
        if state is None or state.sent_ms < job.request.requested_ms:
            return None
        return state

    def _is_settled(self, symbol: str, job: Job) -> bool:
        state = self._heard(symbol, job)
        return state is not None and state.state != "queued"

    def _waiting(self, job: Job) -> list[Wait]:
        found = []
        for symbol in job.symbols:
            if symbol in job.waits:
                state = self._memory.states.get(symbol)
            elif symbol in job.awaited:
                state = self._heard(symbol, job)
            else:
                continue
            if state is not None and state.state in ("waiting", "refused"):
                found.append(
                    Wait(
                        symbol=symbol,
                        state=state.state,
                        reason=state.reason,
                        until_ms=state.until_ms,
                    )
                )
        return found

    def _state(self, job: Job, missing: list[str], waiting: list[Wait]) -> ScanState:
        absent = {wait.symbol for wait in waiting}
        for basket in job.request.baskets:
            result = job.results.get(basket.id)
            # A basket without any close has no result, ever.
            is_hopeless = not missing and absent.issuperset(basket.symbols)
            if not is_hopeless and (result is None or result.pending):
                return "fetching"
        return "partial" if waiting else "done"


def content_of(baskets: Sequence[Basket]) -> str:
    """Name what is scanned: equal baskets are one scan, whoever asks.

    >>> content_of([Basket(id="a", symbols=("A", "B", "C"), benchmark="A")])
    'cd6ba264d49e7216'
    """
    return hashlib.sha256(msgspec.json.encode(list(baskets))).hexdigest()[:16]


def channel_of(scan: str) -> str:
    """Name the channel of a scan."""
    return f"scans:{scan}"


def _symbols(baskets: Sequence[Basket]) -> list[str]:
    return list(dict.fromkeys(s for b in baskets for s in (*b.symbols, b.benchmark)))


def _is_over(job: Job, at_ms: int) -> bool:
    if job.ended_ms is not None:
        return at_ms - job.ended_ms > RESTED_MS
    return at_ms - job.request.requested_ms > GIVEN_UP_MS


def _request(symbol: str, venue: Venue, scan: str, at_ms: int) -> CloseRequest:
    return CloseRequest(
        symbol=symbol,
        venue=venue,
        sessions=SESSIONS,
        requester=scan,
        requested_ms=at_ms,
        priority=PRIORITY,
    )


def _standing(basket: Basket, result: Divergence | None) -> Standing:
    return Standing(
        group=basket.id,
        open_ms=result.open_ms if result else None,
        computed_ms=result.computed_ms if result else None,
        pending=result.pending if result else None,
        scored=result.scored if result else 0,
        members=len(basket.symbols),
        divergers=list(result.divergers) if result else [],
        text=result.text if result else "",
    )
