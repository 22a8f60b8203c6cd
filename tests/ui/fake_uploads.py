"""Uploaded files as the API keeps them: the text is only counted, the rows are a fake market's."""

from __future__ import annotations

import csv
import io
from typing import Any

from fastapi import APIRouter, Request, Response

from tests.ui import fake_market
from tests.ui.fake_pairs import pair_test, problem

DAY_MS = 86_400_000
FIRST_MS = 1_500_000_000_000 - 1_500_000_000_000 % DAY_MS
ROWS = 420
THINNED = 4
FOREVER = 10**15
INTERVAL = "5m"  # of the market that lends its rows


def rows_on_days(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Put rows on weekdays, one a day: five days, then a weekend."""
    return [
        {**row, "open_ms": FIRST_MS + (i + i // 5 * 2) * DAY_MS, "interval": "1d"}
        for i, row in enumerate(rows)
    ]


def _cut(rows: list[dict[str, Any]], resolution: int, to: int) -> list[dict[str, Any]]:
    """Give the rows before a time; where others are to stand for them, every fourth."""
    before = [row for row in rows if row["open_ms"] < to]
    return before[:: THINNED if resolution else 1]


class Uploads:
    """What was uploaded, and the routes to it."""

    def __init__(self, market: fake_market.Market) -> None:
        self.market = market
        self.kept: dict[str, dict[str, Any]] = {}
        self.forms: list[dict[str, str]] = []
        self.said_rows = ROWS  # of a file, whatever it has
        self.router = APIRouter(prefix="/uploads")
        add = self.router.add_api_route
        add("", self._post, methods=["POST"], status_code=201)
        add("/{upload}", self._get)
        add("/{upload}", self._delete, methods=["DELETE"])
        add("/{upload}/bars/{symbol}", self._bars)
        add("/{upload}/spreads/{pair}", self._spreads)
        add("/{upload}/spreads/{pair}/stats", self._stats)

    async def _post(self, request: Request) -> Any:
        form = await request.form()
        options = {name: str(value) for name, value in form.items() if isinstance(value, str)}
        self.forms.append(options)
        files = [value for value in form.getlist("files") if not isinstance(value, str)]
        texts = {str(file.filename): (await file.read()).decode() for file in files}
        await form.close()
        if any("close" not in text.lower() for text in texts.values()):
            expected = {"where": "files", "expected": "a column of closes", "was": "none"}
            return problem(422, "no column of closes was found", errors=[expected])
        upload = f"up{len(self.kept) + 1}"
        self.kept[upload] = self._understood(upload, texts, options)
        return self.kept[upload]

    def _understood(self, upload: str, texts: dict[str, str], options: dict[str, str]) -> Any:
        bad = [
            {"file": name, "line": line, "reason": "close: expected a number", "text": text}
            for name, all_text in texts.items()
            for line, text in enumerate(all_text.splitlines(), 1)
            if "n/a" in text
        ]
        return {
            "upload": upload,
            "expires_ms": 0,
            "understood": {
                "files": [self._file(name, text, options) for name, text in texts.items()]
            },
            "bad_rows_total": len(bad),
            "bad_rows": bad,
            "symbols": ["ETHUSDT", "BTCUSDT", "SOLUSDT"],
        }

    def _file(self, name: str, text: str, options: dict[str, str]) -> dict[str, Any]:
        delimiter = options.get("delimiter") or (";" if ";" in text else ",")
        head = next(csv.reader(io.StringIO(text), delimiter=delimiter))
        days = rows_on_days([{}] * ROWS)
        return {
            "name": name,
            "rows": self.said_rows,
            "encoding": "utf-8",
            "delimiter": delimiter,
            "decimal": ".",
            "columns": {column.lower(): column for column in head},
            "time_format": "date",
            "timezone": "UTC",
            "symbols": ["BTCUSDT", "ETHUSDT", "SOLUSDT"],
            "interval_ms": DAY_MS,
            "first_ms": days[0]["open_ms"],
            "last_ms": days[-1]["open_ms"],
        }

    async def _get(self, upload: str) -> Any:
        return self.kept.get(upload) or problem(404, f"no upload {upload!r}")

    async def _delete(self, upload: str) -> Any:
        self.kept.pop(upload, None)
        return Response(status_code=204)

    async def _bars(self, upload: str, symbol: str, resolution: int = 0, to: int = FOREVER) -> Any:
        if upload not in self.kept:
            return problem(404, f"no upload {upload!r}")
        bars = _cut(rows_on_days(self.market.bars(symbol, INTERVAL, ROWS)), resolution, to)
        return {"symbol": symbol, "interval": "1d", "bars": bars, "next_to": None}

    async def _spreads(
        self, upload: str, pair: str, window: int = 300, resolution: int = 0, to: int = FOREVER
    ) -> Any:
        if upload not in self.kept:
            return problem(404, f"no upload {upload!r}")
        rows = rows_on_days(self.market.spreads(pair, INTERVAL, ROWS))[window:]
        spreads = _cut(rows, resolution, to)
        return {"pair": pair, "interval": "1d", "spreads": spreads, "next_to": None}

    async def _stats(self, upload: str, pair: str) -> Any:
        spread = rows_on_days(self.market.spreads(pair, INTERVAL, ROWS))[-1]
        test = {**pair_test(self.market, pair, INTERVAL), "open_ms": spread["open_ms"]}
        return {"pair": pair, "latest": test, "spread": spread, "history": [test]}
