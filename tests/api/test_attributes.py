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
    BASIC,
    face_feature,
    new_attribute,
    new_face,
    raw_descriptor,
    refused,
    sdk_descriptor,
    shown_attribute,
    some_id,
    unit_vector,
    vector,
)
from tests.support.running_api import RunningApi
from tests.support.waiting import until

FIELDS = {
    "create_time", "attribute_id", "account_id", "face_descriptor_samples",
    "basic_attributes_samples", "face_descriptor", "basic_attributes",
}  # fmt: skip


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

    found = shown_attribute(client, attribute_id)

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
        found = shown_attribute(client, made)
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
        found = shown_attribute(client, made.json()["attribute_id"])
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

    assert shown_attribute(client, plain.json()["attribute_id"])["basic_attributes"] == {"age": 30}
    found = shown_attribute(client, with_file.json()["attribute_id"])
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
    def there_for_a_second() -> str:
        made = new_attribute(client, ttl=1, basic_attributes=BASIC)
        return made if client.head(f"/6/attributes/{made}").status_code == 200 else ""

    soon = until(there_for_a_second)
    kept = new_attribute(client, basic_attributes=BASIC)

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


@pytest.mark.parametrize(
    ("params", "names"),
    [
        ({}, "attribute_ids"),
        ({"attribute_ids": ""}, "attribute_ids"),
        ({"attribute_ids": "5"}, "attribute_ids"),
        ({"attribute_ids": some_id(), "targets": "nose"}, "targets"),
        ({"attribute_ids": some_id(), "descriptor_version": "x"}, "descriptor_version"),
    ],
)
def test_bad_parameters_are_refused_by_name(
    client: httpx.Client, params: dict[str, Any], names: str
) -> None:
    answer = client.get("/6/attributes", params=params)
    assert refused(answer) == (400, 12012)
    assert answer.json()["detail"] == f"Bad query parameters '{names}'"


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
