"""What both clients share: headers, retries, and reading answers."""

import random
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar
from uuid import uuid4

import httpx

from selene_client.calls import Call, Id
from selene_client.errors import error_of

T = TypeVar("T")
_BUSY: Final = 503
_FIRST_PAUSE_S: Final = 0.1
_LONGEST_PAUSE_S: Final = 5.0


@dataclass
class Sending:
    """Who asks, and how patiently; `position` is that of the last answer."""

    account_id: Id | None = None
    login: tuple[str, str] | None = None
    token: str | None = None
    retries: int = 3
    position: int = field(default=0, init=False)

    def headers(self) -> dict[str, str]:
        """The headers that say who asks."""
        named = {} if self.account_id is None else {"Luna-Account-Id": str(self.account_id)}
        if self.token is not None:
            return {**named, "Authorization": f"Bearer {self.token}"}
        if self.login is not None:
            encoded = b64encode(":".join(self.login).encode()).decode()
            return {**named, "Authorization": f"Basic {encoded}"}
        return named

    def request(self, call: Call[Any], at_least: int | None) -> dict[str, Any]:
        """The arguments of httpx for a call; they stay the same when it is repeated."""
        headers = {**self.headers(), **call.headers}
        if at_least is not None:
            headers["Selene-Min-Position"] = str(at_least)
        if call.changes:
            headers.setdefault("Idempotency-Key", str(uuid4()))
        made: dict[str, Any] = {"method": call.method, "url": call.path, "headers": headers}
        for name in ("params", "json", "content", "files"):
            if (value := getattr(call, name)) is not None:
                made[name] = value
        return made

    def pause_s(self, attempt: int, answer: httpx.Response | None) -> float | None:
        """How long to wait before the call is repeated; None where it is not to be."""
        if attempt >= self.retries or (answer is not None and answer.status_code != _BUSY):
            return None
        told = "" if answer is None else answer.headers.get("retry-after", "")
        if told.isdigit():
            return min(float(told), _LONGEST_PAUSE_S)
        return float(min(_FIRST_PAUSE_S * 2**attempt, _LONGEST_PAUSE_S) * random.uniform(0.5, 1))

    def read(self, call: Call[T], answer: httpx.Response) -> T:
        """What the answer holds, or the error that it is."""
        self.position = max(self.position, int(answer.headers.get("selene-position", 0)))
        if answer.is_success:
            return call.read(answer)
        try:
            told = answer.json()
        except ValueError:
            told = None
        raise error_of(answer.status_code, told)
