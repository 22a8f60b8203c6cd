"""Binance Futures' daily klines -> daily closes; a request a symbol, no key."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from oddlot.contracts.messages import DailyClose, Venue
from oddlot.errors import BadMessage, QuotaSpent, VenueUnavailable
from producers.budget import Limit, Meter
from producers.providers.adapter import (
    Answer,
    Ask,
    Found,
    Refusal,
    decode,
    number,
    plain,
    retry_ms,
    shown,
)
from producers.providers.histories import found_of, history, price, volume

NAME = "binance"
COLUMNS = 6  # at least: open time, open, high, low, close, volume
INVALID_SYMBOL, TOO_MANY_REQUESTS = -1121, -1003
# Weight of a request by the rows asked for, as Binance has it.
WEIGHTS = ((100, 1), (500, 2), (1_001, 5))
HEAVIEST = 10
MAX_ROWS = 1_500


class BinanceDaily:
    """Counts weight by minutes; days are UTC days, prices are not adjusted: nothing splits."""

    name = NAME
    title = "Binance"
    unit = "weight"
    key_setting = ""
    has_key = True
    patience_ms = 0

    def __init__(self, *, url: str, per_minute: int) -> None:
        self._url = url.rstrip("/")
        self.limits: tuple[Limit, ...] = (Limit("minute", per_minute),)

    def serves(self, venue: Venue) -> bool:
        return venue == "binance"

    def most_symbols(self, sessions: int) -> int:
        return 1

    def units(self, symbols: int, sessions: int) -> int:
        rows = sessions + 1
        return symbols * next((weight for under, weight in WEIGHTS if rows < under), HEAVIEST)

    def ask(self, symbols: Sequence[str], *, sessions: int, now_ms: int) -> Ask:
        (symbol,) = symbols
        rows = min(MAX_ROWS, sessions + 1)  # the day under way comes last
        return Ask(
            url=f"{self._url}/fapi/v1/klines",
            params={"symbol": symbol, "interval": "1d", "limit": str(rows)},
        )

    def read(self, symbols: Sequence[str], answer: Answer, *, sessions: int, now_ms: int) -> Found:
        (symbol,) = symbols
        if answer.status >= 500:
            raise VenueUnavailable(f"{self.title} is in trouble (HTTP {answer.status})")
        body = decode(answer)
        if isinstance(body, dict):
            return self._refused(symbol, body, answer)
        if not isinstance(body, list):
            raise BadMessage(f"{self.title}: expected a list of days, was {shown(answer.body)}")
        rows = [_close(symbol, row, now_ms) for row in body]
        read = history(rows, venue="binance", sessions=sessions, now_ms=now_ms)
        used = number(answer.headers, "x-mbx-used-weight-1m")
        # What it counts is the whole address, with what the trades' backfill spends.
        meters = () if used is None else (Meter(window="minute", used=used, left=None),)
        return found_of({symbol: read}, meters=meters)

    def _refused(self, symbol: str, body: dict[str, Any], answer: Answer) -> Found:
        code, words = body.get("code"), plain(body.get("msg", ""))
        if answer.status in {418, 429} or code == TOO_MANY_REQUESTS:
            raise QuotaSpent(
                f"{self.title} says: {words}", window="minute", retry_ms=retry_ms(answer)
            )
        if answer.status in {403, 451}:
            raise VenueUnavailable(
                f"{self.title} does not serve this address (HTTP {answer.status})"
            )
        if code == INVALID_SYMBOL:
            return found_of({symbol: Refusal("unknown", words)})
        raise BadMessage(f"{self.title}, HTTP {answer.status}: {code}: {words}")


def _close(symbol: str, row: Any, now_ms: int) -> DailyClose | None:
    if not isinstance(row, list) or len(row) < COLUMNS or not isinstance(row[0], int):
        raise BadMessage(f"Binance, {symbol}: expected a row of columns, was {shown(row)}")
    close = price(row[4])
    if close is None:
        return None
    return DailyClose(
        symbol=symbol,
        date=dt.datetime.fromtimestamp(row[0] / 1_000, dt.UTC).date(),
        open=price(row[1]),
        high=price(row[2]),
        low=price(row[3]),
        close=close,
        volume=volume(row[5]),
        adjusted_close=close,
        provider=NAME,
        fetched_ms=now_ms,
        currency="USDT" if symbol.endswith("USDT") else "",
        exchange="Binance Futures",
    )
