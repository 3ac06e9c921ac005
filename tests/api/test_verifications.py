"""Verifiers at work on photos: the same person is told from others, with every pack there is."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from tests.api.eyes import DAD, DAD_AGAIN, FOUR_PEOPLE, JPEG, MOM, Parts, parts, photo, stored
from tests.api.people import new_face, refused
from tests.api.test_verifiers import make
from tests.support.contract_schemas import assert_contract, needs_contract
from tests.support.running_api import RunningApi
from tests.support.shared import needs_media

pytestmark = needs_media

KEEP = {"attribute_policy": {"store_attribute": 1}, "face_sample_policy": {"store_sample": 1}}


@pytest.fixture(params=["running", "eyes"])
def judge(request: pytest.FixtureRequest, account_id: UUID) -> Iterator[httpx.Client]:
    """Asks an API with the default pack, and one with the development pack, as the account."""
    running: RunningApi = request.getfixturevalue(request.param)
    with running.client(account_id) as made:
        yield made


def attribute(client: httpx.Client, name: str) -> str:
    """The id of a temporary attribute of the only face in a photo."""
    (sample_id,) = stored(client, photo(name))
    params = {"extract_basic_attributes": 0}
    answer = client.post("/6/extractor", json=[sample_id], params=params)
    assert answer.status_code == 201, answer.text
    return str(answer.json()[0]["attribute_id"])


def face(client: httpx.Client, name: str, **body: Any) -> str:
    """The id of a face made of the only face in a photo."""
    return new_face(client, attribute={"attribute_id": attribute(client, name)}, **body)


def ask(client: httpx.Client, verifier_id: str, body: bytes | Any, **query: Any) -> httpx.Response:
    """The answer to one JPEG file, to the parts of a form, or to a JSON body."""
    url = f"/6/verifiers/{verifier_id}/verifications"
    if isinstance(body, bytes):
        return client.post(url, params=query, content=body, headers=JPEG)
    if isinstance(body, dict):
        return client.post(url, params=query, json=body)
    return client.post(url, params=query, files=body)


def verify(
    client: httpx.Client, verifier_id: str, body: bytes | Parts | Any, **query: Any
) -> list[dict[str, Any]]:
    """The images of an answer that must be good."""
    answer = ask(client, verifier_id, body, **query)
    assert answer.status_code == 200, answer.text
    images: list[dict[str, Any]] = answer.json()["images"]
    return images


def only(image: dict[str, Any]) -> dict[str, Any]:
    """The only face of an image."""
    assert image["status"] == 1, image["error"]
    (found,) = image["detections"]["face_detections"]
    return dict(found)


def test_the_same_person_is_told_from_another(judge: httpx.Client) -> None:
    dad, mom = face(judge, DAD), face(judge, MOM)
    verifier_id = make(judge)

    (image,) = verify(judge, verifier_id, photo(DAD_AGAIN), face_ids=f"{mom},{dad}")

    same, other = only(image)["verifications"]
    assert (same["face"], same["status"]) == ({"face_id": dad}, True)
    assert (other["face"], other["status"]) == ({"face_id": mom}, False)
    assert same["similarity"] > 0.9 > other["similarity"]


def test_only_a_similarity_above_the_threshold_is_the_same(judge: httpx.Client) -> None:
    dad = face(judge, DAD)
    verifier_id = make(judge, policies={"verification_threshold": 1})

    (image,) = verify(judge, verifier_id, photo(DAD), face_ids=dad)

    (verification,) = only(image)["verifications"]
    assert verification["similarity"] <= 1
    assert verification["status"] is False


def test_attributes_events_and_external_ids_can_be_named(seeing: httpx.Client) -> None:
    dad = face(seeing, DAD, external_id="dad")
    attribute_id = attribute(seeing, DAD)
    handler = seeing.post("/6/handlers", json={"policies": {}}).json()["handler_id"]
    events = seeing.post(f"/6/handlers/{handler}/events", content=photo(DAD), headers=JPEG)
    event_id = events.json()["events"][0]["event_id"]
    verifier_id = make(seeing)
    expected = {
        "attribute_ids": (attribute_id, {"attribute": {"attribute_id": attribute_id}}),
        "event_ids": (event_id, {"event": {"event_id": event_id}}),
        "external_ids": ("dad", {"face": {"face_id": dad}}),
    }

    for name, (value, shown) in expected.items():
        (image,) = verify(seeing, verifier_id, photo(DAD_AGAIN), **{name: value})
        (found,) = only(image)["verifications"]
        assert found.items() >= shown.items()
        assert found["status"] is True


def test_images_are_answered_in_order_and_fail_alone(seeing: httpx.Client) -> None:
    dad = face(seeing, DAD)
    verifier_id = make(seeing)
    sent = parts(
        ("dad.jpg", photo(DAD_AGAIN), "image/jpeg"),
        ("broken.jpg", b"no image", "image/jpeg"),
        ("mom.jpg", photo(MOM), "image/jpeg"),
        ("four.jpg", photo(FOUR_PEOPLE), "image/jpeg"),
    )

    images = verify(seeing, verifier_id, sent, face_ids=dad)

    assert [one["filename"] for one in images] == ["dad.jpg", "broken.jpg", "mom.jpg", "four.jpg"]
    assert [one["status"] for one in images] == [1, 0, 1, 1]
    statuses = [
        sorted(one["verifications"][0]["status"] for one in image["detections"]["face_detections"])
        for image in images
    ]
    assert statuses == [[True], [], [False], [False, False, False, True]]


def test_nothing_is_kept_unless_policies_say_so(seeing: httpx.Client) -> None:
    dad = face(seeing, DAD)
    (image,) = verify(seeing, make(seeing), photo(DAD_AGAIN), face_ids=dad)

    found = only(image)
    assert found["sample"]["face"]["sample_id"] is found["sample"]["face"]["url"] is None
    attributes = found["face_attributes"]
    assert (attributes["attribute_id"], attributes["url"]) == (None, None)
    assert (attributes["samples"], attributes["filter"]["is_filtered"]) == ([], False)
    assert set(found["sample"]["face"]["rect"]) == {"x", "y", "width", "height"}


def test_kept_samples_and_attributes_can_be_used_again(
    seeing: httpx.Client, stranger: httpx.Client
) -> None:
    dad = face(seeing, DAD)
    policies = {"storage_policy": KEEP, "extract_policy": {"extract_basic_attributes": 1}}
    verifier_id = make(seeing, policies=policies)

    (image,) = verify(seeing, verifier_id, photo(DAD_AGAIN), face_ids=dad)

    sample, attributes = only(image)["sample"]["face"], only(image)["face_attributes"]
    assert seeing.get(sample["url"]).headers["content-type"] == "image/jpeg"
    assert attributes["samples"] == [sample["sample_id"]]
    assert attributes["basic_attributes"]["gender"] == 1
    assert seeing.get(attributes["url"]).json()["attribute_id"] == attributes["attribute_id"]
    again = {"samples": [sample["sample_id"]]}
    (by_sample,) = verify(seeing, verifier_id, again, attribute_ids=attributes["attribute_id"])
    assert only(by_sample)["verifications"][0]["similarity"] > 0.99
    assert only(by_sample)["sample"]["face"]["sample_id"] == sample["sample_id"]


def test_faces_that_policies_drop_are_named_with_the_reason(seeing: httpx.Client) -> None:
    dad = face(seeing, DAD)
    wanted = {"detect_policy": {"mask_states": [2]}}

    (image,) = verify(seeing, make(seeing, policies=wanted), photo(DAD_AGAIN), face_ids=dad)

    assert image["detections"]["face_detections"] == []
    (dropped,) = image["detections"]["filtered_detections"]["face_detections"]
    assert dropped["filter_reasons"][0]["filter_name"] == "mask_states"


def test_a_descriptor_that_is_too_poor_is_compared_with_nobody(seeing: httpx.Client) -> None:
    dad = face(seeing, DAD)
    wanted = {"extract_policy": {"fd_score_threshold": 1.0}, "storage_policy": KEEP}

    (image,) = verify(seeing, make(seeing, policies=wanted), photo(DAD_AGAIN), face_ids=dad)

    found = only(image)
    assert found["verifications"] == []
    assert found["face_attributes"]["filter"]["is_filtered"] is True
    assert found["face_attributes"]["attribute_id"] is None


def test_several_faces_refuse_where_one_may_be(seeing: httpx.Client) -> None:
    dad = face(seeing, DAD)
    alone = make(seeing, policies={"detect_policy": {"multiface_policy": 0}})
    best = make(seeing, policies={"detect_policy": {"multiface_policy": 2}})

    assert refused(ask(seeing, alone, photo(FOUR_PEOPLE), face_ids=dad)) == (400, 11038)
    (image,) = verify(seeing, best, photo(FOUR_PEOPLE), face_ids=dad)
    assert len(image["detections"]["face_detections"]) == 1


@pytest.mark.parametrize(
    ("name", "code"), [("face_ids", 22002), ("event_ids", 90070), ("attribute_ids", 22011)]
)
def test_whoever_is_missing_or_foreign_refuses_all(
    client: httpx.Client, stranger: httpx.Client, name: str, code: int
) -> None:
    theirs = {"face_ids": face(stranger, DAD), "attribute_ids": attribute(stranger, DAD)}
    verifier_id = make(client)

    for value in filter(None, (str(uuid4()), theirs.get(name))):
        answer = ask(client, verifier_id, photo(DAD), **{name: value})
        assert refused(answer) == (404, code)
        assert value in answer.json()["detail"]
    external = ask(client, verifier_id, photo(DAD), external_ids="nobody")
    assert refused(external) == (404, 90052)


def test_objects_of_one_kind_must_be_named(client: httpx.Client) -> None:
    verifier_id, one = make(client), str(uuid4())

    none = ask(client, verifier_id, photo(DAD))
    both = ask(client, verifier_id, photo(DAD), face_ids=one, event_ids=one)
    bad = ask(client, verifier_id, photo(DAD), face_ids="nonsense")
    bare = ask(client, verifier_id, photo(DAD), face_ids=new_face(client))

    names = "face_ids, event_ids, attribute_ids, external_ids"
    assert none.json()["detail"] == f"Bad query parameters '{names}'"
    assert both.json()["detail"] == "Bad query parameters 'face_ids, event_ids'"
    assert [refused(answer) for answer in (none, both, bad)] == [(400, 12012)] * 3
    assert refused(bare) == (400, 90050)


def test_a_foreign_verifier_is_run_by_nobody(
    client: httpx.Client, stranger: httpx.Client, nobody: httpx.Client
) -> None:
    theirs, one = make(stranger), str(uuid4())

    assert refused(ask(client, theirs, photo(DAD), face_ids=one)) == (404, 90065)
    assert refused(ask(nobody, theirs, photo(DAD), face_ids=one)) == (403, 11036)


def test_a_repeated_request_keeps_its_samples_once(seeing: httpx.Client, eyes: RunningApi) -> None:
    dad = face(seeing, DAD)
    verifier_id = make(seeing, policies={"storage_policy": KEEP})
    seeing.headers["Idempotency-Key"] = str(uuid4())

    first, again = (
        only(verify(seeing, verifier_id, photo(DAD_AGAIN), face_ids=dad)[0]) for _ in range(2)
    )

    sample = first["sample"]["face"]
    assert again["sample"]["face"]["sample_id"] == sample["sample_id"]
    assert again["face_attributes"]["samples"] == [sample["sample_id"]]
    assert seeing.get(sample["url"]).status_code == 200


def test_a_token_runs_the_verifiers_of_its_lists(
    client: httpx.Client, nobody: httpx.Client
) -> None:
    ids = [make(client) for _ in range(2)]

    def status(use: dict[str, Any] | None, verifier_id: str) -> int:
        permissions = {} if use is None else {"verify": use}
        token = client.post("/6/tokens", json={"permissions": permissions}).json()["token"]
        nobody.headers["Authorization"] = f"Bearer {token}"
        statuses = {
            ask(nobody, verifier_id, photo(DAD), face_ids=str(uuid4())).status_code,
            nobody.post(f"/6/verifiers/{verifier_id}/raw", json={}).status_code,
        }
        return 403 if statuses == {403} else min(statuses)

    assert status(None, ids[0]) == 403
    assert status({"allowed": 1}, ids[0]) == 400
    assert status({"allowed": 1, "white_list": ids[:1]}, ids[1]) == 403
    assert status({"allowed": 1, "black_list": ids[:1]}, ids[0]) == 403
    assert status({"allowed": 1, "black_list": ids[:1]}, ids[1]) == 400


@needs_contract
def test_the_answer_is_the_contracts(seeing: httpx.Client) -> None:
    dad = face(seeing, DAD)
    estimate = {
        f"estimate_{name}": 1
        for name in ("emotions", "mask", "quality", "gaze", "head_pose", "eyes_attributes")
    }
    policies = {
        "detect_policy": {**estimate, "detect_landmarks68": 1, "extract_exif": 1},
        "extract_policy": {"extract_basic_attributes": 1},
        "storage_policy": KEEP,
    }

    images = verify(seeing, make(seeing, policies=policies), photo(DAD_AGAIN), face_ids=dad)

    assert_contract("VerificationResponse", {"images": images})
