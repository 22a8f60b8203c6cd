"""Which feeds are read."""

from __future__ import annotations

import pytest

from oddlot.errors import BadSetting
from oddlot.settings import load
from producers.news.sites import MAX_SITES, NAME, USUAL, Site, sites_of


def test_without_a_setting_the_usual_feeds_are_read() -> None:
    assert sites_of(load(news_feeds="")) == USUAL
    assert all(NAME.fullmatch(site.name) for site in USUAL)
    assert all(site.url.startswith("https://") for site in USUAL)


def test_a_setting_replaces_them() -> None:
    given = "wire=https://a.example/feed?a=1&b=2 , Blog=http://127.0.0.1:9/x.xml,"
    assert sites_of(load(news_feeds=given)) == (
        Site("wire", "https://a.example/feed?a=1&b=2"),
        Site("blog", "http://127.0.0.1:9/x.xml"),
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("https://a.example/feed", "NAME=URL"),
        ("a b=https://a.example/", "NAME=URL"),
        ("fmp=https://a.example/", "other than finnhub and fmp"),
        ("wire=ftp://a.example/", "address of wire"),
        ("wire=https://[::1", "address of wire"),
        ("w=https://a.example/,w=https://b.example/", "'w' is there twice"),
        (",".join(f"w{i}=https://a.example/" for i in range(MAX_SITES + 1)), "at most 40"),
    ],
)
def test_a_setting_that_cannot_be_used_says_what_is_expected(given: str, said: str) -> None:
    with pytest.raises(BadSetting, match="ODDLOT_NEWS_FEEDS: expected .*" + said):
        sites_of(load(news_feeds=given))
