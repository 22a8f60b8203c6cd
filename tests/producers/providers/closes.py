"""Histories and answers for tests of providers."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from oddlot.contracts.messages import DailyClose
from producers.providers.adapter import Answer

# Wednesday 2025-02-05, 12:00 UTC: Tuesday's session is over, Wednesday's has not begun.
NOW_MS = 1_738_756_800_000
LAST = dt.date(2025, 2, 4)


def answer(body: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status=status, headers=headers or {}, body=content)


def weekdays(count: int, last: dt.date = LAST) -> list[dt.date]:
    """Give so many weekdays, oldest first."""

    def back() -> Iterator[dt.date]:
        date = last
        while True:
            if date.weekday() < 5:
                yield date
            date -= dt.timedelta(days=1)

    days = back()
    return [next(days) for _ in range(count)][::-1]


def closes(
    prices: Sequence[float], volumes: Sequence[float | None] | None = None, symbol: str = "AAPL"
) -> list[DailyClose]:
    dates = weekdays(len(prices))
    traded = volumes or [1_000_000.0] * len(prices)
    return [
        DailyClose(
            symbol=symbol,
            date=date,
            open=price,
            high=price,
            low=price,
            close=price,
            volume=volume,
            adjusted_close=price,
            provider="test",
            fetched_ms=NOW_MS,
        )
        for date, price, volume in zip(dates, prices, traded, strict=True)
    ]
