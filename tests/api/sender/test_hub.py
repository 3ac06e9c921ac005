"""The end of the hub: everybody hears of it, also who is far behind or comes too late."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from api.sender.feed import LogStretches, PostgresFeed
from api.sender.filters import SubscriptionFilter
from api.sender.hub import Hub
from api.sender.subscription import GOING_AWAY, Ended
from domain.log.port import Announcement, Batch
from projections.database import Reader
from tests.support.log import MASTER, open_log, prepare
from tests.support.postgres import Databases

ACCOUNT = uuid4()
BEHIND = 1100
"""So many positions behind the head, a subscriber is not joined to the feed yet."""


@pytest.fixture
def stretches(databases: Databases) -> Iterator[tuple[str, LogStretches]]:
    """A log of many announcements, its address and what reads it."""
    with databases.fresh(prepare) as dsn:
        log = open_log(dsn)
        said = [Announcement(ACCOUNT, b'{"event": {"source": "a"}}')] * BEHIND
        log.commit(Batch(announcements=said))
        log.close()
        reader = Reader(dsn)
        reader.open()
        yield dsn, LogStretches(reader, MASTER)
        reader.close()


async def test_who_is_catching_up_is_told_of_the_end(stretches: tuple[str, LogStretches]) -> None:
    hub = Hub(PostgresFeed(stretches[0], MASTER), stretches[1])
    wanted = SubscriptionFilter()
    async with (
        hub.subscribed(ACCOUNT, wanted) as joined,
        hub.subscribed(ACCOUNT, wanted, position=0) as behind,
    ):
        messages = hub.messages(behind)
        assert (await anext(messages)).position == 1
        assert not behind.joined

        await hub.leave()

        for subscription in (joined, behind):
            assert subscription.ended.result().code == GOING_AWAY
        with pytest.raises(Ended):
            await anext(messages)
        async with hub.subscribed(ACCOUNT, wanted) as late:
            assert late.ended.result().code == GOING_AWAY
    await hub.close()
    assert hub.subscribers == 0
