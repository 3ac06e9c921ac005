"""Many workers at once: no stream is taken twice, and none is ended twice."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import httpx

from tests.api.streaming import claimed, make, report

STREAMS, WORKERS = 30, 6


def test_of_many_workers_that_ask_at_once_each_stream_has_one(
    streams: httpx.Client, account_id: UUID
) -> None:
    group = f"g{uuid4().hex}"
    made = {"account_id": str(account_id), "group_name": group}
    assert streams.post("/1/groups", json=made).status_code == 201
    ids = [make(streams, account_id, group_name=group) for _ in range(STREAMS)]
    asked = {"filters": {"group_names": [group]}, "limit": 2}

    def work(_: int) -> list[str]:
        taken: list[str] = []
        with httpx.Client(base_url=streams.base_url, timeout=120) as worker:
            while found := worker.post("/2/streams/processing/queue", json=asked).json()["streams"]:
                assert {one["status"] for one in found} == {"in_progress"}
                taken += [one["stream_id"] for one in found]
        return taken

    with ThreadPoolExecutor(WORKERS) as pool:
        taken = [one for part in pool.map(work, range(WORKERS)) for one in part]
    assert sorted(taken) == sorted(ids)


def test_of_many_ends_that_are_told_at_once_one_counts(
    streams: httpx.Client, account_id: UUID
) -> None:
    stream_id = make(streams, account_id)
    claimed(streams, [stream_id])

    def end(number: int) -> dict[str, Any]:
        with httpx.Client(base_url=streams.base_url, timeout=120) as worker:
            status = "done" if number % 2 else "failure"
            return report(worker, stream_id, status, error=None if number % 2 else "broken")

    with ThreadPoolExecutor(WORKERS) as pool:
        said = list(pool.map(end, range(WORKERS)))
    assert Counter(len(one["unmodified"]) for one in said) == {1: 1, 0: WORKERS - 1}
    logs = streams.get("/1/streams/logs", params={"stream_ids": stream_id}).json()["logs"]
    ends = [one["status"] for one in logs if one["status"] in ("done", "failure")]
    assert ends == [streams.get(f"/1/streams/{stream_id}").json()["status"]]
