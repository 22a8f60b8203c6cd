"""streams.close_requests: what is due is asked for once, and once more if it was not there."""

from __future__ import annotations

import datetime as dt

import pytest

from oddlot.peer_groups import Member, PeerGroup
from oddlot.quant.closes import DAY_MS, midnight_ms
from oddlot.quant.sessions import end_ms
from streams.close_requests import AGAIN_MS, CloseRequests
from streams.closes import Kept

SESSION = dt.date(2024, 8, 8)  # a Thursday
END_MS = end_ms(SESSION, "us")
MINUTE_MS = 60_000


def group(venue: str = "us", *symbols: str) -> PeerGroup:
    members = tuple(Member(symbol=symbol, name=symbol) for symbol in symbols or ("A", "B", "C"))
    return PeerGroup(
        id="made-up",
        title="-",
        sector="-",
        venue=venue,
        benchmark="SPY",
        members=members,  # type: ignore[arg-type]
    )


def kept(newest: dt.date, fetched_ms: int) -> Kept:
    return Kept(fetched_ms, {midnight_ms(newest): 1.0})


def everybody(newest: dt.date, fetched_ms: int) -> dict[str, Kept]:
    return {symbol: kept(newest, fetched_ms) for symbol in ("A", "B", "C", "SPY")}


@pytest.fixture
def requests() -> CloseRequests:
    return CloseRequests()


def test_who_has_no_closes_is_asked_for_once_with_the_benchmark(requests: CloseRequests) -> None:
    found = requests.due([group(), group()], {}, END_MS)
    assert [request.symbol for request in found] == ["A", "B", "C", "SPY"]
    assert {(r.venue, r.priority, r.sessions) for r in found} == {("us", 0, 126)}
    assert requests.due([group()], {}, END_MS + MINUTE_MS) == []


def test_who_has_the_last_session_is_left_alone(requests: CloseRequests) -> None:
    fresh = everybody(SESSION, END_MS + 1)
    assert requests.due([group()], fresh, END_MS + MINUTE_MS) == []
    assert requests.due([group()], fresh, END_MS + DAY_MS - MINUTE_MS) == []


def test_a_new_session_is_asked_for_when_it_is_over(requests: CloseRequests) -> None:
    known = everybody(SESSION - dt.timedelta(days=1), END_MS - DAY_MS + 1)
    assert requests.due([group()], known, END_MS - 1) == []
    assert len(requests.due([group()], known, END_MS)) == 4


def test_a_session_that_is_not_there_is_asked_for_once_more_and_no_more(
    requests: CloseRequests,
) -> None:
    day_before = SESSION - dt.timedelta(days=1)
    fetched = everybody(day_before, END_MS + MINUTE_MS)  # nobody had it: late, or a holiday
    assert requests.due([group()], fetched, END_MS + AGAIN_MS - 1) == []
    assert len(requests.due([group()], fetched, END_MS + AGAIN_MS)) == 4
    again = everybody(day_before, END_MS + AGAIN_MS + MINUTE_MS)
    assert requests.due([group()], again, END_MS + DAY_MS - 1) == []
    assert CloseRequests().due([group()], again, END_MS + DAY_MS - 1) == []  # nor after a restart


def test_what_could_not_be_asked_is_asked_again(requests: CloseRequests) -> None:
    lost = requests.due([group()], {}, END_MS)
    requests.forget(lost)
    assert len(requests.due([group()], {}, END_MS)) == 4


def test_crypto_has_its_own_days(requests: CloseRequests) -> None:
    known = everybody(SESSION, END_MS)
    assert requests.due([group("binance")], known, midnight_ms(SESSION) + 2 * DAY_MS - 1) == []
    assert len(requests.due([group("binance")], known, midnight_ms(SESSION) + 2 * DAY_MS)) == 4
