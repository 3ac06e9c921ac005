"""Faces over HTTP: filters, pages, counts, targets, and many lookups at once."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.api.people import listed_faces, new_face, new_list, refused, some_id
from tests.support.running_api import RunningApi


@pytest.mark.parametrize("targets", ["user_data", "face_id,lists", "create_time, avatar"])
def test_only_the_targets_are_shown(client: httpx.Client, targets: str) -> None:
    face_id = new_face(client, user_data="Ann")
    wanted = {name.strip() for name in targets.split(",")}

    one = client.get(f"/6/faces/{face_id}", params={"targets": targets}).json()
    page = client.get("/6/faces", params={"targets": targets}).json()["faces"]

    assert one.keys() == wanted
    assert page == [one]


@pytest.mark.parametrize(
    ("params", "names"),
    [
        ({"page": 0}, "page"),
        ({"page_size": 101}, "page_size"),
        ({"page_size": "x"}, "page_size"),
        ({"targets": "face_id,nose"}, "targets"),
        ({"face_ids": "5"}, "face_ids"),
        ({"create_time__gte": "yesterday"}, "create_time__gte"),
        ({"create_time__lt": "2018-08-11T09:11:41"}, "create_time__lt"),
        ({"create_time__lt": "1536751345"}, "create_time__lt"),
        ({"list_id": "5", "event_id": "6"}, "event_id, list_id"),
    ],
)
def test_bad_parameters_are_refused_by_name(
    client: httpx.Client, params: dict[str, Any], names: str
) -> None:
    answer = client.get("/6/faces", params=params)

    assert refused(answer) == (400, 12012)
    assert answer.json()["detail"] == f"Bad query parameters '{names}'"


def test_every_filter_narrows_the_list_and_the_count(client: httpx.Client) -> None:
    staff, event = new_list(client), some_id()
    ann = new_face(client, user_data="Ann of staff", external_id="A", event_id=event)
    bob = new_face(client, user_data="Bob", external_id="B", lists=[staff])
    cyd = new_face(client, user_data="100% Cyd_", lists=[staff])
    newest_first = [cyd, bob, ann]
    middle = client.get(f"/6/faces/{bob}").json()["create_time"]
    low, high = sorted([ann, bob, cyd])[:2]
    cases: list[tuple[dict[str, Any], list[str]]] = [
        ({}, newest_first),
        ({"face_ids": f"{ann},{cyd},{some_id()}"}, [cyd, ann]),
        ({"external_ids": "A,B"}, [bob, ann]),
        ({"user_data": "n of s"}, [ann]),
        ({"user_data": "%"}, [cyd]),
        ({"user_data": "d_"}, [cyd]),
        ({"user_data": "ann"}, []),
        ({"event_id": event}, [ann]),
        ({"list_id": staff}, [cyd, bob]),
        ({"list_id": staff, "external_ids": "B"}, [bob]),
        ({"create_time__gte": middle}, [cyd, bob]),
        ({"create_time__lt": middle}, [ann]),
        ({"face_id__lt": low}, []),
        ({"face_id__lt": high}, [low]),
        ({"face_id__gte": high}, [face for face in newest_first if face != low]),
    ]
    for params, expected in cases:
        assert listed_faces(client, **params) == expected, params
        counted = client.get("/6/faces/count", params=params).json()
        assert counted == {"faces_count": len(expected)}, params


def test_times_are_compared_in_any_zone(client: httpx.Client) -> None:
    face_id = new_face(client)
    created = datetime.fromisoformat(client.get(f"/6/faces/{face_id}").json()["create_time"])
    later = (created + timedelta(seconds=1)).isoformat().replace("+00:00", "")

    assert listed_faces(client, create_time__lt=f"{later}Z") == [face_id]
    assert listed_faces(client, create_time__lt=f"{later}+01:00") == []
    assert listed_faces(client, create_time__lt=f"{later}-01:00") == [face_id]


def test_pages_do_not_overlap(client: httpx.Client) -> None:
    made = [new_face(client) for _ in range(5)][::-1]

    pages = [listed_faces(client, page=page, page_size=2) for page in (1, 2, 3, 4)]

    assert pages == [made[:2], made[2:4], made[4:], []]
    assert listed_faces(client, page=10_000_000, page_size=100) == []


def test_a_count_overlooks_pages(client: httpx.Client) -> None:
    assert client.get("/6/faces/count", params={"page": 2}).json() == {"faces_count": 0}


async def test_many_lookups_at_once_are_all_answered(running: RunningApi) -> None:
    account = {"Luna-Account-Id": str(uuid4())}
    limits = httpx.Limits(max_connections=32)
    async with httpx.AsyncClient(
        base_url=running.url, headers=account, limits=limits, timeout=60
    ) as client:

        async def make(number: int) -> str:
            answer = await client.post("/6/faces", json={"user_data": str(number)})
            return str(answer.json()["face_id"])

        ids = await asyncio.gather(*map(make, range(50)))

        async def look(face_id: str) -> tuple[int, str]:
            answer = await client.get(f"/6/faces/{face_id}")
            return answer.status_code, answer.json().get("user_data", "")

        wanted = [*ids, *ids[:10], *(some_id() for _ in range(10))]
        found = await asyncio.gather(*map(look, wanted))

    assert found[:60] == [(200, str(n)) for n in [*range(50), *range(10)]]
    assert found[60:] == [(404, "")] * 10
