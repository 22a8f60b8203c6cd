"""GET requests as Binance Futures takes them -> status, JSON answer, weight used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from sandbox import wire
from sandbox.tape import Tape, index_of

MINUTE_MS = 60_000
MAX_SPAN_MS = 60 * MINUTE_MS  # startTime and endTime must be less than an hour apart
DEFAULT_ROWS, MAX_ROWS = 500, 1_000
WEIGHTS = {
    "/fapi/v1/ping": 1,
    "/fapi/v1/time": 1,
    "/fapi/v1/exchangeInfo": 1,
    "/fapi/v1/aggTrades": 20,
}

Query = dict[str, str]


class Answer(NamedTuple):
    """What goes back: HTTP status, the value to write as JSON, further headers."""

    status: int
    value: Any
    headers: dict[str, str]


class _Refusal(Exception):
    """A request that the exchange refuses, with its own code for the reason."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(slots=True)
class Budget:
    """The weight that callers have used in the current minute."""

    limit: int
    minute: int = 0
    used: int = 0

    def charge(self, weight: int, now_ms: int) -> bool:
        """Count a request; say whether it is still within the limit."""
        if now_ms // MINUTE_MS != self.minute:
            self.minute, self.used = now_ms // MINUTE_MS, 0
        self.used += weight
        return self.used <= self.limit


def answer(path: str, query: Query, *, tape: Tape, budget: Budget, now_ms: int) -> Answer:
    """Answer one request; 404 for a path that the exchange does not have."""
    weight = WEIGHTS.get(path)
    if weight is None:
        return Answer(404, {"code": -5000, "msg": f"Path {path} is invalid"}, {})
    within = budget.charge(weight, now_ms)
    headers = {"X-MBX-USED-WEIGHT-1M": str(budget.used)}
    if not within:
        wait_s = 60 - now_ms // 1_000 % 60
        message = f"Too many requests; current limit is {budget.limit} request weight per minute."
        return Answer(429, {"code": -1003, "msg": message}, headers | {"Retry-After": str(wait_s)})
    try:
        return Answer(200, _value(path, query, tape, budget, now_ms), headers)
    except _Refusal as e:
        return Answer(400, {"code": e.code, "msg": str(e)}, headers)


def _value(path: str, query: Query, tape: Tape, budget: Budget, now_ms: int) -> Any:
    if path.endswith("/ping"):
        return {}
    if path.endswith("/time"):
        return {"serverTime": now_ms}
    if path.endswith("/exchangeInfo"):
        return wire.exchange_info(tape.market.listings, now_ms=now_ms, weight_a_minute=budget.limit)
    return _agg_trades(query, tape)


def _agg_trades(query: Query, tape: Tape) -> list[dict[str, Any]]:
    if not query.get("symbol"):
        raise _Refusal(
            -1102, "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed."
        )
    listing = index_of(tape.market.listings, query["symbol"])
    if listing is None:
        raise _Refusal(-1121, "Invalid symbol.")
    limit = _integer(query, "limit")
    if limit is None:
        limit = DEFAULT_ROWS
    if not 0 < limit <= MAX_ROWS:
        raise _Refusal(-1130, "Data sent for parameter 'limit' is not valid.")
    start_ms, end_ms = _integer(query, "startTime"), _integer(query, "endTime")
    if start_ms is not None and end_ms is not None and not 0 <= end_ms - start_ms < MAX_SPAN_MS:
        raise _Refusal(-4166, "Search window is restricted to recent 1 hour only.")
    return tape.find(
        listing,
        from_id=_integer(query, "fromId"),
        start_ms=start_ms,
        end_ms=end_ms,
        limit=limit,
    )


def _integer(query: Query, name: str) -> int | None:
    text = query.get(name)
    if text is None:
        return None
    if not text.isdecimal():
        raise _Refusal(-1100, f"Illegal characters found in parameter '{name}'.")
    return int(text)
