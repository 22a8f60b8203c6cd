"""Financial Modeling Prep's historical-price-eod -> daily closes; a request a symbol."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from oddlot.contracts.messages import DailyClose, Venue
from oddlot.errors import BadMessage, KeyRefused, QuotaSpent, VenueUnavailable
from oddlot.quant.sessions import first_date
from producers.budget import Limit
from producers.providers.adapter import Answer, Ask, Found, Refusal, decode, plain, retry_ms, shown
from producers.providers.histories import date_of, found_of, history, price, volume

NAME = "fmp"
PATH = "/stable/historical-price-eod/full"
SPARE_SESSIONS = 8  # weekdays without a session in half a year, and some


class Fmp:
    """Counts requests by days; adjusts prices for splits; its free plan has few symbols."""

    name = NAME
    title = "FMP"
    unit = "requests"
    key_setting = "ODDLOT_FMP_KEY"
    patience_ms = 60_000  # its requests are gone at midnight anyway

    def __init__(self, *, url: str, key: str, per_day: int) -> None:
        self._url = url.rstrip("/")
        self._key = key
        self.has_key = bool(key)
        self.limits: tuple[Limit, ...] = (Limit("day", per_day),)

    def serves(self, venue: Venue) -> bool:
        return venue != "binance"

    def most_symbols(self, sessions: int) -> int:
        return 1

    def units(self, symbols: int, sessions: int) -> int:
        return symbols

    def ask(self, symbols: Sequence[str], *, sessions: int, now_ms: int) -> Ask:
        (symbol,) = symbols
        return Ask(
            url=self._url + PATH,
            params={
                "symbol": _theirs(symbol),
                "from": first_date(sessions + SPARE_SESSIONS, "us", now_ms).isoformat(),
                "apikey": self._key,
            },
        )

    def read(self, symbols: Sequence[str], answer: Answer, *, sessions: int, now_ms: int) -> Found:
        (symbol,) = symbols
        return found_of({symbol: self._read(symbol, answer, sessions, now_ms)})

    def _read(
        self, symbol: str, answer: Answer, sessions: int, now_ms: int
    ) -> tuple[DailyClose, ...] | Refusal:
        if answer.status == 402:  # in plain text
            return Refusal("plan", plain(answer.body))
        if answer.status >= 500:
            raise VenueUnavailable(f"{self.title} is in trouble (HTTP {answer.status})")
        if answer.status == 429:
            raise self._spent(answer, answer.body)
        body = decode(answer)
        if isinstance(body, dict):
            return self._refusal(body, answer)
        if not isinstance(body, list):
            raise BadMessage(f"{self.title}: expected a list of days, was {shown(answer.body)}")
        if not body:
            return Refusal("unknown", "no such symbol")
        rows = [_close(symbol, row, now_ms) for row in body]
        return history(rows, venue="us", sessions=sessions, now_ms=now_ms)

    def _refusal(self, body: dict[str, Any], answer: Answer) -> Refusal:
        """Read an error, which may come with HTTP 200."""
        words = str(body.get("Error Message", body.get("message", "")))
        if "Limit Reach" in words:
            raise self._spent(answer, words)
        if "Premium Query Parameter" in words or "Special Endpoint" in words:
            return Refusal("plan", plain(words))
        if answer.status in {401, 403} or "API KEY" in words.upper():
            raise KeyRefused(
                f"{self.title} refuses the request: {shown(words)}; check {self.key_setting}"
            )
        raise BadMessage(f"{self.title}, HTTP {answer.status}: {shown(words or body)}")

    def _spent(self, answer: Answer, words: object) -> QuotaSpent:
        return QuotaSpent(
            f"{self.title} says: {shown(words)}", window="day", retry_ms=retry_ms(answer)
        )


def _close(symbol: str, row: Any, now_ms: int) -> DailyClose | None:
    if not isinstance(row, dict):
        raise BadMessage(f"FMP, {symbol}: expected a day, was {shown(row)}")
    date, close = date_of(row.get("date")), price(row.get("close"))
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
        adjusted_close=price(row.get("adjClose")) or close,
        provider=NAME,
        fetched_ms=now_ms,
    )


def _theirs(symbol: str) -> str:
    """Give the name it uses: classes of shares after a dash."""
    return symbol.replace(".", "-")
