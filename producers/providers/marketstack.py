"""Marketstack's eod -> daily closes; as many symbols a request as fit into a thousand rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from oddlot.contracts.messages import DailyClose, Venue
from oddlot.errors import BadMessage, KeyRefused, QuotaSpent, VenueUnavailable
from oddlot.quant.sessions import first_date, last_session
from producers.budget import Limit
from producers.providers.adapter import Answer, Ask, Found, Refusal, decode, retry_ms, shown
from producers.providers.histories import date_of, found_of, history, price, volume

NAME = "marketstack"
MAX_ROWS = 1_000  # of one answer; more would be further requests
MAX_SYMBOLS = 100
SPARE_SESSIONS = 2
UNKNOWN = Refusal("unknown", "no such symbol")


class Marketstack:
    """Counts requests by months and seconds; gives raw prices beside adjusted ones."""

    name = NAME
    title = "Marketstack"
    unit = "requests"
    key_setting = "ODDLOT_MARKETSTACK_KEY"
    patience_ms = 1_800_000  # a month's requests are kept for what others would keep waiting

    def __init__(self, *, url: str, key: str, per_second: int, per_month: int) -> None:
        self._url = url.rstrip("/")
        self._key = key
        self.has_key = bool(key)
        self.limits: tuple[Limit, ...] = (Limit("second", per_second), Limit("month", per_month))

    def serves(self, venue: Venue) -> bool:
        return venue != "binance"

    def most_symbols(self, sessions: int) -> int:
        return max(1, min(MAX_SYMBOLS, MAX_ROWS // (sessions + SPARE_SESSIONS)))

    def units(self, symbols: int, sessions: int) -> int:
        return 1

    def ask(self, symbols: Sequence[str], *, sessions: int, now_ms: int) -> Ask:
        return Ask(
            url=f"{self._url}/v2/eod",
            params={
                "symbols": ",".join(map(_theirs, symbols)),
                "date_from": first_date(sessions + SPARE_SESSIONS, "us", now_ms).isoformat(),
                "date_to": last_session("us", now_ms).isoformat(),
                "limit": str(MAX_ROWS),
                "access_key": self._key,
            },
        )

    def read(self, symbols: Sequence[str], answer: Answer, *, sessions: int, now_ms: int) -> Found:
        if answer.status >= 500:
            raise VenueUnavailable(f"{self.title} is in trouble (HTTP {answer.status})")
        body = decode(answer)
        if isinstance(body, dict) and isinstance(body.get("error"), dict):
            return self._refused(symbols, body["error"], answer)
        if not isinstance(body, dict) or not isinstance(body.get("data"), list):
            raise BadMessage(f"{self.title}: expected pagination and data, was {shown(body)}")
        rows: dict[str, list[DailyClose | None]] = defaultdict(list)
        ours = {_theirs(symbol): symbol for symbol in symbols}
        for row in body["data"]:
            symbol = ours.get(_symbol(row))
            if symbol is not None:
                rows[symbol].append(_close(symbol, row, now_ms))
        return found_of(
            {
                symbol: history(rows[symbol], venue="us", sessions=sessions, now_ms=now_ms)
                if rows[symbol]
                else UNKNOWN
                for symbol in symbols
            }
        )

    def _refused(self, symbols: Sequence[str], error: Mapping[str, Any], answer: Answer) -> Found:
        code, words = error.get("code"), shown(error.get("message", ""))
        if code == "too_many_requests":
            raise QuotaSpent(
                f"{self.title} says: {words}", window="month", retry_ms=retry_ms(answer)
            )
        if code == "rate_limit_reached":
            raise QuotaSpent(
                f"{self.title} says: {words}", window="second", retry_ms=retry_ms(answer)
            )
        if code == "no_valid_symbols_provided":
            return found_of(dict.fromkeys(symbols, UNKNOWN))
        if answer.status in {401, 403}:
            raise KeyRefused(f"{self.title} refuses the request: {words}; check {self.key_setting}")
        raise BadMessage(f"{self.title}, HTTP {answer.status}: {code}: {words}")


def _symbol(row: Any) -> str:
    if not isinstance(row, dict) or not isinstance(row.get("symbol"), str):
        raise BadMessage(f"Marketstack: expected a row with a symbol, was {shown(row)}")
    return str(row["symbol"])


def _close(symbol: str, row: Mapping[str, Any], now_ms: int) -> DailyClose | None:
    """Read a row; one whose price is not adjusted yet is left out."""
    close, adjusted = price(row.get("close")), price(row.get("adj_close"))
    date = date_of(row.get("date"))
    if close is None or adjusted is None:
        return None
    return DailyClose(
        symbol=symbol,
        date=date,
        open=price(row.get("open")),
        high=price(row.get("high")),
        low=price(row.get("low")),
        close=close,
        volume=volume(row.get("volume")),
        adjusted_close=adjusted,
        provider=NAME,
        fetched_ms=now_ms,
        currency=str(row.get("price_currency") or ""),
        exchange=str(row.get("exchange") or ""),
    )


def _theirs(symbol: str) -> str:
    """Give the name it uses: classes of shares after a dash."""
    return symbol.replace(".", "-")
