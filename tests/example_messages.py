"""The recordings -> example messages: `python -m tests.example_messages FOLDER` writes them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from oddlot.contracts import topics
from oddlot.contracts.codecs import M
from oddlot.contracts.messages import DeadLetter, FeedHealth, Lull, Ticks
from oddlot.contracts.pairs import Pair
from oddlot.contracts.topics import Topic
from oddlot.errors import BadMessage
from oddlot.quant import legs, pairs
from oddlot.quant.bars import Folded, Folding, add_ticks
from producers import frames
from producers.captures import Capture
from tests.builders import cut, ticks, trades_of_capture

EXAMPLES = Path(__file__).parent / "examples"
BTC, ETH = "usdm_btcusdt_20240808.gz", "usdm_ethusdt_20240808.gz"
AGGREGATES = "usdm_aggtrade_kline_20210722.txt"
CLOSE_MS = 1_723_161_600_000  # midnight: past the last recorded trade
FIRST_FRAME_MS = 1_723_161_255_088  # the recorder's clock at the first trade: behind the venue's
PAIR = Pair(y="BTCUSDT", x="ETHUSDT")
BATCH_ROWS = 20
CUT_FRAME_BYTES = 100  # where the refused example frame ends


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


def examples(real_data: Path) -> Iterator[Example]:
    """Give every example, computed from the recordings as the system would."""
    recordings = real_data / "binance"
    btc, eth = (trades_of_capture(recordings / name) for name in (BTC, ETH))
    yield from _ticks(btc, recordings / AGGREGATES)
    closed = {whole.symbol: _closed(whole) for whole in (btc, eth)}
    yield from _bars(closed["BTCUSDT"])
    yield _example(topics.LULLS, "seconds-without-a-trade", _first_lull(eth))
    yield from _spreads(closed)
    yield from _ops(recordings / BTC)


def write(real_data: Path) -> None:
    """Write every example to its file."""
    for example in examples(real_data):
        path = EXAMPLES / example.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(example.payload)


def _example(topic: Topic[M], name: str, message: M) -> Example:
    return Example(topic, name, topic.codec.encode(message))


def _ticks(btc: Ticks, aggregates: Path) -> Iterator[Example]:
    first, second = cut(btc, [BATCH_ROWS, 2 * BATCH_ROWS])[:2]
    yield _example(topics.TICKS, "first-of-a-run", first)
    yield _example(topics.TICKS, "following", second)
    quiet = ticks(ids=[], event_ms=[], after_id=int(second.ids[-1]), watermark_ms=CLOSE_MS)
    yield _example(topics.TICKS, "watermark", quiet)
    with Capture(aggregates) as capture:
        read = [tick for line in capture.lines() if (tick := frames.read(line.frame))]
    symbol = next(tick.symbol for tick in read if tick.trades > 1)
    rows = [tick for tick in read if tick.symbol == symbol][:BATCH_ROWS]
    batch = ticks(
        symbol=symbol,
        ids=[tick.id for tick in rows],
        event_ms=[tick.event_ms for tick in rows],
        price=[tick.price for tick in rows],
        quantity=[tick.quantity for tick in rows],
        is_buyer_maker=[tick.is_buyer_maker for tick in rows],
    )
    batch.trades[:] = [tick.trades for tick in rows]
    yield _example(topics.TICKS, "aggregates", batch)


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
                leg = legs.add_bar(leg, bar.open_ms, bar.close, 1_000)
        both.append(legs.add_lull(leg, int(leg.open_ms[-1]), CLOSE_MS))
    found = pairs.spreads_since(PAIR, "1s", *both, since_ms=0)
    yield _example(topics.SPREADS, "first", found[0])
    yield _example(topics.SPREADS, "gathering", found[59])
    yield _example(topics.SPREADS, "warm", next(spread for spread in found if spread.warm))


def _ops(path: Path) -> Iterator[Example]:
    with Capture(path) as capture:
        line = next(line for line in capture.lines() if frames.read(line.frame))
    tick = frames.read(line.frame)
    assert tick is not None
    health = FeedHealth(
        feed="binance",
        connected=True,
        simulated=False,
        symbols=1,
        last_frame_ms=FIRST_FRAME_MS,
        silence_ms=0,
        lag_ms=FIRST_FRAME_MS - tick.sent_ms,
        trades_total=1,
        rejected_total=0,
        reconnects_total=0,
        detail="connected to fstream.binance.com: 1 streams",
        sent_ms=FIRST_FRAME_MS,
    )
    yield _example(topics.FEED_HEALTH, "first-trade", health)
    broken = line.frame[:CUT_FRAME_BYTES]
    try:
        frames.read(broken)
    except BadMessage as e:
        letter = DeadLetter(origin="binance", reason=str(e), payload=broken, sent_ms=FIRST_FRAME_MS)
        yield _example(topics.DEAD_LETTERS, "cut-frame", letter)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
