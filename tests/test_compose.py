"""docker-compose.yml: the same six roles, settings, modules and ports as the code has."""

from __future__ import annotations

import re
from importlib.machinery import PathFinder
from typing import Any

import pytest
import yaml

from oddlot import settings
from oddlot.settings import ROLES, Settings
from tests.conftest import ROOT

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = ("producers", "streams", "api", "ui")  # run from our image; the others are servers
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def knobs_of(service: str) -> Settings:
    """Load the settings as the container would, what the user may add left empty."""
    environment = SERVICES[service]["environment"]
    given = {
        name.removeprefix("ODDLOT_").lower(): re.sub(r"\$\{\w+:-(.*)\}", r"\1", value)
        for name, value in environment.items()
    }
    return settings.load(**given)


def test_the_services_are_the_roles() -> None:
    assert sorted(SERVICES) == sorted(ROLES)


@pytest.mark.parametrize("service", OURS)
def test_every_variable_is_a_setting(service: str) -> None:
    known = {f"ODDLOT_{name.upper()}" for name in Settings.model_fields}
    assert set(SERVICES[service]["environment"]) <= known


@pytest.mark.parametrize("service", OURS)
def test_broker_and_store_are_those_of_the_other_containers(service: str) -> None:
    knobs = knobs_of(service)
    host, _, port = knobs.kafka.partition(":")
    advertised = SERVICES["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"].split(",")
    assert (host, f"ROOMS://{host}:{port}" in advertised) == ("kafka", True)
    store = SERVICES["clickhouse"]["environment"]
    user, password = store["CLICKHOUSE_USER"], store["CLICKHOUSE_PASSWORD"]
    expected = f"http://{user}:{password}@clickhouse:8123/{store['CLICKHOUSE_DB']}"
    assert knobs.clickhouse == expected


@pytest.mark.parametrize("service", OURS)
def test_every_command_runs_a_module_that_exists(service: str) -> None:
    python, option, module, *rest = SERVICES[service]["command"]
    assert (python, option) == ("python", "-m")
    assert PathFinder.find_spec(module) is not None
    if module == "faust":
        assert PathFinder.find_spec("app", [str(ROOT / "streams")]) is not None
        assert rest[rest.index("-A") + 1] == "streams.app"
    else:
        assert module == service


@pytest.mark.parametrize("service", ["kafka", "clickhouse", "api", "ui"])
def test_ports_are_the_defaults_and_on_loopback_alone(service: str) -> None:
    port = Settings.model_fields[f"{service}_port"].default
    assert SERVICES[service]["ports"] == [f"127.0.0.1:{port}:{port}"]
    assert SERVICES[service]["healthcheck"]["test"][0] == "CMD"


@pytest.mark.parametrize("service", ["api", "ui"])
def test_servers_listen_where_other_containers_and_the_host_reach_them(service: str) -> None:
    assert getattr(knobs_of(service), f"{service}_host") == "0.0.0.0"


def test_browsers_are_sent_to_the_published_api_and_let_in() -> None:
    assert knobs_of("ui").api_base_url == f"http://{SERVICES['api']['ports'][0].rpartition(':')[0]}"
    dashboard = SERVICES["ui"]["ports"][0].rpartition(":")[0]
    assert f"http://{dashboard}" in knobs_of("api").origins


def test_images_are_pinned() -> None:
    images = [service["image"] for service in SERVICES.values()]
    images += re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert all(re.search(r":v?\d+\.\d+", image) for image in images)


def test_what_must_survive_is_in_named_volumes() -> None:
    mounted = {v.partition(":")[0] for s in SERVICES.values() for v in s.get("volumes", ())}
    assert mounted == set(COMPOSE["volumes"])
    assert mounted >= {"kafka", "clickhouse"}


def test_the_image_does_not_run_as_root() -> None:
    assert re.findall(r"^USER (\w+)", DOCKERFILE, re.MULTILINE) == ["oddlot"]
    state = re.findall(r"ODDLOT_STATE_DIR=(\S+)", DOCKERFILE)
    assert state == [SERVICES["streams"]["volumes"][0].partition(":")[2]]
