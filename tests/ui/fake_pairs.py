"""Pairs, their tests, alerts and scans over a fake market, as the API gives them."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator
from itertools import permutations
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from tests.ui import fake_market

SETTINGS: dict[str, Any] = {
    "window": fake_market.WINDOW,
    "prices": "level",
    "intervals": ["1s", "1m", "5m"],
    "silence_bars": 30,
    "hedge": "ols",
    "enter_z": 2.0,
    "leave_z": 0.5,
    "cooldown_bars": 10,
}
GROUP = "crypto-majors"
TESTS = 40  # kept of a pair
ALERTED_BARS = 720
ASK_AGAIN_S = 0.02
CORRECTIONS = (
    "q-values by Benjamini-Hochberg over 6 trials; by Bonferroni, a p below 0.0083 would do."
)


def problem(status: int, detail: str, **more: Any) -> JSONResponse:
    """Make an error as the API words it."""
    body = {"status": status, "detail": detail, **more}
    return JSONResponse(body, status, media_type="application/problem+json")


def pair_test(market: fake_market.Market, pair: str, interval: str, *, back: int = 0) -> Any:
    """Give the statistics of a pair, `back` minutes ago."""
    y, x = pair.split("~")
    length = fake_market.INTERVAL_S[interval]
    newest_ms = market.first_ms + (market.seconds // length - 1) * length * 1_000
    p = round(0.012 + 0.11 * abs(((back * 7) % 13) / 13 - 0.5), 4)
    found = p < 0.05
    said = "rejected" if found else "not rejected"
    return {
        "pair": pair,
        "y": y,
        "x": x,
        "interval": interval,
        "open_ms": newest_ms - back * 60_000,
        "prices": "level",
        "hedge": "ols",
        "n": fake_market.WINDOW,
        "eg_statistic": -3.912,
        "eg_p": p,
        "eg_critical": [-3.935, -3.358, -3.061],
        "adf_statistic": -3.914,
        "adf_p": 0.0019,
        "adf_lags": 1,
        "adf_critical": [-3.453, -2.871, -2.572],
        "half_life_bars": 13.42,
        "hurst": 0.331,
        "is_cointegrated": found,
        "verdict": (
            f"Engle-Granger p {p:.3f}: no cointegration is {said}"
            f" at 5 % over {fake_market.WINDOW} bars."
        ),
    }


def alert(spread: dict[str, Any], *, crossing: str, z: float | None = None) -> dict[str, Any]:
    """Make the alert of a spread."""
    value = spread["z"] if z is None else z
    side = "high" if value > 0 else "low"
    sign = 1 if side == "high" else -1
    return {
        "kind": "spread",
        "subject": spread["pair"],
        "interval": spread["interval"],
        "event_ms": spread["open_ms"],
        "crossing": crossing,
        "side": side,
        "value": value,
        "threshold": sign * (2.0 if crossing == "entered" else 0.5),
        "price": spread["y_close"],
        "hedge_ratio": spread["hedge_ratio"],
        "spread": spread["spread"],
        "text": f"{spread['pair']} {crossing} its band: z {value:+.2f}",
    }


def alerts_of(spreads: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give the crossings of a history, oldest first."""
    found = []
    outside = False
    for spread in spreads:
        if not outside and abs(spread["z"]) >= 2.0:
            found.append(alert(spread, crossing="entered"))
        elif outside and abs(spread["z"]) <= 0.5:
            found.append(alert(spread, crossing="left"))
        else:
            continue
        outside = not outside
    return found


class Pairs:
    """What is watched, what was alerted, and the routes to both."""

    def __init__(self, market: fake_market.Market) -> None:
        self.market = market
        self.watched: dict[str, dict[str, Any]] = {
            pair: {**SETTINGS, "added": False, "group": GROUP} for pair in fake_market.PAIRS
        }
        self.alerts = alerts_of(market.spreads(fake_market.PAIRS[0], "1m", ALERTED_BARS))
        self.changes: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.scans_go_on = threading.Event()  # beyond their first progress
        self.scans_go_on.set()
        self.router = APIRouter()
        add = self.router.add_api_route
        add("/pairs", self._list)
        add("/pairs/scan", self._scan)
        add("/pairs/{pair}", self._put, methods=["PUT"])
        add("/pairs/{pair}", self._delete, methods=["DELETE"])
        add("/spreads/{pair}/stats", self._stats)
        add("/alerts", self._alerts)
        add("/symbols", self._symbols)

    async def _list(self) -> Any:
        return {"pairs": [self._view(pair) for pair in self.watched]}

    def _view(self, pair: str) -> dict[str, Any]:
        y, x = pair.split("~")
        return {"pair": pair, "y": y, "x": x, **self.watched[pair], "latest": {}}

    async def _symbols(self) -> Any:
        return {"symbols": [{"symbol": symbol} for symbol in fake_market.SYMBOLS]}

    async def _put(self, pair: str, request: Request) -> Any:
        legs = pair.split("~")
        if not set(legs) <= set(fake_market.SYMBOLS):
            names = ", ".join(fake_market.SYMBOLS)
            return problem(422, f"{pair}: expected two of the streaming symbols {names}")
        known = self.watched.get(pair, {**SETTINGS, "added": True, "group": None})
        self.watched[pair] = {**known, **await request.json()}
        self.tell(pair)
        return self._view(pair)

    async def _delete(self, pair: str) -> Any:
        self.watched.pop(pair, None)
        self.tell(pair)
        return Response(status_code=204)

    def tell(self, pair: str) -> None:
        """Have the next beat publish how a pair is watched now."""
        watched = self._view(pair) if pair in self.watched else None
        self.changes.put_nowait({"pair": pair, "watched": watched, "changed_ms": 0})

    async def _stats(self, pair: str, interval: str = "1m") -> Any:
        if pair not in self.watched:
            return problem(404, f"{pair} is not watched")
        history = [
            pair_test(self.market, pair, interval, back=back) for back in reversed(range(TESTS))
        ]
        latest = self.market.spreads(pair, interval, 1)[-1]
        return {"pair": pair, "latest": history[-1], "spread": latest, "history": history}

    async def _alerts(self, request: Request) -> Any:
        asked = request.query_params
        found = [
            each
            for each in reversed(self.alerts)
            if all(asked.get(name, each[name]) == each[name] for name in ("subject", "interval"))
            and asked.get("crossing", each["crossing"]) == each["crossing"]
            and each["event_ms"] >= float(asked.get("from", 0))
            and each["event_ms"] < float(asked.get("to", "inf"))
        ]
        page = found[: int(asked.get("limit", 200))]
        return {"alerts": page, "next_to": page[-1]["event_ms"] if page != found else None}

    async def _scan(self, group: str, interval: str = "1m", window: int = 300) -> Any:
        pairs = ["~".join(legs) for legs in permutations(fake_market.SYMBOLS, 2)]

        async def lines() -> AsyncIterator[str]:
            for done in range(1, len(pairs) + 1):
                yield json.dumps({"type": "progress", "done": done, "total": len(pairs)}) + "\n"
                while not self.scans_go_on.is_set():  # noqa: ASYNC110  # by another thread
                    await asyncio.sleep(ASK_AGAIN_S)
            ranked = [self._ranked(pair, interval, i) for i, pair in enumerate(pairs)]
            result = {"type": "result", "group": group, "interval": interval, "window": window}
            more = {"trials": len(pairs), "corrections": CORRECTIONS, "took_ms": 41}
            now = {"computed_ms": int(time.time() * 1_000), "pairs": ranked}
            yield json.dumps({**result, **more, **now}) + "\n"

        return StreamingResponse(lines(), media_type="application/x-ndjson")

    def _ranked(self, pair: str, interval: str, rank: int) -> dict[str, Any]:
        spread = self.market.spreads(pair, interval, 1)[-1]
        return {
            "pair": pair,
            "y": spread["y"],
            "x": spread["x"],
            "n": spread["n"],
            "hedge_ratio": spread["hedge_ratio"],
            "eg_statistic": -4.1 + rank,
            "eg_p": min(0.004 * 3**rank, 0.97),
            "q_value": min(0.016 * 3**rank, 0.99),
            "is_cointegrated": rank < 2,
            "half_life_bars": 9.4 * (rank + 1) if rank < 5 else None,
            "correlation": spread["correlation"],
            "z": spread["z"],
        }
