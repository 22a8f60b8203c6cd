"""The API's protocol over a fake market, on loopback; also `python -m tests.ui.fake_api PORT`."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
import threading
import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, WebSocket, WebSocketDisconnect
from fastapi.middleware.cors import CORSMiddleware

from api import problems
from tests.ui import (
    fake_divergence,
    fake_market,
    fake_news,
    fake_pairs,
    fake_social,
    fake_uploads,
)

RING = 400
MOST_ROWS, PAGED_SPREADS = 5_000, 1_000
LATENCY_MS = 17
START_DEADLINE_S = 10.0


class Hub:
    """Numbers the messages of each channel and hands them to whoever has subscribed."""

    def __init__(self) -> None:
        self.seq: dict[str, int] = defaultdict(int)
        self.ring: dict[str, deque[Any]] = defaultdict(lambda: deque(maxlen=RING))
        self.sockets: dict[WebSocket, set[str]] = {}
        self.withheld: set[str] = set()  # channels whose next message is lost on the way

    async def publish(self, channel: str, message: dict[str, Any]) -> None:
        now_ms = int(time.time() * 1_000)
        sent = {**message, "arrival_ms": now_ms - LATENCY_MS, "published_ms": now_ms}
        self.seq[channel] += 1
        self.ring[channel].append(sent)
        if channel in self.withheld:
            self.withheld.discard(channel)
            return
        frame = {"type": "update", "channel": channel, "seq": self.seq[channel], "data": [sent]}
        for client, channels in list(self.sockets.items()):
            if channel in channels:
                with contextlib.suppress(RuntimeError, WebSocketDisconnect):
                    await client.send_json(frame)

    async def subscribe(self, socket: WebSocket, channel: str) -> None:
        frame = {"type": "snapshot", "channel": channel, "seq": self.seq[channel]}
        await socket.send_json({**frame, "data": list(self.ring[channel])})
        self.sockets[socket].add(channel)


def bound(port: int = 0) -> socket.socket:
    """Bind a port beside whoever else of us has bound it; a connection goes to who listens."""
    place = socket.socket()
    place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    place.bind(("127.0.0.1", port))
    return place


class FakeApi:
    """An API that can be silenced, stopped and started again on its port."""

    def __init__(
        self, port: int, *, tick_s: float = 0.25, market: fake_market.Market | None = None
    ) -> None:
        self.port = port
        self.tick_s = tick_s
        self.market = market or fake_market.Market(until_ms=int(time.time() * 1_000))
        self.hub = Hub()
        self.pairs = fake_pairs.Pairs(self.market)
        self.uploads = fake_uploads.Uploads(self.market)
        self.divergence = fake_divergence.Divergences()
        self.news = fake_news.News()
        self.crowd = fake_social.Crowd()
        self.silent = False
        self.warm = True
        self.stale = False
        self.store_down = False
        self.requests: list[str] = []
        self._alerted: list[dict[str, Any]] = []
        self._tested: list[dict[str, Any]] = []
        self._changed: list[str] = []
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start as a new process would: nothing remembered but what is kept elsewhere."""
        self.hub = Hub()
        self.pairs.changes = asyncio.Queue()
        config = uvicorn.Config(self._app(), log_level="critical", ws="websockets-sansio")
        self._server = uvicorn.Server(config)
        place = bound(self.port)
        self._thread = threading.Thread(target=self._server.run, args=([place],), daemon=True)
        self._thread.start()
        deadline = time.monotonic() + START_DEADLINE_S
        while not self._server.started:
            if time.monotonic() > deadline or not self._thread.is_alive():
                raise RuntimeError(f"expected the fake API on port {self.port}, it did not start")
            time.sleep(0.01)

    def stop(self) -> None:
        if self._server is None or self._thread is None:
            return
        self._server.force_exit = self._server.should_exit = True
        self._thread.join(START_DEADLINE_S)
        assert not self._thread.is_alive(), "the fake API did not stop"
        self._server = self._thread = None

    async def _live(self) -> None:
        while True:
            await asyncio.sleep(self.tick_s)
            if not self.silent:
                self.market.step()
                await self._publish()
            await self.hub.publish("health", self._health())
            await self._publish_rare()

    async def _publish(self) -> None:
        market, seconds = self.market, self.market.seconds
        for interval, length in fake_market.INTERVAL_S.items():
            if seconds % length:
                continue
            index = seconds // length - 1
            for symbol in fake_market.SYMBOLS:
                bar = market.bar(symbol, interval, index)
                await self.hub.publish(f"bars:{symbol}:{interval}", bar)
            for pair in self.pairs.watched:
                spread = market.spread(pair, interval, index, warm=self.warm)
                if self.stale:
                    spread = {**spread, "stale": True, "z": None}
                await self.hub.publish(f"spreads:{pair}:{interval}", spread)

    def raise_alert(self, pair: str, interval: str, *, crossing: str = "entered") -> None:
        """Have the next beat publish an alert at the newest bar."""
        spread = self.market.spreads(pair, interval, 1)[-1]
        self._alerted.append(fake_pairs.alert(spread, crossing=crossing, z=2.31))

    def raise_test(self, pair: str, interval: str, *, p: float) -> None:
        """Have the next beat publish a test of the pair at the newest bar."""
        test = fake_pairs.pair_test(self.market, pair, interval)
        found = {"eg_p": p, "is_cointegrated": p < 0.05, "open_ms": test["open_ms"] + 1}
        self._tested.append({**test, **found})

    def change(self, pair: str, **how: Any) -> None:
        """Change how a pair is watched, as another page would."""
        self.pairs.watched[pair].update(how)
        self._changed.append(pair)

    async def _publish_rare(self) -> None:
        while self._changed:
            self.pairs.tell(self._changed.pop(0))
        while not self.pairs.changes.empty():
            await self.hub.publish("pairs", self.pairs.changes.get_nowait())
        while self.news.outbox:
            await self.hub.publish(*self.news.outbox.popleft())
        while self.divergence.outbox:
            await self.hub.publish(*self.divergence.outbox.popleft())
        while self.crowd.outbox:
            await self.hub.publish(*self.crowd.outbox.popleft())
        while self._tested:
            test = self._tested.pop(0)
            await self.hub.publish(f"pair-tests:{test['pair']}:{test['interval']}", test)
        while self._alerted:
            await self._publish_alert(self._alerted.pop(0))

    async def _publish_alert(self, alert: dict[str, Any]) -> None:
        self.pairs.alerts.append(alert)
        for channel in ("alerts", f"alerts:{alert['subject']}"):
            await self.hub.publish(channel, alert)

    def _health(self) -> dict[str, Any]:
        return {
            "feed": "binance",
            "connected": not self.silent,
            "simulated": True,
            "detail": "the venue sends nothing; reconnecting" if self.silent else "",
        }

    def _app(self) -> FastAPI:
        @contextlib.asynccontextmanager
        async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
            live = asyncio.create_task(self._live())
            yield
            live.cancel()

        app = FastAPI(lifespan=lifespan)
        app.add_middleware(
            CORSMiddleware, allow_origins=["*"], allow_methods=["*"], allow_headers=["*"]
        )
        problems.install(app)
        app.middleware("http")(self._record)
        app.add_api_route("/bars/{symbol}", self._bars)
        app.add_api_route("/spreads/{pair}", self._spreads)
        app.include_router(self.pairs.router)
        app.include_router(self.uploads.router)
        app.include_router(self.divergence.router)
        app.include_router(self.news.router)
        app.include_router(self.crowd.router)
        app.add_api_route("/readyz", self._readyz)
        app.add_api_websocket_route("/stream", self._stream)
        return app

    async def _record(self, request: Request, call_next: Any) -> Any:
        self.requests.append(f"{request.url.path}?{request.url.query}")
        if self.store_down and request.url.path.startswith(("/bars", "/spreads")):
            problem = fake_pairs.problem(503, "the store does not answer")
            problem.headers["access-control-allow-origin"] = "*"
            return problem
        return await call_next(request)

    async def _bars(self, symbol: str, request: Request) -> Any:
        if symbol not in fake_market.SYMBOLS:
            return fake_pairs.problem(404, f"no bars for {symbol!r}; GET /symbols lists them")
        interval = request.query_params.get("interval", "1m")
        return _page("bars", self.market.bars(symbol, interval, MOST_ROWS), request)

    async def _spreads(self, pair: str, request: Request) -> Any:
        interval = request.query_params.get("interval", "1s")
        known = pair in self.pairs.watched
        rows = self.market.spreads(pair, interval, PAGED_SPREADS) if known else []
        return _page("spreads", rows, request)

    async def _readyz(self) -> Any:
        return {
            "status": "ready",
            "checks": {"kafka": {"ok": True, "detail": ""}},
            "simulated": True,
        }

    async def _stream(self, socket: WebSocket) -> None:
        await socket.accept()
        self.hub.sockets[socket] = set()
        try:
            while True:
                command = await socket.receive_json()
                for channel in command.get("channels", []):
                    if command["op"] == "subscribe":
                        await self.hub.subscribe(socket, channel)
                    else:
                        self.hub.sockets[socket].discard(channel)
        except (WebSocketDisconnect, RuntimeError):
            self.hub.sockets.pop(socket, None)


def _page(field: str, rows: list[dict[str, Any]], request: Request) -> dict[str, Any]:
    """Give the newest rows before `to`, and where the page before them ends."""
    asked = request.query_params
    first, end = int(asked.get("from", 0)), float(asked.get("to", "inf"))
    within = [row for row in rows if first <= row["open_ms"] < end]
    page = within[-int(asked.get("limit", 500)) :]
    more = len(within) > len(page)
    return {field: page, "next_to": page[0]["open_ms"] if more else None}


if __name__ == "__main__":
    FakeApi(int(sys.argv[1]), tick_s=float(sys.argv[2]) if sys.argv[2:] else 1.0).start()
    threading.Event().wait()
