"""JSON or MessagePack: what a body is read as, and what an answer is written as."""

from collections.abc import Callable, Coroutine
from email.message import Message as MimeHeaders
from functools import lru_cache
from typing import Any, Final

import msgpack
import orjson
from fastapi import params
from fastapi.routing import APIRoute, APIRouter, iter_route_contexts
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from api.http.asgi import first_header
from api.http.body import decoded_json, decoded_msgpack
from api.http.refusals import BadContentType, PayloadTooLarge

JSON: Final = "application/json"
MSGPACK: Final = "application/msgpack"
_MSGPACK_NAMES: Final = (MSGPACK, "application/x-msgpack")
_FORMS: Final = ("multipart/form-data", "application/x-www-form-urlencoded")
LARGEST_DOCUMENT: Final = 32 << 20
"""Bytes of a JSON or MessagePack body; images have the larger limit of the whole request."""

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


@lru_cache(maxsize=256)
def media_type(content_type: str) -> str:
    """The lower-case type/subtype of a Content-Type; "" if its charset is not UTF-8."""
    headers = MimeHeaders()
    headers["content-type"] = content_type
    charset = headers.get_param("charset", "utf-8")
    if str(charset).lower() not in ("utf-8", "utf8", "us-ascii"):
        return ""
    return content_type.partition(";")[0].strip().lower()


@lru_cache(maxsize=256)
def preferred(accept: str, offered: tuple[str, ...]) -> str | None:
    """The offered media type that an Accept header likes best, or None if it likes none.

    How much a type is liked says the most exact pattern that fits it. Of equally liked ones the
    more exactly named wins, then the one named first, then the one offered first.
    """
    wishes = [_wish(text) for text in accept.split(",")] if accept.strip() else [("*/*", 1.0)]
    best, choice = (0.0, 0, 0), None
    for offer in offered:
        fits = [
            (2 - pattern.count("*"), -position, quality)
            for position, (pattern, quality) in enumerate(wishes)
            if _matches(pattern, offer)
        ]
        exactness, position, quality = max(fits, default=(0, 0, 0.0))
        if quality > 0 and (choice is None or (quality, exactness, position) > best):
            best, choice = (quality, exactness, position), offer
    return choice


def _wish(text: str) -> tuple[str, float]:
    """The pattern of one part of Accept, and its quality; unreadable ones are not wanted."""
    pattern, *parameters = (part.strip().lower() for part in text.split(";"))
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            return pattern, _quality(value)
    return pattern, 1.0


def _quality(value: str) -> float:
    try:
        return max(0.0, min(1.0, float(value)))
    except ValueError:
        return 0.0


def _matches(pattern: str, offer: str) -> bool:
    if pattern == "*/*":
        return True
    kind, _, subtype = pattern.partition("/")
    return pattern == offer or (subtype == "*" and offer.startswith(f"{kind}/"))


class _DecodedRequest(Request):
    """A request whose body is already a Python value; FastAPI sees it as JSON."""

    def __init__(self, request: Request, raw: bytes, value: Any) -> None:
        headers = [pair for pair in request.scope["headers"] if pair[0] != b"content-type"]
        headers.append((b"content-type", JSON.encode()))
        super().__init__({**request.scope, "headers": headers}, request.receive)
        self._raw = raw
        self._value = value

    async def body(self) -> bytes:
        """The bytes as they came."""
        return self._raw

    async def json(self) -> Any:
        """The value they hold."""
        return self._value


async def document_of(request: Request) -> tuple[bytes, Any] | None:
    """The bytes of a JSON or MessagePack body and their value; None without a body."""
    declared = first_header(request.scope, b"content-length") or ""
    if declared.isdigit() and int(declared[:20]) > LARGEST_DOCUMENT:
        raise PayloadTooLarge
    raw = await request.body()
    if not raw:
        return None
    if len(raw) > LARGEST_DOCUMENT:
        raise PayloadTooLarge
    kind = media_type(first_header(request.scope, b"content-type") or "")
    if kind == JSON:
        return raw, decoded_json(raw)
    if kind in _MSGPACK_NAMES:
        return raw, decoded_msgpack(raw)
    raise BadContentType


async def decoded(request: Request) -> Request:
    """The request with its JSON or MessagePack body decoded, within the limits."""
    document = await document_of(request)
    return request if document is None else _DecodedRequest(request, *document)


def in_wanted_format(scope: Scope, response: Response) -> Response:
    """The same answer, as MessagePack if the client prefers it to JSON; a stream stays JSON."""
    accept = first_header(scope, b"accept") or ""
    if "msgpack" not in accept or response.media_type != JSON or not getattr(response, "body", b""):
        return response
    wanted = preferred(accept, (JSON, *_MSGPACK_NAMES))
    if wanted is None or wanted == JSON:
        return response
    packed = msgpack.packb(orjson.loads(response.body))
    answer = Response(packed, response.status_code, media_type=wanted)
    own = {name for name, _ in answer.raw_headers}
    answer.raw_headers.extend(pair for pair in response.raw_headers if pair[0] not in own)
    answer.background = response.background
    return answer


class NegotiatedRoute(APIRoute):
    """A route that reads JSON or MessagePack by Content-Type and writes either by Accept."""

    def get_route_handler(self) -> Handler:
        """FastAPI's handler between our decoding and our encoding."""
        handler = super().get_route_handler()
        form = self.body_field is not None and isinstance(self.body_field.field_info, params.Form)
        document = self.body_field is not None and not form

        async def negotiated(request: Request) -> Response:
            if document:
                request = await decoded(request)
            elif form and media_type(request.headers.get("content-type", "")) not in _FORMS:
                raise BadContentType
            return in_wanted_format(request.scope, await handler(request))

        return negotiated


def negotiating(router: APIRouter) -> APIRouter:
    """The router, its plain routes turned into negotiating ones."""
    for context in iter_route_contexts(router.routes):
        route = context.original_route
        if type(route) is APIRoute:
            # FastAPI asks a route for its handler when the router is included, not before, and
            # has no way to pass a route class down to routers that were made without one.
            route.__class__ = NegotiatedRoute
    return router
