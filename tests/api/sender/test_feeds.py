"""Feeds give every message once and in order, through Postgres alone as through Redis."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from redis import Redis

from api.sender.feed import Feed, LogStretches, PostgresFeed, Stretch
from api.sender.redis_feed import PATIENCE, RedisFeed, RedisPublisher, packed, unpacked
from domain.log.port import Announcement, Batch, Committed
from projections.database import Reader
from projections.history import PostgresLog
from tests.support.events import recorded, rich_event
from tests.support.log import MASTER, open_log, prepare
from tests.support.postgres import Databases
from tests.support.redis_server import redis_server
from tests.support.waiting import until

ACCOUNT = uuid4()
Observe = Callable[[Committed], None]


@pytest.fixture
def dsn(databases: Databases) -> Iterator[str]:
    with databases.fresh(prepare) as made:
        yield made


@pytest.fixture
def stretches(dsn: str) -> Iterator[LogStretches]:
    reader = Reader(dsn)
    reader.open()
    yield LogStretches(reader, MASTER)
    reader.close()


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    with redis_server(tmp_path) as url, Redis.from_url(url, **PATIENCE) as client:
        yield client


@pytest.fixture(params=["postgres", "redis"])
def feed_and_observer(
    request: pytest.FixtureRequest, dsn: str, stretches: LogStretches
) -> Iterator[tuple[Feed, Observe]]:
    """A feed, and what each writer shows its commits to."""
    if request.param == "postgres":
        yield PostgresFeed(dsn, MASTER), lambda committed: None
        return
    redis = request.getfixturevalue("redis")
    publisher = RedisPublisher(redis)
    yield RedisFeed(redis, stretches), publisher.committed
    publisher.stop()


class Taken:
    """What a feed gave, checked to be without gap or overlap."""

    def __init__(self, after: int = 0) -> None:
        self.position = after
        self.sources: list[str] = []
        self.failures = 0

    def __call__(self, stretch: Stretch) -> None:
        if self.failures:
            self.failures -= 1
            raise RuntimeError("not now")
        assert stretch.after == self.position
        last = self.position
        for message in stretch.messages:
            assert last < message.position <= stretch.position
            last = message.position
            self.sources.append(message.body["event"]["source"])
        self.position = stretch.position

    def wait_for(self, count: int) -> list[str]:
        until(lambda: len(self.sources) >= count)
        return self.sources


def batch(*sources: str, announced: str = "", quiet: bool = False) -> Batch:
    facts = [recorded(ACCOUNT, rich_event(source=s), notify=not quiet) for s in sources]
    said = b'{"event": {"source": "%s"}}' % announced.encode()
    messages = [Announcement(ACCOUNT, said)] if announced else []
    return Batch(recognitions=[(fact, "r") for fact in facts], announcements=messages)


def commit(log: PostgresLog, observe: Observe, made: Batch) -> None:
    observe(log.commit(made))


def test_messages_come_in_the_order_of_the_log(
    dsn: str, feed_and_observer: tuple[Feed, Observe]
) -> None:
    feed, observe = feed_and_observer
    log, taken = open_log(dsn), Taken()
    commit(log, observe, batch("before"))
    feed.start(0, taken)
    commit(log, observe, batch("a", "b", announced="c"))
    commit(log, observe, batch("nobody", quiet=True))
    commit(log, observe, batch(announced="d"))
    commit(log, observe, batch("e"))

    assert taken.wait_for(6) == ["before", "a", "b", "c", "d", "e"]
    feed.stop()
    log.close()
    assert taken.position == 7


def test_nothing_behind_the_start_is_given_again(
    dsn: str, feed_and_observer: tuple[Feed, Observe]
) -> None:
    feed, observe = feed_and_observer
    log = open_log(dsn)
    commit(log, observe, batch("old", "new"))
    for after, expected in ((1, ["new"]), (2, [])):
        taken = Taken(after)
        feed.start(after, taken)
        assert taken.wait_for(len(expected)) == expected
        feed.stop()
    log.close()


def test_two_writers_are_followed_without_gap_or_overlap(
    dsn: str, feed_and_observer: tuple[Feed, Observe]
) -> None:
    feed, observe = feed_and_observer
    taken = Taken()
    feed.start(0, taken)

    def write(name: str) -> None:
        log = open_log(dsn)
        for number in range(60):
            announced = f"{name}{number}!" if number % 3 == 0 else ""
            commit(log, observe, batch(f"{name}{number}", f"{name}{number}'", announced=announced))
        log.close()

    writers = [threading.Thread(target=write, args=name) for name in "xy"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    sources = taken.wait_for(280)
    feed.stop()
    assert len(sources) == len(set(sources)) == 280
    for name in "xy":
        plain = [s for s in sources if s.startswith(name) and s[-1].isdigit()]
        assert plain == [f"{name}{number}" for number in range(60)]


def test_what_could_not_be_taken_is_given_again(
    dsn: str, feed_and_observer: tuple[Feed, Observe]
) -> None:
    feed, observe = feed_and_observer
    log, taken = open_log(dsn), Taken()
    taken.failures = 1
    feed.start(0, taken)
    commit(log, observe, batch("a"))
    commit(log, observe, batch("b"))

    assert taken.wait_for(2) == ["a", "b"]
    feed.stop()
    log.close()


def test_what_redis_does_not_tell_is_read_in_the_log(
    dsn: str, stretches: LogStretches, redis: Redis
) -> None:
    feed, publisher = RedisFeed(redis, stretches), RedisPublisher(redis)
    log, taken = open_log(dsn), Taken()
    feed.start(0, taken)
    committed = [log.commit(batch(str(number))) for number in range(9)]
    for number in (5, 3, 8, 3):  # late, twice, and most of them never
        publisher.committed(committed[number])

    assert taken.wait_for(9) == [str(number) for number in range(9)]
    log.commit(batch("unpublished"))
    assert taken.wait_for(10)[-1] == "unpublished"
    feed.stop()
    publisher.stop()
    log.close()


def test_without_redis_messages_come_from_the_log(
    dsn: str, stretches: LogStretches, tmp_path: Path
) -> None:
    log, taken = open_log(dsn), Taken()
    with redis_server(tmp_path) as url, Redis.from_url(url, **PATIENCE) as redis:
        feed, publisher = RedisFeed(redis, stretches), RedisPublisher(redis)
        feed.start(0, taken)
        commit(log, publisher.committed, batch("with"))
        assert taken.wait_for(1) == ["with"]
        os.kill(redis.info("server")["process_id"], signal.SIGKILL)
        commit(log, publisher.committed, batch("without"))
        assert taken.wait_for(2) == ["with", "without"]
        (tmp_path / "redis.sock").unlink(missing_ok=True)
        with redis_server(tmp_path):
            commit(log, publisher.committed, batch("again"))
            assert taken.wait_for(3) == ["with", "without", "again"]
            feed.stop()
            publisher.stop()
    log.close()


def test_stretches_travel_whole(dsn: str, stretches: LogStretches) -> None:
    log = open_log(dsn)
    log.commit(batch("a", announced="b"))
    log.close()

    stretch = stretches.read(0)
    copy = unpacked(packed(stretch))

    assert (copy.after, copy.position) == (0, 2)
    assert [vars(m) for m in copy.messages] == [vars(m) for m in stretch.messages]
