"""Verifiers and descriptors: raw verification, and descriptors in place of images."""

from typing import Any

import httpx
import msgpack
import pytest

from domain.shared.biometrics import encode_container, encode_sdk
from domain.shared.model_features import DescriptorFeature
from tests.api.eyes import text64
from tests.api.people import new_attribute, new_face, refused, some_id
from tests.api.test_given_descriptors import CONTAINER, descriptor, feature
from tests.api.test_verifiers import make

__all__ = ["feature"]


def entity(feature: DescriptorFeature, seed: int, name: str) -> dict[str, Any]:
    """A descriptor of a body, by its label."""
    return {"id": name, "type": "sdk_descriptor", "data": encode_sdk(descriptor(feature, seed))}


def test_every_reference_is_judged_with_every_candidate(
    client: httpx.Client, feature: DescriptorFeature
) -> None:
    url = f"/6/verifiers/{make(client)}/raw"
    body = {
        "references": [entity(feature, 1, "one"), entity(feature, 2, "two")],
        "candidates": [entity(feature, 3, "three"), entity(feature, 2, "two again")],
    }

    answer = client.post(url, json=body)

    assert answer.status_code == 200, answer.text
    one, two = answer.json()["matches"]
    assert [one["reference_id"], two["reference_id"]] == ["one", "two"]
    assert [found["status"] for found in one["matches"]] == [False, False]
    assert two["matches"][0] == {"candidate_id": "two again", "similarity": 1.0, "status": True}
    assert (two["matches"][1]["candidate_id"], two["matches"][1]["status"]) == ("three", False)
    packed = client.post(
        url, content=msgpack.packb(body), headers={"Content-Type": "application/msgpack"}
    )
    assert packed.json() == answer.json()


def test_raw_verification_answers_with_the_verifiers_threshold(
    client: httpx.Client, feature: DescriptorFeature
) -> None:
    strict = make(client, policies={"verification_threshold": 1})
    body = {"references": [entity(feature, 1, "a")], "candidates": [entity(feature, 1, "b")]}

    (found,) = client.post(f"/6/verifiers/{strict}/raw", json=body).json()["matches"]

    (candidate,) = found["matches"]
    assert (candidate["similarity"], candidate["status"]) == (1.0, False)


def test_raw_verification_refuses_what_it_cannot_compare(
    client: httpx.Client, stranger: httpx.Client, nobody: httpx.Client, feature: DescriptorFeature
) -> None:
    url = f"/6/verifiers/{make(client)}/raw"
    good = {"references": [entity(feature, 1, "a")], "candidates": [entity(feature, 1, "b")]}
    bad = {**good, "candidates": [{"id": "b", "type": "sdk_descriptor", "data": "bm8="}]}

    assert refused(client.post(url, json=bad)) == (400, 12022)
    assert "candidates.0.data" in client.post(url, json=bad).json()["detail"]
    assert refused(client.post(url, json={**good, "references": []})) == (400, 12022)
    assert refused(client.post(url, json={**good, "limit": 1})) == (400, 12022)
    assert refused(stranger.post(url, json=good)) == (404, 90065)
    assert refused(nobody.post(url, json=good)) == (403, 11036)
    assert refused(client.post(f"/6/verifiers/{some_id()}/raw", json=good)) == (404, 90065)


@pytest.mark.parametrize("encoded", [False, True])
def test_a_descriptor_is_verified_like_a_face_and_images_fail_alone(
    client: httpx.Client, feature: DescriptorFeature, encoded: bool
) -> None:
    vector = {"version": feature.version, "descriptor": text64(descriptor(feature, 1).data)}
    face_id = new_face(
        client, attribute={"attribute_id": new_attribute(client, face_descriptors=[vector])}
    )
    keep = {"storage_policy": {"attribute_policy": {"store_attribute": 1}}}
    url = f"/6/verifiers/{make(client, policies=keep)}/verifications"
    same, other = (encode_container(descriptor(feature, seed)) for seed in (1, 2))
    kind = CONTAINER
    if encoded:
        same, other = (encode_sdk(descriptor(feature, seed)).encode() for seed in (1, 2))
        kind = f"{CONTAINER}-base64"
    files = [
        ("d", (f"part {n}", data, kind_of_part))
        for n, (data, kind_of_part) in enumerate(
            [(same, kind), (b"nothing", kind), (other, kind), (b"no image", "image/jpeg")]
        )
    ]

    answer = client.post(url, params={"face_ids": face_id}, files=files)

    assert answer.status_code == 200, answer.text
    images = answer.json()["images"]
    assert [one["filename"] for one in images] == [f"part {n}" for n in range(4)]
    assert [one["status"] for one in images] == [1, 0, 1, 0]
    first, _, third, _ = (one["detections"]["face_detections"] for one in images)
    (verification,) = first[0]["verifications"]
    assert verification == {"similarity": 1.0, "status": True, "face": {"face_id": face_id}}
    assert third[0]["verifications"][0]["status"] is False
    assert "sample" not in first[0]
    assert client.get(first[0]["face_attributes"]["url"]).status_code == 200
