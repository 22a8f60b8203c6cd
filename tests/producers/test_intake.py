"""The intake: when it is ripe, when it is full, and what a cut takes out."""

from __future__ import annotations

import asyncio

from producers import intake as intakes
from producers.batches import Batches, VenueClock
from producers.frames import Tick
from producers.intake import Intake

LONG_S = 3_600.0
NOW_MS = 1_750_000_000_000


def intake_of(*, cut_trades: int = 500, limit: int = 1_000) -> Intake:
    return Intake("binance", Batches("live", cut_trades=cut_trades), limit=limit)


def add(intake: Intake, *numbers: int, after_ms: int = 0) -> None:
    clock = VenueClock()
    for number in numbers:
        tick = Tick("BTCUSDT", number, NOW_MS + after_ms, 100.0, 1.0, False, 1, NOW_MS)
        intake.add(tick, clock, arrival_ms=NOW_MS + number)


async def test_it_waits_for_something_to_cut() -> None:
    intake = intake_of()
    waiting = asyncio.create_task(intake.filled())
    await asyncio.sleep(0)
    assert not waiting.done()
    add(intake, 1)
    async with asyncio.timeout(10):
        await waiting


async def test_a_full_batch_is_ripe_before_its_age() -> None:
    intake = intake_of(cut_trades=3)
    ripe = asyncio.create_task(intake.ripe(LONG_S))
    add(intake, 1, 2)
    await asyncio.sleep(0)
    assert not ripe.done()
    add(intake, 3)
    async with asyncio.timeout(10):
        await ripe


async def test_a_batch_that_is_not_full_is_ripe_by_age() -> None:
    intake = intake_of()
    add(intake, 1)
    async with asyncio.timeout(10):
        await intake.ripe(0.001)
    assert len(intake.cut().ticks[0]) == 1


async def test_age_counts_from_the_first_trade_that_waits() -> None:
    intake = intake_of()
    add(intake, 1)
    intake._filled_s -= LONG_S  # a publication was in flight for that long
    add(intake, 2)
    async with asyncio.timeout(10):
        await intake.ripe(LONG_S)


async def test_what_closes_a_bar_does_not_wait_and_takes_no_others_along() -> None:
    intake = intake_of()
    other = Tick("ETHUSDT", 1, NOW_MS, 100.0, 1.0, False, 1, NOW_MS)
    intake.add(other, VenueClock(), arrival_ms=NOW_MS)
    add(intake, 1)
    ripe = asyncio.create_task(intake.ripe(LONG_S))
    await asyncio.sleep(0)
    assert not ripe.done()
    add(intake, 2, after_ms=1_000)
    async with asyncio.timeout(10):
        everything = await ripe
    assert not everything
    assert [batch.symbol for batch in intake.cut(everything=everything).ticks] == ["BTCUSDT"]
    async with asyncio.timeout(10):
        await intake.filled()  # by the other one


async def test_trades_that_keep_closing_bars_never_starve_the_others() -> None:
    intake = intake_of()
    add(intake, 1)
    add(intake, 2, after_ms=1_000)
    intake._filled_s -= LONG_S
    async with asyncio.timeout(10):
        assert await intake.ripe(LONG_S)


async def test_it_is_full_at_its_limit_and_has_room_after_a_cut() -> None:
    intake = intake_of(limit=3)
    add(intake, 1, 2)
    assert not intake.is_full
    add(intake, 3)
    assert intake.is_full
    cut = intake.cut()
    assert cut.arrival_ms == NOW_MS + 3
    assert not intake.is_full
    async with asyncio.timeout(10):
        await intake.room()


async def test_refused_frames_fill_it_too() -> None:
    intake = intake_of()
    for _ in range(intakes.MAX_LETTERS):
        assert not intake.is_full
        intake.reject(b"nonsense", "expected JSON", arrival_ms=NOW_MS)
    assert intake.is_full
    assert intake.rejected_total == len(intake.cut().letters) == intakes.MAX_LETTERS


async def test_a_refused_frame_is_kept_up_to_a_limit() -> None:
    intake = intake_of()
    intake.reject(b"x" * 200_000, "expected less", arrival_ms=NOW_MS)
    assert len(intake.cut().letters[0].payload) == 64 * 1024


async def test_a_trade_that_comes_twice_counts_once() -> None:
    intake = intake_of()
    add(intake, 1, 2, 2, 1)
    assert intake.trades_total == 2
