"""The pace: our own count and the forum's word, whichever is slower."""

from __future__ import annotations

import pytest

from producers.forums import pace
from producers.forums.pace import HOUR_MS, MINUTE_MS, Pace

NOW = 1_700_000_000_000


def test_no_window_of_its_length_has_more_than_the_limit() -> None:
    ours, sent, at_ms = Pace(5, MINUTE_MS), [], NOW
    for _ in range(23):
        at_ms = ours.next_ms(at_ms)
        ours.note_sent(at_ms)
        sent.append(at_ms)
    for start in sent:
        assert sum(start <= each < start + MINUTE_MS for each in sent) <= 5


def test_what_is_left_is_spread_over_what_is_left_of_the_window() -> None:
    ours = Pace(100, MINUTE_MS)
    ours.obey({"x-ratelimit-remaining": "20.0", "x-ratelimit-reset": "60"}, NOW)
    assert ours.next_ms(NOW) == NOW + 3_000
    assert ours.left == 20


@pytest.mark.parametrize(
    "headers",
    [
        {"x-ratelimit-remaining": "0.0", "x-ratelimit-reset": "42"},
        {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(NOW // 1_000 + 42)},
        {"x-ratelimit-remaining": "0", "retry-after": "42"},
    ],
    ids=["reddit", "stocktwits", "retry"],
)
def test_nothing_is_sent_where_nothing_is_left(headers: dict[str, str]) -> None:
    ours = Pace(100, MINUTE_MS)
    ours.obey(headers, NOW)
    assert ours.next_ms(NOW) == NOW + 42_000


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-ratelimit-remaining": "0"},
        {"x-ratelimit-reset": "60"},
        {"x-ratelimit-remaining": "lots", "x-ratelimit-reset": "60"},
        {"x-ratelimit-remaining": "nan", "x-ratelimit-reset": "-5"},
        {"x-ratelimit-remaining": "1e400", "x-ratelimit-reset": "inf"},
    ],
)
def test_nonsense_is_not_obeyed(headers: dict[str, str]) -> None:
    ours = Pace(100, MINUTE_MS)
    ours.obey(headers, NOW)
    assert ours.next_ms(NOW) == NOW


def test_no_forum_holds_us_longer_than_an_hour() -> None:
    ours = Pace(100, MINUTE_MS)
    ours.obey({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "999999"}, NOW)
    assert ours.next_ms(NOW) == NOW + HOUR_MS


async def test_waiting_ends_when_the_time_has_come(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [NOW]

    async def nap_until(until_ms: int) -> None:
        clock[0] = min(until_ms, clock[0] + 5_000)

    monkeypatch.setattr(pace, "now_ms", lambda: clock[0])
    monkeypatch.setattr(pace, "nap_until", nap_until)
    ours = Pace(1, MINUTE_MS)
    ours.hold(NOW + 12_000, NOW)
    await ours.wait()
    assert clock[0] == NOW + 12_000
