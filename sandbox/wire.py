"""Simulated trades -> Binance Futures' JSON: aggTrade frames, REST rows, exchange information."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from sandbox.listings import Listing
from sandbox.market import Trades

USDM_STREAM_TYPE = 1  # `st` of USD-M contracts


def stream_of(symbol: str) -> str:
    """Name the aggregate-trade stream of a symbol."""
    return f"{symbol.lower()}@aggTrade"


def agg_trades(
    trades: Trades, rows: slice, listings: Sequence[Listing], *, sent_ms: int
) -> Iterator[tuple[int, str]]:
    """Give (listing, payload) of each row, with the venue's event time `sent_ms`."""
    columns = zip(
        trades.listing[rows].tolist(),
        trades.ids[rows].tolist(),
        trades.first_ids[rows].tolist(),
        trades.last_ids[rows].tolist(),
        trades.event_ms[rows].tolist(),
        trades.price_ticks[rows].tolist(),
        trades.quantity_steps[rows].tolist(),
        trades.is_buyer_maker[rows].tolist(),
        strict=True,
    )
    for listing, agg_id, first, last, event_ms, ticks, steps, maker in columns:
        symbol = listings[listing]
        quantity = quantity_text(symbol, steps)
        yield (
            listing,
            f'{{"e":"aggTrade","E":{sent_ms},"a":{agg_id},"s":"{symbol.symbol}",'
            f'"p":"{price_text(symbol, ticks)}","q":"{quantity}","nq":"{quantity}",'
            f'"f":{first},"l":{last},"T":{event_ms},"m":{"true" if maker else "false"},'
            f'"st":{USDM_STREAM_TYPE}}}',
        )


def rest_row(trades: Trades, row: int, listing: Listing) -> dict[str, Any]:
    """Give one element of the answer to GET /fapi/v1/aggTrades."""
    quantity = quantity_text(listing, int(trades.quantity_steps[row]))
    return {
        "a": int(trades.ids[row]),
        "p": price_text(listing, int(trades.price_ticks[row])),
        "q": quantity,
        "nq": quantity,
        "f": int(trades.first_ids[row]),
        "l": int(trades.last_ids[row]),
        "T": int(trades.event_ms[row]),
        "m": bool(trades.is_buyer_maker[row]),
    }


def exchange_info(
    listings: Sequence[Listing], *, now_ms: int, weight_a_minute: int
) -> dict[str, Any]:
    """Give the answer to GET /fapi/v1/exchangeInfo, as far as a reader of trades needs it."""
    return {
        "timezone": "UTC",
        "serverTime": now_ms,
        "rateLimits": [
            {
                "rateLimitType": "REQUEST_WEIGHT",
                "interval": "MINUTE",
                "intervalNum": 1,
                "limit": weight_a_minute,
            }
        ],
        "exchangeFilters": [],
        "symbols": [_symbol_info(listing) for listing in listings],
    }


def price_text(listing: Listing, ticks: int) -> str:
    """Write a price with all digits of its grid, as the exchange does."""
    digits = listing.tick_digits
    return f"{ticks * listing.tick_units / 10**digits:.{digits}f}"


def quantity_text(listing: Listing, steps: int) -> str:
    """Write a quantity with all digits of its grid."""
    return f"{steps / 10**listing.step_digits:.{listing.step_digits}f}"


def to_json(answer: Any) -> str:
    """Write any JSON answer."""
    return msgspec.json.encode(answer).decode()


def _symbol_info(listing: Listing) -> dict[str, Any]:
    return {
        "symbol": listing.symbol,
        "pair": listing.symbol,
        "contractType": "PERPETUAL",
        "status": "TRADING",
        "baseAsset": listing.symbol.removesuffix("USDT"),
        "quoteAsset": "USDT",
        "pricePrecision": listing.tick_digits,
        "quantityPrecision": listing.step_digits,
        "filters": [
            {"filterType": "PRICE_FILTER", "tickSize": price_text(listing, 1)},
            {"filterType": "LOT_SIZE", "stepSize": quantity_text(listing, 1)},
        ],
    }
