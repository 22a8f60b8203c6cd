"""The scripts behind the dialog of peer groups, asked directly: what they make of pasted text."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.ui.test_scripts import run, scripts

pytestmark = pytest.mark.browser

__all__ = ["scripts"]  # the fixture

GOLD: dict[str, Any] = {
    "title": "Gold",
    "sector": "Materials",
    "venue": "us",
    "benchmark": "GDX",
    "members": [{"symbol": "NEM", "name": "Newmont"}, {"symbol": "AEM", "name": "Agnico"}],
    "pairs": [{"y": "NEM", "x": "AEM", "window": 300}],
    "notes": "",
}


@pytest.mark.parametrize(
    ("text", "members"),
    [
        ("NVDA = NVIDIA", ["NVDA=NVIDIA"]),
        ("nvda=NVIDIA", ["NVDA=NVIDIA"]),
        ("NVDA\tNVIDIA Corp.", ["NVDA=NVIDIA Corp."]),
        ("NVDA, Nvidia Corp", ["NVDA=Nvidia Corp"]),
        ("ARM Arm Holdings", ["ARM=Arm Holdings"]),
        ("nvda, amd;TXN NVDA", ["NVDA=NVIDIA", "AMD=AMD", "TXN=TXN"]),
        ("NVDA,AMD", ["NVDA=NVIDIA", "AMD=AMD"]),
        ("AMD = Devices\nAMD", ["AMD=Devices"]),
        ("AMD =", ["AMD=AMD"]),
        ("BRK-B\r\nBF.B\r\n\r\n", ["BRK-B=BRK-B", "BF.B=BF.B"]),
        ("A = B = C", ["A=B = C"]),
        ("", []),
    ],
)
def test_pasted_lines_become_members(scripts: Page, text: str, members: list[str]) -> None:
    read = "m.membersOf(v[0], new Map([['NVDA', 'NVIDIA']]))"
    found = run(scripts, "group_texts", read, text)
    assert [f"{each['symbol']}={each['name']}" for each in found] == members


def test_what_is_written_is_read_as_it_was(scripts: Page) -> None:
    members = [
        {"symbol": "IBM", "name": "IBM"},
        {"symbol": "T", "name": "AT&T, Inc.; the company"},
        {"symbol": "V", "name": "x = y"},
    ]
    again = run(scripts, "group_texts", "m.membersOf(m.textOfMembers(v[0]))", members)
    assert again == members


@pytest.mark.parametrize(
    "text", ["amd on nvda", "AMD~NVDA", "AMD / NVDA", "amd nvda", " AMD/NVDA\n"]
)
def test_pairs_are_read_however_they_are_written(scripts: Page, text: str) -> None:
    assert run(scripts, "group_texts", "m.pairsOf(v[0])", text) == [{"y": "AMD", "x": "NVDA"}]


def test_a_pair_that_was_there_keeps_how_it_is_watched(scripts: Page) -> None:
    found = run(
        scripts, "group_texts", "m.pairsOf(v[0], v[1])", "NEM on AEM\nAEM on NEM", GOLD["pairs"]
    )
    assert found == [*GOLD["pairs"], {"y": "AEM", "x": "NEM"}]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, []),
        ({"members": GOLD["members"][::-1]}, []),
        ({"venue": "nyse"}, ["Venue: “us” is now “nyse”"]),
        ({"notes": "new"}, ["Notes: another text"]),
        (
            {"members": [{"symbol": "NEM", "name": "N"}, {"symbol": "KGC", "name": "Kinross"}]},
            ["Members: added KGC; removed AEM; changed NEM"],
        ),
        ({"pairs": [{"y": "NEM", "x": "AEM", "window": 60}]}, ["Pairs: changed NEM on AEM"]),
        (
            {"members": [*GOLD["members"], *({"symbol": f"S{i}", "name": ""} for i in range(8))]},
            ["Members: added S0, S1, S2, S3, S4, S5 and 2 more"],
        ),
    ],
)
def test_what_somebody_else_changed_is_said_in_words(
    scripts: Page, changed: dict[str, Any], said: list[str]
) -> None:
    assert run(scripts, "group_texts", "m.changesOf(v[0], v[1])", GOLD, {**GOLD, **changed}) == said


@pytest.mark.parametrize(
    ("title", "name"),
    [("My Chips & more!", "my-chips-more"), ("Öl", "ol"), ("x" * 99, "x" * 63), ("–", "")],
)
def test_a_title_becomes_an_id(scripts: Page, title: str, name: str) -> None:
    assert run(scripts, "group_texts", "m.idOf(v[0])", title) == name
