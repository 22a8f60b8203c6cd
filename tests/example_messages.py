"""The sandbox's market -> example messages: `python -m tests.example_messages` writes them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import starmap
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from oddlot import peer_groups
from oddlot.contracts import topics
from oddlot.contracts.codecs import M
from oddlot.contracts.messages import (
    Alert,
    Basket,
    CloseRequest,
    DailyClose,
    DeadLetter,
    FeedHealth,
    Lull,
    Pair,
    PairChange,
    ScanRequest,
    Spread,
    Ticks,
)
from oddlot.contracts.topics import Topic
from oddlot.errors import BadMessage
from oddlot.quant import closes, legs, pairs, scans, stationarity
from oddlot.quant.alerts import Watch, add_spread
from oddlot.quant.bars import Folded, Folding, add_ticks
from oddlot.quant.divergence import Rules
from producers import frames
from producers.frames import Tick
from sandbox import wire
from sandbox.listings import MAJORS
from sandbox.market import SECOND_MS, Market
from tests import example_budgets, example_social
from tests.builders import cut, ticks
from tests.conftest import ROOT
from tests.quant import groups

EXAMPLES = Path(__file__).parent / "examples"
SEED = 1
TRADES_PER_S = 60
BORN_MS = 1_732_752_256_000  # 2024-11-28 00:04:16 UTC: amid a minute and five minutes
CLOSE_MS = 1_732_752_600_000  # 00:10:00: a whole bar of five minutes later
PAIR = Pair(y="BTCUSDT", x="ETHUSDT")
NIMBLE = Pair(y="BTCUSDT", x="ETHUSDT", window=60)  # warm for long enough to raise an alert
QUIET = "DOTUSDT"
PASTED = Basket(id="scan-7f3a", symbols=("AMD", "INTC", "NVDA"), benchmark="SMH")
BATCH_ROWS = 20
CUT_FRAME_BYTES = 100  # where the refused example frame ends
LAG_MS = 1  # from the venue to us


class Example(NamedTuple):
    """One message and where it is kept."""

    topic: Topic[Any]
    name: str
    payload: bytes

    @property
    def path(self) -> Path:
        """Its place below tests/examples."""
        ending = "json" if self.topic.codec.content_type == "application/json" else "msgpack"
        return Path(self.topic.name, f"{self.name}.{ending}")


def examples() -> Iterator[Example]:
    """Give every example, computed from simulated frames as the system would."""
    sent = [*_frames()]
    read = [tick for frame in sent if (tick := frames.read(frame))]
    y, x, quiet = (_whole(read, symbol) for symbol in (PAIR.y, PAIR.x, QUIET))
    closed = {whole.symbol: _closed(whole) for whole in (y, x)}
    yield from _ticks(y, quiet)
    yield from _bars(closed[PAIR.y])
    yield _example(topics.LULLS, "seconds-without-a-trade", _first_lull(quiet))
    yield from _spreads(closed)
    yield from _changes()
    yield from _closes(closed[PAIR.y])
    yield from _scans()
    yield from starmap(_example, example_budgets.examples())
    yield from starmap(_example, example_social.examples())
    yield from _ops(sent[0], read[0].sent_ms)


def write() -> None:
    """Write every example to its file."""
    for example in examples():
        path = EXAMPLES / example.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(example.payload)


def _frames() -> Iterator[str]:
    """Give what the sandbox exchange would send to one who hears all of its streams."""
    market = Market(MAJORS, seed=SEED, trades_per_s=TRADES_PER_S, born_ms=BORN_MS)
    for open_ms in range(BORN_MS, CLOSE_MS, SECOND_MS):
        trades = market.second(open_ms)
        everything = slice(0, len(trades))
        sent_ms = open_ms + SECOND_MS
        for listing, data in wire.agg_trades(trades, everything, MAJORS, sent_ms=sent_ms):
            stream = wire.stream_of(MAJORS[listing].symbol)
            yield f'{{"stream":"{stream}","data":{data}}}'


def _whole(read: list[Tick], symbol: str) -> Ticks:
    rows = [tick for tick in read if tick.symbol == symbol]
    whole = ticks(
        symbol=symbol,
        ids=[tick.id for tick in rows],
        event_ms=[tick.event_ms for tick in rows],
        price=[tick.price for tick in rows],
        quantity=[tick.quantity for tick in rows],
        is_buyer_maker=[tick.is_buyer_maker for tick in rows],
    )
    whole.trades[:] = [tick.trades for tick in rows]
    return whole


def _example(topic: Topic[M], name: str, message: M) -> Example:
    return Example(topic, name, topic.codec.encode(message))


def _ticks(lively: Ticks, quiet: Ticks) -> Iterator[Example]:
    first, second = cut(lively, [BATCH_ROWS, 2 * BATCH_ROWS])[:2]
    yield _example(topics.TICKS, "first-of-a-run", first)
    yield _example(topics.TICKS, "following", second)
    end = ticks(ids=[], event_ms=[], after_id=int(lively.ids[-1]), watermark_ms=CLOSE_MS)
    yield _example(topics.TICKS, "watermark", end)
    one_by_one = cut(quiet, range(len(quiet)))
    raw = next(batch for batch in one_by_one if batch.trades[0] == 1)
    yield _example(topics.TICKS, "one-raw-trade", raw)


def _closed(whole: Ticks) -> Folded:
    end = ticks(ids=[], event_ms=[], watermark_ms=CLOSE_MS)
    return add_ticks(Folding(symbol=whole.symbol), [whole, end])


def _bars(closed: Folded) -> Iterator[Example]:
    for interval in ("1s", "1m", "5m"):
        bars = [bar for bar in closed.bars if bar.interval == interval]
        yield _example(topics.BARS, f"{interval}-incomplete", bars[0])
        yield _example(topics.BARS, interval, bars[1])


def _first_lull(whole: Ticks) -> Lull:
    """Give the first stretch without a trade: seen where the batch before it ends with its bar."""
    state = Folding(symbol=whole.symbol)
    for batch in cut(whole, range(len(whole))):
        folded = add_ticks(state, [batch])
        if folded.lulls:
            return folded.lulls[0]
        state = folded.state
    raise LookupError(f"{whole.symbol} was traded in every second")


def _spreads(closed: dict[str, Folded]) -> Iterator[Example]:
    both = []
    for symbol in (PAIR.y, PAIR.x):
        leg = legs.Leg()
        for bar in closed[symbol].bars:
            if bar.interval == "1s":
                leg = legs.add_bar(leg, bar.open_ms, bar.close, SECOND_MS)
        both.append(legs.add_lull(leg, int(leg.open_ms[-1]), CLOSE_MS))
    found = pairs.spreads_since(PAIR, "1s", *both, since_ms=0)
    yield from _pair_tests(found)
    yield from _alerts(pairs.spreads_since(NIMBLE, "1s", *both, since_ms=0))
    yield _example(topics.SPREADS, "first", found[0])
    yield _example(topics.SPREADS, "gathering", found[59])
    yield _example(topics.SPREADS, "warm", next(spread for spread in found if spread.warm))


def _pair_tests(found: list[Spread]) -> Iterator[Example]:
    for name, window in (("tested", found[-PAIR.window :]), ("too-short", found[:20])):
        y, x = np.array([(row.y_close, row.x_close) for row in window]).T
        test = stationarity.pair_test(PAIR, "1s", window[-1].open_ms, y, x)
        yield _example(topics.PAIR_TESTS, name, test)


def _alerts(found: list[Spread]) -> Iterator[Example]:
    watch, said = Watch(), list[Alert]()
    for spread in found:
        watch, alerts = add_spread(watch, spread, NIMBLE)
        said += alerts
    for alert in said[:2]:
        yield _example(topics.ALERTS, alert.crossing, alert)


def _closes(closed: Folded) -> Iterator[Example]:
    """Give the run's last five minutes as if they were a day's, and who asked for such."""
    bar = next(bar for bar in reversed(closed.bars) if bar.interval == "5m")
    close = DailyClose(
        symbol=bar.symbol,
        date=dt.datetime.fromtimestamp(BORN_MS / 1_000, dt.UTC).date(),
        open=bar.open,
        high=bar.high,
        low=bar.low,
        close=bar.close,
        volume=bar.volume,
        adjusted_close=bar.close,
        provider="binance",
        fetched_ms=CLOSE_MS + LAG_MS,
        currency="USDT",
    )
    yield _example(topics.CLOSES, "crypto", close)
    for name, requester, priority in (("scan", "scan-7f3a", 9), ("refresh", "refresh", 0)):
        request = CloseRequest(
            symbol="NVDA",
            venue="us",
            sessions=126,
            requester=requester,
            requested_ms=CLOSE_MS,
            priority=priority,
        )
        yield _example(topics.CLOSE_REQUESTS, name, request)


def _scans() -> Iterator[Example]:
    """Give a scan of a curated group whose closes are a walk with somebody planted in it."""
    airlines = peer_groups.find(ROOT / "peer_groups", "airlines").group
    walk = groups.made_up(members=len(airlines.members))
    walk.closes[7, :-30] = np.nan  # listed six weeks ago
    days = CLOSE_MS // closes.DAY_MS + 1 - len(walk.open_ms) + np.arange(len(walk.open_ms))
    whole = groups.Group(airlines.symbols, days * closes.DAY_MS, walk.closes)
    basket = Basket(id=airlines.id, symbols=airlines.symbols, benchmark="JETS")
    scanning = scans.Scanning(rules=Rules(), interval="1d", now_ms=CLOSE_MS)
    for name, move in (("ordinary-day", 0.0), ("diverger", -0.12)):
        whole.closes[4, -1] *= 1 + move
        found = scans.scan_groups([basket], whole.histories(), scanning)
        yield _example(topics.DIVERGENCE, name, found[0])
    for name, of, awaited in (("known", basket, ()), ("awaited", PASTED, ("AMD", "NVDA"))):
        request = ScanRequest(scan=PASTED.id, baskets=(of,), awaited=awaited, requested_ms=CLOSE_MS)
        yield _example(topics.SCAN_REQUESTS, name, request)


def _changes() -> Iterator[Example]:
    for name, watched in (("added", PAIR), ("removed", None)):
        change = PairChange(pair=PAIR.id, watched=watched, changed_ms=CLOSE_MS)
        yield _example(topics.PAIRS, name, change)


def _ops(frame: str, sent_ms: int) -> Iterator[Example]:
    now_ms = sent_ms + LAG_MS
    health = FeedHealth(
        feed="binance",
        connected=True,
        simulated=True,
        symbols=len(MAJORS),
        last_frame_ms=now_ms,
        silence_ms=0,
        lag_ms=LAG_MS,
        trades_total=1,
        rejected_total=0,
        reconnects_total=0,
        detail=f"connected to 127.0.0.1: {len(MAJORS)} streams",
        sent_ms=now_ms,
    )
    yield _example(topics.FEED_HEALTH, "first-trade", health)
    broken = frame.encode()[:CUT_FRAME_BYTES]
    try:
        frames.read(broken)
    except BadMessage as e:
        letter = DeadLetter(origin="binance", reason=str(e), payload=broken, sent_ms=now_ms)
        yield _example(topics.DEAD_LETTERS, "cut-frame", letter)


if __name__ == "__main__":
    write()
