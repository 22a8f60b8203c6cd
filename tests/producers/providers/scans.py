"""A desk against the sandbox's providers on a clock of its own: hours pass in a second."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from oddlot import errors
from oddlot.contracts.messages import CloseRequest, CloseState, DailyClose, Venue
from producers.budget_ledger import open_ledger
from producers.providers.adapter import Adapter, Answer
from producers.providers.desk import Desk, Job
from producers.providers.fmp import Fmp
from producers.providers.marketstack import Marketstack
from producers.providers.twelve_data import TwelveData
from sandbox.providers import Providers, Quotas
from sandbox.universe import Universe

# Wednesday 2025-02-05, 12:00 UTC.
NOON_MS = 1_738_756_800_000
LATENCY_MS = 150
FRESH_MS = 30 * 60_000


def free_plans(key: str = "key", quotas: Quotas | None = None) -> tuple[Adapter, ...]:
    plan = quotas or Quotas()
    return (
        TwelveData(
            url="http://sandbox/twelvedata",
            key=key,
            per_minute=plan.twelve_data_per_minute,
            per_day=plan.twelve_data_per_day,
        ),
        Fmp(url="http://sandbox/fmp", key=key, per_day=plan.fmp_per_day),
        Marketstack(
            url="http://sandbox/marketstack",
            key=key,
            per_second=plan.marketstack_per_second,
            per_month=plan.marketstack_per_month,
        ),
    )


def universe(symbols: int, *, size: int = 10) -> Universe:
    names = [f"S{number:03d}" for number in range(symbols)]
    groups = {f"g{first}": names[first : first + size] for first in range(0, symbols, size)}
    return Universe(groups, seed=1)


def request(symbol: str, *, venue: Venue = "us", priority: int = 5, sessions: int = 126):
    return CloseRequest(
        symbol=symbol,
        venue=venue,
        sessions=sessions,
        requester="test",
        requested_ms=0,
        priority=priority,
    )


class Scan:
    """One producer's desk, its clock, and what it has brought."""

    def __init__(
        self,
        path: Path,
        providers: Providers,
        *,
        adapters: Sequence[Adapter] | None = None,
        now_ms: int = NOON_MS,
    ) -> None:
        self.providers = providers
        self.adapters = adapters or free_plans(quotas=providers.quotas)
        self.names = [adapter.name for adapter in self.adapters]
        self.db = open_ledger(path, survives_power_cuts=False)
        self.desk = Desk(self.db, self.adapters, fresh_ms=FRESH_MS)
        self.now_ms = now_ms
        self.histories: dict[str, tuple[DailyClose, ...]] = {}
        self.states: dict[str, CloseState] = {}

    def want(self, symbols: Sequence[str], **details: Any) -> None:
        self.desk.want([request(symbol, **details) for symbol in symbols], self.now_ms)

    def run(self, *, hours: float, until: int | None = None) -> None:
        """Let the clock run until so many symbols are settled, or the time is over."""
        end_ms = int(self.now_ms + hours * 3_600_000)
        while self.now_ms < end_ms and (until is None or len(self.states) < until):
            turn = self.desk.turn(self.names, self.now_ms)
            for job in turn.jobs:
                self.call(job)
            self.settle()
            idle_ms = end_ms if turn.next_ms is None else min(turn.next_ms, end_ms)
            self.now_ms = self.now_ms + LATENCY_MS if turn.jobs else max(idle_ms, self.now_ms + 1)

    def call(self, job: Job) -> None:
        """Make a call and take its answer in."""
        answer = ask(self.providers, job, self.now_ms + LATENCY_MS // 2)
        ended_ms = self.now_ms + LATENCY_MS
        try:
            found = job.adapter.read(job.symbols, answer, sessions=job.sessions, now_ms=ended_ms)
        except (errors.Unavailable, errors.BadMessage) as e:
            self.desk.failed(job, e, ended_ms)
        else:
            self.desk.found(job, found, ended_ms)

    def settle(self) -> None:
        """Publish what is there."""
        ready = self.desk.ready(self.now_ms)
        self.histories |= {closes[-1].symbol: closes for closes in ready}
        self.desk.published(ready)
        self.states |= {state.symbol: state for state in self.desk.finished(self.now_ms)}


def ask(providers: Providers, job: Job, now_ms: int) -> Answer:
    """Carry a job's question to the sandbox, and its answer back."""
    path = job.ask.url.removeprefix("http://sandbox")
    said = providers.answer(path, dict(job.ask.params), job.ask.headers, now_ms)
    body = said.value if isinstance(said.value, str) else json.dumps(said.value)
    headers = {name.lower(): value for name, value in said.headers.items()}
    return Answer(status=said.status, headers=headers, body=body.encode())
