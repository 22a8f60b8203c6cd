"""market.closes, market.scan-requests -> signals.divergence: groups scanned by daily closes.

A group is scanned a moment after closes of its members have come; on request at once, and again as
the closes come that were asked for. Asks for the closes of all groups as they fall due.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace

import faust
from mode import Service

from oddlot import kafka
from oddlot.contracts import topics
from oddlot.contracts.messages import Basket, CloseState, ScanRequest
from oddlot.errors import BadMessage, BrokerUnavailable
from oddlot.peer_groups import PeerGroup
from oddlot.quant.divergence import Rules
from oddlot.quant.scans import Scanning, scan_groups
from oddlot.settings import Settings
from streams import batches
from streams.close_requests import CloseRequests
from streams.closes import Closes
from streams.divergence_state import ScanState
from streams.due import Due
from streams.groups import Groups, groups_of
from streams.saves import EVERY_S
from streams.worker import Worker

log = logging.getLogger(__name__)

ORIGIN = "streams.divergence"
# A history comes in some hundred messages, and a call brings several: a scan waits for the last.
QUIET_S, LONGEST_S = 0.5, 5.0
IDLE_S, ASK_EVERY_S = 1.0, 5.0  # between looks at the groups, and at the calendar

Key = tuple[str, str]  # id of the scan, empty where nobody asked; and of the basket


def attach(app: Worker) -> None:
    """Declare the agent, its state, and what scans beside it."""
    closes, state = Closes(), ScanState(app)
    daily = Daily(app, closes, state, groups_of(app))

    async def follow_requests(stream: faust.StreamT[bytes]) -> None:
        """Take in what has arrived, and note what is to be scanned."""
        async for events in batches.micro_batches(stream):
            await daily.take(events)

    source = app.source(topics.SCAN_REQUESTS, topics.CLOSE_STATES)
    app.agent(source, name=ORIGIN)(follow_requests)
    app.timer(EVERY_S, name="save_divergence")(state.saves.save)

    @app.service
    class DailyScans(Service):
        """Starts and stops with the worker."""

        @Service.task
        async def _follow(self) -> None:
            await closes.follow(app.settings, daily.note)

        @Service.task
        async def _run(self) -> None:
            await daily.run()


def rules_of(settings: Settings) -> Rules:
    """Give what counts as a divergence."""
    return Rules(enter_z=settings.divergence_z, min_correlation=settings.divergence_correlation)


def basket_of(group: PeerGroup) -> Basket:
    """Give what a scan has to know of a group."""
    return Basket(id=group.id, symbols=group.symbols, benchmark=group.benchmark)


class Daily:
    """Scans what has changed.

    What is still to be scanned is not saved: whoever starts, or takes over, scans everything once.
    """

    def __init__(self, app: Worker, closes: Closes, state: ScanState, groups: Groups) -> None:
        self._app, self._closes, self._state, self._groups = app, closes, state, groups
        self._rules = rules_of(app.settings)
        self._due = Due[Key](quiet_s=QUIET_S, longest_s=LONGEST_S)
        self._requests = CloseRequests()
        self._baskets: dict[str, Basket] = {}
        self._seen: tuple[PeerGroup, ...] | None = None
        self._forgotten = -1
        self._changed = asyncio.Event()
        self._asked_s = -math.inf
        self._arrival_ms = 0

    async def take(self, events: list[batches.Event]) -> None:
        """Deal with events: set the state, note what to scan."""
        messages = await _decoded(self._app.publisher, events)
        if not batches.are_ours(self._app, events):
            self._state.forget()
            return
        self._look_around()
        self._arrival_ms = batches.arrival_ms(events[-1])
        heard = set[str]()
        asked: list[Key] = []
        for message in messages:
            if isinstance(message, CloseState):
                if self._state.hear(message):
                    heard.add(message.symbol)
            elif self._state.open(message, self._closes.fetched(message.awaited)):
                asked += [(message.scan, basket.id) for basket in message.baskets]
        self._arrive()
        now_s = time.monotonic()
        self._due.note(_touched(heard, self._of_scans()), now_s)
        self._due.note(asked, now_s - QUIET_S)  # somebody waits
        self._state.saves.hold(events, [])
        self._changed.set()

    def note(self, changed: set[str]) -> None:
        """Note what has to be scanned as the closes of some symbols have changed."""
        now_s = time.monotonic()
        self._due.note(_touched(changed, self._of_groups()), now_s)
        self._due.note(_touched(changed, self._of_scans()), now_s)
        self._arrive()
        self._changed.set()

    def _arrive(self) -> None:
        left = {symbol for scan in self._state.scans.values() for symbol in scan.left}
        self._state.arrive(self._closes.fetched(left))

    async def run(self) -> None:
        """Scan until cancelled."""
        while True:
            self._changed.clear()
            wait_s = IDLE_S
            if self._closes.is_level and self._app.owns(topics.SCAN_REQUESTS):
                await self.scan(time.monotonic(), _now_ms())
                await self.ask(time.monotonic(), _now_ms())
                wait_s = min(IDLE_S, self._due.wait_s(time.monotonic()))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._changed.wait()

    async def scan(self, now_s: float, now_ms: int) -> None:
        """Scan what is due, publish it, and end the scans that wait for nothing more."""
        self._look_around()
        for key in self._due.take(now_s):
            await asyncio.sleep(0)  # each takes milliseconds that others need not wait for together
            try:
                await self._scan(*key, now_ms)
            except BrokerUnavailable as e:
                log.warning("%s; scanning again", e)
                self._due.note([key], now_s)
        going_on = {scan for scan, _ in self._due.noted()}
        for name, scan in [*self._state.scans.items()]:
            if name not in going_on and scan.is_over(now_ms):
                self._state.close(name)

    async def ask(self, now_s: float, now_ms: int) -> None:
        """Ask for the closes that are due; the producers know what they can afford."""
        if now_s < self._asked_s + ASK_EVERY_S:
            return
        self._asked_s = now_s
        requests = self._requests.due(self._groups.all, self._closes.by_symbol, now_ms)
        try:
            await self._app.publisher.publish(topics.CLOSE_REQUESTS, requests, arrival_ms=now_ms)
        except BrokerUnavailable as e:
            log.warning("%s; asking again", e)
            self._requests.forget(requests)

    async def _scan(self, scan: str, group: str, now_ms: int) -> None:
        basket, pending = self._baskets.get(group), 0
        if scan:
            going_on = self._state.scans.get(scan)
            if going_on is None:
                return
            basket = next(each for each in going_on.request.baskets if each.id == group)
            pending = going_on.pending(basket)
        if basket is None:
            return  # the group is gone
        scanning = Scanning(rules=self._rules, interval="1d", now_ms=now_ms, scan=scan or None)
        histories = self._closes.histories({*basket.symbols, basket.benchmark})
        found = [
            replace(each, pending=pending) for each in scan_groups([basket], histories, scanning)
        ]
        arrival_ms = self._arrival_ms or now_ms
        await self._app.publisher.publish(topics.DIVERGENCE, found, arrival_ms=arrival_ms)

    def _look_around(self) -> None:
        """Notice that groups have changed, or that the state was read anew."""
        is_new = self._state.forgotten != self._forgotten
        now_s = time.monotonic()
        if is_new:
            self._state.read()
            self._forgotten = self._state.forgotten
            self._due.clear()
            self._due.note([key for key, _ in self._of_scans()], now_s)
        if is_new or self._groups.all is not self._seen:
            before, self._seen = {} if is_new else self._baskets, self._groups.all
            self._baskets = {group.id: basket_of(group) for group in self._seen}
            changed = [name for name, b in self._baskets.items() if before.get(name) != b]
            self._due.note([("", name) for name in changed], now_s)

    def _of_groups(self) -> Iterator[tuple[Key, Basket]]:
        for name, basket in self._baskets.items():
            yield ("", name), basket

    def _of_scans(self) -> Iterator[tuple[Key, Basket]]:
        for name, scan in self._state.scans.items():
            for basket in scan.request.baskets:
                yield (name, basket.id), basket


def _touched(symbols: set[str], baskets: Iterable[tuple[Key, Basket]]) -> list[Key]:
    """Give the baskets that the closes of some symbols bear on."""
    if not symbols:
        return []
    return [key for key, b in baskets if not symbols.isdisjoint((*b.symbols, b.benchmark))]


async def _decoded(
    publisher: kafka.Publisher, events: list[batches.Event]
) -> list[CloseState | ScanRequest]:
    found = []
    for event in events:
        try:
            message = topics.BY_NAME[event.message.topic].codec.decode(event.value)
        except BadMessage as e:
            await kafka.refuse(publisher, ORIGIN, event.value, str(e))
            continue
        assert isinstance(message, CloseState | ScanRequest)
        found.append(message)
    return found


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
