"""The crowd: the same posts whenever they are asked for, louder by day, and about what moves."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox import bursts, chatter, posts
from sandbox.bursts import Bursts
from sandbox.listings import MAJORS
from sandbox.posts import DAY_MS, HOUR_MS, LOUD, Crowd
from sandbox.tape import Tape
from tests.sandbox.crowds import NOON_MS, SYMBOLS, TODAY, crowd, falls, stream, subreddit
from tests.sandbox.places import BTC, ETH, market

PLACE = posts.place_of_subreddit("stocks")


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 20 * DAY_MS))
def test_what_was_written_stays_whenever_it_is_read(ago_ms: int) -> None:
    early = {post.number: post for post in subreddit(crowd(), "stocks", NOON_MS - ago_ms)}
    later = {post.number: post for post in subreddit(crowd(), "stocks")}
    gone = early.keys() - later.keys()
    oldest_ms = (TODAY - posts.PAST_DAYS) * DAY_MS
    assert all(early[i].gone_ms or early[i].event_ms < oldest_ms for i in gone)
    assert all(post.event_ms <= NOON_MS - ago_ms for post in early.values())
    assert all(later[i] == early[i] for i in early.keys() & later.keys())


def test_another_seed_or_place_is_another_talk() -> None:
    assert subreddit(crowd(), "stocks") == subreddit(crowd(), "Stocks")
    assert subreddit(crowd(), "stocks") != subreddit(crowd(seed=2), "stocks")
    ids = {post.number for post in subreddit(crowd(), "stocks")}
    assert not ids & {post.number for post in subreddit(crowd(), "options")}


def test_posts_come_newest_first_with_ids_of_their_own_and_reach_back_a_month() -> None:
    for seen in (subreddit(crowd(), "stocks"), stream(crowd(), "NVDA")):
        assert falls([post.number for post in seen])
        assert falls([post.event_ms for post in seen])
        assert seen[-1].event_ms < NOON_MS - 30 * DAY_MS
    assert len(subreddit(crowd(), "stocks")) < 1_000, "a listing of Reddit holds a month"


def test_the_tide_comes_with_the_hour_of_day() -> None:
    hours = Counter(post.event_ms % DAY_MS // HOUR_MS for post in stream(crowd(), "NVDA"))
    assert hours[14] > 3 * hours[4]


def test_one_symbol_is_always_loud_and_some_posts_name_nobody() -> None:
    about = Counter(post.symbols for post in subreddit(crowd(), "stocks"))
    others = [count for symbols, count in about.items() if symbols not in ((LOUD[0],), ())]
    assert about[LOUD[0],] > 2 * max(others)
    assert about[()] > 50


def test_coins_are_talked_about_where_coins_are_the_topic() -> None:
    named = {symbol for post in subreddit(crowd(), "CryptoCurrency") for symbol in post.symbols}
    assert named == {symbol for symbol in SYMBOLS if symbol.endswith("USDT")}


def test_who_breaks_ranks_is_talked_about_on_that_day() -> None:
    people = crowd(moved={TODAY - 1: ("PLTR",), TODAY - 2: ("ETHUSDT",)})
    days = Counter(post.event_ms // DAY_MS for post in stream(people, "PLTR"))
    assert days[TODAY - 1] > 20 > 2 * days[TODAY - 2]
    bursting = [post for post in subreddit(people, "stocks") if post.is_burst]
    assert bursting
    assert all(post.symbols == ("PLTR",) for post in bursting), "coins are off topic there"


def test_some_posts_are_deleted_within_the_hour() -> None:
    people = crowd()
    week = [post for day in range(7) for post in people._day(PLACE, TODAY - day, ())]
    gone = [post for post in week if post.gone_ms]
    assert 0 < len(gone) < len(week) / 5
    for post in gone:
        assert post.event_ms <= post.gone_ms < post.event_ms + HOUR_MS
        assert post not in people.newest(PLACE, post.gone_ms)


def test_a_planted_burst_comes_as_its_time_does() -> None:
    people = crowd()
    times = bursts.times(40, from_ms=NOON_MS, lasts_ms=10_000)
    people.plant(PLACE, "GME", times)
    seen = [sum(post.is_burst for post in people.newest(PLACE, NOON_MS + ms)) for ms in (-1, 5_000)]
    assert seen[0] == 0 < seen[1] < 40
    whole = [post for post in people.newest(PLACE, NOON_MS + 10_000) if post.is_burst]
    assert [post.symbols for post in whole] == [("GME",)] * 40
    assert falls([post.number for post in whole])


def test_posts_planted_at_one_time_have_ids_of_their_own() -> None:
    people = crowd()
    people.plant(PLACE, "GME", [NOON_MS] * 5)
    people.plant(PLACE, "AMC", [NOON_MS] * 5)
    seen = [post.number for post in people.newest(PLACE, NOON_MS + 100) if post.is_burst]
    assert len(set(seen)) == 10


def test_planted_posts_are_bounded() -> None:
    people = Crowd(SYMBOLS, seed=1)
    people.plant(PLACE, "GME", range(NOON_MS, NOON_MS + posts.MAX_PLANTED + 10))
    seen = [post for post in people.newest(PLACE, NOON_MS + DAY_MS) if post.is_burst]
    assert len(seen) == posts.MAX_PLANTED


def test_words_name_whom_they_are_about_and_trap_careless_readers() -> None:
    said = [
        chatter.words_of(draw * 7_919, ("$ALL",), is_burst=draw % 5 == 0) for draw in range(999)
    ]
    assert all("$ALL" in words.title for words in said)
    assert any(words.title.count("$ALL") > 1 for words in said), "twice in one post"
    assert any("<script>" in words.title for words in said)
    assert any("onerror" in words.body for words in said)
    silent = " ".join(chatter.words_of(draw, (), is_burst=False).title for draw in range(0, 999, 7))
    assert {"DD:", "IT", "ALL", "ON", "YOLO", "A", "ARE", "$100"} <= set(silent.split())


def test_only_clear_names_go_without_the_sign() -> None:
    assert {chatter.spelled("PLTR", draw) for draw in (0, 1)} == {"PLTR", "$PLTR"}
    assert {chatter.spelled(name, 1) for name in ("ALL", "F", "OPEN")} == {"$ALL", "$F", "$OPEN"}
    assert chatter.spelled("1000PEPEUSDT", 0) == "$PEPE"
    assert chatter.cashtag("BTCUSDT", suffix=".X") == "$BTC.X"


def test_the_largest_move_for_its_kind_is_talked_about_and_then_rests() -> None:
    talked = Bursts(MAJORS)
    moves = {"BTCUSDT": 0.02, "DOGEUSDT": -0.022, "ETHUSDT": 0.0001, "UNHEARD": 9.0}
    assert talked.next(moves, NOON_MS) == "BTCUSDT"
    assert talked.next(moves, NOON_MS + 1) == "DOGEUSDT"
    assert talked.next(moves, NOON_MS + 2) is None, "nobody else stands out"
    assert talked.next(moves, NOON_MS + bursts.REST_MS) == "BTCUSDT"


def test_a_tape_tells_how_far_prices_have_moved() -> None:
    moving = market(BTC, ETH, born_ms=NOON_MS)
    tape = Tape(moving, now_ms=NOON_MS, history_ms=120_000, memory_trades=500_000)
    moves = tape.moves(span_ms=100_000)
    means = []
    for ago_ms in (100_000, 15_000):
        start_ms = NOON_MS - ago_ms
        end_ms = start_ms + 15_000
        rows = tape.find(0, from_id=None, start_ms=start_ms, end_ms=end_ms, limit=100_000)
        means.append(sum(float(row["p"]) for row in rows) / len(rows))
    expected = means[1] / means[0] - 1
    assert set(moves) == {"BTCUSDT", "ETHUSDT"}
    assert abs(moves["BTCUSDT"] - expected) < 1e-4 < abs(expected)
