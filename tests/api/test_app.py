"""The app: its documentation is true and needs no network."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from api.formats import KINDS as KINDS_OF_FILES
from tests.api.messages import alert, bar, pair_test, spread
from tests.api.places import app_on
from tests.fakes import MemoryReader

KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}
FILES = {kind.media_type for kind in KINDS_OF_FILES.values()} - {"application/json"}
MEDIA_TYPES = {"2": "application/json", "4": "application/problem+json"}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """Give what the API says of itself; making it takes a second."""
    return app_on(MemoryReader()).openapi()


async def test_the_root_leads_to_the_docs(http: httpx.AsyncClient) -> None:
    answer = await http.get("/")
    assert (answer.status_code, answer.headers["location"]) == (307, "/docs")


async def test_the_docs_load_nothing_from_elsewhere(http: httpx.AsyncClient) -> None:
    page = (await http.get("/docs")).text
    assets = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert assets
    for asset in assets:
        assert asset.startswith("/")
        assert (await http.get(asset)).status_code == 200
    assert '"validatorUrl": null' in page


def test_every_reference_in_the_openapi_document_resolves(document: dict[str, Any]) -> None:
    references = set(re.findall(r"'\$ref': '#/components/schemas/(\w+)'", str(document)))
    assert references
    assert references <= set(document["components"]["schemas"])
    assert document["openapi"].startswith("3.1")


def test_every_path_says_what_it_is_what_it_takes_and_what_it_answers(
    document: dict[str, Any],
) -> None:
    assert set(document["paths"]) == {
        "/bars/{symbol}",
        "/spreads/{pair}",
        "/symbols",
        "/spreads/{pair}/stats",
        "/pairs",
        "/pairs/scan",
        "/pairs/{pair}",
        "/alerts",
        "/uploads",
        "/uploads/{upload}",
        "/uploads/{upload}/bars/{symbol}",
        "/uploads/{upload}/spreads/{pair}",
        "/uploads/{upload}/spreads/{pair}/stats",
        "/divergence",
        "/divergence/{group}",
        "/divergence/{group}/history",
        "/divergence/scans",
        "/divergence/scans/{scan}",
        "/peer-groups",
        "/peer-groups/{group}",
        "/closes/{symbol}",
        "/budgets",
        "/buzz",
        "/buzz/{symbol}",
        "/posts",
        "/headlines",
        "/healthz",
        "/readyz",
    }
    described = (
        operation for operations in document["paths"].values() for operation in operations.values()
    )
    for operation in described:
        assert operation["summary"]
        assert operation["description"]
        assert all(parameter["description"] for parameter in operation.get("parameters", []))
        answers = {s: answer for s, answer in operation["responses"].items() if s != "204"}
        for status, response in answers.items():
            schemas = {kind: said["schema"] for kind, said in response["content"].items()}
            (media_type,) = (kind for kind, schema in schemas.items() if "$ref" in schema)
            assert media_type == MEDIA_TYPES.get(status[0], media_type)
            assert set(schemas) - {media_type} in (set(), FILES)


def test_a_refused_request_is_documented_as_a_problem(document: dict[str, Any]) -> None:
    responses = document["paths"]["/bars/{symbol}"]["get"]["responses"]
    for status in ("404", "422", "500", "503"):
        content = responses[status]["content"]
        assert list(content) == ["application/problem+json"]
    assert "HTTPValidationError" not in document["components"]["schemas"]


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/bars/BTCUSDT?interval=1s", "/bars/{symbol}"),
        ("/spreads/BTCUSDT~ETHUSDT", "/spreads/{pair}"),
        ("/symbols", "/symbols"),
        ("/pairs", "/pairs"),
        ("/pairs/BTCUSDT~ETHUSDT", "/pairs/{pair}"),
        ("/alerts", "/alerts"),
        ("/spreads/BTCUSDT~ETHUSDT/stats", "/spreads/{pair}/stats"),
        ("/spreads/A~B/stats", "/spreads/{pair}/stats"),
        ("/healthz", "/healthz"),
        ("/readyz", "/readyz"),
        ("/bars/NOPE", "/bars/{symbol}"),
        ("/bars/BTCUSDT?limit=0", "/bars/{symbol}"),
    ],
)
async def test_an_answer_has_the_fields_that_are_documented(
    http: httpx.AsyncClient,
    reader: MemoryReader,
    document: dict[str, Any],
    path: str,
    route: str,
) -> None:
    reader.rows = [bar(0), spread(0), pair_test(), alert()]
    answer = await http.get(path)
    documented = document["paths"][route]["get"]["responses"][str(answer.status_code)]
    content = documented["content"][answer.headers["content-type"]]
    assert_shape(answer.json(), content["schema"], document["components"]["schemas"])


def assert_shape(value: Any, schema: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Check that objects have the documented fields, no more and no fewer, all the way down."""
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    if "anyOf" in schema:
        schema = next(s for s in schema["anyOf"] if (s.get("type") == "null") == (value is None))
        return assert_shape(value, schema, schemas)
    if schema.get("type") == "object" and "properties" in schema:
        assert set(value) == set(schema["properties"])
        for name, inner in schema["properties"].items():
            assert_shape(value[name], inner, schemas)
    elif schema.get("type") == "object":
        for inner in value.values():
            assert_shape(inner, schema["additionalProperties"], schemas)
    elif schema.get("type") == "array":
        for inner in value:
            assert_shape(inner, schema["items"], schemas)
    else:
        assert isinstance(value, KINDS[schema["type"]])
    return None
