"""Temporary attributes, and the attributes of faces, over HTTP."""

import base64
import time
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx
import msgpack
import pytest

from domain.shared.biometrics import Descriptor, DescriptorKind, encode_container, encode_sdk
from tests.api.people import (
    face_feature,
    new_face,
    raw_descriptor,
    refused,
    sdk_descriptor,
    some_id,
    unit_vector,
)
from tests.support.running_api import RunningApi

BASIC = {"age": 29, "gender": 1, "ethnicity": 4}
FIELDS = {
    "create_time", "attribute_id", "account_id", "face_descriptor_samples",
    "basic_attributes_samples", "face_descriptor", "basic_attributes",
}  # fmt: skip
NOTHING = {
    "create_time": None,
    "basic_attributes": None,
    "face_descriptor": None,
    "basic_attributes_samples": [],
    "face_descriptor_samples": [],
}


def new_attribute(client: httpx.Client, ttl: int | None = None, **body: Any) -> str:
    """The id of a temporary attribute that was just made."""
    params = {} if ttl is None else {"ttl": ttl}
    answer = client.post("/6/attributes", json=body, params=params)
    assert answer.status_code == 201, answer.text
    attribute_id = answer.json()["attribute_id"]
    assert answer.json()["url"] == answer.headers["location"] == f"/6/attributes/{attribute_id}"
    return str(UUID(attribute_id))


def shown(client: httpx.Client, attribute_id: str, **params: Any) -> Any:
    """A temporary attribute."""
    answer = client.get(f"/6/attributes/{attribute_id}", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def of_face(client: httpx.Client, face_id: str, **params: Any) -> Any:
    """The attributes of a face."""
    answer = client.get(f"/6/faces/{face_id}/attributes", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()["attributes"]


def vector(running: RunningApi, at: int = 0) -> str:
    """The vector that the helpers put into bodies, as answers show it."""
    return base64.b64encode(unit_vector(face_feature(running)[1], at)).decode()


def test_an_attribute_is_shown_as_it_was_made(
    client: httpx.Client, running: RunningApi, account_id: UUID
) -> None:
    samples = [some_id(), some_id()]
    attribute_id = new_attribute(
        client,
        face_descriptors=[raw_descriptor(running)],
        face_descriptor_samples=samples,
        basic_attributes=BASIC,
        basic_attributes_samples=samples[:1],
    )

    found = shown(client, attribute_id)

    created = datetime.fromisoformat(found.pop("create_time"))
    assert abs(created.timestamp() - time.time()) < 60
    assert found == {
        "attribute_id": attribute_id,
        "account_id": str(account_id),
        "face_descriptor": vector(running),
        "face_descriptor_samples": samples,
        "basic_attributes": BASIC,
        "basic_attributes_samples": samples[:1],
    }
    answer = client.get(f"/6/attributes/{attribute_id}/samples")
    assert answer.json() == {"samples": samples}


def test_descriptors_come_raw_or_in_a_container(client: httpx.Client, running: RunningApi) -> None:
    raw = new_attribute(client, face_descriptors=[raw_descriptor(running, 3)])
    contained = new_attribute(client, face_descriptors=[sdk_descriptor(running, 3)])

    for made in (raw, contained):
        found = shown(client, made)
        assert found["face_descriptor"] == vector(running, 3)
        assert found["basic_attributes"] is None


def test_messagepack_brings_bytes(client: httpx.Client, running: RunningApi) -> None:
    version, dimension = face_feature(running)
    bare = unit_vector(dimension, 2)
    container = encode_container(Descriptor(DescriptorKind.FACE, version, bare))
    forms = {"Content-Type": "application/msgpack"}

    for given in ({"descriptor": bare, "version": version}, container):
        packed = msgpack.packb({"face_descriptors": [given]})
        made = client.post("/6/attributes", content=packed, headers=forms)
        assert made.status_code == 201, made.text
        found = shown(client, made.json()["attribute_id"])
        assert found["face_descriptor"] == vector(running, 2)


def test_a_form_brings_fields_or_a_file_that_overrides_them(
    client: httpx.Client, running: RunningApi
) -> None:
    version, dimension = face_feature(running)
    descriptor = Descriptor(DescriptorKind.FACE, version, unit_vector(dimension, 5))
    fields = {"basic_attributes": ("", b'{"age": 30}', "application/json")}

    plain = client.post("/6/attributes", files=fields)
    with_file = client.post(
        "/6/attributes", files={**fields, "xpk": ("d.xpk", encode_container(descriptor))}
    )

    assert shown(client, plain.json()["attribute_id"])["basic_attributes"] == {"age": 30}
    found = shown(client, with_file.json()["attribute_id"])
    assert (found["face_descriptor"], found["basic_attributes"]) == (vector(running, 5), None)
    bad = client.post("/6/attributes", files={"xpk": ("d.xpk", b"PK\3\4 something else")})
    assert refused(bad) == (400, 90034)
    assert "xpk" in bad.json()["detail"]


def test_a_descriptor_must_be_what_its_network_makes(
    client: httpx.Client, running: RunningApi
) -> None:
    version, dimension = face_feature(running)
    good = unit_vector(dimension)
    zeros, infinite = bytes(len(good)), b"\0\0\x80\x7f" + good[4:]
    long = b"".join((good, good))
    bodies = [
        [{"descriptor": base64.b64encode(bad).decode(), "version": version}]
        for bad in (zeros, infinite, long, good[:-1], b"")
    ]
    other = Descriptor(DescriptorKind.BODY, version, good)
    bodies += [
        [{"descriptor": vector(running), "version": version + 1}],
        [{"descriptor": "no base64!", "version": version}],
        [encode_sdk(other)],
        ["AAAA"],
        [sdk_descriptor(running)[:-8]],
    ]
    for descriptors in bodies:
        answer = client.post("/6/attributes", json={"face_descriptors": descriptors})
        assert refused(answer) == (400, 90034), descriptors
        assert "face_descriptors.0" in answer.json()["detail"]
        face = client.post("/6/faces", json={"attribute": {"face_descriptors": descriptors}})
        assert refused(face) == (400, 90034)
    assert client.get("/6/faces/count").json() == {"faces_count": 0}


def test_two_descriptors_of_one_version_are_refused(
    client: httpx.Client, running: RunningApi
) -> None:
    twice = [raw_descriptor(running, 0), sdk_descriptor(running, 1)]
    answer = client.post("/6/attributes", json={"face_descriptors": twice})
    assert refused(answer) == (400, 22024)


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "face_descriptors"),
        (None, ""),
        ({"face_descriptors": []}, "face_descriptors"),
        ({"face_descriptors": [{"descriptor": "AAAA"}]}, "face_descriptors.0.version"),
        ({"face_descriptors": [5]}, "face_descriptors.0"),
        ({"basic_attributes": {"age": 101}}, "basic_attributes.age"),
        ({"basic_attributes": {"age": True}}, "basic_attributes.age"),
        ({"basic_attributes": {"gender": 2}}, "basic_attributes.gender"),
        ({"basic_attributes": {"ethnicity": 0}}, "basic_attributes.ethnicity"),
        ({"basic_attributes": BASIC, "face_descriptor_samples": []}, ""),
        (
            {"basic_attributes": BASIC, "basic_attributes_samples": ["5"]},
            "basic_attributes_samples.0",
        ),
        ({"attribute_id": some_id()}, "face_descriptors"),
    ],
)
def test_a_bad_body_is_refused_by_its_field(client: httpx.Client, body: Any, path: str) -> None:
    answer = client.post("/6/attributes", json=body)

    assert refused(answer) == (400, 12022)
    assert f"Path: '{path}'" in answer.json()["detail"]


def test_samples_are_named_once(client: httpx.Client) -> None:
    sample = some_id()
    body = {"basic_attributes": BASIC, "basic_attributes_samples": [sample, sample]}
    assert refused(client.post("/6/attributes", json=body)) == (400, 12022)


@pytest.mark.parametrize("ttl", ["0", "86401", "x", "-5"])
def test_lifetimes_are_bounded(client: httpx.Client, ttl: str) -> None:
    body, params = {"basic_attributes": BASIC}, {"ttl": ttl}
    assert refused(client.post("/6/attributes", json=body, params=params)) == (400, 12012)
    new_attribute(client, ttl=86_400, **body)


@pytest.mark.parametrize("kind", ["text/plain", "image/jpeg", ""])
def test_other_content_types_are_refused(client: httpx.Client, kind: str) -> None:
    headers = {"Content-Type": kind}
    answer = client.post("/6/attributes", content=b"{}", headers=headers)
    assert refused(answer) == (400, 12017)


def test_an_expired_attribute_is_gone(client: httpx.Client) -> None:
    soon = new_attribute(client, ttl=1, basic_attributes=BASIC)
    kept = new_attribute(client, basic_attributes=BASIC)
    assert client.head(f"/6/attributes/{soon}").status_code == 200

    time.sleep(1.1)

    assert client.head(f"/6/attributes/{soon}").status_code == 404
    for answer in (
        client.get(f"/6/attributes/{soon}"),
        client.get(f"/6/attributes/{soon}/samples"),
        client.delete(f"/6/attributes/{soon}"),
        client.post("/6/faces", json={"attribute": {"attribute_id": soon}}),
    ):
        assert refused(answer) == (404, 22011)
    both = client.get("/6/attributes", params={"attribute_ids": f"{soon},{kept}"}).json()
    assert [found["attribute_id"] for found in both["attributes"]] == [kept]


def test_several_are_shown_in_the_order_asked(client: httpx.Client) -> None:
    ids = [new_attribute(client, basic_attributes={"age": age}) for age in (1, 2, 3)]
    asked = ",".join([ids[2], some_id(), ids[0]])

    found = client.get("/6/attributes", params={"attribute_ids": asked}).json()["attributes"]

    assert [one["basic_attributes"] for one in found] == [{"age": 3}, {"age": 1}]
    assert found[0].keys() == FIELDS


@pytest.mark.parametrize("targets", ["basic_attributes", "account_id, face_descriptor"])
def test_only_the_targets_are_shown(client: httpx.Client, targets: str) -> None:
    wanted = {name.strip() for name in targets.split(",")}
    attribute_id = new_attribute(client, basic_attributes=BASIC)
    params = {"targets": targets}

    assert shown(client, attribute_id, **params).keys() == wanted
    page = client.get("/6/attributes", params={**params, "attribute_ids": attribute_id}).json()
    assert page["attributes"] == [shown(client, attribute_id, **params)]
    face_targets = {"targets": "basic_attributes,create_time"}
    assert of_face(client, new_face(client), **face_targets).keys() == {
        "basic_attributes",
        "create_time",
    }


@pytest.mark.parametrize(
    ("params", "names"),
    [
        ({}, "attribute_ids"),
        ({"attribute_ids": ""}, "attribute_ids"),
        ({"attribute_ids": "5"}, "attribute_ids"),
        ({"attribute_ids": some_id(), "targets": "nose"}, "targets"),
        ({"attribute_ids": some_id(), "descriptor_version": "x"}, "descriptor_version"),
        ({"attribute_ids": some_id(), "page": 1}, "page"),
    ],
)
def test_bad_parameters_are_refused_by_name(
    client: httpx.Client, params: dict[str, Any], names: str
) -> None:
    answer = client.get("/6/attributes", params=params)
    assert refused(answer) == (400, 12012)
    assert answer.json()["detail"] == f"Bad query parameters '{names}'"


def test_a_version_that_is_not_there_is_null(client: httpx.Client, running: RunningApi) -> None:
    version, _ = face_feature(running)
    attribute_id = new_attribute(client, face_descriptors=[raw_descriptor(running)])
    face_id = new_face(client, attribute={"attribute_id": attribute_id})

    named, other = {"descriptor_version": version}, {"descriptor_version": 59}
    assert shown(client, attribute_id, **named)["face_descriptor"] == vector(running)
    assert shown(client, attribute_id, **other)["face_descriptor"] is None
    assert of_face(client, face_id, **named)["face_descriptor"] == {
        "descriptor": vector(running),
        "descriptor_version": version,
    }
    assert of_face(client, face_id, **other)["face_descriptor"] is None


def test_accounts_do_not_see_or_use_each_others_attributes(
    client: httpx.Client, stranger: httpx.Client, nobody: httpx.Client
) -> None:
    theirs = new_attribute(stranger, basic_attributes=BASIC)
    mine = new_attribute(client, basic_attributes=BASIC)
    face_id = new_face(client)

    assert client.head(f"/6/attributes/{theirs}").status_code == 404
    for answer in (
        client.get(f"/6/attributes/{theirs}"),
        client.get(f"/6/attributes/{theirs}/samples"),
        client.delete(f"/6/attributes/{theirs}"),
        client.post("/6/faces", json={"attribute": {"attribute_id": theirs}}),
        client.put(f"/6/faces/{face_id}/attributes", json={"attribute_id": theirs}),
    ):
        assert refused(answer) == (404, 22011)
    both = {"attribute_ids": f"{theirs},{mine}"}
    found = client.get("/6/attributes", params=both).json()["attributes"]
    assert [one["attribute_id"] for one in found] == [mine]
    assert len(nobody.get("/6/attributes", params=both).json()["attributes"]) == 2
    assert refused(nobody.delete(f"/6/attributes/{mine}")) == (403, 11036)
    body = {"basic_attributes": BASIC}
    assert refused(nobody.post("/6/attributes", json=body)) == (403, 11036)


def test_a_deleted_attribute_is_gone(client: httpx.Client) -> None:
    attribute_id = new_attribute(client, basic_attributes=BASIC)

    assert client.delete(f"/6/attributes/{attribute_id}").status_code == 204

    assert refused(client.delete(f"/6/attributes/{attribute_id}")) == (404, 22011)
    assert client.head(f"/6/attributes/{attribute_id}").status_code == 404


def test_options_tell_the_methods(client: httpx.Client) -> None:
    allowed = {
        "/6/attributes": "GET, HEAD, OPTIONS, POST",
        f"/6/attributes/{some_id()}": "DELETE, GET, HEAD, OPTIONS",
        f"/6/attributes/{some_id()}/samples": "GET, HEAD, OPTIONS",
    }
    for path, methods in allowed.items():
        assert client.options(path).headers["allow"] == methods


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
        found = of_face(client, face_id)
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

    assert of_face(client, face_id) == NOTHING
    assert client.get(f"/6/faces/{face_id}/attributes/samples").json() == {"samples": []}
    assert client.head(f"/6/faces/{face_id}/attributes").status_code == 200
    assert client.get("/6/faces/attributes/count").json() == {"faces_count": 0}


def test_put_replaces_all_attributes_of_a_face(client: httpx.Client, running: RunningApi) -> None:
    given = {"face_descriptors": [raw_descriptor(running, 1)], "basic_attributes": BASIC}
    face_id = new_face(client, attribute=given)

    answer = client.put(f"/6/faces/{face_id}/attributes", json={"basic_attributes": {"age": 50}})

    assert answer.status_code == 204
    found = of_face(client, face_id)
    assert found["basic_attributes"] == {"age": 50}
    assert found["face_descriptor"] is None
    by_id = {"attribute_id": new_attribute(client, face_descriptors=[sdk_descriptor(running)])}
    assert client.put(f"/6/faces/{face_id}/attributes", json=by_id).status_code == 204
    found = of_face(client, face_id)
    assert (found["basic_attributes"], found["face_descriptor"]["descriptor"]) == (
        None,
        vector(running),
    )


@pytest.mark.parametrize("body", [{}, {"attribute_id": "5"}, {"basic_attributes": {"age": -1}}])
def test_a_bad_put_changes_nothing(client: httpx.Client, body: dict[str, Any]) -> None:
    face_id = new_face(client, attribute={"basic_attributes": BASIC})
    before = of_face(client, face_id)
    path = f"/6/faces/{face_id}/attributes"

    assert refused(client.put(path, json=body)) == (400, 12022)
    assert refused(client.put(path)) == (400, 12022)
    other = f"/6/faces/{some_id()}/attributes"
    assert refused(client.put(other, json={"basic_attributes": BASIC})) == (404, 22002)
    assert of_face(client, face_id) == before


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

    assert of_face(client, face_id) == NOTHING
    assert client.delete(path).status_code == 204
    assert client.get("/6/faces/attributes/count").json() == {"faces_count": 0}
    query = "SELECT count(*) FROM descriptors WHERE owner_id = %s"
    assert running.services.reader.fetch_value(query, [UUID(face_id)]) == 0
