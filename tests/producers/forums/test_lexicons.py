"""What the peer groups say to a reader of forums, also after they were edited."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from oddlot import peer_groups
from oddlot.quant.mentions import mentioned, tagged
from producers.forums import lexicons
from producers.forums.lexicons import symbols_of
from tests.conftest import ROOT

GROUPS = ROOT / "peer_groups"


def test_every_member_is_known_by_its_symbol_and_leads_back_from_its_stream() -> None:
    groups = peer_groups.load(GROUPS)
    found = symbols_of(groups)
    members = {symbol for group in groups for symbol in group.symbols}
    assert set(found.lexicon.words.values()) == members
    assert set(found.tags.values()) == members
    assert {tag: tagged(tag, found.lexicon) for tag in found.tags} == found.tags


def test_what_streams_and_the_legs_of_watched_pairs_are_in_use() -> None:
    groups = peer_groups.load(GROUPS)
    found = symbols_of(groups)
    assert {"BTCUSDT", "MSFT", "AMZN"} <= found.in_use
    assert "IBM" not in found.in_use
    assert len(found.in_use) < len(found.tags)


async def test_a_group_that_was_edited_is_followed(tmp_path: Path) -> None:
    for name in ("airlines", "rails"):
        shutil.copy(GROUPS / f"{name}.json", tmp_path)
    following = lexicons.follow(tmp_path)
    assert mentioned("DAL or GATX or TSLA", (await anext(following)).lexicon) == ("DAL", "GATX")
    path = tmp_path / "rails.json"
    group = json.loads(path.read_text())
    group["members"].append({"symbol": "TSLA", "name": "Tesla"})
    path.write_text(json.dumps(group))
    assert mentioned("DAL or TSLA", (await anext(following)).lexicon) == ("DAL", "TSLA")
