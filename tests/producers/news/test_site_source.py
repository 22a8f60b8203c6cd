"""A site's feed over HTTP: asked only for what has changed, whatever it answers."""

from __future__ import annotations

import httpx
import pytest

from oddlot import errors
from oddlot.settings import load
from producers.news import asking
from producers.news.site_source import SiteSource
from producers.news.sites import Site
from tests.producers.news.places import NOW_MS, SITE, World, httpx_date, item, rss

URL = f"{SITE}/market-wire.xml"


def source_on(world: World, url: str = URL) -> SiteSource:
    return SiteSource(world.client(), Site("wire", url), every_s=300)


async def test_a_feed_is_read_whole_once_and_then_only_if_it_has_changed() -> None:
    world = World()
    source = source_on(world)
    assert len((await source.read(NOW_MS)).entries) == 30
    assert (await source.read(NOW_MS)).entries == ()
    assert world.requests[0].headers.get("if-none-match") is None
    assert world.requests[1].headers["if-none-match"].startswith('"')
    assert world.requests[1].headers["if-modified-since"].endswith("GMT")
    world.now_ms += 60_000
    assert len((await source.read(NOW_MS)).entries) == 30


async def test_a_date_alone_will_do() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.headers.get("if-modified-since") == httpx_date(NOW_MS):
            return httpx.Response(304)
        headers = {"last-modified": httpx_date(NOW_MS)}
        return httpx.Response(200, headers=headers, content=rss(item("Up")))

    source = source_on(World(answers={URL: answer}))
    assert len((await source.read(NOW_MS)).entries) == 1
    assert (await source.read(NOW_MS)).entries == ()


async def test_the_query_of_an_address_is_kept() -> None:
    world = World(answers={URL: httpx.Response(200, content=rss(item("Up")))})
    await source_on(world, f"{URL}?topic=a&b=2").read(NOW_MS)
    assert world.requests[0].url.query == b"topic=a&b=2"
    assert world.requests[0].headers["user-agent"].startswith("oddlot/")


async def test_a_feed_that_has_moved_is_followed() -> None:
    moved = httpx.Response(301, headers={"location": f"{SITE}/coin-desk.xml"})
    reading = await source_on(World(answers={URL: moved})).read(NOW_MS)
    assert len(reading.entries) == 30


@pytest.mark.parametrize(
    ("answer", "kind", "said"),
    [
        (httpx.Response(403), errors.KeyRefused, "refuses us .*ODDLOT_NEWS_FEEDS"),
        (httpx.Response(404), errors.VenueUnavailable, "nothing at this address .*ODDLOT_NEWS"),
        (httpx.Response(500), errors.VenueUnavailable, "in trouble"),
        (httpx.Response(304), errors.VenueUnavailable, "HTTP 304"),
        (httpx.Response(429), errors.QuotaSpent, "less often"),
        (httpx.ConnectError("no"), errors.VenueUnavailable, "cannot be reached"),
        (httpx.ReadTimeout("no"), errors.VenueUnavailable, "did not answer within"),
        (httpx.RemoteProtocolError("no"), errors.VenueUnavailable, "broke off"),
        (httpx.Response(302, headers={"location": URL}), errors.VenueUnavailable, "without end"),
        (httpx.Response(200, content=b"<html>"), errors.BadMessage, "expected RSS or Atom"),
    ],
)
async def test_what_cannot_be_read_is_told_in_words(
    answer: httpx.Response | Exception, kind: type[Exception], said: str
) -> None:
    with pytest.raises(kind, match=said) as raised:
        await source_on(World(answers={URL: answer})).read(NOW_MS)
    assert "news.example" not in str(raised.value)


@pytest.mark.parametrize(
    ("after", "wait_ms"),
    [
        ("120", 120_000),
        (httpx_date(NOW_MS + 60_000), 60_000),
        ("soon", None),
        ("9" * 9, 86_400_000),
    ],
)
async def test_a_site_says_how_long_it_wants_to_be_left_alone(
    after: str, wait_ms: int | None
) -> None:
    answer = httpx.Response(429, headers={"retry-after": after})
    with pytest.raises(errors.QuotaSpent) as raised:
        await source_on(World(answers={URL: answer})).read(NOW_MS)
    assert raised.value.retry_ms == wait_ms


async def test_a_feed_without_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "MAX_BODY_BYTES", 1_000)
    long = httpx.Response(200, content=rss(item("word " * 1_000)))
    with pytest.raises(errors.BadMessage, match="at most 1,000 bytes"):
        await source_on(World(answers={URL: long})).read(NOW_MS)


async def test_what_could_not_be_read_is_asked_for_again_whole() -> None:
    world = World(answers={URL: httpx.Response(200, headers={"etag": '"1"'}, content=b"<html>")})
    source = source_on(world)
    with pytest.raises(errors.BadMessage):
        await source.read(NOW_MS)
    world.answers.clear()
    assert len((await source.read(NOW_MS)).entries) == 30
    assert "if-none-match" not in world.requests[-1].headers


def test_the_client_of_every_source_is_bounded() -> None:
    http = asking.client()
    assert http.max_redirects == asking.MAX_REDIRECTS
    assert http.timeout.read == asking.ASK_S
    assert load().news_every_s * 1_000 > asking.ASK_S
