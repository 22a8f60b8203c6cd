"""The desk: who is asked for what, never beyond a quota, and why a symbol is not there yet."""

from __future__ import annotations

import datetime as dt
import itertools
from collections import Counter
from pathlib import Path

import pytest

from oddlot.errors import BadMessage, KeyRefused, QuotaSpent, VenueUnavailable
from producers.budget_ledger import open_ledger
from producers.providers import memory
from producers.providers.adapter import Found
from producers.providers.binance_daily import BinanceDaily
from producers.providers.desk import MAX_ATTEMPTS, Desk, Job
from sandbox.providers import Providers, Quotas
from sandbox.universe import Universe
from tests.producers.providers.closes import closes
from tests.producers.providers.scans import (
    FRESH_MS,
    LATENCY_MS,
    NOON_MS,
    Scan,
    free_plans,
    request,
    universe,
)

MIDNIGHT_MS = 1_738_800_000_000
MINUTE_MS = 60_000
CLOCK_MS = 45_000  # a provider's clock may be off by so much
AMPLE = Quotas(twelve_data_per_minute=1_000, twelve_data_per_day=10_000)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "closes.sqlite3"


def test_a_cold_scan_of_400_symbols_over_three_free_plans_is_never_rejected(path: Path) -> None:
    providers = Providers(universe(400), skew_ms=CLOCK_MS)
    scan = Scan(path, providers)
    symbols = providers.universe.symbols()
    scan.want(symbols)
    scan.run(hours=2, until=len(symbols))

    assert providers.rejections == 0
    assert Counter(state.state for state in scan.states.values()) == {"fetched": 400}
    assert all(providers.counts[name].symbols for name in scan.names), "each gave some"
    assert scan.now_ms - NOON_MS < 45 * MINUTE_MS
    assert providers.counts["marketstack"].calls <= 12, "a month's requests are kept for later"
    whole = [symbol for symbol, history in scan.histories.items() if len(history) >= 126]
    assert len(whole) > 0.95 * 400, "the rest is young"


def test_what_one_day_does_not_give_comes_after_midnight_without_a_rejection(path: Path) -> None:
    """Half an hour before midnight, and on plans a tenth as large."""
    quotas = Quotas(twelve_data_per_day=80, fmp_per_day=25, marketstack_per_month=4)
    providers = Providers(universe(150), quotas, skew_ms=CLOCK_MS)
    scan = Scan(path, providers, now_ms=MIDNIGHT_MS - 30 * MINUTE_MS)
    scan.want(providers.universe.symbols())
    scan.run(hours=0.45)
    waiting = [s for s in scan.desk.pending(scan.now_ms) if s.state == "waiting"]
    assert {s.reason for s in waiting} == {
        "waits for Twelve Data's quota at 00:00 UTC",
        "waits for FMP's quota at 00:00 UTC",  # what is not in Twelve Data's plan
    }
    assert {s.until_ms for s in waiting} == {MIDNIGHT_MS}
    assert len(waiting) > 20

    scan.run(hours=2, until=150)
    assert len(scan.states) == 150
    assert providers.rejections == 0


def test_a_second_scan_within_half_an_hour_costs_nothing(path: Path) -> None:
    providers = Providers(universe(40), AMPLE)
    scan = Scan(path, providers)
    symbols = providers.universe.symbols()
    scan.want(symbols)
    scan.run(hours=1, until=40)
    before = providers.report()
    scan.states.clear()
    scan.want(symbols)
    scan.settle()
    assert len(scan.states) == 40
    assert providers.report() == before


def test_closes_are_fetched_again_once_there_can_be_newer_ones(path: Path) -> None:
    providers = Providers(universe(10), AMPLE)
    scan = Scan(path, providers)
    scan.want(["S000"])
    scan.run(hours=1, until=1)
    scan.now_ms = NOON_MS + FRESH_MS + MINUTE_MS
    assert not asks(scan, "S000"), "the session of that day is not over yet"
    scan.now_ms = NOON_MS + 11 * 3_600_000
    assert asks(scan, "S000")


def asks(scan: Scan, symbol: str) -> bool:
    scan.want([symbol])
    jobs = scan.desk.turn(scan.names, scan.now_ms).jobs
    return any(symbol in job.symbols for job in jobs)


def test_a_longer_history_is_fetched_though_a_shorter_one_is_fresh(path: Path) -> None:
    scan = Scan(path, Providers(universe(10), AMPLE))
    scan.want(["S000"])
    scan.run(hours=1, until=1)
    scan.states.clear()
    scan.want(["S000"], sessions=300)
    scan.run(hours=1, until=1)
    assert len(scan.histories["S000"]) > 280, "300 weekdays, without the holidays among them"


def test_a_symbol_asked_for_ten_times_is_fetched_once(path: Path) -> None:
    providers = Providers(universe(10), AMPLE)
    scan = Scan(path, providers)
    for _ in range(10):
        scan.want(["S000"])
    scan.run(hours=1, until=1)
    assert providers.counts["twelvedata"].units == 1


def test_another_process_neither_asks_again_nor_spends_beyond(path: Path) -> None:
    providers = Providers(universe(20))
    first, second = Scan(path, providers), Scan(path, providers)
    first.want(providers.universe.symbols())
    jobs = [
        *first.desk.turn(["twelvedata"], NOON_MS).jobs,
        *second.desk.turn(["twelvedata"], NOON_MS).jobs,
    ]
    assert [len(job.symbols) for job in jobs] == [8]


def test_a_restart_remembers_the_queue_and_what_was_spent(path: Path) -> None:
    providers = Providers(universe(20))
    Scan(path, providers).want(providers.universe.symbols())
    scan = Scan(path, providers)
    scan.run(hours=0.001)
    again = Scan(path, providers, now_ms=scan.now_ms)
    again.run(hours=1, until=12)
    assert providers.rejections == 0
    assert len(scan.states | again.states) == 20


def test_histories_of_a_process_that_died_before_publishing_cost_nothing_more(path: Path) -> None:
    providers = Providers(universe(8))
    scan = Scan(path, providers)
    scan.want(["S000", "S001"])
    for job in scan.desk.turn(["twelvedata"], NOON_MS).jobs:
        scan.call(job)
    used = providers.counts["twelvedata"].units
    again = Scan(path, providers)
    again.settle()
    assert set(again.histories) == {"S000", "S001"}
    assert providers.counts["twelvedata"].units == used


def test_symbols_whose_process_died_in_mid_call_are_asked_for_again(path: Path) -> None:
    providers = Providers(universe(8), AMPLE)
    died = Scan(path, providers)
    died.want(["S000"])
    turn = died.desk.turn(["twelvedata"], NOON_MS)
    assert len(turn.jobs) == 1
    again = Scan(path, providers)
    again.run(hours=0.5, until=1)
    assert "S000" in again.histories


def test_who_waits_longer_or_matters_more_comes_first(path: Path) -> None:
    scan = Scan(path, Providers(universe(30)))
    scan.want([f"S{i:03d}" for i in range(20)], priority=0)
    scan.now_ms += 1
    scan.want(["S025"], priority=9)
    (job,) = scan.desk.turn(["twelvedata"], scan.now_ms).jobs
    assert job.symbols == ("S025", *(f"S{i:03d}" for i in range(7)))


def test_a_refusal_is_remembered_and_the_next_provider_asked(path: Path) -> None:
    scan = Scan(path, Providers(universe(8), AMPLE))
    scan.want(["ZZTOP"])
    scan.run(hours=24, until=1)
    state = scan.states["ZZTOP"]
    assert (state.state, state.provider) == ("refused", "")
    assert state.reason.startswith("ZZTOP is nowhere to be had: Twelve Data: ")
    assert "FMP: no such symbol; Marketstack: no such symbol" in state.reason
    calls = scan.providers.report()
    scan.want(["ZZTOP"])
    scan.run(hours=24, until=1)
    assert scan.providers.report() == calls


def test_a_raised_plan_is_tried_out_at_once(path: Path) -> None:
    desk = Desk(open_ledger(path), free_plans(), fresh_ms=FRESH_MS)
    desk.want([request("LNT")], NOON_MS)
    (job,) = desk.turn(["twelvedata"], NOON_MS).jobs
    words = {"code": 404, "message": "LNT is available starting with Grow", "status": "error"}
    desk.found(job, read(job, words), NOON_MS)
    later_ms = NOON_MS + 2 * MINUTE_MS
    assert desk.turn(["twelvedata"], later_ms).jobs == ()
    raised = free_plans(quotas=Quotas(twelve_data_per_minute=55))
    desk = Desk(open_ledger(path), raised, fresh_ms=FRESH_MS)
    assert len(desk.turn(["twelvedata"], later_ms).jobs) == 1


def read(job: Job, body: object) -> Found:
    from tests.producers.providers.closes import answer

    return job.adapter.read(job.symbols, answer(body), sessions=140, now_ms=NOON_MS)


def test_without_any_key_it_is_said_which_to_set(path: Path) -> None:
    desk = Desk(open_ledger(path), free_plans(key=""), fresh_ms=FRESH_MS)
    desk.want([request("AAPL")], NOON_MS)
    (state,) = desk.finished(NOON_MS)
    assert state.reason == (
        "no provider has a key: set ODDLOT_TWELVE_DATA_KEY, ODDLOT_FMP_KEY "
        "or ODDLOT_MARKETSTACK_KEY"
    )
    assert [budget.has_key for budget in desk.budgets(NOON_MS)] == [False] * 3


@pytest.fixture
def desk(path: Path) -> Desk:
    desk = Desk(open_ledger(path), free_plans(), fresh_ms=FRESH_MS)
    desk.want([request("AAPL")], NOON_MS)
    return desk


def first_job(desk: Desk, now_ms: int = NOON_MS) -> Job:
    (job,) = desk.turn(["twelvedata"], now_ms).jobs
    return job


def test_a_no_of_the_provider_is_counted_believed_and_explained(desk: Desk) -> None:
    desk.failed(first_job(desk), QuotaSpent("out of credits", window="day"), NOON_MS)
    budget = desk.budgets(NOON_MS)[0]
    assert (budget.rejected_total, budget.detail) == (1, "out of credits")
    assert budget.blocked_until_ms == NOON_MS + 3_600_000
    (job,) = desk.turn(["twelvedata", "fmp"], NOON_MS).jobs
    assert job.adapter.name == "fmp", "who would otherwise wait for an hour"


def test_a_refused_key_leaves_the_others_to_it(desk: Desk) -> None:
    desk.failed(first_job(desk), KeyRefused("check ODDLOT_TWELVE_DATA_KEY"), NOON_MS)
    assert desk.budgets(NOON_MS)[0].detail == "check ODDLOT_TWELVE_DATA_KEY"
    (job,) = desk.turn(["twelvedata", "fmp"], NOON_MS).jobs
    assert job.adapter.name == "fmp"


def test_an_answer_that_cannot_be_read_sends_its_symbols_elsewhere(desk: Desk) -> None:
    desk.failed(first_job(desk), BadMessage("expected JSON"), NOON_MS)
    (job,) = desk.turn(["twelvedata", "fmp"], NOON_MS).jobs
    assert job.adapter.name == "fmp"


def test_network_trouble_is_retried_with_growing_pauses_and_given_up(path: Path) -> None:
    desk = Desk(open_ledger(path), free_plans()[:1], fresh_ms=FRESH_MS)
    desk.want([request("AAPL")], NOON_MS)
    now_ms, tried = NOON_MS, []
    while not desk.finished(now_ms):
        turn = desk.turn(["twelvedata"], now_ms)
        for job in turn.jobs:
            tried.append((now_ms - NOON_MS) // 1_000)
            error = VenueUnavailable("Twelve Data cannot be reached: ConnectError")
            desk.failed(job, error, now_ms, sent=False)
            assert len(tried) <= MAX_ATTEMPTS
        now_ms = desk.turn([], now_ms).next_ms or now_ms
    assert tried == [0, 2, 6, 14, 30, 62, 126, 254]
    assert desk.budgets(now_ms)[0].windows[1].used == 0, "nothing has left the machine"


def test_while_one_cannot_be_reached_another_is_asked_before_long(desk: Desk) -> None:
    now_ms = NOON_MS
    while True:
        turn = desk.turn(["twelvedata", "fmp"], now_ms)
        if any(job.adapter.name == "fmp" for job in turn.jobs):
            break
        for job in turn.jobs:
            desk.failed(job, VenueUnavailable("gone"), now_ms)
        now_ms = desk.turn([], now_ms).next_ms or now_ms
    assert now_ms - NOON_MS < 2 * MINUTE_MS


def test_states_say_whose_turn_or_quota_is_waited_for(path: Path) -> None:
    quotas = Quotas(twelve_data_per_day=24)
    adapters = free_plans(quotas=quotas)[:1]
    scan = Scan(path, Providers(universe(40), quotas), adapters=adapters)
    scan.want([f"S{i:03d}" for i in range(40)])
    jobs = scan.desk.turn(scan.names, NOON_MS).jobs
    states = {state.symbol: state for state in scan.desk.pending(NOON_MS)}
    assert states["S000"].reason == "asking Twelve Data"
    assert states["S008"].reason == "its turn comes at Twelve Data (8 credits a minute)"
    assert states["S039"].reason == "waits for Twelve Data's quota at 00:00 UTC"
    count = Counter(state.state for state in states.values())
    assert count == {"queued": 24, "waiting": 16}
    for job in jobs:
        scan.call(job)
    scan.settle()
    stale_ms = NOON_MS + 11 * 3_600_000
    scan.want(["S000"])
    words = [s.reason for s in scan.desk.pending(stale_ms) if s.symbol == "S000"]
    assert words[0].startswith("stale: ")


def test_a_seam_at_one_provider_is_refused_and_another_gives_the_history(path: Path) -> None:
    """The sandbox leaves prices before a split as they were for some symbols."""
    names = [f"{a}{b}{c}" for a in "ABCDEFGH" for b in "ABCDEFGH" for c in "ABCDEFGH"]
    providers = Providers(Universe({"all": names}, seed=1), AMPLE)
    today = dt.date(2025, 2, 5)
    seamed = [
        name
        for name in names
        if (daily := providers.universe.daily(name, today)) is not None
        and (daily.splits[-130:-20] != 1).any()
        and "raw" in providers.faults(name)
    ]
    assert seamed
    scan = Scan(path, providers)
    scan.want(seamed)
    scan.run(hours=24, until=len(seamed))
    assert {scan.histories[name][-1].provider for name in seamed if name in scan.histories} <= {
        "fmp",
        "marketstack",
    }
    for name in seamed:
        prices = [close.adjusted_close for close in scan.histories[name]]
        steps = [abs(b / a - 1) for a, b in itertools.pairwise(prices)]
        assert max(steps) < 0.4


def test_crypto_is_asked_of_its_venue_alone(path: Path) -> None:
    adapters = (BinanceDaily(url="http://sandbox", per_minute=600), *free_plans())
    desk = Desk(open_ledger(path), adapters, fresh_ms=FRESH_MS)
    desk.want([request("BTCUSDT", venue="binance")], NOON_MS)
    names = [adapter.name for adapter in adapters]
    (job,) = desk.turn(names, NOON_MS).jobs
    assert (job.adapter.name, job.reservation.units) == ("binance", 2)


def test_the_queue_has_an_end(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "MAX_WANTED", 3)
    desk = Desk(open_ledger(path), free_plans(), fresh_ms=FRESH_MS)
    requests = [request(f"S{i}") for i in range(5)]
    refused = desk.want([*requests, requests[0]], NOON_MS)
    assert [state.symbol for state in refused] == ["S3", "S4"]
    assert "ask again later" in refused[0].reason


def test_what_is_published_is_taken_off_only_once_the_broker_has_it(desk: Desk) -> None:
    job = first_job(desk)
    history = tuple(closes([10.0] * 130))
    desk.found(job, Found(histories={"AAPL": history}, refusals={}), NOON_MS + LATENCY_MS)
    assert desk.ready(NOON_MS) == desk.ready(NOON_MS) == [history]
    assert desk.finished(NOON_MS) == []
    desk.published([history])
    assert desk.ready(NOON_MS) == []
    (state,) = desk.finished(NOON_MS)
    assert (state.state, state.provider, state.until_ms) == ("fetched", "test", NOON_MS + FRESH_MS)
    assert desk.finished(NOON_MS) == []
