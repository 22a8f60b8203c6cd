"""Adapters: recorded bodies are read, every known error body is taken for what it is."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from oddlot.errors import BadMessage, KeyRefused, QuotaSpent, VenueUnavailable
from producers.budget import Meter
from producers.providers.adapter import Adapter, Answer, Found
from producers.providers.binance_daily import BinanceDaily
from producers.providers.fmp import Fmp
from producers.providers.marketstack import Marketstack
from producers.providers.twelve_data import TwelveData
from tests.producers.providers.closes import LAST, NOW_MS, answer, weekdays

TWELVE = TwelveData(url="https://td", key="k1", per_minute=8, per_day=800)
FMP = Fmp(url="https://fmp/", key="k2", per_day=250)
STACK = Marketstack(url="https://ms", key="k3", per_second=5, per_month=100)
BINANCE = BinanceDaily(url="https://fapi", per_minute=600)
LIMIT_REACH = {"Error Message": "Limit Reach . Please upgrade your plan or visit our docs"}


def read(adapter: Adapter, found: Answer, *symbols: str) -> Found:
    return adapter.read(symbols or ("AAPL",), found, sessions=140, now_ms=NOW_MS)


def series(symbol: str, *rows: dict[str, Any]) -> dict[str, Any]:
    meta = {"symbol": symbol, "currency": "USD", "exchange": "NASDAQ"}
    return {"meta": meta, "values": list(rows), "status": "ok"}


def row(date: str, close: str) -> dict[str, str]:
    prices = dict.fromkeys(("open", "high", "low"), close)
    return {"datetime": date, **prices, "close": close, "volume": "100"}


TWO_DAYS = (row("2025-02-04", "10.5"), row("2025-02-03", "10.0"))  # newest first


@pytest.mark.real_data
def test_a_recorded_batch_of_twelve_data_is_read_by_symbol(real_data: Path) -> None:
    """It is hourly: of the rows of one date, the first and newest holds."""
    body = (real_data / "providers/twelvedata/time_series_batch_SPX_AAPL_1h.json").read_bytes()
    found = read(TWELVE, answer(body), "SPX", "AAPL")
    assert found.refusals == {}
    newest = found.histories["AAPL"][-1]
    assert (newest.date, newest.close) == (dt.date(2023, 5, 12), 172.56)
    assert (newest.volume, newest.currency, newest.exchange) == (5265382, "USD", "NASDAQ")
    dates = [close.date for close in found.histories["SPX"]]
    assert dates == sorted(set(dates))
    assert len(dates) >= 4


@pytest.mark.real_data
def test_a_recorded_history_of_fmp_is_read_oldest_first(real_data: Path) -> None:
    name = "stable_historical-price-eod_full_AAPL_2023-01-01_2023-01-10.json"
    body = (real_data / "providers/fmp" / name).read_bytes()
    history = read(FMP, answer(body)).histories["AAPL"]
    assert [close.date.day for close in history] == [3, 4, 5, 6, 9, 10]
    assert (history[-1].close, history[-1].adjusted_close) == (130.73, 130.73)
    assert history[-1].volume == 63_896_200


@pytest.mark.real_data
def test_recorded_closes_of_marketstack_are_read_by_symbol(real_data: Path) -> None:
    body = (real_data / "providers/marketstack/v1_eod_latest_5symbols_2025-01-31.json").read_bytes()
    symbols = [row["symbol"] for row in json.loads(body)["data"]]
    found = read(STACK, answer(body), *symbols)
    assert len(found.histories) == 5
    (apple,) = found.histories["AAPL"]
    assert (apple.date, apple.close, apple.adjusted_close) == (dt.date(2025, 1, 31), 236.0, 236.0)
    assert apple.exchange == "XNAS"


@pytest.mark.real_data
def test_the_recorded_429_of_twelve_data_is_a_spent_minute(real_data: Path) -> None:
    body = (real_data / "providers/twelvedata/error_429_minute_credits.json").read_bytes()
    for status in (200, 429):  # an error is one whatever the status says
        with pytest.raises(QuotaSpent, match="10 API credits were used") as raised:
            read(TWELVE, answer(body, status=status))
        assert raised.value.window == "minute"


@pytest.mark.real_data
def test_the_recorded_limit_of_fmp_is_a_spent_day(real_data: Path) -> None:
    body = (real_data / "providers/fmp/error_limit_reach.json").read_bytes()
    for status in (200, 429):
        with pytest.raises(QuotaSpent, match="Limit Reach") as raised:
            read(FMP, answer(body, status=status))
        assert (raised.value.window, raised.value.retry_ms) == ("day", None)


def test_a_spent_day_of_twelve_data_is_told_from_a_spent_minute() -> None:
    words = "You have run out of API credits for the day. 801 API credits were used."
    body = {"code": 429, "message": words, "status": "error"}
    with pytest.raises(QuotaSpent) as raised:
        read(TWELVE, answer(body))
    assert raised.value.window == "day"


def test_one_symbol_comes_without_its_name_around_it() -> None:
    found = read(TWELVE, answer(series("AAPL", *TWO_DAYS)))
    assert [close.close for close in found.histories["AAPL"]] == [10.0, 10.5]


def test_each_symbol_of_a_batch_may_be_an_error_of_its_own() -> None:
    plan = {"code": 404, "message": "LNT is available starting with Grow. Consider upgrading"}
    gone = {"code": 404, "message": "**symbol** or **figi** parameter is missing or invalid"}
    body = {
        "AAPL": series("AAPL", *TWO_DAYS),
        "LNT": {**plan, "status": "error"},
        "XXXX": {**gone, "status": "error"},
    }
    found = read(TWELVE, answer(body), "AAPL", "LNT", "XXXX", "MSFT")
    assert list(found.histories) == ["AAPL"]
    kinds = {symbol: refusal.kind for symbol, refusal in found.refusals.items()}
    assert kinds == {"LNT": "plan", "XXXX": "unknown", "MSFT": "empty"}


def test_a_symbol_that_twelve_data_does_not_know_is_refused_when_asked_alone_too() -> None:
    body = {"code": 404, "message": "**symbol** parameter is missing or invalid", "status": "error"}
    assert read(TWELVE, answer(body, status=404)).refusals["AAPL"].kind == "unknown"


def test_a_key_that_twelve_data_does_not_take_is_named_by_its_setting() -> None:
    body = {"code": 401, "message": "**apikey** parameter is incorrect", "status": "error"}
    with pytest.raises(KeyRefused, match="ODDLOT_TWELVE_DATA_KEY"):
        read(TWELVE, answer(body, status=401))


def test_an_error_about_a_whole_batch_refuses_none_of_its_symbols() -> None:
    body = {"code": 400, "message": "**outputsize** is invalid", "status": "error"}
    with pytest.raises(BadMessage, match="by symbol"):
        read(TWELVE, answer(body), "AAPL", "MSFT")


def test_the_credits_of_the_minute_are_in_the_headers() -> None:
    headers = {"api-credits-used": "3", "api-credits-left": "5"}
    found = read(TWELVE, answer(series("AAPL", *TWO_DAYS), headers=headers))
    assert found.meters == (Meter(window="minute", used=3, left=5),)


def test_fmps_402_in_plain_text_is_a_symbol_outside_the_plan() -> None:
    words = b"Premium Query Parameter: 'Special Endpoint : This value set for 'symbol' is not ..."
    assert read(FMP, answer(words, status=402)).refusals["AAPL"].kind == "plan"
    in_json = {"Error Message": words.decode()}
    assert read(FMP, answer(in_json)).refusals["AAPL"].kind == "plan"


def test_a_symbol_that_fmp_does_not_know_is_an_empty_list() -> None:
    assert read(FMP, answer([])).refusals["AAPL"].kind == "unknown"


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (403, "Legacy Endpoint : Due to Legacy endpoints being no longer supported - ..."),
        (401, "Invalid API KEY. Feel free to create a Free API Key or visit ..."),
        (200, "Invalid API KEY. Feel free to create a Free API Key or visit ..."),
    ],
)
def test_fmp_refuses_keys_and_legacy_endpoints(status: int, words: str) -> None:
    with pytest.raises(KeyRefused, match="ODDLOT_FMP_KEY"):
        read(FMP, answer({"Error Message": words}, status=status))


@pytest.mark.parametrize(
    ("code", "window"), [("too_many_requests", "month"), ("rate_limit_reached", "second")]
)
def test_marketstack_tells_the_month_from_the_second(code: str, window: str) -> None:
    body = {"error": {"code": code, "message": "..."}}
    with pytest.raises(QuotaSpent) as raised:
        read(STACK, answer(body, status=429))
    assert raised.value.window == window


def test_marketstack_refuses_symbols_by_leaving_them_out_or_altogether() -> None:
    gone = {"error": {"code": "no_valid_symbols_provided", "message": "At least one valid ..."}}
    assert read(STACK, answer(gone, status=422)).refusals["AAPL"].kind == "unknown"
    none = {"pagination": {"count": 0}, "data": []}
    assert read(STACK, answer(none)).refusals["AAPL"].kind == "unknown"


@pytest.mark.parametrize(
    ("status", "code"), [(401, "invalid_access_key"), (403, "function_access_restricted")]
)
def test_a_key_that_marketstack_does_not_take_is_named(status: int, code: str) -> None:
    with pytest.raises(KeyRefused, match="ODDLOT_MARKETSTACK_KEY"):
        read(STACK, answer({"error": {"code": code, "message": "no"}}, status=status))


def test_marketstacks_adjusted_close_is_kept_beside_the_raw_one() -> None:
    day = {"symbol": "AAPL", "date": "2025-02-04T00:00:00+0000", "volume": 5.0, "open": 200.0}
    unadjusted = {**day, "date": "2025-02-03T00:00:00+0000", "close": 201.0, "adj_close": None}
    body = {"pagination": {}, "data": [{**day, "close": 202.0, "adj_close": 101.0}, unadjusted]}
    (close,) = read(STACK, answer(body)).histories["AAPL"]
    assert (close.close, close.adjusted_close) == (202.0, 101.0)


def test_a_bare_429_is_a_spent_quota_and_says_for_how_long() -> None:
    for adapter in (TWELVE, FMP, STACK, BINANCE):
        with pytest.raises(QuotaSpent) as raised:
            read(adapter, answer(b"<html>", status=429, headers={"retry-after": "30"}))
        assert raised.value.retry_ms == 30_000


def kline(date: dt.date, close: str) -> list[Any]:
    open_ms = int(dt.datetime.combine(date, dt.time(), dt.UTC).timestamp() * 1_000)
    return [open_ms, "9.0", "11.0", "8.0", close, "500.0", open_ms + 86_399_999, "1", 9, "1", "1"]


def test_binances_day_under_way_is_left_out() -> None:
    today = dt.date(2025, 2, 5)
    body = [kline(LAST - dt.timedelta(days=1), "10.0"), kline(LAST, "10.5"), kline(today, "9.9")]
    headers = {"x-mbx-used-weight-1m": "42"}
    found = read(BINANCE, answer(body, headers=headers), "BTCUSDT")
    history = found.histories["BTCUSDT"]
    assert [close.date for close in history] == [LAST - dt.timedelta(days=1), LAST]
    assert (history[-1].open, history[-1].high, history[-1].close) == (9.0, 11.0, 10.5)
    assert (history[-1].volume, history[-1].currency) == (500.0, "USDT")
    assert found.meters == (Meter(window="minute", used=42, left=None),)


def test_binance_refuses_symbols_and_callers_by_code() -> None:
    invalid = {"code": -1121, "msg": "Invalid symbol."}
    assert read(BINANCE, answer(invalid, status=400)).refusals["AAPL"].kind == "unknown"
    body = {"code": -1003, "msg": "Too many requests"}
    for status in (429, 418):
        with pytest.raises(QuotaSpent) as raised:
            read(BINANCE, answer(body, status=status, headers={"retry-after": "7"}))
        assert (raised.value.window, raised.value.retry_ms) == ("minute", 7_000)
    with pytest.raises(VenueUnavailable, match="451"):
        read(BINANCE, answer({"code": 0, "msg": "restricted location"}, status=451))


@pytest.mark.parametrize("adapter", [TWELVE, FMP, STACK, BINANCE], ids=lambda each: each.name)
def test_trouble_of_a_provider_is_not_ours(adapter: Adapter) -> None:
    with pytest.raises(VenueUnavailable, match="502"):
        read(adapter, answer(b"Bad Gateway", status=502))


@pytest.mark.parametrize("adapter", [TWELVE, FMP, STACK, BINANCE], ids=lambda each: each.name)
@pytest.mark.parametrize("body", [b"<html>sorry</html>", b"3", b'{"some": "thing"}', b"[[1]]"])
def test_anything_else_is_a_bad_message(adapter: Adapter, body: bytes) -> None:
    with pytest.raises(BadMessage):
        read(adapter, answer(body), "AAPL")


def test_the_session_under_way_is_left_out_until_it_has_an_official_close() -> None:
    rows = (row("2025-02-05", "11.0"), *TWO_DAYS)
    assert len(read(TWELVE, answer(series("AAPL", *rows))).histories["AAPL"]) == 2
    evening_ms = NOW_MS + 10 * 3_600_000
    found = TWELVE.read(["AAPL"], answer(series("AAPL", *rows)), sessions=140, now_ms=evening_ms)
    assert len(found.histories["AAPL"]) == 3


def test_rows_without_a_price_are_missing_and_of_two_with_one_date_the_first_holds() -> None:
    rows = (row("2025-02-04", "nan"), row("2025-02-03", "10.0"), row("2025-02-03", "99.0"))
    (close,) = read(TWELVE, answer(series("AAPL", *rows))).histories["AAPL"]
    assert (close.date.day, close.close) == (3, 10.0)


def test_only_the_newest_sessions_wanted_are_kept() -> None:
    rows = [row(date.isoformat(), "10") for date in reversed(weekdays(150))]
    history = read(TWELVE, answer(series("AAPL", *rows))).histories["AAPL"]
    assert (len(history), history[-1].date) == (140, LAST)


def test_each_provider_is_asked_in_its_own_way() -> None:
    ask = TWELVE.ask(["AAPL", "BRK-B"], sessions=140, now_ms=NOW_MS)
    assert ask.url == "https://td/time_series"
    assert ask.params == {"symbol": "AAPL,BRK.B", "interval": "1day", "outputsize": "141"}
    ask = FMP.ask(["BRK.B"], sessions=140, now_ms=NOW_MS)
    assert ask.url == "https://fmp/stable/historical-price-eod/full"
    assert (ask.params["symbol"], ask.params["from"]) == ("BRK-B", "2024-07-12")
    ask = STACK.ask(["AAPL", "BRK.B"], sessions=140, now_ms=NOW_MS)
    assert (ask.url, ask.params["symbols"]) == ("https://ms/v2/eod", "AAPL,BRK-B")
    assert (ask.params["date_from"], ask.params["date_to"]) == ("2024-07-22", "2025-02-04")
    ask = BINANCE.ask(["BTCUSDT"], sessions=140, now_ms=NOW_MS)
    assert ask.url == "https://fapi/fapi/v1/klines"
    assert ask.params == {"symbol": "BTCUSDT", "interval": "1d", "limit": "141"}


def test_names_of_share_classes_are_translated_back() -> None:
    days = TWO_DAYS[:1]
    body = {"BRK.B": series("BRK.B", *days), "AAPL": series("AAPL", *days)}
    assert set(read(TWELVE, answer(body), "BRK-B", "AAPL").histories) == {"BRK-B", "AAPL"}
    day = {"symbol": "BRK-B", "date": "2025-02-04", "close": 1.0, "adj_close": 1.0}
    assert set(read(STACK, answer({"data": [day]}), "BRK.B").histories) == {"BRK.B"}


def test_no_key_is_shown() -> None:
    for adapter, key in ((TWELVE, "k1"), (FMP, "k2"), (STACK, "k3")):
        assert key not in repr(adapter.ask(["AAPL"], sessions=140, now_ms=NOW_MS))


def test_calls_cost_what_the_providers_count() -> None:
    assert TWELVE.units(8, 140) == TWELVE.most_symbols(140) == 8
    assert (FMP.units(1, 140), FMP.most_symbols(140)) == (1, 1)
    assert (STACK.units(7, 140), STACK.most_symbols(140)) == (1, 7)
    assert STACK.most_symbols(140) * (140 + 2) <= 1_000, "more rows would be a second request"
    assert [BINANCE.units(1, sessions) for sessions in (50, 140, 600, 1_200)] == [1, 2, 5, 10]
