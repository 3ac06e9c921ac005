"""One tail of the log for all subscribers of a process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from uuid import UUID

import structlog

from api.sender.filters import SubscriptionFilter
from api.sender.messages import Message, messages_of
from api.sender.refusals import PositionAhead
from api.sender.subscription import GOING_AWAY, Ended, Room, Subscription
from domain.log.sealing import MasterKey
from domain.recognitions import EventRecorded
from projections.database import Reader
from projections.log_reader import LogReader, Span
from projections.tail import Tail, TailThread

log = structlog.stdlib.get_logger("selene.sender")

_SPAN: Final = 500
"""How many positions are read at once."""

_WITHOUT_PAUSE: Final = 200
"""How many messages are offered before others may use the event loop."""

_NEAR: Final = 1000
"""A subscriber so near to the end of the log is joined to the tail before it catches up."""

_AT_ONCE: Final = 2
"""How many subscribers are read for at once; after a restart all of them come back together."""


class Hub:
    """Gives what happens to those who subscribed, from any process and in the log's order.

    The tail starts with the first subscriber. Everything but reading happens on one event loop.
    """

    def __init__(
        self, dsn: str, master: MasterKey, reader: Reader, *, room: Room | None = None
    ) -> None:
        self._dsn = dsn
        self._master = master
        self._reader = reader
        self._room = room or Room()
        self._subscriptions: dict[UUID, set[Subscription]] = {}
        self._position = 0
        self._thread: TailThread | None = None
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
        self, account_id: UUID, wanted: SubscriptionFilter, position: int | None = None
    ) -> AsyncIterator[Subscription]:
        """A subscription from a position on, or from now on; read it with `messages`."""
        await self._start()
        subscription = Subscription(account_id, wanted, self._room)
        if position is None:  # joined first: nothing is lost while the head is asked for
            self._join(subscription)
        try:
            head = await asyncio.to_thread(self._head)
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
                yield message
        while True:
            yield await subscription.next()

    async def close(self) -> None:
        """End all subscriptions and the tail."""
        for subscriptions in list(self._subscriptions.values()):
            for subscription in list(subscriptions):
                subscription.end(Ended(GOING_AWAY, "the service is stopping"))
        async with self._starting:
            if self._thread is not None:
                await asyncio.to_thread(self._thread.stop)
                self._thread = None

    async def _start(self) -> None:
        async with self._starting:
            if self._thread is None:
                self._position = await asyncio.to_thread(self._head)
                tail = Tail(
                    self._dsn, self._master, self._position,
                    of=[EventRecorded], announcements=True, limit=_SPAN,
                )  # fmt: skip
                loop = asyncio.get_running_loop()
                self._thread = TailThread("sender", tail, lambda span: self._take(loop, span))
                self._thread.start()

    def _head(self) -> int:
        return int(self._reader.fetch_value("SELECT position FROM log_head"))

    def _join(self, subscription: Subscription) -> None:
        self._subscriptions.setdefault(subscription.account_id, set()).add(subscription)
        subscription.joined = True

    def _leave(self, subscription: Subscription) -> None:
        subscriptions = self._subscriptions.get(subscription.account_id, set())
        subscriptions.discard(subscription)
        if not subscriptions:
            self._subscriptions.pop(subscription.account_id, None)

    def _take(self, loop: asyncio.AbstractEventLoop, span: Span) -> None:
        """On the tail's thread: wait until the span is given to the subscribers."""
        asyncio.run_coroutine_threadsafe(self._give(span), loop).result()

    async def _give(self, span: Span) -> None:
        """Offer every message to those who subscribed to its account, with pauses for others."""
        if self._subscriptions:
            try:
                await self._offer_all(span)
            except Exception:  # the span must not be given twice
                log.exception("messages were not delivered", position=span.position)
        self._position = span.position

    async def _offer_all(self, span: Span) -> None:
        offered = 0
        for message in messages_of(span):
            # Whoever joins from here on reads this message from the log.
            self._position = message.position
            for subscription in list(self._subscriptions.get(message.account_id, ())):
                subscription.offer(message)
                offered += 1
                if offered % _WITHOUT_PAUSE == 0:
                    await asyncio.sleep(0)

    async def _missed(self, subscription: Subscription) -> AsyncIterator[Message]:
        """The messages up to the place where the subscription joins the tail."""
        upto: int | None = None
        while upto is None or subscription.after < upto:
            if upto is None and self._position - subscription.after <= _NEAR:
                self._join(subscription)  # what comes behind this place is kept from here on
                upto = self._position
                continue
            async with self._reading:
                span = await asyncio.to_thread(self._read, subscription.after, upto)
            for message in messages_of(span):
                if subscription.wants(message):
                    yield message
            subscription.after = span.position

    def _read(self, after: int, upto: int | None) -> Span:
        reader = LogReader(self._master, [EventRecorded])
        with self._reader.connection() as connection:
            span = reader.read(connection, after, _SPAN, upto)
            said = reader.announcements(connection, after, span.position)
            return Span(span.facts, span.position, said)
