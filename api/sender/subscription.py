"""One subscriber: what waits for it, and why it is ended."""

import asyncio
from collections import deque
from dataclasses import dataclass
from uuid import UUID

from api.sender.messages import Message
from api.sender.passing import Wanted

TOO_SLOW = 1013
GOING_AWAY = 1001


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How much may wait for one subscriber before it is ended as too slow."""

    messages: int = 10_000
    characters: int = 16 << 20


class Ended(Exception):
    """The subscription is over; `code` and `reason` are for the web socket's close frame."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason


class Subscription:
    """Takes messages from the hub and gives them one by one; for one event loop.

    Messages up to `after` are not for this subscriber: it has them already. Once `joined`, what
    the tail gives is kept here.
    """

    def __init__(self, account_id: UUID, wanted: Wanted, room: Room) -> None:
        self.account_id = account_id
        self.after = 0
        self.joined = False
        self._wanted = wanted
        self._room = room
        self._waiting: deque[Message] = deque()
        self._characters = 0
        self._changed = asyncio.Event()
        self.ended: asyncio.Future[Ended] = asyncio.get_running_loop().create_future()

    def wants(self, message: Message) -> bool:
        """Whether the message is of the account and passes the filters."""
        return message.account_id == self.account_id and self._wanted.passes(message.body)

    def offer(self, message: Message) -> None:
        """Keep the message until it is taken; what there is no room for ends the subscription."""
        if self.ended.done() or message.position <= self.after or not self.wants(message):
            return
        self._characters += len(message.text)
        self._waiting.append(message)
        full = len(self._waiting) > self._room.messages or (
            self._characters > self._room.characters and len(self._waiting) > 1
        )
        if full:
            self.end(Ended(TOO_SLOW, "too slow: come back with the position of the last message"))
        self._changed.set()

    def end(self, why: Ended) -> None:
        """Give nothing more; what waits is forgotten."""
        if not self.ended.done():
            self.ended.set_result(why)
        self._waiting.clear()
        self._characters = 0
        self._changed.set()

    async def next(self) -> Message:
        """The next message behind `after`; raises `Ended`."""
        while True:
            if self.ended.done():
                raise self.ended.result()
            while self._waiting:
                message = self._waiting.popleft()
                self._characters -= len(message.text)
                if message.position > self.after:
                    self.after = message.position
                    return message
            self._changed.clear()
            await self._changed.wait()
