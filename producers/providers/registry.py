"""Settings -> every provider there is, those without a key among them."""

from __future__ import annotations

from oddlot.settings import Settings
from producers.providers.adapter import Adapter
from producers.providers.binance_daily import BinanceDaily
from producers.providers.fmp import Fmp
from producers.providers.marketstack import Marketstack
from producers.providers.twelve_data import TwelveData


def adapters_of(settings: Settings) -> tuple[Adapter, ...]:
    """Give the providers, cheapest first: by the symbols that their free plans give in a month."""
    return (
        BinanceDaily(url=settings.binance_rest_url, per_minute=settings.binance_closes_per_minute),
        TwelveData(
            url=settings.twelve_data_url,
            key=settings.twelve_data_key.get_secret_value(),
            per_minute=settings.twelve_data_per_minute,
            per_day=settings.twelve_data_per_day,
        ),
        Fmp(
            url=settings.fmp_url,
            key=settings.fmp_key.get_secret_value(),
            per_day=settings.fmp_per_day,
        ),
        Marketstack(
            url=settings.marketstack_url,
            key=settings.marketstack_key.get_secret_value(),
            per_second=settings.marketstack_per_second,
            per_month=settings.marketstack_per_month,
        ),
    )
