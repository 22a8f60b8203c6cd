"""Twelve Data's time_series -> daily closes; several symbols a call, a credit each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from oddlot.contracts.messages import DailyClose, Venue
from oddlot.errors import BadMessage, KeyRefused, QuotaSpent, VenueUnavailable
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
from producers.providers.histories import date_of, found_of, history, price, volume

NAME = "twelvedata"
# A plan that does not have a symbol is told in words alone, with the codes 403 or 404.
PLAN_WORDS = ("available starting with", "available exclusively", "upgrad")
DAY_WORDS = "for the day"
MAX_SYMBOLS = 120  # of one call: of a larger one it gives none


class TwelveData:
    """Counts credits, by minutes and UTC days; adjusts daily prices for splits."""

    name = NAME
    title = "Twelve Data"
    unit = "credits"
    key_setting = "ODDLOT_TWELVE_DATA_KEY"
    patience_ms = 0

    def __init__(self, *, url: str, key: str, per_minute: int, per_day: int) -> None:
        self._url = url.rstrip("/")
        self._key = key
        self.has_key = bool(key)
        self.limits: tuple[Limit, ...] = (Limit("minute", per_minute), Limit("day", per_day))

    def serves(self, venue: Venue) -> bool:
        return venue != "binance"

    def most_symbols(self, sessions: int) -> int:
        return min(MAX_SYMBOLS, self.limits[0].units)

    def units(self, symbols: int, sessions: int) -> int:
        return symbols

    def ask(self, symbols: Sequence[str], *, sessions: int, now_ms: int) -> Ask:
        return Ask(
            url=f"{self._url}/time_series",
            params={
                "symbol": ",".join(map(_theirs, symbols)),
                "interval": "1day",
                "outputsize": str(sessions + 1),  # the session under way may be among them
            },
            headers={"Authorization": f"apikey {self._key}"},
        )

    def read(self, symbols: Sequence[str], answer: Answer, *, sessions: int, now_ms: int) -> Found:
        if answer.status >= 500:
            raise VenueUnavailable(f"{self.title} is in trouble (HTTP {answer.status})")
        body = decode(answer)
        if not isinstance(body, dict):
            raise BadMessage(f"{self.title}: expected an object, was {shown(answer.body)}")
        self._raise_for_all(body, answer)
        series = _by_symbol(symbols, body)
        if not any(series.values()):
            raise BadMessage(f"{self.title}: expected closes by symbol, was {shown(answer.body)}")
        read = {
            symbol: _read(symbol, series.get(symbol), sessions=sessions, now_ms=now_ms)
            for symbol in symbols
        }
        return found_of(read, meters=_meters(answer))

    def _raise_for_all(self, body: Mapping[str, Any], answer: Answer) -> None:
        """Raise for an error that is about the call and not about one of its symbols."""
        if body.get("status") != "error":
            return
        code, words = body.get("code", answer.status), str(body.get("message", ""))
        if code == 429:
            raise QuotaSpent(
                f"{self.title} says: {shown(words)}",
                window="day" if DAY_WORDS in words else "minute",
                retry_ms=retry_ms(answer),
            )
        if code == 401:
            raise KeyRefused(f"{self.title} refuses the key: set {self.key_setting} to a valid one")
        if isinstance(code, int) and code >= 500:
            raise VenueUnavailable(f"{self.title} is in trouble: {shown(words)}")


def _by_symbol(symbols: Sequence[str], body: Mapping[str, Any]) -> dict[str, Any]:
    """Give what is said of each symbol; one alone comes without its name around it."""
    if "status" in body and len(symbols) == 1:
        return {symbols[0]: body}
    named = {str(name).upper().partition(":")[0]: series for name, series in body.items()}
    return {symbol: named.get(_theirs(symbol)) for symbol in symbols}


def _read(
    symbol: str, series: Any, *, sessions: int, now_ms: int
) -> tuple[DailyClose, ...] | Refusal:
    if not isinstance(series, dict):
        return Refusal("empty", "not in the answer")
    if series.get("status") == "error":
        words = str(series.get("message", ""))
        code = series.get("code")
        if code == 429:
            raise QuotaSpent(f"Twelve Data says: {shown(words)}", window="minute")
        is_plan = any(word in words for word in PLAN_WORDS) or code == 403
        return Refusal("plan" if is_plan else "unknown", plain(words))
    meta, values = series.get("meta", {}), series.get("values")
    if not isinstance(values, list) or not isinstance(meta, dict):
        raise BadMessage(f"Twelve Data, {symbol}: expected values, was {shown(series)}")
    rows = [_close(symbol, row, meta, now_ms) for row in values]
    return history(rows, venue="us", sessions=sessions, now_ms=now_ms)


def _close(symbol: str, row: Any, meta: Mapping[str, Any], now_ms: int) -> DailyClose | None:
    if not isinstance(row, dict):
        raise BadMessage(f"Twelve Data, {symbol}: expected a row, was {shown(row)}")
    date, close = date_of(row.get("datetime")), price(row.get("close"))
    if close is None:
        return None
    return DailyClose(
        symbol=symbol,
        date=date,
        open=price(row.get("open")),
        high=price(row.get("high")),
        low=price(row.get("low")),
        close=close,
        volume=volume(row.get("volume")),
        adjusted_close=close,
        provider=NAME,
        fetched_ms=now_ms,
        currency=str(meta.get("currency") or ""),
        exchange=str(meta.get("exchange") or ""),
    )


def _meters(answer: Answer) -> tuple[Meter, ...]:
    """Read the headers; they speak of the current minute."""
    used = number(answer.headers, "api-credits-used")
    left = number(answer.headers, "api-credits-left")
    if used is None and left is None:
        return ()
    return (Meter(window="minute", used=used, left=left),)


def _theirs(symbol: str) -> str:
    """Give the name it uses: classes of shares after a dot."""
    return symbol.replace("-", ".")
