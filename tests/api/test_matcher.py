"""Matching over HTTP: every reference and candidate, fresh after each change, exact."""

import math
import struct
from base64 import b64encode
from typing import Any
from uuid import uuid4

import httpx
import numpy as np
import pytest

from tests.api.people import attach, face_feature, new_face, new_list, raw_descriptor, refused
from tests.support.running_api import RunningApi

Json = dict[str, Any]


def vector(running: RunningApi, seed: int, near: int | None = None) -> Json:
    """A random unit vector, or one that is close to that of another seed."""
    version, dimension = face_feature(running)
    values = np.random.default_rng(seed).normal(size=dimension)
    if near is not None:
        values = 0.05 * values + np.random.default_rng(near).normal(size=dimension)
    values = (values / np.linalg.norm(values)).astype("<f4")
    return {"descriptor": b64encode(values.tobytes()).decode(), "version": version}


def enrolled(client: httpx.Client, descriptor: Json, **body: Any) -> str:
    """The id of a face with this descriptor."""
    return new_face(client, attribute={"face_descriptors": [descriptor]}, **body)


def raw(descriptor: Json, name: str = "probe") -> Json:
    """A reference that is in the body."""
    return {"id": name, "type": "raw_descriptor", "data": descriptor}


def faces(**more: Any) -> Json:
    """A candidate set of faces."""
    keys = ("limit", "threshold", "targets", "order")
    own = {key: more.pop(key) for key in keys if key in more}
    return {"filters": {"origin": "faces", **more}, **own}


def matched(client: httpx.Client, reference: Json, *sets: Json) -> list[list[Json]]:
    """The results of one reference, one per candidate set."""
    body = {"references": [reference], "candidates": list(sets)}
    answer = client.post("/6/matcher/faces", json=body)
    assert answer.status_code == 200, answer.text
    (item,) = answer.json()
    assert [m["filters"] for m in item["matches"]] == [s["filters"] for s in sets]
    return [m["result"] for m in item["matches"]]


def ids(result: list[Json]) -> list[str]:
    """The faces of a result, in order."""
    return [hit["face"]["face_id"] for hit in result]


def test_the_nearest_face_comes_first_with_its_fields(
    client: httpx.Client, running: RunningApi
) -> None:
    ann = enrolled(client, vector(running, 1), user_data="Ann", external_id="A-1")
    bob = enrolled(client, vector(running, 2))

    (result,) = matched(client, raw(vector(running, 3, near=1)), faces())

    assert ids(result) == [ann, bob]
    assert result[0]["face"]["user_data"] == "Ann"
    assert result[0]["face"]["external_id"] == "A-1"
    assert result[0]["similarity"] > 0.9 > result[1]["similarity"]


def test_the_same_descriptor_is_as_similar_as_can_be(
    client: httpx.Client, running: RunningApi
) -> None:
    enrolled(client, vector(running, 1))
    (result,) = matched(client, raw(vector(running, 1)), faces())
    assert math.isclose(result[0]["similarity"], 1, abs_tol=1e-6)


def test_what_changes_is_matched_at_once(client: httpx.Client, running: RunningApi) -> None:
    face_id = enrolled(client, vector(running, 1))
    probe = raw(vector(running, 1))
    staff = new_list(client)
    assert ids(matched(client, probe, faces(list_id=staff))[0]) == []
    attach(client, staff, face_id)
    assert ids(matched(client, probe, faces(list_id=staff))[0]) == [face_id]
    put = {"face_descriptors": [vector(running, 2)]}
    assert client.put(f"/6/faces/{face_id}/attributes", json=put).status_code == 204
    (now,) = matched(client, probe, faces(list_id=staff, threshold=0.5))
    assert now == []
    assert ids(matched(client, raw(vector(running, 2)), faces(list_id=staff))[0]) == [face_id]
    assert client.delete(f"/6/faces/{face_id}/attributes").status_code == 204
    assert matched(client, probe, faces())[0] == []
    assert client.put(f"/6/faces/{face_id}/attributes", json=put).status_code == 204
    assert ids(matched(client, probe, faces(list_id=staff))[0]) == [face_id]
    assert client.delete(f"/6/lists/{staff}").status_code == 204
    assert matched(client, probe, faces(list_id=staff))[0] == []
    assert client.delete(f"/6/faces/{face_id}").status_code == 204
    assert matched(client, probe, faces())[0] == []


def test_every_filter_of_faces_narrows(client: httpx.Client, running: RunningApi) -> None:
    first = enrolled(client, vector(running, 1), user_data="Ann Lee", external_id="A-1")
    second = enrolled(client, vector(running, 2), user_data="Bob", external_id="B-1")
    low, high = sorted([first, second])
    times = {
        face_id: client.get(f"/6/faces/{face_id}").json()["create_time"]
        for face_id in (first, second)
    }
    wanted = {
        "face_ids": ([first], [first]),
        "external_ids": (["B-1", "nobody"], [second]),
        "user_data": ("Lee", [first]),
        "face_id__gte": (high, [high]),
        "face_id__lt": (high, [low]),
        "create_time__gte": (times[second], [second]),
        "create_time__lt": (times[second], [first]),
    }
    for name, (value, expected) in wanted.items():
        (result,) = matched(client, raw(vector(running, 1)), faces(**{name: value}))
        assert ids(result) == expected, name


def test_limit_threshold_and_order(client: httpx.Client, running: RunningApi) -> None:
    made = [enrolled(client, vector(running, seed)) for seed in range(4)]
    probe = raw(vector(running, 9, near=2))
    best, nobody, oldest, newest = matched(
        client,
        probe,
        faces(limit=1),
        faces(threshold=1.0),
        faces(order="create_time_asc"),
        faces(order="create_time_desc", targets=["face_id"]),
    )
    assert ids(best) == [made[2]]
    assert nobody == []
    assert ids(oldest) == made
    assert newest == [{"face": {"face_id": face_id}} for face_id in reversed(made)]


@pytest.mark.parametrize("kind", ["face", "face_external_id", "attribute"])
def test_references_by_id(client: httpx.Client, running: RunningApi, kind: str) -> None:
    descriptor = vector(running, 1)
    face_id = enrolled(client, descriptor, external_id="A-1")
    made = client.post("/6/attributes", json={"face_descriptors": [descriptor]})
    attribute_id = made.json()["attribute_id"]
    value = {"face": face_id, "face_external_id": "A-1", "attribute": attribute_id}[kind]
    body = {"references": [{"type": kind, "id": value}], "candidates": [faces()]}
    (item,) = client.post("/6/matcher/faces", json=body).json()
    assert ids(item["matches"][0]["result"]) == [face_id]
    assert item["reference"]["id"] == value
    assert item["reference"]["type"] == kind
    if kind == "face_external_id":
        assert item["reference"]["face_id"] == face_id


def test_temporary_attributes_are_candidates(client: httpx.Client, running: RunningApi) -> None:
    made = [
        client.post("/6/attributes", json={"face_descriptors": [vector(running, seed)]}).json()
        for seed in (1, 2)
    ]
    wanted = [one["attribute_id"] for one in made]
    candidates = {"filters": {"origin": "attributes", "attribute_ids": wanted}}
    body = {"references": [raw(vector(running, 2))], "candidates": [candidates]}
    (item,) = client.post("/6/matcher/faces", json=body).json()
    found = [hit["attribute"]["attribute_id"] for hit in item["matches"][0]["result"]]
    assert found == [wanted[1], wanted[0]]


def test_raw_descriptors_are_compared_with_each_other(
    client: httpx.Client, running: RunningApi
) -> None:
    body = {
        "references": [raw(vector(running, 1), "r")],
        "candidates": [raw(vector(running, 2), "far"), raw(vector(running, 1), "near")],
    }
    answer = client.post("/6/matcher/raw", json=body)
    assert answer.status_code == 201
    (item,) = answer.json()["matches"]
    assert item["reference_id"] == "r"
    assert [hit["candidate_id"] for hit in item["matches"]] == ["near", "far"]


def test_accounts_do_not_find_each_other(
    client: httpx.Client, stranger: httpx.Client, nobody: httpx.Client, running: RunningApi
) -> None:
    mine = enrolled(client, vector(running, 77))
    probe = raw(vector(running, 77))
    assert ids(matched(client, probe, faces())[0]) == [mine]
    assert matched(stranger, probe, faces())[0] == []
    assert mine in ids(matched(nobody, probe, faces())[0])
    body = {"references": [{"type": "face", "id": mine}], "candidates": [faces()]}
    assert refused(stranger.post("/6/matcher/faces", json=body)) == (404, 22002)
    foreign = client.get(f"/6/faces/{mine}").json()["account_id"]
    body = {"references": [probe], "candidates": [faces(account_id=foreign)]}
    assert stranger.post("/6/matcher/faces", json=body).status_code == 400


def test_wrong_requests_are_refused_by_their_place(
    client: httpx.Client, running: RunningApi
) -> None:
    version, _ = face_feature(running)
    short = {"descriptor": b64encode(struct.pack("<f", 1)).decode(), "version": version}
    unknown = {**raw_descriptor(running), "version": 9}
    bare = new_face(client)
    wrong: list[tuple[Json, tuple[int, int], str]] = [
        (raw(short), (400, 12022), "references.0.data"),
        (raw(unknown), (400, 12022), "references.0.data"),
        ({**raw(short), "data": "no base64"}, (400, 12022), "references.0"),
        ({"type": "face", "id": str(uuid4())}, (404, 22002), "Face with id"),
        ({"type": "event", "id": str(uuid4())}, (404, 90070), "Event with id"),
        ({"type": "face_external_id", "id": "nobody"}, (404, 90052), "nobody"),
        ({"type": "face", "id": bare}, (400, 90050), bare),
        ({"type": "face", "id": "no id"}, (400, 12022), "references.0"),
        ({"type": "planet", "id": str(uuid4())}, (400, 12022), "references.0"),
    ]
    for reference, expected, told in wrong:
        body = {"references": [reference], "candidates": [faces()]}
        answer = client.post("/6/matcher/faces", json=body)
        assert refused(answer) == expected, answer.text
        assert told in answer.json()["detail"]


def test_sets_that_select_nothing_find_nothing(client: httpx.Client, running: RunningApi) -> None:
    enrolled(client, vector(running, 1))
    probe = raw(vector(running, 1))
    assert matched(client, probe) == []
    assert matched(client, probe, faces(list_id=str(uuid4()))) == [[]]
    assert matched(client, probe, faces(face_ids=[])) == [[]]


def test_an_answer_tells_how_far_the_index_was_and_that_it_is_exact(
    client: httpx.Client, running: RunningApi
) -> None:
    wanted = vector(running, 61)
    made = client.post("/6/faces", json={"attribute": {"face_descriptors": [wanted]}})
    position = made.headers["Selene-Position"]
    body = {"references": [raw(wanted)], "candidates": [faces()]}

    answer = client.post("/6/matcher/faces", json=body, headers={"Selene-Min-Position": position})

    assert int(answer.headers["Selene-Match-Position"]) >= int(position)
    assert answer.headers["Selene-Match-Exact"] == "true"
    ahead = {"Selene-Min-Position": str(int(position) + 10**9)}
    late = client.post("/6/matcher/faces", json=body, headers=ahead, timeout=60)
    assert (late.status_code, late.json()["error_code"]) == (503, 90005)
    assert late.headers["Retry-After"] == "1"
