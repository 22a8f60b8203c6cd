"""Listings and a seed -> trades, second by second: correlated, partly cointegrated, in bursts.

Logarithmic prices are sums of mean-reverting processes: two common factors, a walk of its own for
some symbols, and a residual for each. The factors return to their mean over a day, so prices stay
near where they started however long the sandbox runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from sandbox.listings import Listing

Int64s = npt.NDArray[np.int64]
Float64s = npt.NDArray[np.float64]

SECOND_MS = 1_000
STEPS = 20  # prices move every 50 ms
STEP_MS = SECOND_MS // STEPS
FACTOR_VOLATILITY = 1.4e-4  # per square root of a second: 80 % a year
FACTOR_HALF_LIFE_S = 86_400.0
# Activity: a slow log-normal tide, and bursts about once a minute that fade by half in 4 s.
TIDE_SD = 0.25
TIDE_HALF_LIFE_S = 30.0
BURST_CHANCE = 1 / 60
BURST_MEAN = 2.5
BURST_HALF_LIFE_S = 4.0
NOTIONAL_MEDIAN = 400.0  # quote currency in a typical trade; sizes are log-normal around it
NOTIONAL_SIGMA = 1.6
RAW_TRADE_CHANCE = 0.62  # 1 / mean number of raw trades behind an aggregate
MAX_RAW_TRADES = 60
# An exchange's ids never go back, not even when the sandbox starts again with the same seed: they
# start from the time, faster than any symbol can use them up.
IDS_A_SECOND = 100_000
RAW_IDS_A_SECOND = 5 * IDS_A_SECOND
IDS_EPOCH_S = 1_704_067_200  # 2024-01-01; keeps ids near the size of real ones


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trades:
    """One second of trades in time order; all columns are equally long.

    Attributes
    ----------
    open_ms : start of the second.
    listing : index of the symbol among the market's listings.
    ids : aggregate-trade ids, contiguous for each symbol.
    first_ids, last_ids : raw-trade ids behind each aggregate, contiguous for each symbol.
    event_ms : trade time.
    price_ticks, quantity_steps : in units of the listing's grids.
    is_buyer_maker : true where the seller was the taker.
    """

    open_ms: int
    listing: Int64s
    ids: Int64s
    first_ids: Int64s
    last_ids: Int64s
    event_ms: Int64s
    price_ticks: Int64s
    quantity_steps: Int64s
    is_buyer_maker: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(slots=True)
class _Processes:
    """Mean-reverting processes side by side: x <- keep * x + shock * noise."""

    keep: Float64s
    shock: Float64s
    values: Float64s = field(init=False)

    def __post_init__(self) -> None:
        self.values = np.zeros_like(self.keep)

    def second(self, noise: Float64s) -> Float64s:
        """Give (STEPS, processes) values after each step."""
        path = np.empty_like(noise)
        for step, shocks in enumerate(noise * self.shock):
            self.values = self.keep * self.values + shocks
            path[step] = self.values
        return path


class Market:
    """The state of the market after its last second; the same seed gives the same trades."""

    def __init__(
        self, listings: Sequence[Listing], *, seed: int, trades_per_s: float, born_ms: int
    ) -> None:
        age_s = max(0, born_ms // SECOND_MS - IDS_EPOCH_S)
        self.listings = tuple(listings)
        self._rng = np.random.default_rng(seed)
        shares = np.array([listing.share for listing in listings])
        self._rates = trades_per_s * shares / shares.sum()
        self._log_prices = np.log([listing.price for listing in listings])
        self._ticks = np.array([listing.tick for listing in listings])
        self._steps = np.array([listing.step for listing in listings])
        self._processes = _processes(listings)
        self._loadings = _loadings(listings)
        self._tide = 0.0
        self._bursts = np.zeros(1 + len(listings))  # the whole market's, then each symbol's own
        self._next_ids = np.full(len(listings), 1 + age_s * IDS_A_SECOND)
        self._next_raw_ids = np.full(len(listings), 1 + age_s * RAW_IDS_A_SECOND)

    def second(self, open_ms: int) -> Trades:
        """Move the market by one second and give its trades, stamped from `open_ms` on."""
        activity = self._activity()
        prices = self._prices(np.sqrt(activity.mean()))
        counts = self._rng.poisson(np.tile(self._rates * activity / STEPS, (STEPS, 1)))
        steps, listing = np.nonzero(counts)
        repeats = counts[steps, listing]
        steps, listing = np.repeat(steps, repeats), np.repeat(listing, repeats)
        event_ms = open_ms + steps * STEP_MS + self._rng.integers(0, STEP_MS, len(steps))
        order = np.argsort(event_ms, kind="stable")
        return self._trades(open_ms, event_ms[order], listing[order], prices[steps, listing][order])

    def skip_ids(self, listing: int, count: int) -> None:
        """Leave ids out, as an exchange does that has lost trades."""
        self._next_ids[listing] += count
        self._next_raw_ids[listing] += count

    def _activity(self) -> Float64s:
        """Give each symbol's trade rate relative to its mean."""
        keep = 0.5 ** (1 / TIDE_HALF_LIFE_S)
        self._tide = keep * self._tide + np.sqrt(1 - keep**2) * TIDE_SD * self._rng.normal()
        starts = self._rng.random(len(self._bursts)) < BURST_CHANCE
        sizes = self._rng.exponential(BURST_MEAN, len(self._bursts))
        self._bursts = self._bursts * 0.5 ** (1 / BURST_HALF_LIFE_S) + starts * sizes
        tide = np.exp(self._tide - TIDE_SD**2 / 2)
        return np.asarray(tide * (1 + self._bursts[0] + self._bursts[1:]) / _MEAN_ACTIVITY)

    def _prices(self, volatility: float) -> Float64s:
        noise = self._rng.normal(size=(STEPS, len(self._processes.keep)))
        path = self._processes.second(noise * volatility)
        return np.asarray(np.exp(self._log_prices + path @ self._loadings))

    def _trades(self, open_ms: int, event_ms: Int64s, listing: Int64s, mid: Float64s) -> Trades:
        count = len(event_ms)
        sells = self._rng.random(count) < 0.5
        # A buyer pays the ask, one tick above the bid that a seller gets.
        price_ticks = np.floor(mid / self._ticks[listing]).astype(np.int64) + ~sells
        notional = NOTIONAL_MEDIAN * np.exp(self._rng.normal(0, NOTIONAL_SIGMA, count))
        steps = np.ceil(notional / mid / self._steps[listing]).astype(np.int64)
        raw = np.minimum(self._rng.geometric(RAW_TRADE_CHANCE, count), MAX_RAW_TRADES)
        raw = np.minimum(raw, steps)  # each raw trade is at least one step
        ids, last_ids = np.empty(count, np.int64), np.empty(count, np.int64)
        for i in np.unique(listing):
            rows = listing == i
            ids[rows] = self._next_ids[i] + np.arange(rows.sum())
            last_ids[rows] = self._next_raw_ids[i] - 1 + np.cumsum(raw[rows])
            self._next_ids[i] = ids[rows][-1] + 1
            self._next_raw_ids[i] = last_ids[rows][-1] + 1
        return Trades(
            open_ms=open_ms,
            listing=listing,
            ids=ids,
            first_ids=last_ids - raw + 1,
            last_ids=last_ids,
            event_ms=event_ms,
            price_ticks=price_ticks,
            quantity_steps=steps,
            is_buyer_maker=sells,
        )


# Two bursts overlap on every symbol; dividing by their mean keeps the asked-for rate.
_MEAN_ACTIVITY = 1 + 2 * BURST_CHANCE * BURST_MEAN / (1 - 0.5 ** (1 / BURST_HALF_LIFE_S))


def _processes(listings: Sequence[Listing]) -> _Processes:
    """Line up the factors, each symbol's walk, and each symbol's residual."""
    walks = [FACTOR_VOLATILITY, FACTOR_VOLATILITY, *(each.own_volatility for each in listings)]
    walk_keep = 0.5 ** (1 / (FACTOR_HALF_LIFE_S * STEPS))
    residual_keep = np.array(
        [0.5 ** (1 / (each.residual_half_life_s * STEPS)) for each in listings]
    )
    residual_sd = np.array([each.residual_sd for each in listings])
    return _Processes(
        keep=np.concatenate([np.full(len(walks), walk_keep), residual_keep]),
        shock=np.concatenate(
            [np.array(walks) / np.sqrt(STEPS), residual_sd * np.sqrt(1 - residual_keep**2)]
        ),
    )


def _loadings(listings: Sequence[Listing]) -> Float64s:
    """Say how much of each process is in each symbol's logarithmic price."""
    own = np.eye(len(listings))
    factors = [[each.market for each in listings], [each.alts for each in listings]]
    return np.vstack([factors, own, own])
