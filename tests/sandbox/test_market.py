"""The simulated market: the same seed the same trades, real grids, correlated and cointegrated."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from oddlot import peer_groups
from sandbox.listings import DEFI, LAYER_1S, MAJORS, MEMES, Listing, listings_of
from sandbox.market import Market, Trades
from tests.conftest import ROOT
from tests.sandbox import places

SECONDS = 600
MAX_LIVE_SYMBOLS = 40  # what a demo on two cores shows beside everything else


def seconds_of(market: Market, count: int) -> list[Trades]:
    return [market.second(1_000 * i) for i in range(count)]


def closes(seconds: list[Trades], listing: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Give the last price of every second, in ticks, carried on where nothing traded."""
    last, found = np.nan, []
    for second in seconds:
        rows = np.flatnonzero(second.listing == listing)
        last = second.price_ticks[rows[-1]] if len(rows) else last
        found.append(last)
    return np.array(found, np.float64)


def test_the_same_seed_gives_the_same_trades() -> None:
    one, other = (seconds_of(places.market(seed=7, born_ms=0), 20) for _ in range(2))
    for a, b in zip(one, other, strict=True):
        assert (a.ids == b.ids).all()
        assert (a.event_ms == b.event_ms).all()
        assert (a.price_ticks == b.price_ticks).all()
        assert (a.quantity_steps == b.quantity_steps).all()


def test_another_seed_gives_other_trades() -> None:
    one, other = (seconds_of(places.market(seed=seed, born_ms=0), 20) for seed in (7, 8))
    assert [len(s) for s in one] != [len(s) for s in other]


def test_ids_and_raw_ids_are_contiguous_for_each_symbol() -> None:
    seconds = seconds_of(places.market(), 30)
    for listing in range(len(places.LIVELY)):
        rows = [(s, np.flatnonzero(s.listing == listing)) for s in seconds]
        ids = np.concatenate([s.ids[at] for s, at in rows])
        first = np.concatenate([s.first_ids[at] for s, at in rows])
        last = np.concatenate([s.last_ids[at] for s, at in rows])
        assert (np.diff(ids) == 1).all()
        assert (first[1:] == last[:-1] + 1).all()
        assert (last >= first).all()


def test_trades_are_in_time_order_within_their_second() -> None:
    for second in seconds_of(places.market(), 30):
        assert (np.diff(second.event_ms) >= 0).all()
        assert (
            (second.event_ms >= second.open_ms) & (second.event_ms < second.open_ms + 1_000)
        ).all()


def test_ids_never_go_back_when_the_sandbox_starts_again() -> None:
    hour_ms = 3_600_000
    first = places.market(born_ms=1_750_000_000_000)
    newest = max(int(s.ids.max()) for s in seconds_of(first, 60))
    later = places.market(born_ms=1_750_000_000_000 + hour_ms)
    assert int(later.second(0).ids.min()) > newest


def test_the_trade_rate_is_about_what_was_asked_for() -> None:
    market = Market(MAJORS, seed=2, trades_per_s=300, born_ms=0)
    mean = np.mean([len(second) for second in seconds_of(market, SECONDS)])
    assert 150 < mean < 600


def test_activity_comes_in_bursts_and_quiet_symbols_leave_seconds_out() -> None:
    market = Market(MAJORS, seed=2, trades_per_s=300, born_ms=0)
    seconds = seconds_of(market, SECONDS)
    counts = np.array([len(second) for second in seconds])
    assert counts.max() > 3 * np.median(counts)
    quietest = len(MAJORS) - 1
    silent = [not (second.listing == quietest).any() for second in seconds]
    assert np.mean(silent) > 0.3


def test_majors_move_together() -> None:
    seconds = seconds_of(Market(MAJORS, seed=3, trades_per_s=400, born_ms=0), SECONDS)
    btc, eth = (np.diff(np.log(closes(seconds, i)[::10])) for i in (0, 1))
    assert np.corrcoef(btc, eth)[0, 1] > 0.4


def test_the_spread_of_eth_on_btc_reverts_and_crosses_two_deviations() -> None:
    seconds = seconds_of(Market(MAJORS, seed=4, trades_per_s=400, born_ms=0), 1_800)
    y, x = closes(seconds, 1), closes(seconds, 0)
    zs = []
    for end in range(300, len(y)):
        window = slice(end - 300, end)
        beta, alpha = np.polyfit(x[window] - x[end - 1], y[window], 1)
        residual = y[window] - alpha - beta * (x[window] - x[end - 1])
        zs.append(residual[-1] / residual.std(ddof=1))
    stretched = np.abs(zs) > 2
    crossings = sum(b and not a for a, b in itertools.pairwise(stretched))
    assert crossings >= 3, "a demo of half an hour shows several signals"
    assert stretched.mean() < 0.3, "and is calm most of the time"


def test_an_unknown_symbol_gets_the_same_character_every_time() -> None:
    assert listings_of(["PEPEUSDT"]) == listings_of(["pepeusdt", "BTCUSDT"])
    assert len(listings_of(["PEPEUSDT"])) == len(MAJORS) + 1


def test_every_streaming_symbol_of_the_peer_groups_is_listed_on_purpose() -> None:
    groups = peer_groups.load(ROOT / "peer_groups")
    symbols = peer_groups.streaming_symbols(groups, "binance")
    on_purpose = {listing.symbol for listing in MAJORS + LAYER_1S + DEFI + MEMES}
    assert {*symbols} == on_purpose
    assert len(symbols) <= MAX_LIVE_SYMBOLS


def test_bitcoin_stays_lively_among_all_that_the_demo_lists() -> None:
    listings = listings_of(listing.symbol for listing in LAYER_1S + DEFI + MEMES)
    seconds = seconds_of(Market(listings, seed=5, trades_per_s=250, born_ms=0), 120)
    silent = [not (second.listing == 0).any() for second in seconds]
    assert np.mean(silent) < 0.05


@pytest.mark.parametrize("coins", [LAYER_1S, DEFI, MEMES])
def test_coins_of_a_group_move_together(coins: tuple[Listing, ...]) -> None:
    seconds = seconds_of(Market(coins, seed=6, trades_per_s=200, born_ms=0), 1_200)
    minutes = np.array([np.diff(np.log(closes(seconds, i)[59::60])) for i in range(len(coins))])
    for i, own in enumerate(minutes):
        others = np.delete(minutes, i, axis=0).mean(axis=0)
        assert np.corrcoef(own, others)[0, 1] > 0.5


def test_skipped_ids_leave_a_hole() -> None:
    market = places.market(places.BTC)
    before = market.second(0).ids[-1]
    market.skip_ids(0, 5)
    assert market.second(1_000).ids[0] == before + 6
