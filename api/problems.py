"""Errors -> RFC 9457 `application/problem+json`: what was expected, what was found, what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Annotated, Any

import msgspec
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import Field
from pydantic.dataclasses import dataclass
from starlette.exceptions import HTTPException
from starlette.responses import Response

from oddlot import errors

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 2  # the embedded store is back within a second of a crash
SHOWN_CHARACTERS = 200  # of what was found
_ERRORS = ("Problem", "HTTPValidationError", "ValidationError")
DOCUMENTED = {422: "Bad input", 503: "The store is away"}


@dataclass(frozen=True)
class Fault:
    """One wrong part of a request."""

    where: Annotated[str, Field(description="Place and name of it.", examples=["query.limit"])]
    expected: Annotated[str, Field(description="What would do.")]
    was: Annotated[str, Field(description="What was found.")]
    fix: Annotated[str, Field(description="What to do about it, where that can be said.")] = ""


@dataclass(frozen=True)
class Problem:
    """An error as RFC 9457 has it."""

    title: Annotated[str, Field(description="The kind of problem.", examples=["Not Found"])]
    status: Annotated[int, Field(description="The HTTP status.", examples=[404])]
    detail: Annotated[
        str,
        Field(
            description="What was expected, what was found, what to do next.",
            examples=["expected a known symbol, was 'BTCUSD'; GET /symbols lists them"],
        ),
    ]
    type: Annotated[str, Field(description="Names no page: the title says it.")] = "about:blank"
    errors: Annotated[Sequence[Fault], Field(description="Each wrong part, where there are.")] = ()


def problem_of(status: int, detail: str, faults: Sequence[Fault] = ()) -> Problem:
    """Describe a problem under the standard name of its status."""
    return Problem(HTTPStatus(status).phrase, status, detail, errors=tuple(faults))


def response_of(problem: Problem, headers: Mapping[str, str] | None = None) -> Response:
    """Give a problem as an HTTP response."""
    return Response(
        msgspec.json.encode(problem),
        status_code=problem.status,
        media_type=MEDIA_TYPE,
        headers=dict(headers or {}),
    )


def install(app: FastAPI) -> None:
    """Answer every error of an app with a problem, and say so in its OpenAPI document."""
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(errors.BadRequest, _bad_request)
    app.add_exception_handler(errors.BadPeerGroup, _bad_peer_group)
    app.add_exception_handler(errors.Unavailable, _unavailable)
    describe = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            _describe_problems(describe())
        return describe()

    app.openapi = openapi  # type: ignore[method-assign]  # how FastAPI documents it


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Declare the problems of a route for its OpenAPI document."""
    return {
        status: {"model": Problem, "description": DOCUMENTED.get(status, HTTPStatus(status).phrase)}
        for status in statuses
    }


async def _invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    faults = [
        Fault(
            where=".".join(str(part) for part in found["loc"]),
            expected=str(found["msg"]).lower().removeprefix("input should be "),
            was=str(found.get("input"))[:SHOWN_CHARACTERS],
        )
        for found in error.errors()
    ]
    detail = "; ".join(f"{f.where}: expected {f.expected}, was {f.was!r}" for f in faults)
    return response_of(problem_of(422, detail, faults))


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    detail = error.detail
    if detail == HTTPStatus(error.status_code).phrase:  # said by the router, not by us
        detail = f"{request.method} {request.url.path[:SHOWN_CHARACTERS]}: {detail}; see /docs"
    return response_of(problem_of(error.status_code, detail), error.headers)


async def _bad_request(_request: Request, error: Exception) -> Response:
    return response_of(problem_of(422, str(error)))


async def _bad_peer_group(_request: Request, error: Exception) -> Response:
    match error:
        case errors.UnknownPeerGroup():
            status, hint = 404, "; GET /peer-groups lists them"
        case errors.EditConflict():
            status, hint = 412, ""
        case _:
            status, hint = 422, ""
    fields = error.fields if isinstance(error, errors.BadPeerGroup) else ()
    return response_of(problem_of(status, f"{error}{hint}", [_fault_of(each) for each in fields]))


def _fault_of(field: errors.WrongField) -> Fault:
    expected, _, was = field.what.partition(", was ")
    return Fault(field.where, expected.removeprefix("expected "), was, field.fix)


async def _unavailable(_request: Request, error: Exception) -> Response:
    return response_of(problem_of(503, str(error)), {"Retry-After": str(RETRY_AFTER_S)})


def _describe_problems(schema: dict[str, Any]) -> None:
    """Put problems where the framework has documented errors of its own."""
    for operations in schema["paths"].values():
        for operation in operations.values():
            for status, response in operation["responses"].items():
                content = response.get("content", {})
                if status >= "4" and _kind_of(content.get("application/json", {})) in _ERRORS:
                    del content["application/json"]
                    content[MEDIA_TYPE] = {"schema": {"$ref": "#/components/schemas/Problem"}}
                    response["description"] = DOCUMENTED.get(int(status), response["description"])
    for name in _ERRORS[1:]:
        schema["components"]["schemas"].pop(name, None)


def _kind_of(content: dict[str, Any]) -> str:
    return str(content.get("schema", {}).get("$ref", "")).rpartition("/")[2]
