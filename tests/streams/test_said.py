"""streams.said: what is news, and how much of what was said is remembered."""

from __future__ import annotations

from dataclasses import replace

import pytest

from oddlot.contracts import topics
from streams import said as module
from streams.said import Said
from tests.example_messages import EXAMPLES

ROW = topics.BUZZ.codec.decode((EXAMPLES / topics.BUZZ.name / "burst.json").read_bytes())


def test_a_row_is_news_once() -> None:
    said = Said()
    assert said.is_changed(ROW)
    assert said.is_noticeable(ROW)
    said.note([ROW])
    again = replace(ROW, revision=ROW.revision + 1)
    assert not said.is_changed(again)
    assert not said.is_noticeable(again)
    assert said.is_changed(replace(ROW, forum="reddit"))


@pytest.mark.parametrize(
    ("changed", "noticeable"),
    [
        ({"mentions": 25}, True),
        ({"rank": None}, True),
        ({"baseline": 5.0}, True),
        ({"bearish": 4}, True),
        ({"covered": 0.6, "expected": 2.4, "z": 9.0}, False),
        ({"momentum": None}, False),
    ],
)
def test_more_than_an_hour_that_goes_on_is_noticeable(
    changed: dict[str, object], noticeable: bool
) -> None:
    said = Said()
    said.note([ROW])
    row = replace(ROW, **changed)  # type: ignore[arg-type]  # fields by name
    assert said.is_changed(row)
    assert said.is_noticeable(row) == noticeable


def test_hours_that_are_over_are_forgotten() -> None:
    said = Said()
    later = replace(ROW, hour_ms=ROW.hour_ms + 3_600_000)
    said.note([ROW, later])
    said.forget_before(later.hour_ms)
    assert said.is_changed(ROW)
    assert not said.is_changed(later)
    said.clear()
    assert said.is_changed(later)
    assert said.count == 0


def test_what_is_remembered_is_bounded_and_the_oldest_goes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert module.MAX_ROWS >= 100_000
    monkeypatch.setattr(module, "MAX_ROWS", 2)
    said = Said()
    hours = [replace(ROW, hour_ms=ROW.hour_ms + n * 3_600_000) for n in range(3)]
    said.note([hours[1], hours[0], hours[0], hours[2]])
    assert [said.is_changed(row) for row in hours] == [True, False, False]
