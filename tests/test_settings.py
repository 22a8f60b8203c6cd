"""Settings: what is refused, and what another process reads of them."""

from __future__ import annotations

import pytest

from oddlot import settings
from oddlot.errors import BadSetting


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in settings.Settings.model_fields:
        monkeypatch.delenv(f"ODDLOT_{name.upper()}", raising=False)


def test_a_server_listens_on_this_machine_alone_unless_told_otherwise() -> None:
    knobs = settings.load()
    assert (knobs.api_host, knobs.ui_host) == ("127.0.0.1", "127.0.0.1")


def test_an_address_that_the_supervisor_could_not_ask_is_refused() -> None:
    with pytest.raises(BadSetting, match=r"ODDLOT_API_HOST: .*'10\.0\.0\.1'"):
        settings.load(api_host="10.0.0.1")


def test_a_value_out_of_range_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ODDLOT_API_PORT", "70000")
    with pytest.raises(BadSetting, match=r"ODDLOT_API_PORT: .*'70000'"):
        settings.load()


def test_a_store_without_a_scheme_is_refused_without_telling_the_password() -> None:
    with pytest.raises(BadSetting, match="ODDLOT_CLICKHOUSE") as refused:
        settings.load(clickhouse="user:secret@host:8123")
    assert "secret" not in str(refused.value)


def test_another_process_reads_the_same_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    knobs = settings.load(api_port=9000, kafka_password="secret", simulated=True)
    for name, value in knobs.environment().items():
        monkeypatch.setenv(name, value)
    assert settings.load() == knobs


def test_origins_are_the_dashboards_and_the_added_ones() -> None:
    knobs = settings.load(ui_port=9001, allowed_origins=" https://a.example/ ,, https://b.example")
    assert knobs.origins == (
        "http://127.0.0.1:9001",
        "http://localhost:9001",
        "https://a.example",
        "https://b.example",
    )


def test_webhooks_are_listed_once_each_and_need_a_secret_to_sign_with() -> None:
    knobs = settings.load(
        webhook_urls="https://a/x, ,https://a/x,http://b", webhook_secret="s" * 16
    )
    assert knobs.webhooks == ("https://a/x", "http://b")
    with pytest.raises(BadSetting, match=r"ODDLOT_WEBHOOK_SECRET: expected 16 characters"):
        settings.load(webhook_urls="https://a/x", webhook_secret="s" * 15)


@pytest.mark.parametrize(
    "url", ["ftp://u:s3cret@a/x", "u:s3cret@a", "http://u:s3cret@a:x/", "http://"]
)
def test_a_webhook_that_is_no_url_is_refused_without_telling_its_credentials(url: str) -> None:
    with pytest.raises(BadSetting, match=r"ODDLOT_WEBHOOK_URLS: .* number 2 is not") as refused:
        settings.load(webhook_urls=f"https://a,{url}", webhook_secret="s" * 16)
    assert "s3cret" not in str(refused.value)


def test_webhooks_are_bounded() -> None:
    many = ",".join(f"https://a/{n}" for n in range(11))
    with pytest.raises(BadSetting, match="expected at most 10, was 11"):
        settings.load(webhook_urls=many, webhook_secret="s" * 16)
