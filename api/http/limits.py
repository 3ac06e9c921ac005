"""How much of a request is read: URL, headers and body, checked before work is done."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from urllib.parse import parse_qsl

from starlette.types import Message, Receive, Scope

from api.http.refusals import (
    BadHeader,
    BadQuery,
    HeadersTooLarge,
    PageNotFound,
    PayloadTooLarge,
    UrlTooLong,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLimits:
    """The largest request that is read, in bytes."""

    body: int = 64 << 20
    url: int = 32 << 10
    headers: int = 32 << 10


def check_size(scope: Scope, headers: Mapping[bytes, bytes], limits: RequestLimits) -> None:
    """Refuse what is too long at once; `headers` are the last values of those of the request."""
    query: bytes = scope["query_string"]
    url = len(scope.get("raw_path") or scope["path"]) + len(query)
    if url > limits.url:
        raise UrlTooLong(url, limits.url)
    if "\0" in scope["path"]:
        raise PageNotFound
    if b"%00" in query:  # no database stores it, whoever reads the parameter
        pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
        raise BadQuery(", ".join(name for name, value in pairs if "\0" in name + value))
    size = sum(map(len, chain.from_iterable(scope["headers"])))
    if size > limits.headers:
        raise HeadersTooLarge(size, limits.headers)
    declared = headers.get(b"content-length")
    if declared is None:
        return
    if not declared.isdigit():
        raise BadHeader("Content-Length")
    if int(declared[:20]) > limits.body:
        raise PayloadTooLarge


def bounded(
    scope: Scope, headers: Mapping[bytes, bytes], receive: Receive, limits: RequestLimits
) -> Receive:
    """The same `receive`; an endless body is refused while it arrives.

    A body whose length was declared cannot be longer: the server reads no more of it.
    """
    if scope["type"] == "websocket" or scope["method"] in ("GET", "HEAD", "OPTIONS"):
        return receive
    if b"content-length" in headers and b"transfer-encoding" not in headers:
        return receive
    left = limits.body

    async def limited() -> Message:
        nonlocal left
        message = await receive()
        if message["type"] == "http.request":
            left -= len(message.get("body", b""))
            if left < 0:
                raise PayloadTooLarge
        return message

    return limited
