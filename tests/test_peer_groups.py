"""Peer groups: checked with messages that help, saved whole or not at all, followed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oddlot import peer_groups
from oddlot.contracts.pairs import Pair
from oddlot.errors import BadPeerGroup, EditConflict, UnknownPeerGroup
from oddlot.peer_groups import ANY, Member, PeerGroup, Snapshot, files, watching
from tests.conftest import ROOT

CURATED = ROOT / "peer_groups"
GOLD: dict[str, Any] = {
    "id": "gold",
    "title": "Gold",
    "sector": "Materials",
    "venue": "us",
    "benchmark": "GDX",
    "members": [{"symbol": s, "name": s.lower()} for s in ("NEM", "AEM", "KGC", "GFI")],
    "pairs": [{"y": "NEM", "x": "AEM"}],
}


def text_of(**changed: object) -> bytes:
    return json.dumps({**GOLD, **changed}).encode()


def parsed(**changed: object) -> PeerGroup:
    return peer_groups.parse(text_of(**changed), file="gold.json")


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    peer_groups.save(tmp_path, parsed(), expected=None)
    return tmp_path


def test_there_are_at_least_35_curated_groups_and_three_of_crypto() -> None:
    groups = peer_groups.load(CURATED)
    assert len(groups) >= 35
    assert sum(group.venue == "binance" for group in groups) >= 3
    assert all(group.notes for group in groups)


def test_a_symbol_has_one_name_in_all_curated_groups() -> None:
    names: dict[str, set[str]] = {}
    for group in peer_groups.load(CURATED):
        for member in group.members:
            names.setdefault(member.symbol, set()).add(member.name)
    assert {symbol: each for symbol, each in names.items() if len(each) > 1} == {}


@pytest.mark.parametrize("path", sorted(CURATED.glob("*.json")), ids=lambda path: path.stem)
def test_a_curated_file_is_written_as_the_program_would(path: Path) -> None:
    assert peer_groups.written(peer_groups.read(path).group) == path.read_bytes()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"members": GOLD["members"][:2]}, "members: expected at least 3 of them, was ["),
        ({"members": GOLD["members"][:2]}, "; list 3 to 80 of "),
        ({"venue": "lse"}, 'venue: expected one of those there are, was "lse"; use binance for'),
        ({"title": 7}, "title: expected `str`, was 7; correct it"),
        ({"title": ""}, 'title: expected some text, was ""; correct it'),
        ({"benchmark": "gdx"}, 'was "gdx"; use the venue\'s own name in capitals'),
        ({"notse": "x"}, "notse: expected one of id, title, sector, venue, "),
        ({"id": "silver"}, 'id: expected "gold", was "silver"; rename the file or change the id'),
        ({"id": "../gold"}, 'id: expected an id, was "../gold"; use small letters'),
        ({"pairs": [{"y": "NEM", "x": "SPY"}]}, "pairs[0].x: expected a member, was SPY; use"),
        ({"pairs": [{"y": "NEM", "x": "NEM"}]}, "pairs[0]: y and x: expected two symbols, was NEM"),
        ({"pairs": GOLD["pairs"] * 2}, "pairs: expected each pair once, was NEM~AEM twice"),
        (
            {"members": [*GOLD["members"], {"symbol": "NEM", "name": "again"}]},
            "members: expected each symbol once, was NEM twice; take one out",
        ),
        (
            {"members": [*GOLD["members"], {"symbol": "nem", "name": "x"}]},
            'members[4].symbol: expected a symbol, was "nem"; use',
        ),
        (
            {"members": [*GOLD["members"], {"symbol": "HMY"}]},
            "members[4].name: expected to be there, was missing; add it",
        ),
        (
            {"members": [*GOLD["members"], {"symbol": "HMY", "nmae": "Harmony"}]},
            "members[4].nmae: expected one of symbol, name, was a field nobody knows",
        ),
    ],
)
def test_what_is_wrong_is_said_with_file_field_and_fix(
    changed: dict[str, object], said: str
) -> None:
    with pytest.raises(BadPeerGroup) as caught:
        parsed(**changed)
    assert str(caught.value).startswith("gold.json: ")
    assert said in str(caught.value)
    assert "; " in str(caught.value)


def test_every_wrong_field_is_told_at_once() -> None:
    members = [*GOLD["members"], {"symbol": "hmy", "name": ""}, {"name": "x", "nmae": "y"}]
    with pytest.raises(BadPeerGroup) as caught:
        parsed(title="", venue="moon", members=members)
    assert [field.where for field in caught.value.fields] == [
        "title",
        "venue",
        "members[4].symbol",
        "members[5].nmae",
        "members[5].symbol",
    ]
    assert all(str(field) in str(caught.value) for field in caught.value.fields)


def test_fields_that_do_not_fit_each_other_are_told_at_once() -> None:
    members = [*GOLD["members"], GOLD["members"][0]]
    with pytest.raises(BadPeerGroup) as caught:
        parsed(members=members, pairs=[{"y": "NEM", "x": "SPY"}, {"y": "QQQ", "x": "AEM"}])
    found = [field.where for field in caught.value.fields]
    assert found == ["members", "pairs[0].x", "pairs[1].y"]


def test_a_file_of_nothing_but_faults_is_answered_shortly() -> None:
    with pytest.raises(BadPeerGroup) as caught:
        parsed(members=[{"symbol": "?"}] * 5_000)
    assert len(caught.value.fields) == 20


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b'{"id": "gold",}', "gold.json: line 1, column 15: expected JSON"),
        (b"[]", "gold.json: expected one object, was list"),
        (b"\xff\xfe", "gold.json: expected JSON in UTF-8"),
        (b"[" * 100_000, "gold.json: expected JSON in UTF-8"),
        (b" " * (1024 * 1024 + 1), "gold.json: expected at most 1048576 bytes"),
    ],
)
def test_what_is_no_json_is_refused_with_its_place(text: bytes, said: str) -> None:
    with pytest.raises(BadPeerGroup) as caught:
        peer_groups.parse(text, file="gold.json")
    assert str(caught.value).startswith(said)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(st.sampled_from(sorted(GOLD)), JSON)
def test_any_wrong_value_is_a_bad_peer_group_and_no_bug(field: str, value: object) -> None:
    with contextlib.suppress(BadPeerGroup):
        assert parsed(**{field: value}).id == "gold"


def test_the_schema_accepts_no_unknown_field() -> None:
    definitions = peer_groups.schema()["$defs"]
    assert {*definitions} == {"PeerGroup", "Member", "Pair"}
    assert all(each["additionalProperties"] is False for each in definitions.values())


def test_the_published_schema_is_that_of_the_code() -> None:
    kept = json.loads((ROOT / "docs" / "peer-group.schema.json").read_text())
    assert kept == json.loads(json.dumps(peer_groups.schema()))


def test_a_group_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    group = replace(parsed(), pairs=(Pair(y="NEM", x="KGC", window=60, prices="log"),), notes="ü")
    stored = peer_groups.save(tmp_path, group, expected=None)
    assert peer_groups.find(tmp_path, "gold") == stored
    assert stored.group == group
    assert [path.name for path in tmp_path.iterdir()] == ["gold.json"]


def test_who_has_seen_the_last_version_may_replace_it(directory: Path) -> None:
    seen = peer_groups.find(directory, "gold")
    saved = peer_groups.save(
        directory, replace(seen.group, title="Gold miners"), expected=seen.revision
    )
    assert saved.revision != seen.revision
    assert peer_groups.find(directory, "gold").group.title == "Gold miners"


@pytest.mark.parametrize(
    ("expected", "said"),
    [("0123456789abcdef", "somebody else changed it"), (None, "was there already")],
)
def test_who_has_not_may_not(directory: Path, expected: str | None, said: str) -> None:
    before = (directory / "gold.json").read_bytes()
    with pytest.raises(EditConflict, match=said):
        peer_groups.save(directory, replace(parsed(), title="Mine"), expected=expected)
    assert (directory / "gold.json").read_bytes() == before


def test_a_group_removed_meanwhile_does_not_come_back(directory: Path) -> None:
    peer_groups.save(directory, replace(parsed(), id="silver"), expected=None)
    seen = peer_groups.find(directory, "gold")
    peer_groups.remove(directory, "gold", expected=seen.revision)
    with pytest.raises(EditConflict, match="was removed meanwhile"):
        peer_groups.save(directory, seen.group, expected=seen.revision)
    assert not (directory / "gold.json").exists()


def test_any_version_can_be_replaced_on_purpose(directory: Path) -> None:
    saved = peer_groups.save(directory, replace(parsed(), title="Mine"), expected=ANY)
    assert saved.group.title == "Mine"


def test_of_many_who_edit_at_once_one_wins(directory: Path) -> None:
    seen = peer_groups.find(directory, "gold")
    won: list[str] = []
    ready = threading.Barrier(8)

    def try_to_save(title: str) -> None:
        ready.wait()
        try:
            peer_groups.save(directory, replace(seen.group, title=title), expected=seen.revision)
        except EditConflict:
            return
        won.append(title)

    threads = [threading.Thread(target=try_to_save, args=(f"T{i}",)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [peer_groups.find(directory, "gold").group.title] == won


def test_a_failed_save_leaves_the_old_file_and_no_litter(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(source: int) -> None:
        raise OSError(28, "No space left on device")

    before = (directory / "gold.json").read_bytes()
    monkeypatch.setattr(files.os, "fsync", refuse)
    with pytest.raises(BadPeerGroup, match=r"gold.json: expected .* No space left on device"):
        peer_groups.save(directory, replace(parsed(), title="Mine"), expected=ANY)
    assert {path.name: path.read_bytes() for path in directory.iterdir()} == {"gold.json": before}


def test_what_does_not_validate_is_not_saved(directory: Path) -> None:
    wrong = replace(parsed(), members=(Member(symbol="NEM", name="n"),))
    with pytest.raises(BadPeerGroup, match=r"gold.json: members: "):
        peer_groups.save(directory, wrong, expected=ANY)
    assert len(peer_groups.find(directory, "gold").group.members) == 4


@pytest.mark.parametrize("group_id", ["../gold", "/etc/passwd", "", "GOLD", "a" * 64, "gold\n"])
def test_an_id_never_leads_out_of_the_directory(directory: Path, group_id: str) -> None:
    for attempt in (
        lambda: peer_groups.find(directory, group_id),
        lambda: peer_groups.remove(directory, group_id, expected=ANY),
    ):
        with pytest.raises(UnknownPeerGroup):
            attempt()
    with pytest.raises(BadPeerGroup, match="id"):
        peer_groups.save(directory, replace(parsed(), id=group_id), expected=None)


def test_an_unknown_group_is_said_to_be_unknown(directory: Path) -> None:
    with pytest.raises(UnknownPeerGroup, match="silver"):
        peer_groups.find(directory, "silver")
    with pytest.raises(UnknownPeerGroup, match="silver"):
        peer_groups.remove(directory, "silver", expected=ANY)


def test_the_last_group_stays(directory: Path) -> None:
    with pytest.raises(BadPeerGroup, match="is the last peer group"):
        peer_groups.remove(directory, "gold", expected=ANY)


def test_there_is_a_limit_to_groups(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_GROUPS", 1)
    with pytest.raises(BadPeerGroup, match="at most 1 peer groups"):
        peer_groups.save(directory, replace(parsed(), id="silver"), expected=None)
    assert peer_groups.save(directory, replace(parsed(), title="Mine"), expected=ANY)


def test_half_a_file_keeps_its_last_good_version_and_is_said(directory: Path) -> None:
    peer_groups.save(directory, replace(parsed(), id="silver"), expected=None)
    good = watching.look(directory)
    (directory / "gold.json").write_bytes(text_of()[:50])
    now = watching.look(directory, good)
    assert now.stored == good.stored
    assert now.problems[0].startswith("gold.json: line 1, column ")
    assert [group.id for group in watching.look(directory).groups] == ["silver"]


async def next_of(snapshots: Any) -> Snapshot:
    async with asyncio.timeout(10):
        return await anext(snapshots)  # type: ignore[no-any-return]


async def test_a_watcher_follows_what_is_added_changed_spoilt_and_removed(directory: Path) -> None:
    snapshots = peer_groups.watch(directory, poll_s=0.01)
    assert [group.id for group in (await next_of(snapshots)).groups] == ["gold"]
    peer_groups.save(directory, replace(parsed(), id="silver"), expected=None)
    assert [group.id for group in (await next_of(snapshots)).groups] == ["gold", "silver"]
    peer_groups.save(directory, replace(parsed(), title="Mine"), expected=ANY)
    assert (await next_of(snapshots)).groups[0].title == "Mine"
    (directory / "gold.json").write_bytes(b"{")
    spoilt = await next_of(snapshots)
    assert (spoilt.groups[0].title, len(spoilt.problems)) == ("Mine", 1)
    peer_groups.save(directory, replace(parsed(), title="Mine"), expected=ANY)
    assert (await next_of(snapshots)).problems == ()
    peer_groups.remove(directory, "gold", expected=ANY)
    assert [group.id for group in (await next_of(snapshots)).groups] == ["silver"]
    await snapshots.aclose()  # type: ignore[attr-defined]


async def test_a_watcher_that_knows_the_groups_waits_for_a_change(directory: Path) -> None:
    snapshots = peer_groups.watch(directory, watching.look(directory), poll_s=0.01)
    first = asyncio.ensure_future(next_of(snapshots))
    os.utime(directory / "gold.json", (1, 1))  # touched, but the same
    peer_groups.save(directory, replace(parsed(), id="silver"), expected=None)
    assert [group.id for group in (await first).groups] == ["gold", "silver"]
    await snapshots.aclose()  # type: ignore[attr-defined]


def test_a_saved_group_is_readable_by_whoever_could_read_it_before(directory: Path) -> None:
    path = directory / "gold.json"
    assert path.stat().st_mode & 0o777 == 0o644
    path.chmod(0o640)
    peer_groups.save(directory, replace(parsed(), title="Mine"), expected=ANY)
    assert path.stat().st_mode & 0o777 == 0o640


def test_groups_travel_as_json(directory: Path) -> None:
    stored = peer_groups.find(directory, "gold")
    assert msgspec.json.decode(msgspec.json.encode(stored.group), type=PeerGroup) == stored.group
