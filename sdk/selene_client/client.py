"""The clients: one that waits for answers, and one to await them."""

import asyncio
import time
from collections.abc import AsyncGenerator, Generator
from typing import Any, Self, TypeVar

import httpx

from selene_client import subscription
from selene_client.calls import Call, Id
from selene_client.errors import Unreachable
from selene_client.sending import Sending
from selene_client.values import Message

T = TypeVar("T")


class Client:
    """Sends calls and waits for their answers; usable as a context."""

    def __init__(
        self,
        url: str,
        *,
        account_id: Id | None = None,
        login: tuple[str, str] | None = None,
        token: str | None = None,
        retries: int = 3,
        timeout_s: float = 30.0,
    ) -> None:
        self.url = url.rstrip("/")
        self._sending = Sending(account_id, login, token, retries)
        self._http = httpx.Client(base_url=self.url, timeout=timeout_s, follow_redirects=True)

    @property
    def position(self) -> int:
        """The log position of the newest answer."""
        return self._sending.position

    def send(self, call: Call[T], *, at_least: int | None = None) -> T:
        """What the call answers, reading at least up to a log position."""
        request = self._sending.request(call, at_least)
        for attempt in range(self._sending.retries + 1):
            answer, lost = None, None
            try:
                answer = self._http.request(**request)
            except httpx.TransportError as error:
                lost = error
            pause_s = self._sending.pause_s(attempt, answer)
            if pause_s is not None:
                time.sleep(pause_s)
                continue
            if answer is None:
                raise Unreachable(str(lost)) from lost
            return self._sending.read(call, answer)
        raise AssertionError("unreachable")

    def subscribe(
        self, *, position: int | None = None, **filters: Any
    ) -> Generator[Message, None, None]:
        """Events as they happen, from a log position on; resumes by itself after a cut.

        Without a position: everything after the newest answer, or from now on if there is none.
        """
        since = position if position is not None else self.position or None
        return subscription.listen(self.url, self._sending.headers(), since, filters)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()


class AsyncClient:
    """Sends calls without blocking; usable as an asynchronous context."""

    def __init__(
        self,
        url: str,
        *,
        account_id: Id | None = None,
        login: tuple[str, str] | None = None,
        token: str | None = None,
        retries: int = 3,
        timeout_s: float = 30.0,
    ) -> None:
        self.url = url.rstrip("/")
        self._sending = Sending(account_id, login, token, retries)
        self._http = httpx.AsyncClient(base_url=self.url, timeout=timeout_s, follow_redirects=True)

    @property
    def position(self) -> int:
        """The log position of the newest answer."""
        return self._sending.position

    async def send(self, call: Call[T], *, at_least: int | None = None) -> T:
        """What the call answers, reading at least up to a log position."""
        request = self._sending.request(call, at_least)
        for attempt in range(self._sending.retries + 1):
            answer, lost = None, None
            try:
                answer = await self._http.request(**request)
            except httpx.TransportError as error:
                lost = error
            pause_s = self._sending.pause_s(attempt, answer)
            if pause_s is not None:
                await asyncio.sleep(pause_s)
                continue
            if answer is None:
                raise Unreachable(str(lost)) from lost
            return self._sending.read(call, answer)
        raise AssertionError("unreachable")

    def subscribe(
        self, *, position: int | None = None, **filters: Any
    ) -> AsyncGenerator[Message, None]:
        """Events as they happen, from a log position on; resumes by itself after a cut.

        Without a position: everything after the newest answer, or from now on if there is none.
        """
        since = position if position is not None else self.position or None
        return subscription.follow(self.url, self._sending.headers(), since, filters)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *failure: object) -> None:
        await self.close()
