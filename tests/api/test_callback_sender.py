"""Messages to addresses: sent at least once, again after failures, and given up in the end."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.rows import dict_row

from api.url_guard import UrlGuard, UrlRules
from api.workers.callback_sender import CallbackSender
from commands.events import DeleteEvents, NewEvent, RecordEvents
from commands.router import COMMANDS
from commands.writer import GroupCommitWriter
from domain.shared.callbacks import CallbackParams, HttpCallback
from projections.database import Reader
from projections.deliveries import (
    accounts_with_due,
    claim_deliveries,
    list_deliveries,
    send_again,
    sweep_deliveries,
)
from tests.support.log import open_log, prepare
from tests.support.postgres import Databases
from tests.support.receiver import Receiver, receiver

ACCOUNT = uuid4()
WAITS_S = (0.05, 0.05)


@dataclass
class Place:
    """A database with a writer and a reader."""

    dsn: str
    reader: Reader
    writer: GroupCommitWriter

    async def events(
        self, *urls: str, account_id: UUID = ACCOUNT, count: int = 1, timeout: int = 60
    ) -> list[UUID]:
        """The ids of new events, each told to every address."""
        return await self.writer.send(
            RecordEvents(
                account_id=account_id,
                request_id="1536751345,8b8b5937-2e9c-4e8b-a7a7-5caf86621b5a",
                events=tuple(_event(urls, timeout) for _ in range(count)),
            )
        )

    @asynccontextmanager
    async def sending(self, **rules: Any) -> AsyncIterator[CallbackSender]:
        """A sender at work."""
        guard = UrlGuard(UrlRules(**{"private": ("127.0.0.1",), **rules}))
        sender = CallbackSender(self.reader, guard, interval_s=0.05, waits_s=WAITS_S)
        sender.start()
        try:
            yield sender
        finally:
            await sender.stop()
            await guard.close()

    def listed(self, *, waiting: bool = False) -> list[dict[str, Any]]:
        """Messages that were given up, or that wait."""
        with psycopg.connect(self.dsn, row_factory=dict_row) as connection:
            return list_deliveries(connection, waiting=waiting, limit=100)

    async def until(self, count: int, *, waiting: bool = False) -> list[dict[str, Any]]:
        """The messages, once there are so many."""
        async with asyncio.timeout(60):
            while len(found := await asyncio.to_thread(self.listed, waiting=waiting)) != count:
                await asyncio.sleep(0.02)
        return found


def _event(urls: tuple[str, ...], timeout: int) -> NewEvent:
    now, event_id = datetime.now(UTC), uuid4()
    params = CallbackParams(timeout=timeout)
    callbacks = tuple(HttpCallback(type="http", url=url, params=params).as_dict() for url in urls)
    return NewEvent(
        event_id=event_id,
        handler_id=None,
        generated={"event_id": str(event_id), "models": {}},
        create_time=now,
        end_time=now,
        callbacks=callbacks,
    )


@pytest.fixture
def place(databases: Databases) -> Iterator[Place]:
    """A database of the test's own."""
    with databases.fresh(prepare) as dsn:
        log, reader = open_log(dsn), Reader(dsn)
        reader.open()
        writer = GroupCommitWriter(log, COMMANDS)
        writer.start()
        yield Place(dsn, reader, writer)
        writer.stop()
        log.close()
        reader.close()


def run(test: Any) -> Any:
    """Run the test to its end."""
    return asyncio.run(test)


def waited(there: Receiver, count: int) -> Any:
    """Wait for requests without holding up the event loop."""
    return asyncio.to_thread(there.wait, count)


def test_what_was_committed_before_the_start_is_sent(place: Place) -> None:
    async def test() -> None:
        with receiver() as there:
            (event_id,) = await place.events(there.url)
            async with place.sending():
                (taken,) = await waited(there, 1)
                await place.until(0, waiting=True)
        assert taken.body["event"] == {"event_id": str(event_id)}
        assert taken.body["account_id"] == str(ACCOUNT)
        assert taken.body["event_type"] == "handler"
        assert taken.headers["luna-request-id"].startswith("1536751345,")
        assert UUID(taken.headers["selene-delivery"])

    run(test())


def test_a_failure_is_tried_again_under_the_same_name(place: Place) -> None:
    async def test() -> None:
        with receiver(statuses=[503, 429]) as there:
            await place.events(there.url)
            async with place.sending():
                taken = await waited(there, 3)
                await place.until(0, waiting=True)
        assert len({one.headers["selene-delivery"] for one in taken}) == 1

    run(test())


@pytest.mark.parametrize(("status", "tries"), [(400, 1), (302, 1), (500, 3)])
def test_what_is_not_taken_is_given_up_and_sent_again_when_asked_for(
    place: Place, status: int, tries: int
) -> None:
    async def test() -> None:
        with receiver(statuses=[status] * tries) as there:
            await place.events(there.url)
            async with place.sending():
                (given_up,) = await place.until(1)
                assert given_up["reason"] == f"the answer has status {status}"
                assert (given_up["attempts"], given_up["url"]) == (tries, there.url)
                with psycopg.connect(place.dsn) as connection:
                    assert send_again(connection, uuid4()) == 0
                    assert send_again(connection, given_up["delivery_id"]) == 1
                await waited(there, tries + 1)
                await place.until(0)

    run(test())


def test_what_an_address_answers_beside_its_status_is_not_read(place: Place) -> None:
    async def test() -> None:
        with receiver(answer=b"x" * 1_000_000) as there:
            await place.events(there.url)
            async with place.sending(largest_body=1000):
                await waited(there, 1)
                await place.until(0, waiting=True)
        assert place.listed() == []

    run(test())


def test_an_address_that_takes_too_long_is_tried_again(place: Place) -> None:
    async def test() -> None:
        with receiver(delay_s=5) as there:
            await place.events(there.url, timeout=1)
            async with place.sending():
                (given_up,) = await place.until(1)
        assert (given_up["reason"], given_up["attempts"]) == ("no answer in 1 s", 3)

    run(test())


def test_an_address_inside_is_never_reached(place: Place) -> None:
    async def test() -> None:
        with receiver() as there:
            await place.events(there.url)
            async with place.sending(private=()):
                (given_up,) = await place.until(1)
            assert there.taken == []
        assert given_up["reason"] == "its address is not public"

    run(test())


def test_a_slow_address_has_few_at_once_and_delays_no_other_account(place: Place) -> None:
    async def test() -> None:
        gate = threading.Event()
        with receiver(gate=gate) as slow, receiver() as quick:
            await place.events(slow.url, count=40)
            await place.events(quick.url, account_id=uuid4(), count=3)
            async with place.sending():
                await waited(quick, 3)
                assert slow.taken == []
                gate.set()
                await waited(slow, 40)
        assert slow.most_at_once <= 8

    run(test())


def test_a_message_goes_with_its_event(place: Place) -> None:
    async def test() -> None:
        with receiver() as there:
            (gone, kept) = await place.events(there.url, count=2)
            await place.writer.send(DeleteEvents(account_id=ACCOUNT, event_ids=(gone,)))
            async with place.sending():
                await place.until(0, waiting=True)
            assert [one.body["event"]["event_id"] for one in there.taken] == [str(kept)]

    run(test())


def test_of_two_senders_one_gets_a_message_and_the_other_when_its_lease_is_over(
    place: Place,
) -> None:
    async def test() -> None:
        await place.events("http://127.0.0.1/", count=3)
        assert accounts_with_due(place.reader) == [ACCOUNT]

        first = claim_deliveries(place.reader, ACCOUNT, 2, 60)
        second = claim_deliveries(place.reader, ACCOUNT, 2, 0)
        third = claim_deliveries(place.reader, ACCOUNT, 9, 60)

        ids = [[row["delivery_id"] for row in rows] for rows in (first, second, third)]
        assert [len(one) for one in ids] == [2, 1, 1]
        assert ids[1] == ids[2] != ids[0]
        assert accounts_with_due(place.reader) == []

    run(test())


def test_the_oldest_are_given_up_and_forgotten_where_too_many_wait(place: Place) -> None:
    async def test() -> None:
        for _ in range(4):
            await place.events("http://127.0.0.1/")
        oldest = [one["delivery_id"] for one in place.listed(waiting=True)][::-1]
        with psycopg.connect(place.dsn) as connection:
            sweep_deliveries(connection, most=1)
        assert [one["delivery_id"] for one in place.listed(waiting=True)] == oldest[3:]
        (left,) = place.listed()
        assert (left["delivery_id"], left["reason"]) == (oldest[2], "too many messages wait")

    run(test())
