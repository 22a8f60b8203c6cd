"""Names -> columns of tables, as many as there may be; a name that is forgotten gives its away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from oddlot.contracts.messages import Bools, Int64s


class Table(Protocol):
    """Whatever has a column for each name."""

    def make_room(self, column: int) -> None:
        """Have an empty column there."""

    def are_used(self, columns: Int64s) -> Bools:
        """Tell in which columns anything is held."""


class Columns:
    """A column for each of some names.

    Parameters
    ----------
    limit : how many names there may be at once.
    tables : that have the columns.

    Attributes
    ----------
    names : by column.
    """

    def __init__(self, limit: int, tables: Sequence[Table]) -> None:
        self._limit, self._tables = limit, tables
        self.names: list[str] = []
        self._columns: dict[str, int] = {}
        self._idle: list[int] = []
        self._looked: int | None = None

    def get(self, name: str) -> int | None:
        """Give the column of a name, if it has one."""
        return self._columns.get(name)

    def claim(self, name: str, hour: int | None) -> int | None:
        """Give the column of a name; None where there is none left.

        Parameters
        ----------
        name : any.
        hour : the newest one; idle columns are looked for once an hour.
        """
        column = self._columns.get(name)
        if column is not None:
            return column
        if len(self.names) < self._limit:
            column = len(self.names)
            self.names.append(name)
        elif (column := self._idle_one(hour)) is not None:
            del self._columns[self.names[column]]
            self.names[column] = name
        else:
            return None
        for table in self._tables:
            table.make_room(column)
        self._columns[name] = column
        return column

    def _idle_one(self, hour: int | None) -> int | None:
        if not self._idle and self._looked != hour:
            self._looked = hour
            every = np.arange(len(self.names))
            self._idle = np.flatnonzero(~self._are_used(every)).tolist()
        while self._idle:
            column = self._idle.pop()
            if not self._are_used(np.array([column])).any():  # not since it was looked for
                return column
        return None

    def _are_used(self, columns: Int64s) -> Bools:
        return np.asarray(np.logical_or.reduce([table.are_used(columns) for table in self._tables]))
