"""A recorded capture through Kafka, Faust and ClickHouse gives the bars of the oracle."""

from __future__ import annotations

import functools
import itertools
from pathlib import Path

import pytest

from oddlot.contracts.messages import INTERVAL_MS
from oddlot.store import views
from oddlot.store.reader import MAX_ROWS, Reader
from oddlot.store.views import M, Selection
from tests.end_to_end.systems import (
    CAPTURES,
    CLOSE_MS,
    PAIR,
    connected,
    expected_bars,
    expected_spreads,
    recorded,
    replay,
    running_system,
    until_many,
)
from tests.oracles import assert_agrees, oracle


async def whole(reader: Reader, selection: Selection[M]) -> list[M]:
    return (await reader.latest(selection, limit=MAX_ROWS)).rows


pytestmark = [pytest.mark.broker, pytest.mark.clickhouse, pytest.mark.real_data]


@pytest.mark.parametrize("cut_trades", [29, 500])
async def test_replayed_captures_end_in_the_store_as_the_oracle_says(
    real_data: Path, tmp_path: Path, cut_trades: int
):
    files = [real_data / "binance" / name for name in CAPTURES]
    wholes = recorded(real_data)
    bars = expected_bars(wholes)
    spreads = expected_spreads(bars)
    with running_system(tmp_path, with_store=True) as system:
        system.start_worker()
        replay(system, files, "--close", ODDLOT_TICK_CUT_TRADES=str(cut_trades))
        async with connected(system) as reader:
            for symbol, interval in itertools.product((PAIR.y, PAIR.x), INTERVAL_MS):
                name = f"{symbol.lower()}_20240808_{interval}.csv.gz"
                rows = oracle(real_data / "oracles/bars" / name)
                wanted_bars = views.bars(symbol, interval, 0, CLOSE_MS)
                found = await until_many(functools.partial(whole, reader, wanted_bars), len(rows))
                for bar, row in zip(found, rows, strict=True):
                    assert_agrees(bar, row)
                assert found == [b for b in bars if (b.symbol, b.interval) == (symbol, interval)]
            for interval in PAIR.intervals:
                wanted = [spread for spread in spreads if spread.interval == interval]
                asked = functools.partial(
                    whole, reader, views.spreads(PAIR.id, interval, 0, CLOSE_MS)
                )
                assert await until_many(asked, len(wanted)) == wanted
