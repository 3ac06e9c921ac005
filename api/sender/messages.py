"""What subscribers are told: messages made of facts and announcements, in their order."""

from collections.abc import Iterator
from functools import cached_property
from typing import Any
from uuid import UUID

import orjson

from domain.events import ws_message
from domain.log.facts import Fact
from domain.log.port import Announcement
from domain.recognitions import EventRecorded
from projections.log_reader import Span


class Message:
    """One message for the subscribers of an account, with its place in the log.

    `body` is the contract's WsMessage; subscribers get it with the place as `position`.
    """

    def __init__(self, position: int, account_id: UUID, body: dict[str, Any]) -> None:
        self.position = position
        self.account_id = account_id
        self.body = body

    @cached_property
    def text(self) -> str:
        """The frame that is sent, made once for all subscribers."""
        return orjson.dumps({**self.body, "position": self.position}).decode()


def messages_of(span: Span) -> Iterator[Message]:
    """The messages of a stretch of the log, in order.

    An event that was deleted since, or that nobody is to be told of, makes none.
    """
    said = iter(span.announcements)
    waiting = next(said, None)
    for fact in span.facts:
        while waiting is not None and waiting[0] < fact.position:
            yield _announced(*waiting)
            waiting = next(said, None)
        if (message := _recorded(fact)) is not None:
            yield message
    while waiting is not None:
        yield _announced(*waiting)
        waiting = next(said, None)


def _recorded(fact: Fact) -> Message | None:
    event = fact.event
    if not isinstance(event, EventRecorded):
        return None
    said: Any = event
    if not said.notify or said.generated is None:
        return None
    body = ws_message(
        said.generated, said.handler_id, said.create_time, said.end_time, fact.request_id
    )
    return Message(fact.position, said.account_id, body)


def _announced(position: int, announcement: Announcement) -> Message:
    return Message(position, announcement.account_id, orjson.loads(announcement.message))
