"""Samples become temporary attributes over HTTP."""

import time
from uuid import UUID, uuid4

import httpx
import pytest

from domain.shared.biometrics import DescriptorKind, descriptor_from_raw
from tests.api.eyes import DAD, DAD_AGAIN, JPEG, MOM, cosine, photo, stored
from tests.api.people import refused
from tests.inference.pictures import gradient, jpeg
from tests.support.running_api import RunningApi
from tests.support.shared import needs_media, needs_models


def extracted(client: httpx.Client, ids: list[str], **query: object) -> list[dict[str, object]]:
    """What /extractor answers about samples."""
    answer = client.post("/6/extractor", params=query, json=ids)  # type: ignore[arg-type]
    assert answer.status_code == 201, answer.text
    found: list[dict[str, object]] = answer.json()
    return found


def kept(client: httpx.Client, item: dict[str, object]) -> dict[str, object]:
    """The temporary attribute of an item."""
    answer = client.get(str(item["url"]))
    assert answer.status_code == 200, answer.text
    found: dict[str, object] = answer.json()
    return found


def score_of(item: dict[str, object]) -> float:
    """The score of the descriptor of an item."""
    return float(str(item["score"]))


@needs_media
def test_each_sample_becomes_an_attribute_in_the_order_asked(
    seeing: httpx.Client, account_id: UUID
) -> None:
    ids = stored(seeing, photo(DAD), photo(MOM), photo(DAD_AGAIN))
    found = extracted(seeing, ids[::-1], ttl=600)
    assert [item["samples"] for item in found] == [[one] for one in ids[::-1]]
    for item in found:
        assert item.keys() == {"samples", "attribute_id", "url", "external_url", "score", "filter"}
        assert item["url"] == f"/6/attributes/{item['attribute_id']}"
        assert item["filter"] == {"is_filtered": False, "filter_reasons": []}
        attribute = kept(seeing, item)
        assert attribute["account_id"] == str(account_id)
        assert attribute["face_descriptor_samples"] == item["samples"]
        assert not attribute["basic_attributes_samples"]


@needs_media
def test_attributes_hold_the_descriptors_of_their_people(
    seeing: httpx.Client, eyes: RunningApi
) -> None:
    ids = stored(seeing, photo(DAD), photo(DAD_AGAIN), photo(MOM))
    dad, again, mom = (UUID(str(item["attribute_id"])) for item in extracted(seeing, ids))
    found = [eyes.services.attributes.get(None, one).content for one in (dad, again, mom)]
    first, second, other = (
        descriptor_from_raw(DescriptorKind.FACE, c.descriptors[0].version, c.descriptors[0].data)
        for c in found
    )
    assert cosine(first, second) > cosine(first, other) + 0.1
    (whole,) = extracted(seeing, ids[:2], aggregate_attributes=1)
    assert whole["samples"] == ids[:2]
    content = eyes.services.attributes.get(None, UUID(str(whole["attribute_id"]))).content
    (data,) = content.descriptors
    together = descriptor_from_raw(DescriptorKind.FACE, data.version, data.data)
    assert min(cosine(together, first), cosine(together, second)) > cosine(first, second)
    assert [str(one) for one in content.face_descriptor_samples] == ids[:2]


@needs_media
@needs_models
def test_basic_attributes_are_answered_and_kept(seeing: httpx.Client) -> None:
    ids = stored(seeing, photo(DAD))
    (item,) = extracted(seeing, ids, extract_basic_attributes=1, extract_descriptor=0)
    assert item.keys() == {
        "samples", "attribute_id", "url", "external_url", "basic_attributes", "filter"
    }  # fmt: skip
    basic = item["basic_attributes"]
    assert isinstance(basic, dict)
    attribute = kept(seeing, item)
    assert attribute["basic_attributes_samples"] == ids
    assert not attribute["face_descriptor_samples"]
    both = seeing.get(str(item["url"]), params={"targets": "basic_attributes"}).json()
    assert both["basic_attributes"]["age"] == basic["age"]
    assert both["basic_attributes"]["gender"] == basic["gender"]


@needs_media
def test_poor_samples_are_left_out_and_the_others_go_on(seeing: httpx.Client) -> None:
    ids = stored(seeing, photo(DAD), photo(DAD_AGAIN))
    scores = {one: score_of(extracted(seeing, [one])[0]) for one in ids}
    poor, good = sorted(ids, key=scores.__getitem__)
    limit = (scores[poor] + scores[good]) / 2
    below, above = extracted(seeing, [poor, good], score_threshold=limit)
    assert above["samples"] == [good]
    assert above["filter"] == {"is_filtered": False, "filter_reasons": []}
    reason = {
        "filter_name": "score_threshold",
        "object_value": scores[poor],
        "threshold_value": limit,
    }
    assert below == {
        "samples": [],
        "attribute_id": None,
        "url": None,
        "score": scores[poor],
        "filter": {"is_filtered": True, "filter_reasons": [reason]},
    }
    (whole,) = extracted(seeing, [poor, good], score_threshold=limit, aggregate_attributes=1)
    assert whole["samples"] == [good]
    assert whole["score"] == pytest.approx(scores[good], abs=1e-5)
    (none,) = extracted(seeing, ids, score_threshold=1, aggregate_attributes=1)
    assert (none["samples"], none["attribute_id"]) == ([], None)


@needs_media
def test_attributes_are_gone_after_their_time(seeing: httpx.Client) -> None:
    (item,) = extracted(seeing, stored(seeing, photo(DAD)), ttl=1)
    time.sleep(1.1)
    assert refused(seeing.get(str(item["url"]))) == (404, 22011)


@needs_media
def test_unknown_foreign_and_body_samples_refuse_everything(
    seeing: httpx.Client, eyes: RunningApi
) -> None:
    (mine,) = stored(seeing, photo(DAD))
    with eyes.client(uuid4()) as other:
        (theirs,) = stored(other, photo(MOM))
    body = jpeg(gradient(128, 256))
    whole = seeing.post("/6/samples/bodies", content=body, headers=JPEG).json()["sample_id"]
    for wrong in (theirs, whole, str(uuid4())):
        answer = seeing.post("/6/extractor", json=[mine, wrong])
        assert refused(answer) == (404, 13003)
        assert wrong in answer.json()["detail"]


@pytest.mark.parametrize(
    "query", ["ttl=0", "ttl=86401", "score_threshold=-1", "extract_descriptor=2"]
)
def test_bad_parameters_are_named(client: httpx.Client, query: str) -> None:
    answer = client.post(f"/6/extractor?{query}", json=[str(uuid4())])
    assert refused(answer) == (400, 12012)
    assert query.partition("=")[0] in answer.json()["detail"]


def test_an_attribute_of_nothing_is_refused(client: httpx.Client) -> None:
    answer = client.post("/6/extractor?extract_descriptor=0", json=[str(uuid4())])
    assert refused(answer) == (400, 12012)


@pytest.mark.parametrize("body", [[], {}, "x", ["x"], [1], [str(uuid4())] * 101])
def test_bodies_that_are_no_list_of_ids_are_refused(client: httpx.Client, body: object) -> None:
    assert refused(client.post("/6/extractor", json=body)) == (400, 12022)


def test_networks_and_owners_are_needed(client: httpx.Client, nobody: httpx.Client) -> None:
    ids = [str(uuid4())]
    assert refused(nobody.post("/6/extractor", json=ids)) == (403, 11036)
    answer = client.post("/6/extractor?extract_basic_attributes=1", json=ids)
    assert refused(answer) == (501, 90030)
    assert "'basic_attributes'" in answer.json()["detail"]
    assert refused(client.post("/6/extractor", content=b"x", headers=JPEG)) == (400, 12017)
