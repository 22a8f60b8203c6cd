"""Posts and scans of forums, in any order and any number of times -> buzz of every hour.

What is said of an hour depends on what was told, never on the order in which it came; a post that
comes late corrects its hour and those after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from oddlot.contracts.messages import Bools, Buzz, Crowd, Float64s, Forum, ForumScan, Int64s, Post
from oddlot.errors import BadMessage
from oddlot.quant.baselines import (
    KNOWN_SHARE,
    WARM_DAYS,
    Baseline,
    Compared,
    baseline,
    compare,
    ranks,
)
from oddlot.quant.columns import Columns
from oddlot.quant.coverage import Coverage
from oddlot.quant.hours import (
    DAY_HOURS,
    HELD_HOURS,
    HOUR_MS,
    REACH_HOURS,
    Held,
    days_before,
)
from oddlot.quant.mention_counts import Counts

FORUMS: tuple[Forum, ...] = ("reddit", "stocktwits")
CROWDS: tuple[Crowd, ...] = ("all", *FORUMS)
MAX_SYMBOLS, MAX_PLACES = 3_000, 1_000  # whoever is named in 35 days, and where: 100 MB
MAX_AHEAD_MS = HOUR_MS  # a forum's clock ahead of ours; beyond, the time is an error
NEVER_MS = np.iinfo(np.int64).max
# Hours whose baseline, and that of the hour before, and who was followed then, is still held.
CORRECTED_HOURS = HELD_HOURS - REACH_HOURS - DAY_HOURS - 1


class _Hour(NamedTuple):
    """Some symbols in one hour, or in several, (..., n) each.

    Attributes
    ----------
    mentions : of all forums.
    counted : of those that are compared.
    shares : of the hour that was read of those.
    """

    mentions: Int64s
    counted: Int64s
    shares: Float64s
    usual: Baseline
    compared: Compared


class _ForumHours:
    """What one forum wrote, and how much of it was read."""

    def __init__(self, held: Held) -> None:
        self.counts = Counts(held)
        self.places, self.streams = Coverage(held), Coverage(held)
        self.names = Columns(MAX_PLACES, [self.places])  # of places that tell of all symbols

    def shares(self, hours: Int64s, columns: Int64s) -> tuple[Float64s, Bools]:
        """Give the share of hours that was read of symbols, and whether they were followed.

        Where a symbol has a stream of its own that counts; else the mean over all places.
        """
        own, is_streamed = self.streams.shares(hours, columns)
        read, is_followed = self.places.shares(hours, np.arange(len(self.names.names)))
        places = is_followed.sum(axis=1)
        general = (read * is_followed).sum(axis=1) / np.maximum(places, 1)
        found = np.where(is_streamed, own, general[:, None])
        return found, is_streamed | (places > 0)[:, None]


class Crowds:
    """Counts what is told and compares hours; limited in hours, symbols and places.

    Attributes
    ----------
    refused : posts and scans left out, as there are too many symbols or places.
    """

    def __init__(self) -> None:
        self._held = Held()
        self._forums = {forum: _ForumHours(self._held) for forum in FORUMS}
        by_symbol = [t for each in self._forums.values() for t in (each.counts, each.streams)]
        self._symbols = Columns(MAX_SYMBOLS, by_symbol)
        self.refused = 0

    @property
    def newest(self) -> int | None:
        """The newest hour that anything was told of, since 1970; None before."""
        return self._held.newest

    @property
    def first_open(self) -> int:
        """The first hour that is still corrected.

        Of older ones a part of the baseline is forgotten; in the first thirty days nothing is.
        """
        if self._held.newest is None:
            return 0
        starts = [
            ms
            for forum in self._forums.values()
            for coverage in (forum.places, forum.streams)
            if (ms := coverage.oldest_ms()) is not None
        ]
        is_young = min(starts, default=NEVER_MS) // HOUR_MS > self._held.newest - REACH_HOURS
        return self._held.oldest if is_young else self._held.newest - CORRECTED_HOURS + 1

    def add_post(self, post: Post) -> bool:
        """Count a post; False where that changes nothing.

        Raises
        ------
        BadMessage
            If it was written after it was read.
        """
        check_post(post)
        hour = post.event_ms // HOUR_MS
        self._reach(hour)
        if hour < self._held.oldest:
            return False
        column = self._claim(self._symbols, post.symbol)
        return column is not None and self._forums[post.forum].counts.add(post, column)

    def add_scan(self, scan: ForumScan) -> None:
        """Note how far a place was read.

        Raises
        ------
        BadMessage
            If it ends before it begins, or after it was made.
        """
        check_scan(scan)
        if scan.from_ms == scan.to_ms:
            return
        self._reach((scan.to_ms - 1) // HOUR_MS)
        forum = self._forums[scan.forum]
        if scan.symbol is None:
            column, coverage = self._claim(forum.names, scan.place), forum.places
        else:
            column, coverage = self._claim(self._symbols, scan.symbol), forum.streams
        if column is not None:
            coverage.add(column, scan.from_ms, scan.to_ms)

    def hours(self, symbol: str | None, since: int) -> Iterable[int]:
        """Give the hours from one on in which a symbol is mentioned; all of them where it is None.

        Parameters
        ----------
        symbol : as the peer groups name it.
        since : hour since 1970.
        """
        if self._held.newest is None:
            return []
        hours = range(max(since, self._held.oldest), self._held.newest + 1)
        if symbol is None:
            return hours
        column = self._symbols.get(symbol)
        if not hours or column is None:
            return []
        every = np.arange(hours.start, hours.stop)
        found = _sum(
            [forum.counts.mentions(every, np.array([column])) for forum in self._forums.values()]
        )
        return (hours.start + np.flatnonzero(found)).tolist()

    def rows(self, crowd: Crowd, hour: int, revision: int) -> Iterator[Buzz]:
        """Give the buzz of every symbol that is mentioned in an hour.

        All is computed before the first row is given.

        Parameters
        ----------
        crowd : one forum, or all of them together.
        hour : since 1970; see `first_open`.
        revision : to be put into the rows.
        """
        forums = self._of(crowd)
        found = {column for forum in forums for column in forum.counts.mentioned(hour).tolist()}
        if hour < self._held.oldest or not found:
            return
        columns = np.array(sorted(found, key=self._symbols.names.__getitem__))
        now, before = self._compared(forums, hour, columns)
        moods = [forum.counts.moods(hour, columns) for forum in forums]
        firsts = [forum.counts.first_ms(hour, columns, NEVER_MS) for forum in forums]
        symbols = [self._symbols.names[column] for column in columns.tolist()]
        fields = {
            "symbol": symbols,
            "mentions": now.mentions.tolist(),
            "covered": now.shares.tolist(),
            "baseline": _known(now.usual.median),
            "baseline_days": now.usual.days.tolist(),
            "is_warm": (now.usual.days >= WARM_DAYS).tolist(),
            **{name: _known(values) for name, values in now.compared._asdict().items()},
            "momentum": _known(now.compared.log_ratio - before.compared.log_ratio),
            "rank": ranks(now.counted, now.compared, symbols),
            "bullish": _sum([bullish for bullish, _ in moods]).tolist(),
            "bearish": _sum([bearish for _, bearish in moods]).tolist(),
            "first_seen_ms": np.minimum.reduce(firsts).tolist(),
        }
        for row in zip(*fields.values(), strict=True):
            told = dict(zip(fields, row, strict=True))
            yield Buzz(forum=crowd, hour_ms=hour * HOUR_MS, revision=revision, **told)

    def _compared(
        self, forums: list[_ForumHours], hour: int, columns: Int64s
    ) -> tuple[_Hour, _Hour]:
        """Compare an hour, and the one before it, with the same hour of the days before.

        A forum whose usual is not known yet is taken to be as usual: else its mentions would all
        be more than the others had.
        """
        each = np.array([[h, *days_before(h)] for h in (hour, hour - 1)])
        shape = (*each.shape, columns.size)
        hours = each.ravel()
        mentions = [forum.counts.mentions(hours, columns).reshape(shape) for forum in forums]
        read = [forum.shares(hours, columns) for forum in forums]
        shares = [(s.reshape(shape), is_followed.reshape(shape)) for s, is_followed in read]
        warm = [(s[:, 1:] >= KNOWN_SHARE).sum(axis=1) >= WARM_DAYS for s, _ in shares]
        is_cold = ~np.logical_or.reduce(warm)
        counted = _sum(
            [own * (it | is_cold)[:, None] for own, it in zip(mentions, warm, strict=True)]
        )
        # A day on which one of them was not followed is not like the others.
        share = _mean_of_taken(
            [
                (s, it[:, None] | (is_followed & is_cold[:, None]))
                for (s, is_followed), it in zip(shares, warm, strict=True)
            ]
        )
        usual = baseline(counted[:, 1:], share[:, 1:])
        total = _sum(mentions)
        unjudged = total[:, 0] - counted[:, 0]
        compared = compare(total[:, 0], share[:, 0], usual, unjudged=unjudged)
        now, before = (
            _Hour(
                total[i, 0],
                counted[i, 0],
                share[i, 0],
                Baseline(*(values[i] for values in usual)),
                Compared(*(values[i] for values in compared)),
            )
            for i in range(2)
        )
        return now, before

    def _of(self, crowd: Crowd) -> list[_ForumHours]:
        return [*self._forums.values()] if crowd == "all" else [self._forums[crowd]]

    def _reach(self, hour: int) -> None:
        """Let an hour be held, and forget those that are too old then."""
        if self._held.newest is not None and hour <= self._held.newest:
            return
        gone = self._held.reach(hour)
        for forum in self._forums.values():
            for each in (forum.counts, forum.places, forum.streams):
                each.forget(gone)

    def _claim(self, columns: Columns, name: str) -> int | None:
        column = columns.claim(name, self._held.newest)
        self.refused += column is None
        return column


def check_post(post: Post) -> None:
    """Raise BadMessage if a post was written after it was read."""
    if not 0 <= post.event_ms <= post.seen_ms + MAX_AHEAD_MS:
        raise BadMessage(
            f"post {post.post_id}: expected it to be written before it was read at "
            f"{post.seen_ms}, was written at {post.event_ms}"
        )


def check_scan(scan: ForumScan) -> None:
    """Raise BadMessage if a scan ends before it begins, or after it was made."""
    if not 0 <= scan.from_ms <= scan.to_ms <= scan.scanned_ms + MAX_AHEAD_MS:
        raise BadMessage(
            f"scan of {scan.place}: expected from <= to <= {scan.scanned_ms}, its own time, "
            f"was from {scan.from_ms} to {scan.to_ms}"
        )


def _mean_of_taken(shares: list[tuple[Float64s, Bools]]) -> Float64s:
    """Give the mean share over the forums that are taken."""
    total = np.add.reduce([share * is_taken for share, is_taken in shares])
    count = _sum([is_taken.astype(np.int64) for _, is_taken in shares])
    return np.asarray(total / np.maximum(count, 1))


def _sum(values: list[Int64s]) -> Int64s:
    return np.asarray(np.add.reduce(values), np.int64)


def _known(values: Float64s) -> list[float | None]:
    return [None if value != value else value for value in values.tolist()]  # NaN differs from it
