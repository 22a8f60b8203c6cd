"""Rows that no bar is made of: the first ones with line and reason, the rest counted."""

from __future__ import annotations

from dataclasses import dataclass, field

MAX_LISTED = 100  # bad rows named one by one; all are counted


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRow:
    """A line, or a cell of it, that no bar was made of.

    Attributes
    ----------
    file : its name.
    line : its number in the file, from 1.
    reason : what was expected and found.
    text : the line, shortened.
    """

    file: str
    line: int
    reason: str
    text: str


@dataclass(slots=True)
class BadRows:
    """Bad rows: the first ones, and how many there are in all."""

    total: int = 0
    listed: list[BadRow] = field(default_factory=list)

    @property
    def room(self) -> int:
        """How many more are listed; the others are only counted."""
        return max(0, MAX_LISTED - len(self.listed))

    def add(self, row: BadRow) -> None:
        """Count a row, and list it while there is room."""
        self.total += 1
        if self.room:
            self.listed.append(row)

    def extend(self, others: BadRows) -> None:
        """Count the rows of another list, and list them while there is room."""
        self.listed += others.listed[: self.room]
        self.total += others.total
