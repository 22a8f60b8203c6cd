"""Messages -> channels -> the clients that have asked for them."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterable

from api.channels import HEALTH, Channel, channel_of
from api.clients import Client
from oddlot import peer_groups
from oddlot.contracts.messages import INTERVAL_MS, FeedHealth, Message
from oddlot.contracts.pairs import Pair
from oddlot.peer_groups import PeerGroup

log = logging.getLogger(__name__)

MAX_CLIENTS = 1_000
MAX_CHANNELS = 2_000  # at 600 messages of 400 bytes each, half a gigabyte: not to be passed
MAX_FEEDS = 64
VENUE = "binance"  # the venue that streams


class Hub:
    """Every channel and every client of this process.

    `epoch` changes with the process, and with it every channel's numbers start again.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self.epoch = secrets.token_hex(8)
        self.channels = {name: Channel(name) for name in (*names, HEALTH)}
        self.clients: set[Client] = set()
        self.feeds: dict[str, FeedHealth] = {}
        self.repeated_total = 0
        self._is_overflow_told = False

    @property
    def is_full(self) -> bool:
        """Whether no further client may join."""
        return len(self.clients) >= MAX_CLIENTS

    def join(self) -> Client:
        """Take in a client."""
        client = Client(self.epoch)
        self.clients.add(client)
        return client

    def leave(self, client: Client) -> None:
        """Let go of a client, whatever it had asked for."""
        client.leave()
        self.clients.discard(client)

    def publish(self, message: Message, *, arrival_ms: int, published_ms: int) -> None:
        """Hand a message to all who have asked for its channel; repetitions go no further."""
        name = channel_of(message)
        channel = None if name is None else self._channel(name)
        if channel is None:
            return
        if not channel.add(message, arrival_ms=arrival_ms, published_ms=published_ms):
            self.repeated_total += 1
            return
        if isinstance(message, FeedHealth):
            self._keep_health(message)
        for client in channel.clients:
            client.notify(channel)

    def latest(self, name: str) -> Message | None:
        """Give the newest message of a channel, if one came since this process started."""
        channel = self.channels.get(name)
        return None if channel is None else channel.latest

    def _channel(self, name: str) -> Channel | None:
        """Give a channel; a symbol outside the peer groups, say of a replay, gets one too."""
        if name not in self.channels:
            if len(self.channels) >= MAX_CHANNELS:
                if not self._is_overflow_told:
                    log.warning("%d channels: no room for %s and others", MAX_CHANNELS, name)
                    self._is_overflow_told = True
                return None
            self.channels[name] = Channel(name)
        return self.channels[name]

    def _keep_health(self, health: FeedHealth) -> None:
        before = self.feeds.get(health.feed)
        is_newer = before is None or health.sent_ms >= before.sent_ms
        if is_newer and (before is not None or len(self.feeds) < MAX_FEEDS):
            self.feeds[health.feed] = health


def streaming(groups: tuple[PeerGroup, ...]) -> tuple[str, ...]:
    """Give the symbols that stream."""
    return peer_groups.streaming_symbols(groups, VENUE)


def watched(groups: tuple[PeerGroup, ...]) -> dict[str, Pair]:
    """Give the watched pairs by their ids."""
    return {pair.id: pair for pair in peer_groups.watched_pairs(groups, VENUE)}


def channel_names(groups: tuple[PeerGroup, ...]) -> list[str]:
    """Name the channels that peer groups make: bars of each symbol, spreads of each pair."""
    bars = [f"bars:{symbol}:{interval}" for symbol in streaming(groups) for interval in INTERVAL_MS]
    pairs = watched(groups).values()
    return bars + [f"spreads:{pair.id}:{i}" for pair in pairs for i in pair.intervals]
