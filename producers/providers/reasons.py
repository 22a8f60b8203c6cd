"""Where a symbol stands -> the state that people read, in plain words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from oddlot.contracts.messages import CloseState
from producers.budget import CLOCK_SKEW_MS
from producers.providers.adapter import Adapter
from producers.providers.memory import Kept, Remembered, Wanted
from producers.providers.routes import Route


def fetched_state(history: Kept, until_ms: int, now_ms: int) -> CloseState:
    """Say that closes are published, and until when they are not fetched again."""
    return CloseState(
        symbol=history.symbol,
        state="fetched",
        provider=history.provider,
        reason="",
        until_ms=until_ms,
        fetched_ms=history.fetched_ms,
        sent_ms=now_ms,
    )


def refused_state(
    symbol: str, reason: str, until_ms: int | None, history: Kept | None, now_ms: int
) -> CloseState:
    """Say that nobody can give closes, and when somebody may."""
    return CloseState(
        symbol=symbol,
        state="refused",
        provider="",
        reason=reason,
        until_ms=until_ms,
        fetched_ms=history.fetched_ms if history else None,
        sent_ms=now_ms,
    )


def pending_state(
    wanted: Wanted,
    route: Route | None,
    adapters: Mapping[str, Adapter],
    history: Kept | None,
    now_ms: int,
) -> CloseState:
    """Say who a symbol waits for, and why.

    Parameters
    ----------
    wanted : the symbol; claimed, or else routed.
    route : whom it waits for; None where somebody is being asked right now.
    adapters : by name.
    history : what is known of it.
    now_ms : our clock.
    """
    provider = route.provider if route else wanted.claimed_by
    reason, until_ms = _why(adapters[provider], route)
    return CloseState(
        symbol=wanted.symbol,
        state="waiting" if until_ms is not None else "queued",
        provider=provider,
        reason=f"stale: {reason}" if history else reason,
        until_ms=until_ms,
        fetched_ms=history.fetched_ms if history else None,
        sent_ms=now_ms,
    )


def why_nobody(
    wanted: Wanted, adapters: Sequence[Adapter], refusals: Mapping[str, Remembered]
) -> str:
    """Say why none of the providers of a venue gives a symbol."""
    if not any(adapter.has_key for adapter in adapters):
        keys = [adapter.key_setting for adapter in adapters]
        return f"no provider has a key: set {', '.join(keys[:-1])} or {keys[-1]}"
    words = []
    for adapter in adapters:
        if adapter.name in refusals:
            words.append(f"{adapter.title}: {refusals[adapter.name].refusal.reason}")
        elif not adapter.has_key:
            words.append(f"{adapter.title}: no key ({adapter.key_setting})")
    return f"{wanted.symbol} is nowhere to be had: {'; '.join(words)}"


def utc(at_ms: int, now_ms: int) -> str:
    """Give a time to people, with its date where that is not today.

    Examples
    --------
    >>> utc(1_700_006_400_000, 1_700_000_000_000)
    '00:00 UTC'
    >>> utc(1_701_388_800_000, 1_700_000_000_000)
    '00:00 UTC on 1 December'
    """
    at, now = (dt.datetime.fromtimestamp(ms / 1_000, dt.UTC) for ms in (at_ms, now_ms))
    soon = at - now < dt.timedelta(days=1)
    return f"{at:%H:%M} UTC" if soon else f"{at:%H:%M} UTC on {at.day} {at:%B}"


def _why(adapter: Adapter, route: Route | None) -> tuple[str, int | None]:
    """Give the reason, and when it ends where that is worth waiting for."""
    if route is None:
        return f"asking {adapter.title}", None
    if route.cause == "trouble":
        return f"{adapter.title} cannot be reached; trying again", None
    if route.cause == "no":
        until = utc(route.at_ms, route.decided_ms)
        return f"{adapter.title} says no; asked again at {until}", route.at_ms
    if route.cause == "quota":
        resets_ms = route.at_ms - CLOCK_SKEW_MS  # the day itself; we ask a little later
        until = utc(resets_ms, route.decided_ms)
        return f"waits for {adapter.title}'s quota at {until}", resets_ms
    short = [limit for limit in adapter.limits if limit.window == "minute"]
    pace = f" ({short[0].units} {adapter.unit} a minute)" if short else ""
    return f"its turn comes at {adapter.title}{pace}", None
