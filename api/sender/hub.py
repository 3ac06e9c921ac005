"""One tail of the log for all subscribers of a process."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from uuid import UUID

import structlog

from api.sender.feed import Feed, LogStretches, Stretch
from api.sender.messages import Message
from api.sender.passing import Wanted
from api.sender.refusals import PositionAhead
from api.sender.subscription import GOING_AWAY, Ended, Room, Subscription

log = structlog.stdlib.get_logger("selene.sender")

_WITHOUT_PAUSE: Final = 200
"""How many messages are offered before others may use the event loop."""

_NEAR: Final = 1000
"""A subscriber so near to the end of the log is joined to the feed before it catches up."""

_LOOKING_S: Final = 0.01

_AT_ONCE: Final = 2
"""How many subscribers are read for at once; after a restart all of them come back together."""


class Hub:
    """Gives what happens to those who subscribed, from any process and in the log's order.

    The feed starts with the first subscriber. Everything but reading happens on one event loop.
    """

    def __init__(self, feed: Feed, stretches: LogStretches, room: Room | None = None) -> None:
        self._feed = feed
        self._stretches = stretches
        self._room = room or Room()
        self._open: set[Subscription] = set()
        self._leaving = False
        self._subscriptions: dict[UUID, set[Subscription]] = {}
        self._position = 0
        self._started = False
        self._starting = asyncio.Lock()
        self._reading = asyncio.Semaphore(_AT_ONCE)

    @property
    def subscribers(self) -> int:
        """How many subscribe at the moment."""
        return sum(map(len, self._subscriptions.values()))

    @property
    def accounts(self) -> frozenset[UUID]:
        """Whose messages somebody waits for."""
        return frozenset(self._subscriptions)

    @asynccontextmanager
    async def subscribed(
        self, account_id: UUID, wanted: Wanted, position: int | None = None
    ) -> AsyncIterator[Subscription]:
        """A subscription from a position on, or from now on; read it with `messages`."""
        await self._start()
        subscription = Subscription(account_id, wanted, self._room)
        self._open.add(subscription)
        if self._leaving:
            subscription.end(_goodbye())
        if position is None:  # joined first: nothing is lost while the head is asked for
            self._join(subscription)
        try:
            head = await asyncio.to_thread(self._stretches.head)
            if position is not None and position > head:
                raise PositionAhead(position, head)
            subscription.after = head if position is None else position
            yield subscription
        finally:
            self._leave(subscription)

    async def messages(self, subscription: Subscription) -> AsyncIterator[Message]:
        """What the subscriber missed, from the log, then what happens; raises `Ended`."""
        if not subscription.joined:
            async for message in self._missed(subscription):
                if subscription.ended.done():
                    raise subscription.ended.result()
                yield message
        while True:
            yield await subscription.next()

    async def leave(self, patience_s: float = 0.0) -> None:
        """End all subscriptions, also those to come, and wait so long until they are left."""
        self._leaving = True
        for subscription in self._open:
            subscription.end(_goodbye())
        deadline = time.monotonic() + patience_s
        while self._open and time.monotonic() < deadline:
            await asyncio.sleep(_LOOKING_S)

    async def close(self) -> None:
        """End all subscriptions and the feed."""
        await self.leave()
        async with self._starting:
            if self._started:
                await asyncio.to_thread(self._feed.stop)
                self._started = False

    async def _start(self) -> None:
        async with self._starting:
            if not self._started:
                self._position = await asyncio.to_thread(self._stretches.head)
                loop = asyncio.get_running_loop()
                self._feed.start(self._position, lambda stretch: self._take(loop, stretch))
                self._started = True

    def _join(self, subscription: Subscription) -> None:
        self._subscriptions.setdefault(subscription.account_id, set()).add(subscription)
        subscription.joined = True

    def _leave(self, subscription: Subscription) -> None:
        self._open.discard(subscription)
        subscriptions = self._subscriptions.get(subscription.account_id, set())
        subscriptions.discard(subscription)
        if not subscriptions:
            self._subscriptions.pop(subscription.account_id, None)

    def _take(self, loop: asyncio.AbstractEventLoop, stretch: Stretch) -> None:
        """On the feed's thread: wait until the stretch is given to the subscribers."""
        asyncio.run_coroutine_threadsafe(self._give(stretch), loop).result()

    async def _give(self, stretch: Stretch) -> None:
        """Offer every message to those who subscribed to its account, with pauses for others."""
        if self._subscriptions:
            try:
                await self._offer_all(stretch)
            except Exception:  # the stretch must not be given twice
                log.exception("messages were not delivered", position=stretch.position)
        self._position = stretch.position

    async def _offer_all(self, stretch: Stretch) -> None:
        offered = 0
        for message in stretch.messages:
            # Whoever joins from here on reads this message from the log.
            self._position = message.position
            for subscription in list(self._subscriptions.get(message.account_id, ())):
                subscription.offer(message)
                offered += 1
                if offered % _WITHOUT_PAUSE == 0:
                    await asyncio.sleep(0)

    async def _missed(self, subscription: Subscription) -> AsyncIterator[Message]:
        """The messages up to the place where the subscription joins the feed."""
        upto: int | None = None
        while upto is None or subscription.after < upto:
            if upto is None and self._position - subscription.after <= _NEAR:
                self._join(subscription)  # what comes behind this place is kept from here on
                upto = self._position
                continue
            async with self._reading:
                stretch = await asyncio.to_thread(self._stretches.read, subscription.after, upto)
            for message in stretch.messages:
                if subscription.wants(message):
                    yield message
            subscription.after = stretch.position


def _goodbye() -> Ended:
    return Ended(GOING_AWAY, "the service is stopping")
