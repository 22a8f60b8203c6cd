"""GET requests as Twelve Data, FMP, Marketstack and Binance take them -> daily closes, or a no.

Quotas are enforced as the real ones are. A call beyond one is answered as theirs would be, and
counted: whoever makes it has a defect.
"""

from __future__ import annotations

import datetime as dt
import threading
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from oddlot.peer_groups import PeerGroup
from oddlot.settings import Settings
from sandbox import provider_bodies as bodies
from sandbox.listings import Listing
from sandbox.rest import Answer, Budget, Query
from sandbox.universe import Daily, Universe

MINUTE_MS, DAY_MS = 60_000, 86_400_000
MAX_TWELVE_ROWS, MAX_STACK_ROWS, MAX_DAILY_ROWS = 5_000, 1_000, 1_500
DAILY = "/fapi/v1/klines"
PATHS = ("/twelvedata/", "/fmp/", "/marketstack/")
REFUSED_KEY = "refused"  # a key that no provider takes, to try that out
TOO_MANY_WEIGHT = "Too many requests; current limit is {} request weight per minute."


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotas:
    """What each provider gives; the defaults are those of the free plans."""

    twelve_data_per_minute: int = 8
    twelve_data_per_day: int = 800
    fmp_per_day: int = 250
    marketstack_per_second: int = 5
    marketstack_per_month: int = 100


@dataclass(slots=True)
class Count:
    """What one provider has seen.

    Attributes
    ----------
    units : in its own unit, rejected calls included.
    rejections : calls beyond a quota, by window.
    symbols : how many were delivered.
    """

    calls: int = 0
    units: int = 0
    rejections: Counter[str] = field(default_factory=Counter)
    symbols: int = 0


class Providers:
    """The providers, what their callers have used, and the trouble they are in.

    Parameters
    ----------
    universe : what they know.
    quotas : what they give.
    skew_ms : how far their clock is ahead of the caller's.
    """

    def __init__(self, universe: Universe, quotas: Quotas | None = None, *, skew_ms: int = 0):
        self.universe = universe
        self.quotas = quotas or Quotas()
        self.counts: dict[str, Count] = defaultdict(Count)
        self._skew_ms = skew_ms
        self._counting = threading.Lock()  # the exchange asks from threads
        self._used: Counter[tuple[str, str, int]] = Counter()
        self._failing: Counter[str] = Counter()
        self._answers: dict[str, Callable[[Query, int], Answer]] = {
            "/twelvedata/time_series": self._twelve_data,
            "/fmp/stable/historical-price-eod/full": self._fmp,
            "/fmp/stable/news/stock-latest": self._fmp_news,
            "/marketstack/v2/eod": self._marketstack,
        }

    @property
    def rejections(self) -> int:
        """Calls beyond a quota, of all providers: none, if callers count right."""
        return sum(count.rejections.total() for count in self.counts.values())

    def answer(self, path: str, query: Query, headers: Mapping[str, str], now_ms: int) -> Answer:
        """Answer one request; a status 503 where it was told to fail."""
        provider = path.split("/")[1]
        answer = self._answers.get(path)
        if answer is None:
            if provider == "fmp":
                words = "Legacy Endpoint : Due to Legacy endpoints being no longer supported"
                return Answer(403, {"Error Message": words}, {})
            return Answer(404, bodies.stack_error("404_not_found", "Resource not found."), {})
        if self._failing[provider]:
            self._failing[provider] -= 1
            return Answer(503, "Service Unavailable", {})
        key = headers.get("Authorization", "").removeprefix("apikey ")
        query = {"apikey": key, **query}
        return answer(query, now_ms + self._skew_ms)

    def binance(self, query: Query, budget: Budget, now_ms: int) -> Answer:
        """Answer Binance's request for daily bars, on the weight that all of its calls share."""
        rows = int(query.get("limit", "500"))
        weight = 1 if rows < 100 else 2 if rows < 500 else 5 if rows <= 1_000 else 10
        with self._counting:
            count = self.counts["binance"]
            count.calls += 1
            count.units += weight
            within = budget.charge(weight, now_ms)
            count.rejections["minute"] += not within
        headers = {"X-MBX-USED-WEIGHT-1M": str(budget.used)}
        if not within:
            wait = {"Retry-After": str(60 - now_ms // 1_000 % 60)}
            refusal = {"code": -1003, "msg": TOO_MANY_WEIGHT.format(budget.limit)}
            return Answer(429, refusal, headers | wait)
        if query.get("interval") != "1d" or rows > MAX_DAILY_ROWS:
            return Answer(400, {"code": -1120, "msg": "Invalid interval."}, headers)
        symbol = query.get("symbol", "")
        if not self.universe.is_live(symbol):
            return Answer(400, {"code": -1121, "msg": "Invalid symbol."}, headers)
        daily = self.universe.daily(symbol, _date(now_ms))
        assert daily is not None
        count.symbols += 1
        return Answer(200, bodies.binance_days(daily, range(len(daily.dates))[-rows:]), headers)

    def fail(self, provider: str, times: int) -> None:
        """Make a provider's next calls fail."""
        self._failing[provider] = times

    def faults(self, symbol: str) -> frozenset[str]:
        """Give what is wrong with a symbol at Twelve Data: raw before splits, not in the plan."""
        draw = _draw(symbol)
        found = {"raw": draw % 2 == 1, "plan": draw % 31 == 11}
        return frozenset(fault for fault, is_there in found.items() if is_there)

    def report(self) -> dict[str, Any]:
        """Give what was seen, for whoever tests a caller."""
        return {
            name: {
                "calls": count.calls,
                "units": count.units,
                "symbols": count.symbols,
                "rejections": dict(count.rejections),
            }
            for name, count in sorted(self.counts.items())
        }

    def _twelve_data(self, query: Query, now_ms: int) -> Answer:
        symbols = [s for s in query.get("symbol", "").upper().split(",") if s]
        if _is_refused(query["apikey"]):
            words = "**apikey** parameter is incorrect or not specified."
            return Answer(401, bodies.twelve_error(401, words), {})
        limits = {
            "day": self.quotas.twelve_data_per_day,
            "minute": self.quotas.twelve_data_per_minute,
        }
        spent = self._charge("twelvedata", len(symbols), limits, now_ms)
        used = self._used["twelvedata", "minute", _number("minute", now_ms)]
        headers = {
            "api-credits-used": str(used),
            "api-credits-left": str(max(0, limits["minute"] - used)),
        }
        if spent:
            number = _number(spent, now_ms)
            counted = self._used["twelvedata", spent, number]
            error = bodies.twelve_spent(spent, counted, limits[spent])
            return Answer(200 if spent == "day" else 429, error, headers)
        rows = min(MAX_TWELVE_ROWS, int(query.get("outputsize", "30")))
        series = {symbol: self._twelve_series(symbol, rows, now_ms) for symbol in symbols}
        self.counts["twelvedata"].symbols += sum("values" in each for each in series.values())
        if len(series) == 1:
            (only,) = series.values()
            return Answer(only.get("code", 200), only, headers)
        return Answer(200, series, headers)

    def _twelve_series(self, symbol: str, rows: int, now_ms: int) -> dict[str, Any]:
        faults, daily = self.faults(symbol), self._us(symbol, now_ms)
        if daily is None:
            return bodies.twelve_error(404, bodies.NO_TWELVE_SYMBOL)
        if "plan" in faults:
            words = f"{symbol} is available starting with the Grow plan. Consider upgrading."
            return bodies.twelve_error(404, words)
        newest = range(len(daily.dates))[-rows:]
        return bodies.twelve_series(symbol, daily, newest, raw="raw" in faults)

    def _fmp(self, query: Query, now_ms: int) -> Answer:
        symbol = query.get("symbol", "").upper()
        if _is_refused(query["apikey"]):
            return Answer(401, {"Error Message": "Invalid API KEY. Feel free to create one"}, {})
        if self._charge("fmp", 1, {"day": self.quotas.fmp_per_day}, now_ms):
            # It says so with either status.
            status = 429 if self.counts["fmp"].rejections["day"] % 2 else 200
            return Answer(status, {"Error Message": bodies.LIMIT_REACH}, {})
        daily = self._us(symbol, now_ms)
        if daily is None:
            return Answer(200, [], {})
        if _draw(symbol) % 4:  # the free plan has few symbols
            return Answer(402, bodies.NOT_IN_FMP_PLAN, {})
        self.counts["fmp"].symbols += 1
        rows = bodies.within(daily, query, ("from", "to"))
        return Answer(200, bodies.fmp_days(query["symbol"].upper(), daily, rows), {})

    def _fmp_news(self, query: Query, now_ms: int) -> Answer:
        """Say that the free plan has no news; the question counts all the same."""
        if _is_refused(query["apikey"]):
            return Answer(401, {"Error Message": "Invalid API KEY. Feel free to create one"}, {})
        self._charge("fmp", 1, {"day": self.quotas.fmp_per_day}, now_ms)
        return Answer(402, bodies.NO_FMP_NEWS, {})

    def _marketstack(self, query: Query, now_ms: int) -> Answer:
        if _is_refused(query.get("access_key", "")):
            words = "You have not supplied a valid API Access Key."
            return Answer(401, bodies.stack_error("invalid_access_key", words), {})
        limits = {
            "second": self.quotas.marketstack_per_second,
            "month": self.quotas.marketstack_per_month,
        }
        spent = self._charge("marketstack", 1, limits, now_ms)
        if spent == "second":
            words = "You have exceeded the maximum rate limitation allowed on your plan."
            return Answer(429, bodies.stack_error("rate_limit_reached", words), {})
        if spent:
            words = "Your monthly usage limit has been reached."
            return Answer(429, bodies.stack_error("too_many_requests", words), {})
        rows: list[dict[str, Any]] = []
        for symbol in query.get("symbols", "").upper().split(","):
            daily = self._us(symbol, now_ms)
            if daily is not None and _draw(symbol) % 53 != 17:
                found = bodies.within(daily, query, ("date_from", "date_to"))
                rows += bodies.stack_rows(symbol, daily, found)
        if not rows:
            words = "At least one valid symbol must be provided"
            return Answer(422, bodies.stack_error("no_valid_symbols_provided", words), {})
        rows.sort(key=lambda row: str(row["date"]), reverse=True)
        limit = min(MAX_STACK_ROWS, int(query.get("limit", "100")))
        self.counts["marketstack"].symbols += len({row["symbol"] for row in rows[:limit]})
        return Answer(200, bodies.stack_body(rows[:limit], limit=limit, total=len(rows)), {})

    def _us(self, symbol: str, now_ms: int) -> Daily | None:
        """Give a stock's sessions; the one under way is among them, as with the real ones."""
        return self.universe.daily(symbol, _date(now_ms))

    def _charge(self, provider: str, units: int, limits: Mapping[str, int], now_ms: int) -> str:
        """Count a call; give the window that it is too much for, empty if for none."""
        spent = ""
        with self._counting:
            for window, limit in limits.items():
                place = (provider, window, _number(window, now_ms))
                self._used[place] += units
                if self._used[place] > limit and not spent:
                    spent = window
            count = self.counts[provider]
            count.calls += 1
            count.units += units
            count.rejections.update([spent] if spent else [])
        return spent


def universe_of(groups: Iterable[PeerGroup], listings: Iterable[Listing], *, seed: int) -> Universe:
    """Give a universe of the members of peer groups; what trades live has its own prices."""
    members = {group.id: [member.symbol for member in group.members] for group in groups}
    benchmarks = {group.id: group.benchmark for group in groups}
    prices = {listing.symbol: listing.price for listing in listings}
    return Universe(members, seed=seed, benchmarks=benchmarks, prices=prices)


def quotas_of(knobs: Settings) -> Quotas:
    """Give the plans that our callers believe to have."""
    return Quotas(
        twelve_data_per_minute=knobs.twelve_data_per_minute,
        twelve_data_per_day=knobs.twelve_data_per_day,
        fmp_per_day=knobs.fmp_per_day,
        marketstack_per_second=knobs.marketstack_per_second,
        marketstack_per_month=knobs.marketstack_per_month,
    )


def _number(window: str, now_ms: int) -> int:
    """Number a window by the provider's clock, UTC."""
    if window == "month":
        date = _date(now_ms)
        return 12 * date.year + date.month
    return now_ms // {"second": 1_000, "minute": MINUTE_MS, "day": DAY_MS}[window]


def _date(now_ms: int) -> dt.date:
    return dt.datetime.fromtimestamp(now_ms / 1_000, dt.UTC).date()


def _draw(symbol: str) -> int:
    return zlib.crc32(symbol.replace("-", ".").encode())


def _is_refused(key: str) -> bool:
    return key in {"", REFUSED_KEY}
