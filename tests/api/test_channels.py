"""Channels: numbered once, encoded once, repetitions left out."""

from __future__ import annotations

import json
from typing import Any

import pytest

from api.channels import MAX_WAITING, RING_MESSAGES, Channel, channels_of
from oddlot.contracts.messages import Lull, Message
from tests.api.messages import OPEN_MS, alert, bar, change, health, pair_test, spread


@pytest.fixture
def channel() -> Channel:
    return Channel("bars:BTCUSDT:1s")


def add(channel: Channel, *messages: Message) -> list[bool]:
    return [channel.add(message, arrival_ms=5, published_ms=9) for message in messages]


def data(frame: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(frame)["data"]
    return found


@pytest.mark.parametrize(
    ("message", "names"),
    [
        (bar(), ("bars:BTCUSDT:1s",)),
        (spread(), ("spreads:BTCUSDT~ETHUSDT:1s",)),
        (pair_test(), ("pair-tests:BTCUSDT~ETHUSDT:1s",)),
        (alert(), ("alerts", "alerts:BTCUSDT~ETHUSDT")),
        (change("BTCUSDT~ETHUSDT"), ("pairs",)),
        (health(), ("health",)),
        (Lull(symbol="BTCUSDT", interval="1s", after_open_ms=0, until_ms=1_000), ()),
    ],
)
def test_each_message_belongs_on_channels_named_after_its_subject(
    message: Message, names: tuple[str, ...]
) -> None:
    assert channels_of(message) == names


def test_an_alert_is_known_by_all_that_tells_it_from_others() -> None:
    channel = Channel("alerts")
    left = alert(0, crossing="left")
    slower = alert(0, interval="1m")
    other = alert(0, subject="A~B")
    assert add(channel, alert(0), left, slower, other) == [True] * 4
    assert add(channel, alert(0), left, slower, other) == [False] * 4


def test_an_older_alert_of_another_pair_is_news_though_newer_ones_are_forgotten() -> None:
    channel = Channel("alerts")
    add(channel, *(alert(second) for second in range(100, RING_MESSAGES + 150)))
    assert add(channel, alert(100), alert(0, subject="A~B")) == [False, True]


def test_changes_of_a_pair_are_known_by_their_time() -> None:
    channel = Channel("pairs")
    assert add(channel, change("A~B", 1), change("A~B", 2), change("A~B", 1)) == [True, True, False]


def test_a_snapshot_holds_all_messages_and_the_number_of_the_last(channel: Channel) -> None:
    add(channel, bar(0), bar(1))
    frame = json.loads(channel.snapshot("an epoch"))
    assert (frame["seq"], frame["epoch"]) == (2, "an epoch")
    assert [row["open_ms"] for row in frame["data"]] == [OPEN_MS, OPEN_MS + 1_000]


def test_a_message_says_when_its_trades_arrived_and_when_we_had_it(channel: Channel) -> None:
    add(channel, bar())
    row = data(channel.snapshot(""))[0]
    assert (row["arrival_ms"], row["published_ms"], row["close"]) == (5, 9, 101.0)


def test_an_update_holds_what_came_after_a_number(channel: Channel) -> None:
    add(channel, bar(0), bar(1), bar(2))
    frame = json.loads(channel.update(1))
    assert frame["seq"] == 3
    assert [row["open_ms"] for row in frame["data"]] == [OPEN_MS + 1_000, OPEN_MS + 2_000]


def test_clients_who_want_the_same_get_the_same_string(channel: Channel) -> None:
    add(channel, bar(0), bar(1))
    assert channel.update(1) is channel.update(1)
    add(channel, bar(2))
    assert [row["open_ms"] for row in data(channel.update(1))] == [OPEN_MS + 1_000, OPEN_MS + 2_000]


def test_a_repeated_message_is_left_out_and_takes_no_number(channel: Channel) -> None:
    assert add(channel, bar(0), bar(1), bar(0), bar(1)) == [True, True, False, False]
    assert channel.seq == 2


def test_a_newer_revision_of_an_older_bar_is_passed_on_and_an_older_one_not(
    channel: Channel,
) -> None:
    assert add(channel, bar(0), bar(1), bar(0, revision=2), bar(0, revision=1)) == [
        True,
        True,
        True,
        False,
    ]
    assert channel.latest == bar(1)


def test_a_bar_that_comes_late_is_passed_on(channel: Channel) -> None:
    assert add(channel, bar(0), bar(2), bar(1)) == [True, True, True]


def test_a_spread_computed_anew_is_passed_on() -> None:
    channel = Channel("spreads:BTCUSDT~ETHUSDT:1s")
    assert add(channel, spread(0), spread(0), spread(0, z=9.0)) == [True, False, True]


def test_reports_of_two_feeds_do_not_hide_each_other() -> None:
    channel = Channel("health")
    reports = [health(1), health(1, feed="other"), health(1)]
    assert add(channel, *reports) == [True, True, False]


def test_only_the_newest_are_kept_and_older_repetitions_are_still_known(channel: Channel) -> None:
    add(channel, *(bar(second) for second in range(RING_MESSAGES + 50)))
    assert len(data(channel.snapshot(""))) == RING_MESSAGES
    assert add(channel, bar(0), bar(49), bar(0, revision=1)) == [False, False, True]


def test_a_bar_revised_in_the_ring_is_known_until_its_last_revision_leaves(
    channel: Channel,
) -> None:
    add(channel, bar(0), bar(0, revision=1))
    add(channel, *(bar(second) for second in range(1, RING_MESSAGES)))  # revision 0 has left
    assert add(channel, bar(0, revision=1)) == [False]


def test_a_client_far_behind_is_told_how_many_it_has_missed(channel: Channel) -> None:
    add(channel, *(bar(second) for second in range(MAX_WAITING + 7)))
    assert (channel.skipped(0), channel.skipped(7)) == (7, 0)


def test_a_missing_figure_is_null() -> None:
    channel = Channel("spreads:BTCUSDT~ETHUSDT:1s")
    add(channel, spread(0, z=None), spread(1, z=float("nan")))
    assert [row["z"] for row in data(channel.snapshot(""))] == [None, None]


def test_a_name_that_needs_escapes_stays_json() -> None:
    name = 'bars:"\\:1s'
    assert json.loads(Channel(name).snapshot(""))["channel"] == name
