"""Luna-Request-Id: one identifier that a request, its answer and its log lines share."""

import re
import time
from collections.abc import Mapping
from contextvars import ContextVar

from structlog.typing import EventDict, WrappedLogger

from domain.shared.ids import new_id_text

REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="-")
"""The id of the request this task works for; "-" outside of requests."""

_UUID = "[a-f0-9]{8}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{12}"
_WELL_FORMED = re.compile(rf"[0-9]{{10}},{_UUID}")


def new_request_id() -> str:
    """Unix time in seconds, a comma and a random UUID."""
    return f"{int(time.time()):010},{new_id_text()}"


def is_request_id(text: str | None) -> bool:
    """Whether a client's id has the form that is echoed."""
    return text is not None and _WELL_FORMED.fullmatch(text) is not None


def current_request_id() -> str:
    """The id of the request this task works for."""
    return REQUEST_ID.get()


def add_request_id(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """The structlog processor that puts the id of the current request on every line."""
    event.setdefault("request_id", REQUEST_ID.get())
    return event


def request_id_of(headers: Mapping[bytes, bytes]) -> str:
    """The client's id when it is well formed, else a new one."""
    given = headers.get(b"luna-request-id")
    if given is not None and is_request_id(text := given.decode("latin-1")):
        return text
    return new_request_id()
