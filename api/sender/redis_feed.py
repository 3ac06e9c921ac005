"""Live messages through Redis: who commits tells all processes, and none of them reads the log.

Redis forgets, and tells of two processes in any order. The positions say what is missing; that
is read from the log, as everything is while Redis is away.
"""

import queue
import threading
import time
from typing import Any, Final
from uuid import UUID

import msgpack
import orjson
import structlog
from redis import Redis
from redis.exceptions import RedisError

from api.sender.feed import LogStretches, Stretch, Take
from api.sender.messages import Message, messages_of
from domain.log.port import Committed
from projections.log_reader import Span

log = structlog.stdlib.get_logger("selene.sender")

CHANNEL: Final = "selene:log"
PATIENCE: Final[dict[str, Any]] = {"socket_timeout": 2.0, "socket_connect_timeout": 2.0}
"""How long Redis may take to answer before it counts as away."""

_MOST_WAITING: Final = 1000
_PATIENCE_S: Final = 0.05
"""How long a stretch that is missing is waited for before the log is read."""

_SILENCE_S: Final = 1.0
"""After so long without a word the log is asked whether there is something."""

_AWAY_S: Final = 0.2
"""How often the log is asked while Redis is away."""


def packed(stretch: Stretch) -> bytes:
    """A stretch as it travels."""
    said = [[m.position, m.account_id.bytes, orjson.dumps(m.body)] for m in stretch.messages]
    return bytes(msgpack.packb([stretch.after, stretch.position, said]))


def unpacked(data: bytes) -> Stretch:
    """The stretch that was packed."""
    after, position, said = msgpack.unpackb(data)
    messages = [Message(p, UUID(bytes=a), orjson.loads(body)) for p, a, body in said]
    return Stretch(after, position, messages)


class RedisPublisher:
    """An observer of the writer: publishes what was committed, in the order of commits.

    What Redis does not take, or not quickly enough, is dropped: the others read it in the log.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._waiting: queue.Queue[Stretch | None] = queue.Queue(_MOST_WAITING)
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def committed(self, committed: Committed) -> None:
        """Note what was committed; takes no time."""
        first = committed.position - len(committed.batch.announcements) + 1
        said = list(enumerate(committed.batch.announcements, first))
        count = len(committed.facts) + len(said)
        if not count:
            return
        with self._starting:
            if self._thread is None:
                thread = threading.Thread(target=self._run, name="redis-publisher", daemon=True)
                self._thread = thread
                thread.start()
        span = Span(committed.facts, committed.position, said)
        messages = list(messages_of(span))
        stretch = Stretch(committed.position - count, committed.position, messages)
        try:
            self._waiting.put_nowait(stretch)
        except queue.Full:
            log.debug("a stretch was not published", position=stretch.position)

    def stop(self) -> None:
        """Publish what waits, then end."""
        if self._thread is not None:
            self._waiting.put(None)
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        while (stretch := self._waiting.get()) is not None:
            try:
                self._redis.publish(CHANNEL, packed(stretch))
            except RedisError as away:
                log.debug("Redis took no stretch", position=stretch.position, why=str(away))


class RedisFeed:
    """Follows what is published in Redis, and the log where that has gaps."""

    def __init__(self, redis: Redis, stretches: LogStretches) -> None:
        self._redis = redis
        self._stretches = stretches
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, after: int, take: Take) -> None:
        """Begin behind this position."""
        self._stopping.clear()
        order = _Order(self._stretches, after, take)
        self._thread = threading.Thread(target=self._run, args=(order,), name="sender", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish the stretch at hand and end."""
        if self._thread is not None:
            self._stopping.set()
            self._thread.join()
            self._thread = None

    def _run(self, order: "_Order") -> None:
        away = False
        while not self._stopping.is_set():
            try:
                if not away:
                    self._follow(order)
                order.read()
                away = away and not self._answers()
            except RedisError as why:
                log.warning("Redis is away, messages come from the log", why=str(why))
                away = True
            except Exception:  # the log or a subscriber; the same place is read again
                log.exception("messages cannot be followed, trying again")
                self._stopping.wait(_SILENCE_S)
            if away:
                self._stopping.wait(_AWAY_S)

    def _answers(self) -> bool:
        try:
            return bool(self._redis.ping())
        except RedisError:
            return False

    def _follow(self, order: "_Order") -> None:
        heard_only: Any = self._redis.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
        with heard_only as subscription:
            subscription.subscribe(CHANNEL)
            heard = -_SILENCE_S  # what was published before is read at once
            while not self._stopping.is_set():
                message: Any = subscription.get_message(timeout=_PATIENCE_S)
                now = time.monotonic()
                if message is not None:
                    order.hear(unpacked(message["data"]), now)
                    heard = now
                if order.overdue(now) or now - heard >= _SILENCE_S:
                    order.read()
                    heard = now


class _Order:
    """Puts stretches in order: those that were published, and those read to fill gaps."""

    def __init__(self, stretches: LogStretches, after: int, take: Take) -> None:
        self._stretches = stretches
        self._take = take
        self._position = after
        self._early: dict[int, Stretch] = {}
        self._gap_since = 0.0

    def hear(self, stretch: Stretch, now: float) -> None:
        """Take a stretch that was published, in its turn."""
        if stretch.position > self._position:
            if not self._early:
                self._gap_since = now
            self._early[stretch.after] = stretch
            self._give_early()

    def overdue(self, now: float) -> bool:
        """Whether something has been missing for longer than publications take."""
        late = now - self._gap_since >= _PATIENCE_S or len(self._early) > _MOST_WAITING
        return bool(self._early) and late

    def read(self) -> None:
        """Take what the log has, up to its end."""
        while (stretch := self._stretches.read(self._position)).position > self._position:
            self._give(stretch)
        self._give_early()

    def _give_early(self) -> None:
        for after in sorted(self._early):
            if after > self._position:
                return
            stretch = self._early[after]
            if stretch.position > self._position:
                self._give(stretch)
            del self._early[after]

    def _give(self, stretch: Stretch) -> None:
        new = [m for m in stretch.messages if m.position > self._position]
        self._take(Stretch(self._position, stretch.position, new))
        self._position = stretch.position
