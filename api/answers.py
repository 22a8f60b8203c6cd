"""Views -> JSON, in one pass; the models only describe them in the OpenAPI document."""

from __future__ import annotations

import msgspec
from starlette.responses import Response

_encoder = msgspec.json.Encoder()


def json_of(view: object, *, status: int = 200) -> Response:
    """Give a view as JSON; NaN and infinity, which JSON has not, become null."""
    return Response(_encoder.encode(view), status_code=status, media_type="application/json")
