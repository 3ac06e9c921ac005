"""Subscribers of tests: real web sockets that remember what they were told."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import httpx
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from commands.events import NewEvent, RecordEvents
from tests.support.events import recorded, rich_event
from tests.support.running_api import RunningApi, headers_of
from tests.support.waiting import PATIENCE_S


class Listener:
    """One open subscription."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.heard: list[dict[str, Any]] = []

    def next(self, timeout_s: float = PATIENCE_S) -> dict[str, Any]:
        """The next message; a TimeoutError when none comes."""
        message = json.loads(self.socket.recv(timeout=timeout_s))
        self.heard.append(message)
        return dict(message)

    def source(self) -> str:
        """The source of the next message's event: what tests tell events apart by."""
        return str(self.next()["event"]["source"])

    def sources(self, count: int) -> list[str]:
        """The sources of the next messages' events."""
        return [self.source() for _ in range(count)]

    def silent(self, timeout_s: float = 0.3) -> bool:
        """Whether nothing comes for a while."""
        try:
            self.next(timeout_s)
        except TimeoutError:
            return True
        return False

    def closing(self) -> tuple[int, str]:
        """The code and the reason of the close frame, once all that was sent is read."""
        while True:
            try:
                self.next()
            except ConnectionClosed as closed:
                frame = closed.rcvd
                return (frame.code, frame.reason) if frame is not None else (1006, "")


@contextmanager
def listening(
    running: RunningApi,
    account_id: UUID | None,
    path: str = "/6/ws",
    headers: dict[str, str] | None = None,
    **parameters: Any,
) -> Iterator[Listener]:
    """An account's subscription with these query parameters, until the end of the block."""
    url = httpx.URL(running.url.replace("http", "ws") + path, params=parameters)
    own = headers_of(account_id) if account_id is not None else {}
    both = {**own, **(headers or {})}
    options: dict[str, Any] = {"max_size": None, "close_timeout": 0.1, "compression": None}
    options |= {"open_timeout": PATIENCE_S, "ping_interval": None}
    with connect(str(url), additional_headers=both, **options) as socket:
        yield Listener(socket)


def record(
    running: RunningApi,
    account_id: UUID,
    *sources: str,
    store: bool = True,
    notify: bool = True,
    **parts: Any,
) -> list[UUID]:
    """Record events as a handler does, one for each source; their ids."""
    events = []
    for source in sources:
        fact: Any = recorded(account_id, rich_event(source=source, **parts))
        events.append(
            NewEvent(
                event_id=fact.originator_id,
                handler_id=None,
                generated=fact.generated,
                create_time=fact.create_time,
                end_time=fact.end_time,
                store=store,
                notify=notify,
            )
        )
    command = RecordEvents(account_id=account_id, events=tuple(events), request_id="r")
    return asyncio.run(running.services.writer.send(command))
