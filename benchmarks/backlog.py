"""A backlog of ticks on Kafka -> bars on Kafka: one worker on one core, against the naive ways.

    uv run python -m benchmarks.backlog

Trades/s are counted from the first bar read to the last. The naive worker reads one JSON record a
trade with aiokafka and folds one interval in a Python loop; mind that the wire differs: 33 bytes a
trade in columns, about 150 in JSON.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import time
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from benchmarks import worlds
from oddlot import kafka
from oddlot.contracts import topics
from oddlot.contracts.messages import Ticks
from oddlot.settings import Settings

CAPTURES = ("usdm_btcusdt_20240808.gz", "usdm_ethusdt_20240808.gz")
TRADES = 4_000_000  # of each symbol's backlog, about
NAIVE_TRADES = 200_000
QUIET_S = 30.0  # no bar for that long: something is wrong
PUBLISH_RECORDS = 200


async def main() -> None:
    """Print one line a way."""
    wholes = [worlds.recorded_trades(name) for name in CAPTURES]
    rates = {}
    for size in (100, 500, 1000):
        rates[size] = await measure(wholes, size)
        print(
            f"oddlot worker, {size:>5} trades a record  {rates[size]:>12,.0f} trades/s", flush=True
        )
    naive = await measure_naive(wholes[0])
    print(f"aiokafka, json, Python loop       {naive:>12,.0f} trades/s")
    for size, rate in rates.items():
        print(f"{size:>5} a record against the loop   {rate / naive:>11.1f} x")


async def measure(wholes: list[Ticks], size: int) -> float:
    """Give trades/s of a worker that finds everything on the broker."""
    with worlds.broker() as settings:
        published = 0
        async with kafka.connect(settings) as publisher:
            for whole in wholes:
                times = TRADES // len(whole) // (5 if size == 100 else 1)
                published += times * len(whole)
                batches = worlds.repeated(whole, times, size)
                while chunk := list(itertools.islice(batches, PUBLISH_RECORDS)):
                    await publisher.publish(topics.TICKS, chunk, arrival_ms=worlds.now_ms())
                end = [worlds.watermark(whole)]
                await publisher.publish(topics.TICKS, end, arrival_ms=worlds.now_ms())
        with worlds.worker(settings) as running:
            began, ended = await span_of_bars(settings, published)
            running.poll()
        return published / (ended - began)


async def span_of_bars(settings: Settings, trades: int) -> tuple[float, float]:
    """Give when the first and the last bar of so many trades were read."""
    os.sched_setaffinity(0, {1 - worlds.WORKER_CORE} if os.cpu_count() == 2 else {1})
    seen, began, last = 0, 0.0, time.perf_counter()
    async with kafka.subscribe(settings, [topics.BARS], start="earliest") as subscription:
        while seen < trades:
            records = await subscription.read(limit=20_000, wait_ms=100)
            now = time.perf_counter()
            if records:
                began, last = began or now, now
            elif now - last > QUIET_S:
                raise TimeoutError(f"{seen:,} of {trades:,} trades in bars after {QUIET_S} s")
            for record in records:
                bar: Any = record.message()
                seen += bar.trades if bar.interval == "1s" else 0
    os.sched_setaffinity(0, range(os.cpu_count() or 1))
    return began, last


async def measure_naive(whole: Ticks) -> float:
    """Give trades/s of a consumer that folds JSON records in a loop."""
    with worlds.broker() as settings:
        await _publish_json(settings, whole)
        consumer = AIOKafkaConsumer(
            "naive", **kafka.client_options(settings), auto_offset_reset="earliest"
        )
        os.sched_setaffinity(0, {worlds.WORKER_CORE})
        await consumer.start()
        bars: dict[int, list[float]] = {}
        seen, began = 0, time.perf_counter()
        async for record in consumer:
            fold_one(bars, json.loads(record.value))
            seen += 1
            if seen == NAIVE_TRADES:
                break
        elapsed = time.perf_counter() - began
        await consumer.stop()
        os.sched_setaffinity(0, range(os.cpu_count() or 1))
        return seen / elapsed


async def _publish_json(settings: Settings, whole: Ticks) -> None:
    admin = AIOKafkaAdminClient(**kafka.client_options(settings))
    producer = AIOKafkaProducer(**kafka.client_options(settings), linger_ms=5)
    async with kafka.connect(settings):
        await admin.start()
        await admin.create_topics([NewTopic("naive", 1, 1)])
        await admin.close()
    await producer.start()
    columns = zip(
        whole.ids, whole.event_ms, whole.price, whole.quantity, whole.is_buyer_maker, strict=True
    )
    for trade_id, event_ms, price, quantity, maker in itertools.islice(
        itertools.cycle(list(columns)), NAIVE_TRADES
    ):
        trade = {
            "symbol": whole.symbol,
            "id": int(trade_id),
            "event_ms": int(event_ms),
            "price": float(price),
            "quantity": float(quantity),
            "is_buyer_maker": bool(maker),
        }
        await producer.send("naive", json.dumps(trade).encode(), key=whole.symbol.encode())
    await producer.stop()


def fold_one(bars: dict[int, list[float]], trade: dict[str, Any]) -> None:
    open_ms = trade["event_ms"] // 1_000 * 1_000
    price, quantity = trade["price"], trade["quantity"]
    bar = bars.get(open_ms)
    if bar is None:
        bars[open_ms] = [price, price, price, price, quantity, 1]
        return
    bar[1], bar[2], bar[3] = max(bar[1], price), min(bar[2], price), price
    bar[4] += quantity
    bar[5] += 1


if __name__ == "__main__":
    asyncio.run(main())
