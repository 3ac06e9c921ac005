"""A subscriber that comes back gets what it missed, in order, once, and then what happens."""

import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from tests.api.sender.listening import listening, record
from tests.support.postgres import Databases
from tests.support.redis_server import redis_server
from tests.support.running_api import RunningApi, running_api


def publish(client: httpx.Client, *sources: str) -> None:
    body = {
        "events": [{"source": source} for source in sources],
        "handler_id": "h",
        "event_create_time": "",
        "event_end_time": "",
    }
    assert client.post("/sender/1/events", json=body).status_code == 204


@pytest.mark.parametrize("how", ["query", "header"])
def test_nothing_is_missed_and_nothing_comes_twice(
    running: RunningApi, client: httpx.Client, account_id: UUID, how: str
) -> None:
    with listening(running, account_id) as listener:
        record(running, account_id, "0", "1", "2")
        listener.sources(2)
    last = listener.heard[-1]["position"]
    record(running, account_id, "3")
    publish(client, "4", "5")
    record(running, uuid4(), "of others")
    record(running, account_id, "6", store=False)
    record(running, account_id, "7", notify=False)
    record(running, account_id, "8")
    given: dict[str, Any] = {"position": last}
    if how == "header":
        given = {"headers": {"Selene-Position": str(last)}}

    with listening(running, account_id, **given) as again:
        missed = again.sources(6)
        record(running, account_id, "9")

        assert missed == ["2", "3", "4", "5", "6", "8"]
        assert again.source() == "9"
        assert again.silent()
    positions = [message["position"] for message in again.heard]
    assert positions == sorted(set(positions))
    assert positions[0] > last


def test_filters_hold_for_what_was_missed(running: RunningApi, account_id: UUID) -> None:
    with listening(running, account_id) as listener:
        record(running, account_id, "start")
        position = listener.next()["position"]
    record(running, account_id, "a", "b", "a")

    with listening(running, account_id, sources="a", position=position) as again:
        assert again.sources(2) == ["a", "a"]
        assert again.silent()


def test_deleted_events_are_not_told_of_again(
    running: RunningApi, client: httpx.Client, account_id: UUID
) -> None:
    record(running, account_id, "first")
    gone, _ = record(running, account_id, "gone", "kept")
    assert client.delete(f"/6/events/{gone}").status_code == 204

    with listening(running, account_id, position=0) as listener:
        assert listener.sources(2) == ["first", "kept"]
        assert listener.silent()


def test_many_that_were_missed_come_in_order(running: RunningApi, account_id: UUID) -> None:
    names = [str(number) for number in range(3000)]
    for start in range(0, 3000, 500):
        record(running, account_id, *names[start : start + 500])

    with listening(running, account_id, position=0) as listener:
        assert listener.sources(3000) == names


class Reconnecting(threading.Thread):
    """A subscriber that leaves and comes back all the time, with its last position."""

    def __init__(self, apis: list[RunningApi], account_id: UUID, last: str) -> None:
        super().__init__()
        self._apis, self._account_id, self._last = apis, account_id, last
        self.heard: list[str] = []
        self.visits = 0

    def run(self) -> None:
        position, deadline = 0, time.monotonic() + 120
        while self._last not in self.heard and time.monotonic() < deadline:
            api = self._apis[self.visits % len(self._apis)]
            self.visits += 1
            with listening(api, self._account_id, position=position) as listener:
                for _ in range(1 + self.visits * 7 % 40):
                    try:
                        self.heard.append(listener.source())
                    except TimeoutError:
                        break
                    position = listener.heard[-1]["position"]
                    if self.heard[-1] == self._last:
                        break


@pytest.mark.parametrize("through", ["postgres", "redis"])
def test_no_gap_and_no_duplicate_while_two_processes_write(
    databases: Databases, tmp_path: Path, through: str
) -> None:
    account_id = uuid4()
    with ExitStack() as stack:
        dsn = stack.enter_context(databases.fresh())
        more = {}
        if through == "redis":
            more["redis_url"] = stack.enter_context(redis_server(tmp_path))
        one, two = (stack.enter_context(running_api(dsn, tmp_path, **more)) for _ in range(2))
        subscriber = Reconnecting([one, two], account_id, "last")
        subscriber.start()

        def write(api: RunningApi, name: str) -> None:
            for number in range(120):
                stored = number % 3 > 0
                record(api, account_id, f"{name}{number}", f"{name}{number}b", store=stored)

        writers = [threading.Thread(target=write, args=pair) for pair in ((one, "a"), (two, "b"))]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        record(one, account_id, "last")
        subscriber.join()
        with listening(two, account_id, position=0) as listener:
            in_order = listener.sources(481)

    assert len(set(in_order)) == 481
    assert subscriber.heard == in_order
    assert subscriber.visits > 5


def test_a_restart_of_the_server_loses_nothing(databases: Databases, tmp_path: Path) -> None:
    account_id = uuid4()
    with databases.fresh() as dsn, ExitStack() as open_sockets:
        with running_api(dsn, tmp_path) as first:
            listener = open_sockets.enter_context(listening(first, account_id))
            record(first, account_id, "0", "1")
            heard = listener.sources(2)
            position = listener.heard[-1]["position"]
        assert listener.closing()[0] == 1012
        with running_api(dsn, tmp_path) as second:
            record(second, account_id, "2", "3")
            with listening(second, account_id, position=position) as listener:
                record(second, account_id, "4")
                heard += listener.sources(3)
                assert listener.silent()

    assert heard == ["0", "1", "2", "3", "4"]


def test_a_slow_subscriber_is_ended_and_may_come_back(
    running: RunningApi, client: httpx.Client, account_id: UUID
) -> None:
    large = {"events": [{"source": "large", "load": "x" * (1 << 20)}] * 10, "handler_id": "h",
             "event_create_time": "", "event_end_time": ""}  # fmt: skip
    with listening(running, account_id) as slow, listening(running, account_id) as quick:
        for _ in range(6):
            assert client.post("/sender/1/events", json=large).status_code == 204
            quick.sources(10)

        code, reason = slow.closing()
        record(running, account_id, "afterwards")

        assert quick.source() == "afterwards"
    assert code == 1013
    assert "too slow" in reason
    assert 0 < len(slow.heard) < 60
    position = slow.heard[-1]["position"]
    with listening(running, account_id, position=position, sources="large") as again:
        assert len(slow.heard) + len(again.sources(60 - len(slow.heard))) == 60
