"""Feeds as they are on the web -> entries in plain text."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oddlot.contracts.social import MAX_EXCERPT, MAX_TITLE
from oddlot.errors import BadMessage
from producers.news.entries import MAX_ENTRIES, Entry, entry_of, normalised, read_feed, safe_url
from producers.news.markup import cut, plain
from sandbox import newsroom
from tests.producers.news.places import NOW_MS, item, rss

URL = "https://news.example/feed.xml"
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title><entry><id>urn:a-1</id>
<title type="html">R&amp;amp;D at &lt;b&gt;AMD&lt;/b&gt;</title><link href="/x/1"/>
<updated>2024-11-28T01:00:00+01:00</updated><summary>More &lt; less</summary></entry></feed>"""


def entries(body: bytes, **headers: str) -> list[Entry]:
    return list(read_feed(body, headers, url=URL).entries)


def test_an_rss_item_becomes_an_entry() -> None:
    text = "<description><![CDATA[<p>Why &amp; how</p>]]></description>"
    more = f"<link>https://news.example/1</link>{text}"
    (found,) = entries(rss(item("AT&amp;T &lt; Verizon", guid="g-1", more=more)))
    assert found == Entry(
        entry_id="g-1",
        title="AT&T < Verizon",
        excerpt="Why & how",
        url="https://news.example/1",
        published_ms=NOW_MS - 60_000,
    )


def test_signs_beside_an_element_that_feeds_may_not_have_are_read_as_signs() -> None:
    title = "Fees of &amp;lt;5 cents: R&amp;amp;D &lt;script&gt;alert(1)&lt;/script&gt;"
    (found,) = entries(rss(item(title)))
    assert found.title == "Fees of <5 cents: R&D"


def test_an_atom_entry_becomes_one_too() -> None:
    (found,) = entries(ATOM.encode())
    assert (found.entry_id, found.title) == ("urn:a-1", "R&D at AMD")
    assert found.url == "https://news.example/x/1", "relative to where the feed came from"
    assert found.published_ms == NOW_MS
    assert found.excerpt == "More < less"


def test_an_entry_without_an_id_is_known_by_its_title() -> None:
    first, second, third = entries(rss(item("Same  words"), item("same words!"), item("Others")))
    assert first.entry_id == second.entry_id
    assert first.entry_id != third.entry_id


def test_an_entry_without_a_date_has_none() -> None:
    (found,) = entries(rss("<title>Undated</title>"))
    assert found.published_ms is None


def test_an_entry_without_a_title_is_counted_and_left_out() -> None:
    reading = read_feed(rss(item(""), item("There")), {}, url=URL)
    assert ([each.title for each in reading.entries], reading.rejected) == (["There"], 1)


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "data:text/html,x", "ftp://a.example/x", "https://", "/\\x"]
)
def test_an_address_that_a_browser_must_not_follow_is_left_out(address: str) -> None:
    assert safe_url(address) == ""
    (found,) = entries(rss(item("Linked", more=f"<link>{address}</link>")))
    assert found.url == "" or found.url.startswith("https://news.example/")


@pytest.mark.parametrize(
    "title",
    [
        "&lt;script&gt;alert(1)&lt;/script&gt;Up",
        "<![CDATA[<img src=x onerror=alert(1)>Up]]>",
        "&lt;a href=&quot;javascript:alert(1)&quot;&gt;Up&lt;/a&gt;",
        "<![CDATA[<style>p{}</style><b>Up</b><!-- no -->]]>",
    ],
)
def test_markup_in_a_title_is_gone(title: str) -> None:
    (found,) = entries(rss(item(title, guid="1")))
    assert found.title == "Up"


def test_what_is_too_long_is_cut_at_a_word() -> None:
    (found,) = entries(
        rss(item("word " * 500, more=f"<description>{'other ' * 500}</description>"))
    )
    assert len(found.title) <= MAX_TITLE
    assert found.title.endswith("word…")
    assert len(found.excerpt) <= MAX_EXCERPT


def test_a_feed_of_thousands_is_read_as_far_as_the_limit() -> None:
    many = rss(*(item(f"News {i}", guid=str(i)) for i in range(MAX_ENTRIES + 50)))
    assert len(entries(many)) == MAX_ENTRIES


@pytest.mark.parametrize(
    "body", [b"<html><body>Sign in</body></html>", b"", b"{}", b"/etc/hostname", b"\x00\xff"]
)
def test_what_is_no_feed_is_refused(body: bytes) -> None:
    with pytest.raises(BadMessage, match="expected RSS or Atom"):
        entries(body, **{"content-type": "text/html"})


def test_an_entity_bomb_stays_small() -> None:
    bomb = b"""<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">""" + b"".join(
        b'<!ENTITY %c "%s">' % (98 + i, b"&%c;" % (97 + i) * 10) for i in range(9)
    )
    bomb += b"]><rss version='2.0'><channel><item><title>&j;</title></item></channel></rss>"
    for entry in entries(bomb):
        assert len(entry.title) <= MAX_TITLE


def test_a_feed_in_another_encoding_is_read() -> None:
    body = b"<?xml version='1.0' encoding='windows-1252'?>"
    body += rss(item("Société Générale – up")).decode().encode("cp1252")
    (found,) = entries(body)
    assert found.title == "Société Générale – up"


@given(st.data())
@settings(deadline=None, max_examples=60)
def test_a_feed_with_bytes_changed_is_read_or_refused(data: Any) -> None:
    _, _, body = newsroom.answer("/news/market-wire.xml", {}, now_ms=NOW_MS, seed=1)
    head = bytearray(body[:3_000])
    for _ in range(data.draw(st.integers(0, 6))):
        at = data.draw(st.integers(0, len(head) - 1))
        head[at : at + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=9))
    try:
        found = entries(bytes(head))
    except BadMessage:
        return
    for entry in found:
        assert 0 < len(entry.title) <= MAX_TITLE
        assert not re.search(r"<(script|img|a)\b[^<>]*>", entry.title, re.IGNORECASE)
        assert entry.url == "" or entry.url.startswith(("http://", "https://"))


@pytest.mark.parametrize(
    ("text", "is_markup", "words"),
    [
        ("a<br/>b", True, "a b"),
        ("<b>N</b>VIDIA", True, "NVIDIA"),
        ("if x < y and y > z", False, "if x < y and y > z"),
        ("&amp;lt;", True, "&lt;"),
        ("&amp;", False, "&amp;"),
        ("R&amp;D<br>", False, "R&D"),
        ("1\xa0000\u200b\u202e", False, "1 000"),
        ("<script>never closed", True, ""),
    ],
)
def test_words_are_what_is_left(text: str, is_markup: bool, words: str) -> None:
    assert plain(text, is_markup=is_markup) == words


def test_a_text_without_spaces_is_cut_too() -> None:
    assert cut("x" * 20, 10) == "x" * 9 + "…"


def test_titles_are_the_same_whatever_their_signs() -> None:
    assert normalised("Fed’s “no” — again!") == normalised("fed's 'no' - again")


def test_an_excerpt_that_says_the_title_again_is_left_out() -> None:
    found = entry_of(
        entry_id=None, title="The same", excerpt="the same.", url="", published_ms=None
    )
    assert found is not None
    assert found.excerpt == ""
