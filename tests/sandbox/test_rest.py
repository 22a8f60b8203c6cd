"""The sandbox's REST: rows, limits, weights and refusals as Binance Futures gives them."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox import rest
from sandbox.tape import Tape
from tests.sandbox import places

NOW_MS = 1_750_000_000_500


@pytest.fixture
def tape() -> Tape:
    return Tape(places.market(), now_ms=NOW_MS, history_ms=10_000, memory_trades=100_000)


def ask(tape: Tape, path: str = "/fapi/v1/aggTrades", **query: Any) -> rest.Answer:
    texts = {name: str(value) for name, value in query.items()}
    return rest.answer(path, texts, tape=tape, budget=rest.Budget(2_400), now_ms=NOW_MS)


def test_the_newest_trades_come_oldest_first(tape: Tape) -> None:
    rows = ask(tape, symbol="BTCUSDT", limit=20).value
    assert [row["a"] for row in rows] == list(range(rows[0]["a"], rows[0]["a"] + 20))
    assert rows[-1]["T"] < NOW_MS
    after = ask(tape, symbol="BTCUSDT", fromId=rows[-1]["a"] + 1).value
    assert after == [], "trades that have not happened yet are not public"


def test_trades_are_found_by_id(tape: Tape) -> None:
    rows = ask(tape, symbol="ETHUSDT", limit=50).value
    assert ask(tape, symbol="ETHUSDT", fromId=rows[10]["a"], limit=5).value == rows[10:15]


def test_trades_are_found_by_time_with_both_ends_included(tape: Tape) -> None:
    rows = ask(tape, symbol="BTCUSDT", limit=200).value
    start_ms, end_ms = rows[50]["T"], rows[150]["T"]
    found = ask(tape, symbol="BTCUSDT", startTime=start_ms, endTime=end_ms, limit=1_000).value
    assert found == [row for row in rows if start_ms <= row["T"] <= end_ms]


def test_the_default_is_five_hundred_rows(tape: Tape) -> None:
    assert len(ask(tape, symbol="BTCUSDT", startTime=0).value) == 500


def test_prices_and_quantities_have_all_digits_of_their_grid(tape: Tape) -> None:
    row = ask(tape, symbol="BTCUSDT", limit=1).value[0]
    assert len(row["p"].partition(".")[2]) == 1
    assert len(row["q"].partition(".")[2]) == 3
    assert set(row) == {"a", "p", "q", "nq", "f", "l", "T", "m"}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({}, -1102),
        ({"symbol": "NOSUCHUSDT"}, -1121),
        ({"symbol": "BTCUSDT", "limit": 1_001}, -1130),
        ({"symbol": "BTCUSDT", "limit": 0}, -1130),
        ({"symbol": "BTCUSDT", "limit": "many"}, -1100),
        ({"symbol": "BTCUSDT", "startTime": 0, "endTime": 3_600_000}, -4166),
        ({"symbol": "BTCUSDT", "startTime": 10, "endTime": 5}, -4166),
    ],
)
def test_a_wrong_request_is_refused_with_the_exchanges_own_code(
    tape: Tape, query: dict[str, Any], code: int
) -> None:
    refused = ask(tape, **query)
    assert (refused.status, refused.value["code"]) == (400, code)


def test_an_unknown_path_is_not_found(tape: Tape) -> None:
    assert ask(tape, "/fapi/v1/klines").status == 404


def test_weights_add_up_and_are_refused_beyond_the_limit_until_the_next_minute(tape: Tape) -> None:
    budget = rest.Budget(45)
    query = {"symbol": "BTCUSDT"}

    def get(now_ms: int) -> rest.Answer:
        return rest.answer("/fapi/v1/aggTrades", query, tape=tape, budget=budget, now_ms=now_ms)

    used = [get(NOW_MS).headers["X-MBX-USED-WEIGHT-1M"] for _ in range(2)]
    assert used == ["20", "40"]
    refused = get(NOW_MS)
    assert (refused.status, refused.value["code"]) == (429, -1003)
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert get(NOW_MS + 60_000).status == 200


def test_exchange_information_tells_the_grids_and_the_weight_limit(tape: Tape) -> None:
    info = ask(tape, "/fapi/v1/exchangeInfo").value
    assert info["rateLimits"][0]["limit"] == 2_400
    btc = next(each for each in info["symbols"] if each["symbol"] == "BTCUSDT")
    assert btc["filters"][0]["tickSize"] == "0.1"
    assert btc["filters"][1]["stepSize"] == "0.001"


def test_the_memory_is_bounded() -> None:
    small = Tape(places.market(), now_ms=NOW_MS, history_ms=60_000, memory_trades=5_000)
    oldest = ask(small, symbol="BTCUSDT", startTime=0, limit=1).value[0]
    assert oldest["T"] > NOW_MS - 30_000
    for later_ms in range(NOW_MS, NOW_MS + 20_000, 100):
        list(small.release(later_ms))
    assert sum(map(len, small._seconds)) < 5_000 + 10_000  # one lively second more at most


def test_what_is_released_is_what_rest_remembers(tape: Tape) -> None:
    released = []
    for later_ms in range(NOW_MS, NOW_MS + 3_000, 7):
        for trades, rows in tape.release(later_ms):
            btc = trades.listing[rows] == 0
            released += trades.ids[rows][btc].tolist()
    remembered = ask(tape, symbol="BTCUSDT", fromId=released[0], limit=1_000).value
    assert [row["a"] for row in remembered] == released[:1_000]
    assert len(released) > 500
