"""Peer groups, their scans, closes and budgets, as the API gives them, over a fake market."""

from __future__ import annotations

import datetime as dt
import time
from collections import deque
from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from oddlot import peer_groups
from oddlot.contracts.messages import Basket, Divergence
from oddlot.peer_groups import PeerGroup
from oddlot.quant.closes import History
from oddlot.quant.divergence import Rules
from oddlot.quant.scans import Scanning, scan_groups
from oddlot.quant.verdicts import judged
from tests.ui import fake_groups

ROOT = Path(__file__).resolve().parents[2]
GROUPS = ("crypto-majors", "memory", "payments", "semiconductors")
DIVERGER, LONER, SHORT, SPLIT = "AMD", "ARM", "MPWR", "ON"  # planted among the semiconductors
SESSIONS, SPARKLINE = 140, 60
DAY_MS, MINUTE_MS = 86_400_000, 60_000
RULES = Rules()


def problem(status: int, detail: str) -> JSONResponse:
    """Make an error as the API words it."""
    body = {"status": status, "detail": detail}
    return JSONResponse(body, status, media_type="application/problem+json")


class Divergences:
    """What the API knows of groups; a test may hold scans, and let them go on."""

    def __init__(self) -> None:
        loaded = {group.id: group for group in peer_groups.load(ROOT / "peer_groups")}
        self.groups = {name: loaded[name] for name in GROUPS}
        self.files = fake_groups.Groups(list(self.groups.values()), self._regroup)
        self.outbox: deque[tuple[str, dict[str, Any]]] = deque()
        self.is_held = False  # scans go on for ever
        self.unscanned: set[str] = set()  # groups without a result
        self.age_ms = 95_000
        self.scans: dict[str, dict[str, Any]] = {}
        self.posted: list[dict[str, Any]] = []
        self._rng = np.random.default_rng(11)
        self._closes: dict[str, np.ndarray] = {}
        self._results: dict[tuple[str, str], Divergence] = {}
        self.router = APIRouter()
        for path, view in (
            ("/divergence", self._list),
            ("/divergence/scans/{scan}", self._scan_view),
            ("/divergence/{group}", self._one),
            ("/divergence/{group}/history", self._history),
            ("/closes/{symbol}", self._closes_of),
            ("/budgets", self._budgets),
        ):
            self.router.add_api_route(path, view)
        self.router.add_api_route("/divergence/scans", self._post, methods=["POST"])
        self.router.include_router(self.files.router)

    @property
    def names(self) -> dict[str, str]:
        """What every symbol is called."""
        return {m.symbol: m.name for g in self.groups.values() for m in g.members}

    def _regroup(self, name: str, group: PeerGroup | None, revision: str | None) -> None:
        """Follow a change of a group."""
        self.groups.pop(name, None)
        for interval in ("1d", "1m"):
            self._results.pop((name, interval), None)
        if group is not None:
            self.groups = dict(sorted({**self.groups, name: group}.items()))
        self.outbox.append(("peer-groups", fake_groups.change_of(name, revision)))

    def advance(self, group: str, interval: str) -> None:
        """Let a group be scanned anew, as the streams do, with one member moved."""
        for symbol in self._symbols(group)[:1]:
            self._path(symbol)[-1] *= 1.3
        self._results.pop((group, interval), None)
        message = self.result(group, interval)
        self.outbox.append((f"divergence:{group}:{interval}", msgspec.to_builtins(message)))

    def finish(self) -> None:
        """Let every scan that is held come to its end."""
        self.is_held = False
        for scan in list(self.scans):
            self._say(scan)

    def result(self, group: str, interval: str) -> Divergence:
        """Give the newest scan of a group, or of pasted symbols."""
        key = group, interval
        if key not in self._results:
            now_ms = int(time.time() * 1_000)
            length = DAY_MS if interval == "1d" else MINUTE_MS
            symbols = self._symbols(group)
            last_ms = now_ms - now_ms % length - length
            times = last_ms - np.arange(SESSIONS)[::-1] * length
            histories = {s: self._history_of(s, times) for s in symbols}
            known = self.groups.get(group)
            basket = Basket(
                id=group, symbols=symbols, benchmark=known.benchmark if known else "SPY"
            )
            histories[basket.benchmark] = self._history_of(basket.benchmark, times)
            scanning = Scanning(rules=RULES, interval=interval, now_ms=now_ms - self.age_ms)
            self._results[key] = scan_groups([basket], histories, scanning)[0]
            self.age_ms = 0  # later ones are computed when they are asked for
        return self._results[key]

    def _symbols(self, group: str) -> tuple[str, ...]:
        if group in self.groups:
            return tuple(self.groups[group].symbols)
        return tuple(self.scans[group]["symbols"])

    def _path(self, symbol: str) -> np.ndarray:
        if symbol not in self._closes:
            common = np.random.default_rng(5).normal(0.0006, 0.011, SESSIONS)
            own = np.random.default_rng(sum(map(ord, symbol))).normal(0, 0.006, SESSIONS)
            moves = own * 2 if symbol == LONER else common + own
            if symbol == DIVERGER:
                moves[-3:] += 0.04
            if symbol == LONER:
                moves[-1] -= 0.12
            path = 100 * np.exp(np.cumsum(moves))
            if symbol == SPLIT:
                path[:-40] *= 4  # never adjusted for
            self._closes[symbol] = path
        return self._closes[symbol]

    def _history_of(self, symbol: str, times: np.ndarray) -> History:
        first = -20 if symbol == SHORT else 0
        return History(times[first:], self._path(symbol)[first:])

    async def _list(self, interval: str = "1d") -> Any:
        rows = []
        for group in self.groups.values():
            if interval == "1m" and group.venue != "binance":
                continue
            is_known = group.id not in self.unscanned
            scan = self.result(group.id, interval) if is_known else None
            rows.append(
                {
                    "group": group.id,
                    "title": group.title,
                    "sector": group.sector,
                    "venue": group.venue,
                    "interval": interval,
                    "open_ms": scan.open_ms if scan else None,
                    "computed_ms": scan.computed_ms if scan else None,
                    "age_ms": _age_of(scan) if scan else None,
                    "scored": scan.scored if scan else 0,
                    "members": len(group.members),
                    "divergers": scan.divergers if scan else [],
                    "loners": scan.loners if scan else [],
                    "windows": [asdict(each) for each in scan.windows] if scan else [],
                    "text": scan.text if scan else "not scanned yet",
                }
            )
        return {"interval": interval, "groups": rows}

    async def _one(self, group: str, interval: str = "1d", z: float | None = None) -> Any:
        if group not in self.groups and group not in self.scans:
            return problem(404, f"expected a known group, was {group!r}; GET /peer-groups lists")
        if group in self.unscanned:
            return problem(409, f"{group}: no scan on {interval} yet; POST /divergence/scans asks")
        known = self.groups.get(group)
        if interval == "1m" and (known is None or known.venue != "binance"):
            return problem(422, f"interval: expected 1d, as {group} does not stream, was 1m")
        found = self.result(group, interval)
        scan = judged(found, enter_z=z, min_correlation=found.min_correlation) if z else found
        return {
            **msgspec.to_builtins(scan),
            "title": known.title if known else "pasted symbols",
            "sector": known.sector if known else "",
            "venue": known.venue if known else "",
            "age_ms": _age_of(scan),
            "names": {m.symbol: self.names.get(m.symbol, m.symbol) for m in scan.members},
            "sparklines": {m.symbol: list(self._path(m.symbol)[-SPARKLINE:]) for m in scan.members},
        }

    async def _history(self, group: str, interval: str = "1d") -> Any:
        if group not in self.groups:
            return problem(404, f"expected a known group, was {group!r}; GET /peer-groups lists")
        scan = self.result(group, interval)
        length = DAY_MS if interval == "1d" else MINUTE_MS
        rows = [
            {
                "open_ms": scan.open_ms - i * length,
                "symbol": scan.members[i % 3].symbol,
                "window": (1, 5, 20)[i % 3],
                "z": 3.6 + i * (-1) ** i,
                "label": "Held up while group fell",
            }
            for i in range(6)
        ]
        return {"group": group, "interval": interval, "divergers": rows}

    async def _post(self, request: Request) -> Any:
        body = await request.json()
        self.posted.append(body)
        unknown = [name for name in body.get("groups", []) if name not in self.groups]
        if unknown:
            return problem(404, f"groups: expected known ids, was {unknown[0]!r}")
        scan = f"scan-{abs(hash(str(body))):x}"
        symbols = body.get("symbols") or [
            symbol for name in body["groups"] for symbol in self._symbols(name)
        ]
        self.scans[scan] = {"symbols": symbols, "groups": body.get("groups") or [scan]}
        view = self.view(scan)
        return JSONResponse(
            {
                "scan": scan,
                "state": view["state"],
                "text": view["text"],
                "groups": [None for _ in self.scans[scan]["groups"]],
                "missing": [],
            },
            202,
        )

    def view(self, scan: str) -> dict[str, Any]:
        """Say how far a scan is."""
        known, now_ms = self.scans[scan], int(time.time() * 1_000)
        members, is_held = len(known["symbols"]), self.is_held
        waits = [
            {
                "symbol": symbol,
                "state": "waiting",
                "reason": "Twelve Data has spent the 800 credits of today",
                "until_ms": now_ms + 7_200_000,
            }
            for symbol in known["symbols"][:2]
        ]
        results = [] if is_held else [self.result(name, "1d") for name in known["groups"]]
        text = f"fetching {members - 2} of {members}, 2 wait for tomorrow's quota"
        return {
            "scan": scan,
            "state": "fetching" if is_held else "done",
            "members": members,
            "ready": members // 3 if is_held else members,
            "waiting": waits if is_held else [],
            "text": text if is_held else f"scanned {members} of {members}",
            "groups": [
                {"group": each.group, "computed_ms": each.computed_ms, "text": each.text}
                for each in results
            ],
            "result": None,
            "requested_ms": now_ms,
            "said_ms": now_ms,
        }

    async def _scan_view(self, scan: str) -> Any:
        return self.view(scan)

    def _say(self, scan: str) -> None:
        self.outbox.append((f"scans:{scan}", self.view(scan)))

    async def _closes_of(self, symbol: str) -> Any:
        path = self._path(symbol)
        today = dt.datetime.now(dt.UTC).date()
        rows = [
            {
                "symbol": symbol,
                "date": (today - dt.timedelta(days=SESSIONS - i)).isoformat(),
                "open": close * 0.995,
                "high": close * 1.01,
                "low": close * 0.99,
                "close": close,
                "volume": 1e6,
                "adjusted_close": close,
                "provider": "twelvedata",
                "fetched_ms": int(time.time() * 1_000),
            }
            for i, close in enumerate(path)
        ]
        state = {"state": "fetched", "provider": "Twelve Data", "reason": "", "until_ms": None}
        state |= {"symbol": symbol, "fetched_ms": int(time.time() * 1_000) - 600_000}
        return {"symbol": symbol, "name": symbol, "state": state, "closes": rows}

    async def _budgets(self) -> Any:
        now_ms = int(time.time() * 1_000)

        def window(name: str, limit: int, used: int, resets_s: int) -> dict[str, Any]:
            left = limit - used
            resets_ms = now_ms + resets_s * 1_000
            row = {"window": name, "limit": limit, "used": used, "left": left}
            return {**row, "resets_ms": resets_ms}

        minute, day = window("minute", 8, 5, 22), window("day", 800, 780, 39_000)
        twelve = _budget("twelvedata", "Twelve Data", "credits", [minute, day], now_ms)
        fmp = _budget("fmp", "FMP", "requests", [window("day", 250, 31, 39_000)], now_ms)
        month = [window("month", 100, 12, 860_000)]
        third = _budget("marketstack", "Marketstack", "requests", month, now_ms)
        detail = "no key: set ODDLOT_MARKETSTACK_KEY"
        return {
            "providers": [twelve, fmp, {**third, "has_key": False, "detail": detail}],
            "now_ms": now_ms,
        }


def _budget(name: str, title: str, unit: str, windows: list[Any], now_ms: int) -> dict[str, Any]:
    return {
        "provider": name,
        "title": title,
        "unit": unit,
        "windows": windows,
        "has_key": True,
        "blocked_until_ms": None,
        "detail": "",
        "fetched_total": 412,
        "rejected_total": 0,
        "sent_ms": now_ms,
    }


def _age_of(scan: Divergence) -> int:
    return int(time.time() * 1_000) - scan.computed_ms
