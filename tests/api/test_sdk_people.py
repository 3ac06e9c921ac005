"""Which people of an image count over HTTP, and what several images tell of one person."""

import httpx
import pytest

from tests.api.eyes import (
    DAD,
    DAD_AGAIN,
    FOUR_PEOPLE,
    JPEG,
    MOM,
    cosine,
    dropped,
    face_in,
    faces,
    parts,
    photo,
    seen,
    vector,
)
from tests.api.people import refused
from tests.support.shared import needs_media, needs_models


@needs_media
def test_several_faces_are_refused_allowed_or_reduced_to_the_best(seeing: httpx.Client) -> None:
    data = photo(FOUR_PEOPLE)
    params = {"detect_face": 1, "multiface_policy": 0}
    answer = seeing.post("/6/sdk", params=params, content=data, headers=JPEG)
    assert refused(answer) == (400, 11038)
    assert "raw image" in answer.json()["detail"]
    everybody = faces(seen(seeing, data)["images_estimations"][0])
    assert len(everybody) >= 3
    assert faces(seen(seeing, data, multiface_policy=2)["images_estimations"][0]) == everybody[:1]


@needs_media
def test_turned_heads_are_dropped_with_the_reason(seeing: httpx.Client) -> None:
    data = photo(DAD)
    pose = face_in(seeing, data, estimate_head_pose=1)["attributes"]["head_pose"]
    for angle, value in pose.items():
        allowed = face_in(seeing, data, **{f"{angle}_threshold": int(abs(value)) + 1})
        assert allowed["attributes"] == {}  # estimated for the filter alone
        (face,) = dropped(seeing, data, **{f"{angle}_threshold": 0})
        assert face["filter_reasons"] == [
            {"filter_name": f"{angle}_threshold", "object_value": value, "threshold_value": 0}
        ]
        assert face["detection"]["attributes"] == {}
        assert face_in(seeing, data, **{f"{angle}_threshold": 180}) == face["detection"]
    both = dropped(seeing, data, yaw_threshold=0, roll_threshold=0, estimate_head_pose=1)
    names = [reason["filter_name"] for reason in both[0]["filter_reasons"]]
    assert names == ["yaw_threshold", "roll_threshold"]
    assert both[0]["detection"]["attributes"] == {"head_pose": pose}


@needs_media
@needs_models
def test_faces_in_other_states_are_dropped(seeing: httpx.Client) -> None:
    data = photo(DAD)
    face_in(seeing, data, mask_states=[1, 3])
    (masked,) = dropped(seeing, data, mask_states=[2, 3])
    assert masked["filter_reasons"] == [
        {"filter_name": "mask_states", "object_value": 1, "threshold_value": [2, 3]}
    ]
    liveness = face_in(seeing, data, estimate_liveness=1)["attributes"]["liveness"]
    number = {"spoof": 0, "real": 1, "unknown": 2}[liveness["prediction"]]
    face_in(seeing, data, liveness_states=[number])
    (other,) = dropped(seeing, data, liveness_states=[(number + 1) % 3])
    assert other["filter_reasons"][0]["object_value"] == number


@needs_media
def test_a_poor_descriptor_drops_its_face_alone(seeing: httpx.Client) -> None:
    data = photo(DAD)
    face = face_in(seeing, data, estimate_face_descriptor=1)
    score = face["attributes"]["descriptor"]["score"]
    assert 0 < score < 1
    kept = face_in(seeing, data, estimate_face_descriptor=1, score_threshold=score - 1e-5)
    assert kept == face
    (gone,) = dropped(seeing, data, estimate_face_descriptor=1, score_threshold=1)
    assert gone["filter_reasons"] == [
        {"filter_name": "score_threshold", "object_value": score, "threshold_value": 1.0}
    ]
    face_in(seeing, data, score_threshold=1)  # no descriptor, no score


@needs_media
def test_images_together_tell_of_one_person(seeing: httpx.Client) -> None:
    files = parts(("1", photo(DAD), "image/jpeg"), ("2", photo(DAD_AGAIN), "image/jpeg"))
    query = {"estimate_face_descriptor": 1, "aggregate_attributes": 1}
    found = seen(seeing, files, **query)
    assert [len(faces(image)) for image in found["images_estimations"]] == [1, 1]
    assert all(f["attributes"] == {} for image in found["images_estimations"] for f in faces(image))
    assert found["aggregate_estimations"]["body"] is None
    together = found["aggregate_estimations"]["face"]
    for name in (DAD, DAD_AGAIN):
        alone = vector(face_in(seeing, photo(name), estimate_face_descriptor=1))
        assert cosine(vector(together), alone) > 0.6
        assert cosine(vector(together), alone) < 0.9999
    mother = vector(face_in(seeing, photo(MOM), estimate_face_descriptor=1))
    assert cosine(vector(together), mother) < 0.6


@needs_media
def test_poor_images_are_left_out_of_the_whole(seeing: httpx.Client) -> None:
    scores = {
        name: face_in(seeing, photo(name), estimate_face_descriptor=1)["attributes"]["descriptor"]
        for name in (DAD, DAD_AGAIN)
    }
    poor, good = sorted(scores, key=lambda name: float(scores[name]["score"]))
    limit = (scores[poor]["score"] + scores[good]["score"]) / 2
    files = parts(("1", photo(poor), "image/jpeg"), ("2", photo(good), "image/jpeg"))
    query = {"estimate_face_descriptor": 1, "aggregate_attributes": 1, "score_threshold": limit}
    found = seen(seeing, files, **query)
    assert [len(faces(image)) for image in found["images_estimations"]] == [0, 1]
    together = found["aggregate_estimations"]["face"]["attributes"]["descriptor"]
    assert together["score"] == pytest.approx(scores[good]["score"], abs=1e-5)


@needs_media
@needs_models
def test_scores_of_several_images_are_their_mean(seeing: httpx.Client) -> None:
    asked = {"estimate_emotions": 1, "estimate_mask": 1, "estimate_basic_attributes": 1}
    alone = [face_in(seeing, photo(n), **asked)["attributes"] for n in (DAD, DAD_AGAIN)]
    files = parts(("1", photo(DAD), "image/jpeg"), ("2", photo(DAD_AGAIN), "image/jpeg"))
    found = seen(seeing, files, aggregate_attributes=1, **asked)
    whole = found["aggregate_estimations"]["face"]["attributes"]
    assert whole.keys() == {"emotions", "mask", "basic_attributes"}
    for name in ("emotions", "mask"):
        for state, value in whole[name]["estimations"].items():
            mean = sum(one[name]["estimations"][state] for one in alone) / 2
            assert value == pytest.approx(mean, abs=1e-3)
    ages = sorted(one["basic_attributes"]["age"] for one in alone)
    assert ages[0] - 1 <= whole["basic_attributes"]["age"] <= ages[1] + 1


@needs_media
def test_one_person_may_not_be_several(seeing: httpx.Client) -> None:
    params = {"detect_face": 1, "aggregate_attributes": 1}
    data = photo(FOUR_PEOPLE)
    answer = seeing.post("/6/sdk", params=params, content=data, headers=JPEG)
    assert refused(answer) == (400, 11038)
    best = seen(seeing, data, aggregate_attributes=1, multiface_policy=2)
    assert len(faces(best["images_estimations"][0])) == 1


@needs_media
@needs_models
def test_people_are_counted_and_placed(seeing: httpx.Client) -> None:
    data = photo("group/two_people.jpg")
    (image,) = seen(
        seeing, data, estimate_people_count=1, people_count_coordinates=1, detect_face=0
    )["images_estimations"]
    people = image["image_estimations"]["people"]
    assert people["count"] == len(people["coordinates"]) == 2
    assert image["estimations"] == []
    (empty,) = seen(seeing, photo("noface/house.jpg"), estimate_people_count=1)[
        "images_estimations"
    ]
    assert empty["image_estimations"] == {"people": {"count": 0}}


@needs_media
@needs_models
def test_bodies_tell_what_is_asked_of_them(seeing: httpx.Client) -> None:
    flags = ("body_basic_attributes", "upper_body", "lower_body", "accessories")
    for asked in ((), flags[:1], flags):
        params = {f"estimate_{name}": 1 for name in asked}
        (image,) = seen(seeing, photo(DAD), detect_body=1, estimate_body_descriptor=0, **params)[
            "images_estimations"
        ]
        bodies = [one["body"]["detection"] for one in image["estimations"] if one["body"]]
        assert bodies
        shown = {name.removeprefix("body_") for name in asked}
        assert all(body["attributes"].keys() == shown for body in bodies)


@needs_media
@pytest.mark.parametrize(
    ("flag", "role"),
    [("deepfake", "deepfake"), ("face_occlusion", "face_occlusion"),
     ("image_modification", "image_modification"), ("people_count", "body_detector")],
)  # fmt: skip
def test_what_no_network_tells_is_refused(client: httpx.Client, flag: str, role: str) -> None:
    params = {"detect_face": 1, f"estimate_{flag}": 1}
    answer = client.post("/6/sdk", params=params, content=photo(DAD), headers=JPEG)
    assert refused(answer) == (501, 90030)
    assert f"'{role}'" in answer.json()["detail"]
