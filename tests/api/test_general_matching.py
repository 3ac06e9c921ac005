"""Descriptors of general events over HTTP: listed, matched in either role, normalised, gone."""

import math
from base64 import b64decode
from typing import Any
from uuid import UUID

import httpx
import msgpack
import pytest

from domain.shared.biometrics import Descriptor, DescriptorKind, encode_sdk
from tests.api.people import face_feature, refused, some_id
from tests.api.tasks import done, result
from tests.api.test_general_events import general, saved
from tests.api.test_matcher import enrolled, raw, vector
from tests.support.running_api import RunningApi

PATH = "/6/general_events"
Json = dict[str, Any]


def container(running: RunningApi, seed: int, near: int | None = None) -> str:
    """A vector as events carry it: an SDK container in Base64."""
    one = vector(running, seed, near)
    data = b64decode(one["descriptor"])
    return encode_sdk(Descriptor(DescriptorKind.FACE, one["version"], data))


def with_face(client: httpx.Client, descriptor: str, *args: Any, **content: Any) -> str:
    """The id of a general event that was just saved with this descriptor."""
    event = general(*args, face_attributes={"descriptor": descriptor}, **content)
    return saved(client, event)[0]


def asked(reference: Json, *sets: Json, **more: Any) -> Json:
    """The body of a match."""
    return {"descriptor_type": "face", "references": [reference], "candidates": sets, **more}


def among(**more: Any) -> Json:
    """A set of general events; what is no part of the set is a filter."""
    own = {n: more.pop(n) for n in ("limit", "threshold", "targets", "order") if n in more}
    return {"filters": {"origin": "general_events", **more}, **own}


def matched(client: httpx.Client, body: Json) -> list[Any]:
    """The results of the first reference, one per set."""
    answer = client.post("/6/matcher/general_events", json=body)
    assert answer.status_code == 200, answer.text
    return [one["result"] for one in answer.json()[0]["matches"]]


def ids(hits: list[Json]) -> list[str]:
    return [hit["general_event"]["event_id"] for hit in hits]


def test_descriptors_are_listed_with_their_events(
    client: httpx.Client, stranger: httpx.Client, running: RunningApi
) -> None:
    old = with_face(client, container(running, 1), "crowd", 1)
    new = with_face(client, container(running, 2), "fight", 2)
    (without,) = saved(client, general("crowd", 3))

    listed = client.get(f"{PATH}/descriptors").json()["events"]

    assert [one["event_id"] for one in listed] == [new, old]
    version, _ = face_feature(running)
    assert listed[1]["descriptors"] == [
        {
            "descriptor_type": "face",
            "descriptor_version": version,
            "descriptor": vector(running, 1)["descriptor"],
        }
    ]
    params: Json = {"order": "asc", "page_size": 1, "page": 2}
    page = client.get(f"{PATH}/descriptors", params=params).json()["events"]
    assert [one["event_id"] for one in page] == [new]
    params = {"event_ids": f"{old},{without}"}
    packed = client.get(
        f"{PATH}/descriptors", params=params, headers={"Accept": "application/msgpack"}
    )
    (only,) = msgpack.unpackb(packed.content)["events"]
    assert (str(UUID(only["event_id"])), only["event_type"]) == (old, "crowd")
    assert stranger.get(f"{PATH}/descriptors").json() == {"events": []}


def test_general_events_are_found_with_what_they_say(
    client: httpx.Client, stranger: httpx.Client, running: RunningApi
) -> None:
    near = with_face(client, container(running, 3, near=1), "crowd", 1, name="near")
    far = with_face(client, container(running, 2), "fight", 2)
    with_face(stranger, container(running, 1))
    probe = raw(vector(running, 1))

    (hits,) = matched(client, asked(probe, among()))

    assert ids(hits) == [near, far]
    shown = client.get(f"{PATH}/{near}").json()
    assert hits[0]["general_event"] == shown
    assert hits[0]["similarity"] > 0.9 > hits[1]["similarity"]
    (lean,) = matched(client, asked(probe, among(targets=["event_type"], limit=1)))
    assert lean == [{"general_event": {"event_type": "crowd"}}]
    client.delete(f"{PATH}/{near}")
    assert ids(matched(client, asked(probe, among()))[0]) == [far]


def test_every_filter_narrows(client: httpx.Client, running: RunningApi) -> None:
    place = {"city": "Town", "geo_position": {"longitude": 36.6, "latitude": 55.7}}
    first = with_face(
        client, container(running, 1), "crowd", 1,
        source="gate", location=place, stream_id=some_id(), track_id="t1",
    )  # fmt: skip
    second = with_face(client, container(running, 2), "fight", 2, source="door")
    low, high = sorted([first, second])
    stream_id = client.get(f"{PATH}/{first}").json()["event"]["stream_id"]
    wanted: dict[str, tuple[Any, list[str]]] = {
        "event_ids": ([second], [second]),
        "event_id__gte": (high, [high]),
        "event_id__lt": (high, [low]),
        "event_type": (["crowd", "other"], [first]),
        "create_time__gte": ("2026-03-01T02:00:00Z", [second]),
        "create_time__lt": ("2026-03-01T02:00:00Z", [first]),
        "end_time__gte": ("2026-03-01T02:00:00Z", [second]),
        "end_time__lt": ("2026-03-01T02:00:00Z", [first]),
        "insert_time__lt": ("now-1h", []),
        "insert_time__gte": ("now-1h", [first, second]),
        "sources": (["gate"], [first]),
        "stream_ids": ([stream_id], [first]),
        "track_ids": (["t1"], [first]),
        "cities": (["Town"], [first]),
        "geo_position": ({"origin_longitude": 36.6, "origin_latitude": 55.7}, [first]),
    }
    sets = [among(**{name: value}) for name, (value, _) in wanted.items()]
    for (name, (_, expected)), hits in zip(
        wanted.items(), matched(client, asked(raw(vector(running, 1)), *sets)), strict=True
    ):
        assert sorted(ids(hits)) == sorted(expected), name


def test_general_events_are_references_and_all_else_candidates(
    client: httpx.Client, running: RunningApi
) -> None:
    face_id = enrolled(client, vector(running, 1))
    track = "track-of-two"
    first = with_face(client, container(running, 1), track_id=track)
    second = with_face(client, container(running, 2), track_id=track)
    sets = (among(limit=1), {"filters": {"origin": "faces"}}, {"filters": {"origin": "events"}})

    own, of_faces, of_events = matched(client, asked({"type": "general_event", "id": first}, *sets))

    assert ids(own) == [first]
    assert [hit["face"]["face_id"] for hit in of_faces] == [face_id]
    assert of_events == []
    body = asked({"type": "general_event_track_id", "id": track}, among(limit=1))
    answers = client.post("/6/matcher/general_events", json=body).json()
    assert {one["reference"]["event_id"] for one in answers} == {first, second}
    body = asked({"type": "face", "id": face_id}, among(limit=1))
    assert ids(matched(client, body)[0]) == [first]


def test_similarities_are_normalised(client: httpx.Client, running: RunningApi) -> None:
    enrolled(client, vector(running, 4, near=1))
    with_face(client, container(running, 3, near=1))
    with_face(client, container(running, 2))
    probe, faces = raw(vector(running, 1)), {"filters": {"origin": "faces"}}
    plain, plain_faces = matched(client, asked(probe, among(), faces))
    scaling = {"a": 4.0, "b": -2.0, "object_type": "general_events"}

    scaled, scaled_faces = matched(client, asked(probe, among(), faces, plat_coef=[scaling]))

    for before, after in zip(plain, scaled, strict=True):
        expected = 1 / (1 + math.exp(-(4.0 * before["similarity"] - 2.0)))
        assert math.isclose(after["similarity"], expected, abs_tol=2e-6)
        assert after["general_event"] == before["general_event"]
    assert scaled_faces == plain_faces
    between = (scaled[0]["similarity"] + scaled[1]["similarity"]) / 2
    body = asked(probe, among(threshold=between), plat_coef=[{"a": 4.0, "b": -2.0}])
    assert matched(client, body) == [scaled[:1]]


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"descriptor_type": "gait"}, "descriptor_type"),
        ({"descriptor_version": 65_000}, "descriptor_version"),
        ({"plat_coef": [{"a": -1.0, "b": 0.0}]}, "plat_coef.0.a"),
        ({"plat_coef": [{"a": 1.0}]}, "plat_coef.0.b"),
        ({"references": [{"type": "general_event", "id": "no id"}]}, "references.0"),
        ({"candidates": [{"filters": {"origin": "lists"}}]}, "candidates.0"),
        ({"candidates": [among(targets=["age"])]}, "candidates.0"),
        ({"candidates": []}, "candidates"),
        ({"colour": "red"}, "colour"),
        ({"descriptor_type": "body", "candidates": [{"filters": {"origin": "faces"}}]}, ""),
    ],
)
def test_bad_bodies_are_named(
    client: httpx.Client, running: RunningApi, change: Json, path: str
) -> None:
    body = {**asked(raw(vector(running, 1)), among()), **change}

    answer = client.post("/6/matcher/general_events", json=body)

    assert refused(answer) == (400, 12022)
    assert path in answer.json()["detail"]


def test_what_is_not_the_accounts_is_no_reference(
    client: httpx.Client, stranger: httpx.Client, running: RunningApi
) -> None:
    theirs = with_face(stranger, container(running, 1))
    (bare,) = saved(client, general())
    for event_id, status in ((theirs, 404), (some_id(), 404), (bare, 400)):
        body = asked({"type": "general_event", "id": event_id}, among())
        answer = client.post("/6/matcher/general_events", json=body)
        assert answer.status_code == status, answer.text


def test_collected_general_events_are_gone(client: httpx.Client, running: RunningApi) -> None:
    going = with_face(client, container(running, 1), "crowd", 1)
    staying = with_face(client, container(running, 2), "fight", 1)
    later = with_face(client, container(running, 3), "crowd", 2)
    content = {
        "target": "general_events",
        "filters": {"event_type": ["crowd"], "create_time__lt": "2026-03-01T02:00:00Z"},
    }

    removed = result(client, done(client, "gc", content))

    assert removed == [{"event_id": going, "samples": []}]
    left = client.get(PATH).json()["events"]
    assert {one["event_id"] for one in left} == {staying, later}
    assert going not in ids(matched(client, asked(raw(vector(running, 1)), among()))[0])
    deleted = client.get(f"{PATH}/deleted").json()["events"]
    assert [one["event_id"] for one in deleted] == [going]
    held = running.services.reader.fetch_value(
        "SELECT count(*) FROM descriptors WHERE owner_id = %s", [UUID(going)]
    )
    assert held == 0


@pytest.mark.parametrize(
    ("target", "more"),
    [
        ("general_events", {"filters": {"handler_id": str(UUID(int=1))}}),
        ("general_events", {"filters": {"list_id": str(UUID(int=1))}}),
        ("general_events", {"remove_samples": True}),
        ("general_events", {"remove_image_origins": True}),
        ("events", {"filters": {"event_type": ["crowd"]}}),
        ("faces", {"filters": {"event_type": ["crowd"]}}),
    ],
)
def test_filters_of_another_target_are_refused(
    client: httpx.Client, target: str, more: Json
) -> None:
    answer = client.post("/6/tasks/gc", json={"content": {"target": target, **more}})

    assert answer.status_code == 400, answer.text
