"""Subreddits' newest posts -> social.posts, social.scans, ops.feed-health."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Mapping, Sequence

from oddlot import errors
from oddlot.contracts.messages import FeedHealth, ForumScan
from oddlot.contracts.social import Forum, ScanState
from oddlot.kafka import Publisher
from oddlot.quant.moods import mood_of
from oddlot.settings import Settings
from producers.forums import lexicons
from producers.forums.calls import client
from producers.forums.covers import Stretch
from producers.forums.guard import keep_going
from producers.forums.pace import nap_until, now_ms
from producers.forums.pauses import pause_after
from producers.forums.places import Place
from producers.forums.seen import Known, resume
from producers.forums.subreddits import Source, source_of
from producers.forums.voice import Mentions, Voice, by_words
from producers.forums.written import Written

log = logging.getLogger(__name__)

FORUM: Forum = "reddit"
MAX_SUBREDDITS = 50
MAX_SHOWN = 40  # characters of what is no name
SETTING = "ODDLOT_REDDIT_SUBREDDITS"
GONE = f"not read any more: not among {SETTING}"
SUBREDDIT = re.compile(r"\w{2,21}", re.ASCII)
POLL_MS = 20_000  # between two looks at a subreddit, where the quota allows
SAY_MS = 60_000  # between two scans said of a place where all is as before
MAX_DIGESTED = 20_000  # posts whose words have been looked at, with the present lexicon
MAX_REFUSED = 10  # posts of a page put aside one by one


async def run(settings: Settings, publisher: Publisher) -> None:
    """Read subreddits until cancelled; whatever goes wrong, the trades go on beside it."""
    if settings.reddit_subreddits.strip():
        await keep_going(FORUM, lambda: _serve(settings, publisher))


def subreddits_of(settings: Settings) -> tuple[list[str], dict[str, str]]:
    """Give the names of the subreddits to read, each once, and why others cannot be read.

    Raises BadSetting where none is left.
    """
    given = [name.strip() for name in settings.reddit_subreddits.split(",")]
    plain = [name.removeprefix("/").removeprefix("r/") for name in given if name]
    each_once = list({name.lower(): name for name in plain}.values())
    names = [name for name in each_once if SUBREDDIT.fullmatch(name)]
    expected = f"{SETTING}: expected 2 to 21 letters, digits or underscores; correct it"
    refused = {name[:MAX_SHOWN]: expected for name in each_once if name not in names}
    too_many = f"{SETTING}: expected at most {MAX_SUBREDDITS}, was {len(names)}; take some out"
    refused |= dict.fromkeys(names[MAX_SUBREDDITS:], too_many)
    if not names:
        raise errors.BadSetting(f"{expected}: was {settings.reddit_subreddits[:MAX_SHOWN]!r}")
    return names[:MAX_SUBREDDITS], dict(list(refused.items())[:MAX_SUBREDDITS])


async def _serve(settings: Settings, publisher: Publisher) -> None:
    names, refused = subreddits_of(settings)
    known = await resume(settings, FORUM)
    gone = {name: GONE for name in known.scans if name not in names}
    await asyncio.to_thread(mood_of, "")  # its words take a fifth of a second to load
    places = [Place(name, known.covers[name]) for name in names]
    async with client() as http:
        voice = Voice(FORUM, publisher, known.said)
        reader = Reader(places, source_of(settings, http), voice, simulated=settings.simulated)
        symbols = lexicons.follow(settings.peer_groups_dir)
        reader.learn(await anext(symbols))
        await _tell_unread(voice, gone | refused, known)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(reader.run())
            tasks.create_task(_learn(reader, symbols))
            tasks.create_task(voice.tell_health(reader.health))


async def _tell_unread(voice: Voice, why: Mapping[str, str], known: Known) -> None:
    """Say of places that they are not read, and why; not again what was said last."""
    for name, detail in why.items():
        last = known.scans.get(name)
        if last is None or last.detail != detail:
            at_ms = now_ms() if last is None else last.to_ms
            await voice.tell_scan(
                ForumScan(
                    forum=FORUM,
                    place=name,
                    symbol=None,
                    from_ms=at_ms,
                    to_ms=at_ms,
                    posts=0,
                    state="unavailable",
                    detail=detail,
                    next_ms=None,
                    scanned_ms=now_ms(),
                )
            )


async def _learn(reader: Reader, symbols: lexicons.Following) -> None:
    async for each in symbols:
        reader.learn(each)


class Reader:
    """Reads the subreddits in turn, says what is new and how far it has read."""

    def __init__(
        self, places: Sequence[Place], source: Source, voice: Voice, *, simulated: bool
    ) -> None:
        self._places = places
        self._source = source
        self._pace = source.pace
        self._voice = voice
        self._is_simulated = simulated
        self._mentions: Mentions = lambda written: ()
        self._digested: dict[str, None] = {}
        self._was_poll = False
        self._read_ms: int | None = None
        self._failures = 0

    def learn(self, symbols: lexicons.Symbols) -> None:
        """Look for other symbols; what is still on the newest pages is looked at again."""
        self._mentions = by_words(symbols.lexicon)
        self._digested.clear()

    async def run(self) -> None:
        """Read until cancelled."""
        while True:
            await self._pace.wait()
            place = self._turn(now_ms())
            if place is None:
                await nap_until(min(each.next_ms for each in self._places))
            else:
                await self.visit(place)

    async def visit(self, place: Place) -> None:
        """Read the page of a place that is wanted, and say what came of it."""
        is_poll = self._was_poll = place.next_ms <= now_ms()
        walk = None if is_poll else place.walk
        asked_ms = now_ms()
        try:
            page = await self._source.page(place.name, walk.anchors[-1] if walk else None)
            self._read_ms = now_ms()
            for raw, reason in page.refused[:MAX_REFUSED]:
                await self._voice.refuse(place.name, raw, reason)
            new = await self._tell(place, page.written)
            older: Stretch | None = None
            if walk is None:
                place.note_newest(page, asked_ms)
            else:
                older = place.note_older(page)
        except (errors.Unavailable, errors.BadMessage) as e:
            await self._fail(place, e)
            return
        place.failures = 0
        if walk is None:
            place.next_ms = asked_ms + self._interval_ms()
            place.unsaid_posts += new
            await self._say_newest(place)
        elif older is not None:
            await self._say(place, older, new, "read", "")

    def health(self, at_ms: int) -> FeedHealth:
        """Say how the subreddits are doing together."""
        last_ms = self._read_ms
        return FeedHealth(
            feed=FORUM,
            connected=not self._ill() or any(each.state == "read" for each in self._places),
            simulated=self._is_simulated,
            optional=True,
            symbols=len(self._places),
            last_frame_ms=last_ms,
            silence_ms=None if last_ms is None else max(0, at_ms - last_ms),
            lag_ms=None,
            trades_total=0,
            rejected_total=self._voice.refused_total,
            reconnects_total=self._failures,
            detail=self._voice.trouble or self._words(),
            sent_ms=at_ms,
        )

    def _words(self) -> str:
        ill = self._ill()
        said = f"{len(self._places) - len(ill)} of {len(self._places)} subreddits"
        return f"{said}, {self._source.about}" + (f"; {ill[0].detail}" if ill else "")

    def _ill(self) -> list[Place]:
        return [each for each in self._places if each.state in ("limited", "unavailable")]

    def _turn(self, at_ms: int) -> Place | None:
        """Choose whose page is read next: newest and older pages in turn, so that both go on."""
        due = [each for each in self._places if each.next_ms <= at_ms]
        walking = [each for each in self._places if each.walk and each not in due]
        if due and (not walking or not self._was_poll):
            return min(due, key=lambda each: each.next_ms)
        well = [each for each in walking if not each.failures]
        if well:
            return max(well, key=lambda each: each.walk.edge_ms if each.walk else 0)
        return min(due, key=lambda each: each.next_ms, default=None)

    def _interval_ms(self) -> int:
        """Give the time between two looks: every place in turn, and older pages in every other."""
        share = 2 if any(each.walk for each in self._places) else 1
        return max(POLL_MS, share * len(self._places) * self._pace.spacing_ms)

    async def _tell(self, place: Place, written: Sequence[Written]) -> int:
        fresh = [each for each in written if each.post_id not in self._digested]
        new = await self._voice.tell_posts(place.name, fresh, self._mentions)
        self._digested.update(dict.fromkeys(each.post_id for each in fresh))
        while len(self._digested) > MAX_DIGESTED:
            del self._digested[next(iter(self._digested))]
        return new

    async def _say_newest(self, place: Place) -> None:
        at_ms = now_ms()
        if place.state != "read" or at_ms - place.newest_said_ms >= SAY_MS:
            stretch = place.unsaid(at_ms)
            await self._say(place, stretch, place.unsaid_posts, "read", "")
            place.said_to_ms, place.newest_said_ms, place.unsaid_posts = stretch[1], at_ms, 0

    async def _fail(self, place: Place, error: errors.Oddlot) -> None:
        """Note why a place could not be read, and leave it alone for a while."""
        log.warning("r/%s: %s", place.name, error)
        at_ms = now_ms()
        place.failures += 1
        self._failures += 1
        pause = pause_after(error, place.failures)
        if isinstance(error, errors.BadMessage):
            await self._voice.refuse(place.name, b"", str(error))
        if pause.is_for_all:
            self._pace.hold(at_ms + pause.wait_ms, at_ms)
        place.next_ms = max(at_ms + pause.wait_ms, self._pace.next_ms(at_ms))
        end_ms = place.covers.end_ms
        until_ms = at_ms if end_ms is None else end_ms
        await self._say(place, (until_ms, until_ms), 0, pause.state, str(error))

    async def _say(
        self, place: Place, stretch: Stretch, new: int, state: ScanState, detail: str
    ) -> None:
        place.state, place.detail = state, detail
        await self._voice.tell_scan(
            ForumScan(
                forum=FORUM,
                place=place.name,
                symbol=None,
                from_ms=stretch[0],
                to_ms=stretch[1],
                posts=new,
                state=state,
                detail=detail,
                next_ms=place.next_ms,
                scanned_ms=now_ms(),
            )
        )
