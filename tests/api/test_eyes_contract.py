"""Estimation, detection and extraction against the published contract: parameters and answers."""

from typing import Any

import httpx
import pytest

from tests.api.eyes import DAD, FOUR_PEOPLE, JPEG, parts, photo, stored
from tests.support.contract_schemas import CONTRACT, assert_contract, contract
from tests.support.shared import needs_media, needs_models

pytestmark = pytest.mark.skipif(not CONTRACT.is_file(), reason="the shared contract is not here")
DOCUMENT = {"Accept": "application/json"}
OPERATIONS = ("/6/sdk", "/6/detector", "/6/extractor", "/6/iso", "/6/liveness")
LATER = {
    *("extract_exif", "estimate_people_count", "people_count_coordinates", "estimate_deepfake"),
    *("estimate_body_basic_attributes", "estimate_upper_body", "estimate_lower_body"),
    *("estimate_accessories", "deepfake_states", "estimate_face_occlusion"),
    "estimate_image_modification",
}
"""What later clients ask /sdk for beyond the contract."""
TELLING = ("type", "enum", "minimum", "maximum", "default", "minItems")


def followed(value: dict[str, Any]) -> dict[str, Any]:
    """What a reference leads to."""
    while reference := value.get("$ref"):
        value = contract()
        for step in str(reference).removeprefix("#/").split("/"):
            value = value[step]
    return value


def told(schema: dict[str, Any]) -> dict[str, Any]:
    """What a schema says about values."""
    schema = followed(schema)
    said = {key: schema[key] for key in TELLING if key in schema}
    return {**said, "items": told(schema["items"])} if "items" in schema else said


def query_of(document: dict[str, Any], path: str) -> dict[str, Any]:
    """The query parameters of a POST, each with what it says about values."""
    found = [followed(one) for one in document["paths"][path]["post"]["parameters"]
             if one.get("$ref", "").rpartition("/")[2] != "LunaRequestId"]  # fmt: skip
    return {one["name"]: told(one["schema"]) for one in found if one["in"] == "query"}


def test_queries_have_the_names_ranges_and_defaults_of_the_contract(client: httpx.Client) -> None:
    document = client.get("/6/docs/spec", headers=DOCUMENT, timeout=60).json()
    for path in OPERATIONS:
        mine, theirs = query_of(document, path), query_of(contract(), path)
        assert mine.keys() - theirs.keys() == (LATER if path == "/6/sdk" else set())
        assert {name: mine[name] for name in theirs} == theirs
        own, other = (one["paths"][path]["post"] for one in (document, contract()))
        assert own["operationId"] == other["operationId"]
        assert own["requestBody"]["content"].keys() >= other["requestBody"]["content"].keys()


@needs_media
@needs_models
@pytest.mark.parametrize("query", [{}, {"yaw_threshold": 0}, {"aggregate_attributes": 1}])
def test_what_sdk_answers_is_in_the_contract(seeing: httpx.Client, query: dict[str, Any]) -> None:
    flags = [name for name in query_of(contract(), "/6/sdk") if name.startswith("estimate_")]
    params = {**dict.fromkeys(flags, 1), "detect_face": 1, "detect_body": 1, **query}
    several = FOUR_PEOPLE if "aggregate_attributes" not in query else DAD
    files = parts(("a", photo(several), "image/jpeg"), ("b", b"", "image/jpeg"))
    answer = seeing.post("/6/sdk", params=params, files=files)
    assert answer.status_code == 200, answer.text
    assert_contract("SdkResponse", answer.json())


@needs_media
def test_what_detector_and_extractor_answer_is_in_the_contract(seeing: httpx.Client) -> None:
    params = {"extract_exif": 1, "estimate_head_pose": 1, "estimate_quality": 1}
    for more in ({}, {"pitch_threshold": 0}):
        answer = seeing.post(
            "/6/detector", params={**params, **more}, content=photo(FOUR_PEOPLE), headers=JPEG
        )
        assert_contract("DetectorResponse", answer.json())
    ids = stored(seeing, photo(DAD))
    for threshold in (0, 1):
        answer = seeing.post("/6/extractor", params={"score_threshold": threshold}, json=ids)
        assert answer.status_code == 201, answer.text
        for item in answer.json():
            assert_contract("ExtractResult", item)
