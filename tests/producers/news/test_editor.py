"""What is new, and what has been said before."""

from __future__ import annotations

from typing import Any

from oddlot.contracts import topics
from producers.news.editor import Editor
from producers.news.entries import Entry, entry_of
from producers.news.said import SAME_WORDS_MS, Said
from tests.producers.news.places import NOW_MS


def entry(title: str, *, guid: str = "", at_ms: int | None = NOW_MS - 60_000, **more: Any) -> Entry:
    made = entry_of(
        entry_id=guid, title=title, excerpt="", url="", published_ms=at_ms, symbols=(), **more
    )
    assert made is not None
    return made


def told(editor: Editor, *entries: Entry, source: str = "wire", now_ms: int = NOW_MS) -> list[str]:
    new = editor.new(source, entries, now_ms)
    editor.has_said(new)
    return [headline.title for headline in new]


def test_an_entry_is_said_once_by_its_id_however_its_title_changes() -> None:
    editor = Editor(Said())
    assert told(editor, entry("Up", guid="1")) == ["Up"]
    assert told(editor, entry("Up, corrected", guid="1"), entry("Down", guid="2")) == ["Down"]


def test_the_same_words_are_said_once_a_day_whoever_says_them() -> None:
    editor = Editor(Said())
    assert told(editor, entry("Stocks rise", guid="1"), entry("Stocks rise!", guid="2")) == [
        "Stocks rise"
    ]
    assert told(editor, entry("STOCKS RISE", guid="9"), source="other") == []
    later = NOW_MS + SAME_WORDS_MS
    assert told(editor, entry("Stocks rise", guid="3", at_ms=later), now_ms=later) == [
        "Stocks rise"
    ]


def test_what_is_not_on_the_broker_is_not_said() -> None:
    editor = Editor(Said())
    assert len(editor.new("wire", [entry("Up")], NOW_MS)) == 1
    assert len(editor.new("wire", [entry("Up")], NOW_MS)) == 1


def test_headlines_come_oldest_first_and_none_from_the_future() -> None:
    editor = Editor(Said())
    entries = [
        entry("future", guid="1", at_ms=NOW_MS + 99_000),
        entry("old", guid="2", at_ms=NOW_MS - 99_000),
        entry("undated", guid="3", at_ms=None),
    ]
    new = editor.new("wire", entries, NOW_MS)
    assert [each.title for each in new] == ["old", "future", "undated"]
    assert [each.published_ms for each in new[1:]] == [NOW_MS, NOW_MS]


def test_what_is_older_than_the_topic_remembers_is_no_news() -> None:
    old = entry("long ago", at_ms=NOW_MS - 31 * topics.DAY_MS)
    assert Editor(Said()).new("wire", [old], NOW_MS) == []


def test_memory_is_bounded() -> None:
    said = Said(most=3)
    for i in range(10):
        said.add_id("wire", str(i))
    assert len(said) == 3
    assert said.has_id("wire", "9")
    assert not said.has_id("wire", "0")
