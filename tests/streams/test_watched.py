"""What a worker watches follows the files of the peer groups."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

from oddlot import peer_groups
from oddlot.settings import load
from streams.watched import Watched
from tests.conftest import ROOT


def test_a_pair_of_a_file_is_watched_as_soon_as_the_file_has_it():
    group = peer_groups.find(ROOT / "peer_groups", "crypto-majors").group
    groups = SimpleNamespace(all=(replace(group, pairs=()),))
    watched = Watched(load(), groups)  # type: ignore[arg-type]  # all that is used of them
    before = watched.pairs
    assert before == {}
    assert watched.pairs is before
    groups.all = (group,)
    assert list(watched.pairs) == [pair.id for pair in group.pairs]
    assert watched.pairs is watched.pairs
