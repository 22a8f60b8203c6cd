"""Messages -> channels -> the clients that have asked for them."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterable
from typing import Final

from api.channels import (
    ALERTS,
    BUDGETS,
    BUZZ,
    HEADLINES,
    HEALTH,
    NEWS_SOURCES,
    PAIRS,
    PEER_GROUPS,
    Channel,
    Streamed,
    channels_of,
)
from api.clients import Client
from oddlot import peer_groups
from oddlot.contracts.messages import INTERVAL_MS, FeedHealth
from oddlot.peer_groups import PeerGroup

log = logging.getLogger(__name__)

MAX_CLIENTS = 1_000
MAX_CHANNELS = 2_000  # at 600 messages of 400 bytes each, half a gigabyte: not to be passed
MAX_FEEDS = 64
VENUE: Final = "binance"  # the venue that streams


class Hub:
    """Every channel and every client of this process.

    `epoch` changes with the process, and with it every channel's numbers start again.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self.epoch = secrets.token_hex(8)
        always = (
            *(HEALTH, ALERTS, PAIRS, PEER_GROUPS, BUDGETS, BUZZ),
            *(HEADLINES, NEWS_SOURCES),
        )
        self.channels = {name: Channel(name) for name in (*names, *always)}
        self.clients: set[Client] = set()
        self.feeds: dict[str, FeedHealth] = {}
        self.repeated_total = 0
        self._retired: set[str] = set()
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
        self._sweep()

    def unsubscribe(self, client: Client, name: str) -> None:
        """Owe a client nothing more of a channel, if there is one of that name."""
        if channel := self.channels.get(name):
            client.unsubscribe(channel)
            self._sweep()

    def offer(self, names: Iterable[str]) -> None:
        """Make channels, if they are not there."""
        for name in names:
            self._retired.discard(name)
            self._channel(name)

    def retire(self, names: Iterable[str]) -> None:
        """Let go of channels; one that clients have goes with the last of them."""
        self._retired.update(names)
        self._sweep()

    def publish(self, message: Streamed, *, arrival_ms: int, published_ms: int) -> None:
        """Hand a message to all who have asked for its channel; repetitions go no further."""
        for name in channels_of(message):
            channel = self._channel(name)
            if channel is None:
                continue
            if not channel.add(message, arrival_ms=arrival_ms, published_ms=published_ms):
                self.repeated_total += 1
                continue
            if isinstance(message, FeedHealth):
                self._keep_health(message)
            for client in channel.clients:
                client.notify(channel)

    def latest(self, name: str) -> Streamed | None:
        """Give the newest message of a channel, if one came since this process started."""
        channel = self.channels.get(name)
        return None if channel is None else channel.latest

    def _channel(self, name: str) -> Channel | None:
        """Give a channel; a symbol outside the peer groups, say of a replay, gets one too."""
        if name not in self.channels:
            if name in self._retired:
                return None
            if len(self.channels) >= MAX_CHANNELS:
                if not self._is_overflow_told:
                    log.warning("%d channels: no room for %s and others", MAX_CHANNELS, name)
                    self._is_overflow_told = True
                return None
            self.channels[name] = Channel(name)
        return self.channels[name]

    def _sweep(self) -> None:
        for name in self._retired.intersection(self.channels):
            if not self.channels[name].clients:
                del self.channels[name]

    def _keep_health(self, health: FeedHealth) -> None:
        before = self.feeds.get(health.feed)
        is_newer = before is None or health.sent_ms >= before.sent_ms
        if is_newer and (before is not None or len(self.feeds) < MAX_FEEDS):
            self.feeds[health.feed] = health


def streaming(groups: tuple[PeerGroup, ...]) -> tuple[str, ...]:
    """Give the symbols that stream."""
    return peer_groups.streaming_symbols(groups, VENUE)


def bar_channels(groups: tuple[PeerGroup, ...]) -> list[str]:
    """Name the channels that the symbols of peer groups make."""
    return [f"bars:{symbol}:{interval}" for symbol in streaming(groups) for interval in INTERVAL_MS]
