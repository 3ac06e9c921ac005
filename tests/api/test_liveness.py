"""Liveness over HTTP: one person per image, errors by image, and all images together."""

import json
from typing import Any

import httpx
import pytest

from tests.api.eyes import DAD, FOUR_PEOPLE, JPEG, parts, photo, stored, text64
from tests.api.people import refused
from tests.support.contract_schemas import assert_contract, needs_contract
from tests.support.shared import needs_media, needs_models

REAL, SPOOF = "liveness/real_T1.jpg", "liveness/spoof_F1.jpg"


def predicted(client: httpx.Client, *names: str, **params: Any) -> dict[str, Any]:
    """What /liveness answers about photos."""
    files = parts(*((name, photo(name), "image/jpeg") for name in names))
    answer = client.post("/6/liveness", params=params, files=files)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@needs_media
@needs_models
def test_a_living_person_is_real_and_a_replayed_one_is_not(seeing: httpx.Client) -> None:
    living, replayed = predicted(seeing, REAL, SPOOF)["images"]
    assert living["liveness"]["prediction"] == 1
    assert living["liveness"]["estimations"]["probability"] > 0.5
    assert replayed["liveness"]["prediction"] == 0
    assert living["liveness"]["estimations"]["quality"] >= 0.5


@needs_media
@needs_models
def test_images_fail_by_themselves(seeing: httpx.Client) -> None:
    (sample_id,) = stored(seeing, photo(DAD))
    body = {
        "samples": [sample_id],
        "images": [
            {"image": text64(photo(REAL)), "filename": "real"},
            {"image": text64(b"no image"), "filename": "broken"},
            {"image": text64(photo("noface/dog.jpg")), "filename": "dog"},
            {"image": text64(photo(FOUR_PEOPLE)), "filename": "four"},
        ],
        "meta": {"os": "UNKNOWN"},
        "x_meta": {"anything": [1]},
    }
    answer = seeing.post("/6/liveness?aggregate=1", json=body)
    assert answer.status_code == 200, answer.text
    told = [
        (one["filename"], one["status"], one["error"]["error_code"], one["liveness"] is None)
        for one in answer.json()["images"]
    ]
    assert told == [
        (sample_id, 0, 90020, True),
        ("real", 1, 0, False),
        ("broken", 0, 32010, True),
        ("dog", 0, 90018, True),
        ("four", 0, 11038, True),
    ]
    alone = answer.json()["images"][1]["liveness"]
    assert answer.json()["aggregate_estimations"] == {"liveness": alone}


@needs_media
@needs_models
def test_all_images_together_are_their_mean(seeing: httpx.Client) -> None:
    shown = predicted(seeing, REAL, "azure/Family1-Mom1.jpg", aggregate=1)
    each = [one["liveness"]["estimations"] for one in shown["images"]]
    both = shown["aggregate_estimations"]["liveness"]["estimations"]
    assert all(one["quality"] >= 0.5 for one in each)
    for name, value in both.items():
        assert value == pytest.approx(sum(one[name] for one in each) / 2, abs=1e-5)
    assert "aggregate_estimations" not in predicted(seeing, REAL)
    assert "aggregate_estimations" not in predicted(seeing, "noface/dog.jpg", aggregate=1)


@needs_media
@needs_models
def test_what_is_said_of_the_device_changes_nothing(seeing: httpx.Client) -> None:
    plain = seeing.post("/6/liveness", content=photo(REAL), headers=JPEG).json()["images"]
    files: list[Any] = [
        *parts(("raw image", photo(REAL), "image/jpeg")),
        ("meta", (None, json.dumps({"os": "IOS", "model": "x"}), "application/json")),
        ("x_meta", (None, json.dumps({"a": 1}), "application/json")),
    ]
    told = seeing.post("/6/liveness", files=files)
    assert told.status_code == 200, told.text
    assert told.json()["images"] == plain
    assert "liveness=" in told.headers["selene-models"]


@pytest.mark.parametrize(
    ("beside", "path"),
    [({"meta": []}, "meta"), ({"meta": {"model": "x"}}, "meta.os"),
     ({"meta": {"os": 1}}, "meta.os"), ({"x_meta": "text"}, "x_meta"), ({"more": 1}, "more")],
)  # fmt: skip
def test_wrong_fields_are_named(client: httpx.Client, beside: dict[str, Any], path: str) -> None:
    answer = client.post("/6/liveness", json={"images": [{"image": "aaaa"}], **beside})
    assert answer.status_code == 400
    assert path in answer.json()["detail"]


def test_wrong_parameters_and_types_are_refused(client: httpx.Client) -> None:
    wrong = client.post("/6/liveness?aggregate=2", content=b"x", headers=JPEG)
    assert refused(wrong) == (400, 12012)
    text = client.post("/6/liveness", content=b"x", headers={"Content-Type": "text/plain"})
    assert refused(text) == (400, 12017)


@needs_media
def test_a_pack_without_a_model_says_so(client: httpx.Client) -> None:
    answer = client.post("/6/liveness", content=photo(DAD), headers=JPEG)
    assert refused(answer) == (501, 90030)
    assert "'liveness'" in answer.json()["detail"]


@needs_contract
@needs_media
@needs_models
def test_the_answer_is_the_contracts(seeing: httpx.Client) -> None:
    shown = predicted(seeing, REAL, "noface/dog.jpg", aggregate=1)
    assert_contract("LivenessResponse", shown)
