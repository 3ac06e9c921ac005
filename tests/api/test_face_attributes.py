"""The attributes that faces own, over HTTP."""

from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.api.people import (
    BASIC,
    attributes_of,
    face_feature,
    new_attribute,
    new_face,
    raw_descriptor,
    refused,
    sdk_descriptor,
    shown_attribute,
    some_id,
    vector,
)
from tests.support.running_api import RunningApi

NOTHING = {
    "create_time": None,
    "basic_attributes": None,
    "face_descriptor": None,
    "basic_attributes_samples": [],
    "face_descriptor_samples": [],
}


@pytest.mark.parametrize("targets", ["basic_attributes", "account_id, face_descriptor"])
def test_only_the_targets_are_shown(client: httpx.Client, targets: str) -> None:
    wanted = {name.strip() for name in targets.split(",")}
    attribute_id = new_attribute(client, basic_attributes=BASIC)
    params = {"targets": targets}

    assert shown_attribute(client, attribute_id, **params).keys() == wanted
    page = client.get("/6/attributes", params={**params, "attribute_ids": attribute_id}).json()
    assert page["attributes"] == [shown_attribute(client, attribute_id, **params)]
    face_targets = {"targets": "basic_attributes,create_time"}
    assert attributes_of(client, new_face(client), **face_targets).keys() == {
        "basic_attributes",
        "create_time",
    }


def test_a_version_that_is_not_there_is_null(client: httpx.Client, running: RunningApi) -> None:
    version, _ = face_feature(running)
    attribute_id = new_attribute(client, face_descriptors=[raw_descriptor(running)])
    face_id = new_face(client, attribute={"attribute_id": attribute_id})

    named, other = {"descriptor_version": version}, {"descriptor_version": 59}
    assert shown_attribute(client, attribute_id, **named)["face_descriptor"] == vector(running)
    assert shown_attribute(client, attribute_id, **other)["face_descriptor"] is None
    assert attributes_of(client, face_id, **named)["face_descriptor"] == {
        "descriptor": vector(running),
        "descriptor_version": version,
    }
    assert attributes_of(client, face_id, **other)["face_descriptor"] is None


def test_a_face_takes_a_temporary_attribute_over(client: httpx.Client, running: RunningApi) -> None:
    samples = [some_id(), some_id()]
    attribute_id = new_attribute(
        client,
        face_descriptors=[raw_descriptor(running, 7)],
        face_descriptor_samples=samples,
        basic_attributes=BASIC,
        basic_attributes_samples=samples[1:],
    )
    body = {"attribute": {"attribute_id": attribute_id}}
    first, second = new_face(client, **body), new_face(client, **body)
    client.delete(f"/6/attributes/{attribute_id}")

    for face_id in (first, second):
        found = attributes_of(client, face_id)
        assert found.pop("create_time")
        assert found == {
            "basic_attributes": BASIC,
            "face_descriptor": {
                "descriptor": vector(running, 7),
                "descriptor_version": face_feature(running)[0],
            },
            "basic_attributes_samples": samples[1:],
            "face_descriptor_samples": samples,
        }
        path = f"/6/faces/{face_id}/attributes/samples"
        assert client.get(path).json() == {"samples": samples}
    assert client.get("/6/faces/attributes/count").json() == {"faces_count": 2}


def test_a_face_without_attributes_shows_nulls(client: httpx.Client) -> None:
    face_id = new_face(client)

    assert attributes_of(client, face_id) == NOTHING
    assert client.get(f"/6/faces/{face_id}/attributes/samples").json() == {"samples": []}
    assert client.head(f"/6/faces/{face_id}/attributes").status_code == 200
    assert client.get("/6/faces/attributes/count").json() == {"faces_count": 0}


def test_put_replaces_all_attributes_of_a_face(client: httpx.Client, running: RunningApi) -> None:
    given = {"face_descriptors": [raw_descriptor(running, 1)], "basic_attributes": BASIC}
    face_id = new_face(client, attribute=given)

    answer = client.put(f"/6/faces/{face_id}/attributes", json={"basic_attributes": {"age": 50}})

    assert answer.status_code == 204
    found = attributes_of(client, face_id)
    assert found["basic_attributes"] == {"age": 50}
    assert found["face_descriptor"] is None
    by_id = {"attribute_id": new_attribute(client, face_descriptors=[sdk_descriptor(running)])}
    assert client.put(f"/6/faces/{face_id}/attributes", json=by_id).status_code == 204
    found = attributes_of(client, face_id)
    assert (found["basic_attributes"], found["face_descriptor"]["descriptor"]) == (
        None,
        vector(running),
    )


@pytest.mark.parametrize("body", [{}, {"attribute_id": "5"}, {"basic_attributes": {"age": -1}}])
def test_a_bad_put_changes_nothing(client: httpx.Client, body: dict[str, Any]) -> None:
    face_id = new_face(client, attribute={"basic_attributes": BASIC})
    before = attributes_of(client, face_id)
    path = f"/6/faces/{face_id}/attributes"

    assert refused(client.put(path, json=body)) == (400, 12022)
    assert refused(client.put(path)) == (400, 12022)
    other = f"/6/faces/{some_id()}/attributes"
    assert refused(client.put(other, json={"basic_attributes": BASIC})) == (404, 22002)
    assert attributes_of(client, face_id) == before


def test_attributes_of_a_face_are_removed_for_good(
    client: httpx.Client, stranger: httpx.Client, nobody: httpx.Client, running: RunningApi
) -> None:
    face_id = new_face(client, attribute={"face_descriptors": [raw_descriptor(running)]})
    path = f"/6/faces/{face_id}/attributes"

    answer = nobody.delete(path)
    assert refused(answer) == (400, 12012)
    assert answer.json()["detail"] == "Bad query parameters 'account_id'"
    for method in ("GET", "DELETE"):
        assert refused(stranger.request(method, path)) == (404, 22002)
    assert refused(stranger.get(f"{path}/samples")) == (404, 22002)
    assert client.delete(path).status_code == 204

    assert attributes_of(client, face_id) == NOTHING
    assert client.delete(path).status_code == 204
    assert client.get("/6/faces/attributes/count").json() == {"faces_count": 0}
    query = "SELECT count(*) FROM descriptors WHERE owner_id = %s"
    assert running.services.reader.fetch_value(query, [UUID(face_id)]) == 0
