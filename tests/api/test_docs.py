"""docs/api.md says what the API does, in the figures that the code has."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi import FastAPI

from api import app as apps
from api import (
    buzz,
    buzz_hours,
    buzzing,
    channels,
    clients,
    closes,
    divergence,
    divergence_jobs,
    divergence_memory,
    exports,
    hub,
    pair_tests,
    posts,
    scans,
    sparklines,
    store,
    stream,
    stretches,
    watching,
)
from oddlot.contracts.divergence import MAX_BASKETS, MAX_MEMBERS, MIN_MEMBERS
from oddlot.store.buzz_reader import MAX_HOURS
from oddlot.store.posts import MAX_POSTS, MAX_WORDS
from oddlot.store.reader import MAX_ROWS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "api.md"


@pytest.mark.parametrize(
    "words",
    [
        f"default {stretches.DEFAULT_ROWS}, at most {MAX_ROWS}",
        f"within {store.ANSWER_S:.0f} s",
        f"at most {channels.RING_MESSAGES} messages",
        f"more than {channels.MAX_WAITING} messages behind",
        f"every {apps.HEARTBEAT_S:.0f} s",
        f"{hub.MAX_CLIENTS} clients (beyond: an error, then close {stream.TRY_LATER})",
        f"{clients.MAX_CHANNELS} channels a client",
        f"{stream.MAX_COMMAND_BYTES // 1024} KiB a command (beyond: close {stream.TOO_BIG})",
        f"{clients.SEND_DEADLINE_S:.0f} s for a client that takes nothing",
        f"up to {pair_tests.HISTORY_TESTS} tests",
        f"At most {watching.MAX_ADDED_PAIRS} pairs may be added",
        f"take a change within {watching.CHANGE_S:.0f} s",
        *channels.PATTERNS,
        f"resolution=N` ({stretches.MIN_RESOLUTION} to {MAX_ROWS})",
        f"chunks of {exports.CHUNK_ROWS:,} rows",
        f"At most {exports.MAX_EXPORTS} files",
        f"{scans.MAX_SCANS} different ones may be under way",
        f"asks for the same within {scans.KEPT_S:.0f} s",
        f"`z` ({divergence.MIN_Z:g} to {divergence.MAX_Z:g})",
        f"`groups` (1 to {MAX_BASKETS} ids) or `symbols` ({MIN_MEMBERS} to {MAX_MEMBERS} different",
        f"while it goes on and {divergence_jobs.RESTED_MS // 1_000} s longer",
        f"one of the last {divergence_memory.MAX_PASTED}",
        f"At most {divergence_jobs.MAX_SCANS} scans are under way",
        f"progress of the last {divergence_jobs.MAX_KEPT}",
        f"no result after {divergence_jobs.GIVEN_UP_MS // 60_000} minutes",
        f"the last {sparklines.CLOSES} closes",
        f"?limit={closes.DEFAULT_SESSIONS}`",
        f"the last {buzzing.MAX_PAST} of them are kept",
        f"At most {buzz.MAX_ROWS} rows (default {buzz.DEFAULT_ROWS})",
        f"the newest {buzz.DEFAULT_HOURS} (`limit`, at most {MAX_HOURS})",
        f"less than {buzz_hours.KNOWN_SHARE:.0%}".replace("%", " %"),
        f"up to {MAX_WORDS} words ({posts.MAX_LOOKED_FOR} characters)",
        f"`limit` is {posts.DEFAULT_POSTS} by default, at most {MAX_POSTS}",
    ],
)
def test_the_page_has_the_limits_of_the_code(words: str) -> None:
    assert " ".join(words.split()) in " ".join(PAGE.read_text().split())


def test_the_page_has_every_path(app: FastAPI) -> None:
    text = PAGE.read_text()
    assert all(f"`{path}" in text for path in app.openapi()["paths"])
