"""The view of symbols: what can be asked for, and where it trades now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from api import formats
from api.answers import json_of
from api.backend import Backend, BackendDep
from api.formats import FormatDep
from api.hub import streaming
from api.problems import documented
from api.tables import table_of
from oddlot.contracts.messages import Bar
from oddlot.peer_groups import PeerGroup

router = APIRouter(tags=["symbols"])


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolView:
    """One symbol of the peer groups."""

    symbol: Annotated[str, Field(examples=["BTCUSDT"])]
    name: Annotated[str, Field(examples=["Bitcoin"])]
    venue: Annotated[str, Field(examples=["binance"])]
    groups: Annotated[list[str], Field(description="Ids of its groups.")]
    last_price: Annotated[float | None, Field(description="Close of its newest 1s bar.")]
    last_open_ms: Annotated[int | None, Field(description="Start of that bar.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolsView:
    """Every symbol of the peer groups, sorted."""

    symbols: list[SymbolView]


@router.get(
    "/symbols",
    summary="Every symbol, and its last price",
    response_model=SymbolsView,
    responses={**formats.documented(SymbolsView), **documented(422, 503)},
)
async def symbols(backend: BackendDep, format_: FormatDep) -> Response:
    """Return every symbol of the peer groups; prices are null before the first bar."""
    prices = await _last_prices(backend)
    members: dict[str, tuple[str, PeerGroup]] = {}
    groups: dict[str, list[str]] = {}
    for group in backend.groups:
        for member in group.members:
            members.setdefault(member.symbol, (member.name, group))
            groups.setdefault(member.symbol, []).append(group.id)
    views = [
        SymbolView(
            symbol=symbol,
            name=name,
            venue=group.venue,
            groups=groups[symbol],
            last_price=prices.get(symbol, (None, None))[0],
            last_open_ms=prices.get(symbol, (None, None))[1],
        )
        for symbol, (name, group) in sorted(members.items())
    ]
    if format_ != "json":
        table = table_of(views, SymbolView)
        return await backend.exports.of_table(table, name="symbols", format_=format_)
    return json_of(SymbolsView(symbols=views))


async def _last_prices(backend: Backend) -> dict[str, tuple[float | None, int | None]]:
    """Give closes from memory, where the newest are, and the rest from the store."""
    found: dict[str, tuple[float | None, int | None]] = {}
    missing = []
    for symbol in streaming(backend.groups):
        bar = backend.hub.latest(f"bars:{symbol}:1s")
        if isinstance(bar, Bar):
            found[symbol] = (bar.close, bar.open_ms)
        else:
            missing.append(symbol)
    if missing:
        stored = await backend.store.ask(lambda reader: reader.last_prices(missing))
        found |= {symbol: (price.close, price.open_ms) for symbol, price in stored.items()}
    return found
