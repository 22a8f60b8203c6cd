"""Environment variables ODDLOT_* -> one frozen object, read once in `main` and passed down."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

import platformdirs
from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from oddlot import errors

LOOPBACK: Final = "127.0.0.1"
Host = Literal["127.0.0.1", "0.0.0.0"]  # on this machine alone, or in a container on all there is
MAX_WEBHOOKS = 10  # each is a reader of its own
MIN_SECRET_LENGTH = 16
ROLES = ("kafka", "clickhouse", "producers", "streams", "api", "ui")


class Settings(BaseSettings):
    """Every knob of Oddlot; each is the environment variable `ODDLOT_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="ODDLOT_", frozen=True, extra="ignore")

    # Where things are.
    state_dir: Path = Field(
        default_factory=lambda: platformdirs.user_state_path("oddlot") / "up",
        description="Data of the embedded broker and store, and logs.",
    )
    cache_dir: Path = Field(
        default_factory=lambda: platformdirs.user_cache_path("oddlot"),
        description="Kafka's jars and what makes starts short, shared between projects.",
    )
    peer_groups_dir: Path = Field(
        default_factory=lambda: Path(__file__).resolve().parent.parent / "peer_groups",
        description="One JSON file per peer group.",
    )
    api_host: Host = Field(LOOPBACK, description="Address that the API listens on.")
    ui_host: Host = Field(LOOPBACK, description="Address that the dashboard listens on.")
    api_port: int = Field(8000, ge=1, le=65_535, description="Port of the API.")
    ui_port: int = Field(8050, ge=1, le=65_535, description="Port of the dashboard.")
    clickhouse_port: int = Field(8123, ge=1, le=65_535, description="Port of the embedded store.")
    kafka_port: int = Field(9092, ge=1, le=65_535, description="Port of the embedded broker.")
    sandbox_port: int = Field(8099, ge=1, le=65_535, description="Port of the sandbox exchange.")
    sandbox_forums_port: int = Field(
        8098, ge=1, le=65_535, description="Port of the sandbox's forums and news."
    )

    # An outside broker or store instead of the embedded ones.
    kafka: str = Field("", description="HOST:PORT[,HOST:PORT] of an outside broker.")
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="How to speak to an outside broker."
    )
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        "PLAIN", description="How to log in to an outside broker."
    )
    kafka_username: str = Field("", description="User at an outside broker.")
    kafka_password: SecretStr = Field(SecretStr(""), description="Password at an outside broker.")
    kafka_ca_file: Path | None = Field(None, description="CA certificates for SSL, as PEM.")
    kafka_replication: int = Field(1, ge=1, le=10, description="Replicas of a topic made by us.")
    clickhouse: str = Field(
        "", description="URL of an outside store, http[s]://user:password@host:port/database."
    )

    # Producers.
    simulated: bool = Field(False, description="The outside world is the sandbox; pages say so.")
    binance_stream_url: str = Field(
        "wss://fstream.binance.com", description="Binance Futures' WebSocket, without a route."
    )
    binance_rest_url: str = Field(
        "https://fapi.binance.com", description="Binance Futures' REST interface."
    )
    tick_cut_ms: int = Field(20, ge=1, le=10_000, description="Age at which a tick batch is cut.")
    tick_cut_trades: int = Field(500, ge=1, le=100_000, description="Size at which it is cut.")
    tick_buffer_trades: int = Field(
        100_000, ge=1, le=10_000_000, description="Trades that may wait for the broker."
    )
    tick_records_per_s: int = Field(
        2_000, ge=10, le=100_000, description="Budget of tick records a second for one worker."
    )

    # Providers of daily closes; the limits are those of their free plans.
    twelve_data_key: SecretStr = Field(SecretStr(""), description="Key of Twelve Data.")
    twelve_data_url: str = Field("https://api.twelvedata.com", description="Twelve Data's API.")
    twelve_data_per_minute: int = Field(
        8, ge=1, le=1_000_000, description="Credits a minute of Twelve Data's plan."
    )
    twelve_data_per_day: int = Field(
        800, ge=1, le=100_000_000, description="Credits a UTC day of Twelve Data's plan."
    )
    fmp_key: SecretStr = Field(SecretStr(""), description="Key of Financial Modeling Prep.")
    fmp_url: str = Field("https://financialmodelingprep.com", description="FMP's API.")
    fmp_per_day: int = Field(
        250, ge=1, le=100_000_000, description="Requests a UTC day of FMP's plan."
    )
    marketstack_key: SecretStr = Field(SecretStr(""), description="Key of Marketstack.")
    marketstack_url: str = Field("https://api.marketstack.com", description="Marketstack's API.")
    marketstack_per_second: int = Field(
        5, ge=1, le=10_000, description="Requests a second of Marketstack's plan."
    )
    marketstack_per_month: int = Field(
        100, ge=1, le=100_000_000, description="Requests a month of Marketstack's plan."
    )
    binance_closes_per_minute: int = Field(
        600,
        ge=10,
        le=100_000,
        description="Weight a minute for daily closes, of the 2,400 that Binance gives an address.",
    )
    closes_fresh_minutes: int = Field(
        30, ge=1, le=10_000, description="Age up to which daily closes are not fetched again."
    )

    # What people write; the limits are those that the forums give everybody.
    reddit_client_id: str = Field("", description="Id of your application at Reddit.")
    reddit_client_secret: SecretStr = Field(SecretStr(""), description="Its secret.")
    reddit_url: str = Field("https://oauth.reddit.com", description="Reddit's API, with a key.")
    reddit_www_url: str = Field(
        "https://www.reddit.com", description="Reddit's tokens, and its feeds without a key."
    )
    reddit_per_minute: int = Field(
        100, ge=1, le=100_000, description="Requests a minute that Reddit gives a key."
    )
    reddit_subreddits: str = Field(
        "wallstreetbets,stocks,investing,StockMarket,options,pennystocks,CryptoCurrency,Bitcoin",
        description="Comma-separated subreddits to read; empty for none.",
    )
    stocktwits_url: str = Field(
        "https://api.stocktwits.com", description="Stocktwits' API; empty to leave it alone."
    )
    stocktwits_per_hour: int = Field(
        200, ge=1, le=1_000_000, description="Requests an hour that Stocktwits gives an address."
    )
    news_feeds: str = Field(
        "",
        description="Comma-separated NAME=URL of RSS or Atom feeds, instead of the usual ones.",
    )
    news_every_s: int = Field(
        300, ge=5, le=86_400, description="Seconds between two readings of a feed of headlines."
    )
    finnhub_key: SecretStr = Field(SecretStr(""), description="Key of Finnhub, for its news.")
    finnhub_url: str = Field("https://finnhub.io", description="Finnhub's API.")

    # The sandbox exchange.
    sandbox_trades_per_s: int = Field(
        250, ge=1, le=50_000, description="Trades a second of the sandbox exchange, all symbols."
    )
    sandbox_seed: int = Field(1, ge=0, description="Seed of the sandbox exchange's market.")

    # Streams.
    worker: int = Field(1, ge=1, le=64, description="Number of this worker, unique in its group.")
    parts: str = Field(
        "bars,spreads,pair_tests,divergence,live_divergence,buzz,alerts,webhooks,sink",
        description="What this worker runs.",
    )

    webhook_urls: SecretStr = Field(
        SecretStr(""), description="Comma-separated URLs that alerts are posted to."
    )
    webhook_secret: SecretStr = Field(
        SecretStr(""), description="Key that those posts are signed with; 16 characters or more."
    )
    # A reader that leaves Kafka alone for five minutes is taken for dead.
    webhook_deadline_s: float = Field(
        240.0, ge=1, le=270, description="How old an alert may grow before its post is given up."
    )

    # Uploads.
    upload_max_bytes: int = Field(
        209_715_200, ge=1_000, le=10_000_000_000, description="Bytes of one upload, as sent."
    )
    upload_max_rows: int = Field(
        5_000_000, ge=10, le=100_000_000, description="Rows of one upload, all files together."
    )
    upload_keep_minutes: int = Field(
        60, ge=1, le=10_080, description="How long an upload is kept before it is deleted."
    )
    upload_at_once: int = Field(
        2, ge=1, le=32, description="Uploads read at the same time; others wait their turn."
    )
    upload_kept: int = Field(
        20, ge=1, le=1_000, description="Uploads kept at the same time; beyond, none is taken."
    )

    divergence_z: float = Field(
        3.5, ge=0.5, le=100, description="|z| against the others from which a member diverges."
    )
    divergence_correlation: float = Field(
        0.5, ge=-1, le=1, description="With the others, from which a divergence is confirmed."
    )

    # API and UI.
    api_url: str = Field("", description="Where browsers reach the API, if not on loopback.")
    allowed_origins: str = Field(
        "", description="Comma-separated origins allowed besides the dashboard's own."
    )

    @property
    def kafka_address(self) -> str:
        """The bootstrap servers, outside or embedded."""
        return self.kafka or f"{LOOPBACK}:{self.kafka_port}"

    @property
    def clickhouse_url(self) -> str:
        """The store's URL, outside or embedded."""
        return self.clickhouse or f"http://{LOOPBACK}:{self.clickhouse_port}"

    @property
    def api_base_url(self) -> str:
        """The API's URL as a browser on this machine sees it."""
        return self.api_url.rstrip("/") or f"http://{LOOPBACK}:{self.api_port}"

    @cached_property
    def origins(self) -> tuple[str, ...]:
        """Origins that may call the API from a browser: the dashboard's, then the added ones."""
        own = (f"http://{LOOPBACK}:{self.ui_port}", f"http://localhost:{self.ui_port}")
        added = (origin.strip().rstrip("/") for origin in self.allowed_origins.split(","))
        return (*own, *(origin for origin in added if origin))

    @cached_property
    def webhooks(self) -> tuple[str, ...]:
        """URLs that alerts are posted to; they may hold credentials, so they are never shown."""
        given = self.webhook_urls.get_secret_value().split(",")
        return tuple(dict.fromkeys(url.strip() for url in given if url.strip()))

    @cached_property
    def enabled_parts(self) -> frozenset[str]:
        """The parts of the streams role that this worker runs."""
        return frozenset(part.strip() for part in self.parts.split(",") if part.strip())

    def environment(self) -> dict[str, str]:
        """Give the variables that make another process load these settings."""
        return {
            f"ODDLOT_{name.upper()}": str(
                value.get_secret_value() if isinstance(value, SecretStr) else value
            )
            for name in self.model_fields_set
            if (value := getattr(self, name)) is not None
        }

    @property
    def embeds_kafka(self) -> bool:
        """Whether the broker is ours to run."""
        return not self.kafka

    @property
    def embeds_clickhouse(self) -> bool:
        """Whether the store is ours to run."""
        return not self.clickhouse


def load(**overrides: object) -> Settings:
    """Read the environment once.

    Parameters
    ----------
    overrides : settings given on the command line; they beat the environment.

    Raises
    ------
    BadSetting
        If a value does not validate; the message names the variable.

    Examples
    --------
    >>> load(api_port=9000).api_base_url
    'http://127.0.0.1:9000'
    """
    try:
        settings = Settings(**overrides)  # type: ignore[arg-type]  # pydantic validates
    except ValidationError as e:
        first = e.errors()[0]
        name = "ODDLOT_" + "_".join(str(part) for part in first["loc"]).upper()
        raise errors.BadSetting(
            f"{name}: {first['msg'].lower()}, was {first['input']!r}; set {name} or unset it"
        ) from e
    if settings.clickhouse and urlsplit(settings.clickhouse).scheme not in {"http", "https"}:
        raise errors.BadSetting(
            f"ODDLOT_CLICKHOUSE: expected http[s]://[user:password@]host[:port][/database], "
            f"was {settings.clickhouse.split('@')[-1]!r}"
        )
    _check_webhooks(settings)
    return settings


def _check_webhooks(settings: Settings) -> None:
    if len(settings.webhooks) > MAX_WEBHOOKS:
        raise errors.BadSetting(
            f"ODDLOT_WEBHOOK_URLS: expected at most {MAX_WEBHOOKS}, was {len(settings.webhooks)}"
        )
    for number, url in enumerate(settings.webhooks, 1):
        try:
            place = urlsplit(url)
            is_good = place.scheme in {"http", "https"} and place.hostname and place.port != 0
        except ValueError:
            is_good = False
        if not is_good:
            raise errors.BadSetting(
                f"ODDLOT_WEBHOOK_URLS: expected http[s]://host[:port]/path, number {number} is not"
            )
    if settings.webhooks and len(settings.webhook_secret.get_secret_value()) < MIN_SECRET_LENGTH:
        raise errors.BadSetting(
            f"ODDLOT_WEBHOOK_SECRET: expected {MIN_SECRET_LENGTH} characters or more to sign "
            f"posts with, as ODDLOT_WEBHOOK_URLS is set"
        )
