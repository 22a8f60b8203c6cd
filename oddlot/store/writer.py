"""Ticks, bars and signals -> their tables, as Arrow; what is inserted twice is one row."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

import numpy as np
import pyarrow as pa

from oddlot.contracts.messages import (
    Alert,
    Bar,
    Buzz,
    DailyClose,
    Divergence,
    ForumScan,
    Headline,
    PairTest,
    Post,
    Spread,
    Ticks,
)
from oddlot.settings import Settings
from oddlot.store import client as clients
from oddlot.store import divergence, migrations
from oddlot.store.schemas import (
    ALERTS,
    BARS,
    BUZZ,
    CLOSES,
    FORUM_SCANS,
    HEADLINES,
    PAIR_TESTS,
    POSTS,
    SPREADS,
    TICKS,
)


class Writer:
    """Inserts batches; blocking, one thread at a time.

    Every method raises `StoreUnavailable` when the store is away; the same batch may then be
    given again, in whole or in part: rows are known by the keys of their tables. Any other error
    is a bug.
    """

    def __init__(self, settings: Settings) -> None:
        """Connect, and bring the tables up to date if nobody has."""
        self._settings = settings
        migrations.apply(settings)
        self._client = clients.connect(settings)

    def insert_ticks(self, batches: Sequence[Ticks]) -> int:
        """Insert the rows of several batches at once.

        Parameters
        ----------
        batches : of any symbols; empty ones are watermarks and leave no row.

        Returns
        -------
        The number of rows.
        """
        filled = [batch for batch in batches if len(batch)]
        if not filled:
            return 0
        sizes = [len(batch) for batch in filled]
        columns = [
            _repeated([batch.symbol for batch in filled], sizes),
            np.concatenate([batch.ids for batch in filled]),
            np.concatenate([batch.event_ms for batch in filled]),
            np.concatenate([batch.price for batch in filled]),
            np.concatenate([batch.quantity for batch in filled]),
            np.concatenate([batch.is_buyer_maker for batch in filled]),
            np.concatenate([batch.trades for batch in filled]),
            _repeated([batch.source for batch in filled], sizes),
        ]
        return self._insert("ticks", pa.table(columns, schema=TICKS))

    def insert_bars(self, bars: Sequence[Bar]) -> int:
        """Insert closed bars; of the same bar, the highest revision stays.

        Returns
        -------
        The number of rows.
        """
        return self._insert("bars", _table(bars, BARS))

    def insert_spreads(self, spreads: Sequence[Spread]) -> int:
        """Insert spreads; of the same pair and bar, the last one stays.

        Returns
        -------
        The number of rows.
        """
        return self._insert("spreads", _table(spreads, SPREADS))

    def insert_pair_tests(self, tests: Sequence[PairTest]) -> int:
        """Insert tests of pairs; of the same pair and bar, the last one stays.

        Returns
        -------
        The number of rows.
        """
        return self._insert("pair_tests", _table(tests, PAIR_TESTS))

    def insert_alerts(self, alerts: Sequence[Alert]) -> int:
        """Insert alerts; of the same crossing, the last one stays.

        Returns
        -------
        The number of rows.
        """
        return self._insert("alerts", _table(alerts, ALERTS))

    def insert_closes(self, closes: Sequence[DailyClose]) -> int:
        """Insert daily closes; of the same symbol and session, the last fetched one stays.

        Returns
        -------
        The number of rows.
        """
        return self._insert("closes", _table(closes, CLOSES))

    def insert_divergence(self, scans: Sequence[Divergence]) -> int:
        """Insert scans of groups; of the same group and bar, the last computed one stays.

        Returns
        -------
        The number of rows.
        """
        return self._insert("divergence", divergence.table(scans))

    def insert_posts(self, posts: Sequence[Post]) -> int:
        """Insert posts; of the same post and symbol, the one seen last stays.

        Returns
        -------
        The number of rows.
        """
        return self._insert("posts", _table(posts, POSTS))

    def insert_forum_scans(self, scans: Sequence[ForumScan]) -> int:
        """Insert scans of forums; one of the same place and moment is the same.

        Returns
        -------
        The number of rows.
        """
        return self._insert("forum_scans", _table(scans, FORUM_SCANS))

    def insert_buzz(self, hours: Sequence[Buzz]) -> int:
        """Insert hours of buzz; of the same forum, symbol and hour, the highest revision stays.

        Returns
        -------
        The number of rows.
        """
        return self._insert("buzz", _table(hours, BUZZ))

    def insert_headlines(self, headlines: Sequence[Headline]) -> int:
        """Insert headlines; of the same one of a source, the one seen last stays.

        Returns
        -------
        The number of rows.
        """
        return self._insert("headlines", _table(headlines, HEADLINES))

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _insert(self, name: str, table: pa.Table) -> int:
        if table.num_rows:
            with clients.answering(self._settings):
                self._client.insert_arrow(name, table)
        return int(table.num_rows)


def _repeated(names: Sequence[str], sizes: Sequence[int]) -> pa.DictionaryArray:
    unique = sorted(set(names))
    places = {name: i for i, name in enumerate(unique)}
    indices = np.repeat(np.array([places[name] for name in names], np.int32), sizes)
    return pa.DictionaryArray.from_arrays(pa.array(indices), pa.array(unique))


def _table(messages: Sequence[Any], schema: pa.Schema) -> pa.Table:
    columns = {name: [getattr(m, name) for m in messages] for name in schema.names}
    return pa.table(columns, schema=schema)
