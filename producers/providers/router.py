"""The queue, the budgets, and who refused what -> which provider each symbol waits for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from oddlot.contracts.messages import Venue
from producers.budget import SLIDING_MS
from producers.budget_ledger import Ledger
from producers.providers.adapter import Adapter
from producers.providers.memory import Remembered, Wanted
from producers.providers.routes import Route, Standing, choose

FIRST_BACKOFF_MS, LAST_BACKOFF_MS = 2_000, 600_000

Refusals = Mapping[str, Mapping[str, Remembered]]  # by symbol, then provider


@dataclass(slots=True)
class Trouble:
    """A provider that cannot be reached: how often in a row, and until when it is left alone."""

    failures: int
    until_ms: int
    reason: str


class Router:
    """Knows the providers, cheapest first, and which of them are in trouble."""

    def __init__(self, adapters: Sequence[Adapter], ledger: Ledger) -> None:
        self.adapters = tuple(adapters)
        self.troubles: dict[str, Trouble] = {}
        self._ledger = ledger
        self._serving: dict[Venue, list[Adapter]] = {}

    def trouble(self, provider: str, reason: str, now_ms: int) -> None:
        """Leave a provider alone that could not be reached, each time for twice as long."""
        before = self.troubles.get(provider)
        failures = before.failures + 1 if before else 1
        pause_ms = min(LAST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** min(failures - 1, 20))
        self.troubles[provider] = Trouble(failures, now_ms + pause_ms, reason)

    def giving(self, wanted: Wanted, refusals: Refusals) -> list[Adapter]:
        """Give the providers that a symbol may be asked of."""
        serving = self._serving.get(wanted.venue)
        if serving is None:
            serving = [a for a in self.adapters if a.has_key and a.serves(wanted.venue)]
            self._serving[wanted.venue] = serving
        refused = refusals.get(wanted.symbol)
        return [a for a in serving if a.name not in refused] if refused else serving

    def routes(
        self, queue: Sequence[Wanted], refusals: Refusals, sessions: int, now_ms: int
    ) -> dict[str, Route]:
        """Give whom each symbol waits for; those that nobody gives are left out.

        Parameters
        ----------
        queue : in the order in which it is served.
        refusals : of its symbols.
        sessions : of a usual call.
        now_ms : our clock.
        """
        if not queue:
            return {}
        standings = {
            adapter.name: self._standing(adapter, sessions, now_ms)
            for adapter in self.adapters
            if adapter.has_key
        }
        places = dict.fromkeys(standings, 0)
        found = {}
        for wanted in queue:
            giving = [standings[adapter.name] for adapter in self.giving(wanted, refusals)]
            if giving:
                found[wanted.symbol] = choose(giving, places, now_ms)
            for standing in giving:
                places[standing.provider] += 1
        return found

    def _standing(self, adapter: Adapter, sessions: int, now_ms: int) -> Standing:
        name = adapter.name
        short = [limit for limit in adapter.limits if limit.window in SLIDING_MS]
        long = [limit for limit in adapter.limits if limit.window not in SLIDING_MS]
        block, trouble = self._ledger.block(name, now_ms), self.troubles.get(name)
        blocked_ms = block.until_ms if block else None
        if not block and trouble and trouble.until_ms > now_ms:
            blocked_ms = trouble.until_ms
        minutes = [limit.units for limit in short if limit.window == "minute"]
        lefts = [self._ledger.room(name, [limit], now_ms) for limit in long]
        return Standing(
            provider=name,
            patience_ms=adapter.patience_ms,
            now=_symbols(adapter, self._ledger.room(name, adapter.limits, now_ms), sessions),
            next_ms=max((self._ledger.free_ms(name, e, now_ms) for e in short), default=now_ms),
            per_minute=_symbols(adapter, min(minutes), sessions) if minutes else None,
            left=_symbols(adapter, min(lefts), sessions) if lefts else None,
            returns_ms=max((self._ledger.returns_ms(e, now_ms) for e in long), default=now_ms),
            blocked_ms=blocked_ms,
            cause="no" if block else "trouble",
        )


def _symbols(adapter: Adapter, units: int, sessions: int) -> int:
    """Give how many symbols some units buy, in calls of the largest size."""
    most = adapter.most_symbols(sessions)
    if adapter.units(most, sessions) == adapter.units(1, sessions):
        return max(0, units // adapter.units(1, sessions)) * most
    return max(0, units // adapter.units(1, sessions))
