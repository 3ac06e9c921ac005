"""Answers made by hand, for routes whose values need no validation on the way out."""

from collections.abc import Mapping
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response

from api.http.negotiation import JSON

_JSON: Final = JSON.encode()
_UNTOUCHED: Final = {"X-Content-Type-Options": "nosniff"}


def json_answer(
    value: Any, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """A JSON answer of plain values, UUIDs and texts."""
    return Response(orjson.dumps(value), status, headers, media_type=JSON)


def outside(request: Request, url: str) -> str:
    """The whole address of a path, under the name by which the client reached the service."""
    return f"{str(request.base_url).rstrip('/')}{url}"


def created(url: str, reached: Request | None = None, **ids: Any) -> Response:
    """The answer of a creation: the ids, and where the new resource is.

    With the request there is the whole address too, which the newer contract shows for some.
    """
    if reached is not None:
        ids["external_url"] = outside(reached, url)
    return _Created(orjson.dumps({**ids, "url": url}), url)


class _Created(Response):
    """JSON at a `Location`, its headers written without Starlette's search through them."""

    media_type = JSON

    def __init__(self, body: bytes, url: str) -> None:
        self.status_code = 201
        self.background = None
        self.body = body
        self.raw_headers = [
            (b"location", url.encode("latin-1")),
            (b"content-length", b"%d" % len(body)),
            (b"content-type", _JSON),
        ]


def file_answer(data: bytes, content_type: str) -> Response:
    """Bytes that somebody stored, under their own type whatever the client prefers."""
    return Response(data, headers={"Content-Type": content_type, **_UNTOUCHED})


def file_head(size: int, content_type: str) -> Response:
    """What HEAD says about such bytes."""
    described = {"Content-Type": content_type, "Content-Length": str(size)}
    return Response(headers={**described, **_UNTOUCHED})
