"""Messages -> rows of a view, without what all of its rows share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import fields
from operator import attrgetter
from typing import Any, TypeVar

R = TypeVar("R")


def rows_as(row: type[R]) -> Callable[[Iterable[object]], list[R]]:
    """Give a function that makes rows of whatever has the row's fields."""
    values_of = attrgetter(*(field.name for field in fields(row)))  # type: ignore[arg-type]

    def rows(found: Iterable[object]) -> list[R]:
        make: Callable[..., Any] = row
        return [make(*values_of(each)) for each in found]

    return rows
