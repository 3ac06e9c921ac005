"""Stateless estimation over HTTP: images in every form, what is asked of them, what is dropped."""

import base64
from typing import Any
from uuid import uuid4

import httpx
import msgpack
import pytest

from inference.image import decode_image
from tests.api.eyes import (
    DAD,
    FOUR_PEOPLE,
    JPEG,
    cosine,
    face_in,
    faces,
    parts,
    photo,
    seen,
    stored,
    text64,
    vector,
)
from tests.api.people import refused
from tests.inference.pictures import gradient, jpeg, png_claiming
from tests.support.shared import needs_media, needs_models

OK = {"error_code": 0, "desc": "Success", "detail": "Success", "link": "/docs/errors/0"}


@needs_media
def test_every_image_of_a_request_fails_or_succeeds_by_itself(seeing: httpx.Client) -> None:
    good = photo(DAD)
    images = seen(
        seeing,
        parts(
            ("good.jpg", good, "image/jpeg"),
            ("corrupt.jpg", good[:600] + b"\0" * 400, "image/jpeg"),
            ("cut.png", photo("formats/einstein.png")[:2000], "image/png"),
            ("empty.jpg", b"", "image/jpeg"),
            ("note.txt", b"no image", "text/plain"),
            ("words.jpg", b"no image at all", "image/jpeg"),
            ("bomb.png", png_claiming(60_000, 60_000), "image/png"),
            ("again.jpg", good, "application/octet-stream"),
        ),
    )["images_estimations"]

    assert [(one["filename"], one["status"], one["error"]["error_code"]) for one in images] == [
        ("good.jpg", 1, 0),
        ("corrupt.jpg", 0, 32010),
        ("cut.png", 0, 32010),
        ("empty.jpg", 0, 32010),
        ("note.txt", 0, 11028),
        ("words.jpg", 0, 32010),
        ("bomb.png", 0, 90014),
        ("again.jpg", 1, 0),
    ]
    assert images[0]["error"] == OK
    assert images[0]["estimations"] == images[-1]["estimations"] != []
    assert all(image["estimations"] == [] for image in images[1:-1])


@needs_media
def test_all_forms_of_an_image_are_the_same_image(seeing: httpx.Client) -> None:
    data = photo(DAD)
    image_id = seeing.post("/6/images", content=data, headers=JPEG).json()["image_id"]
    expected = face_in(seeing, data)
    encoded = seeing.post(
        "/6/sdk?detect_face=1&estimate_face_descriptor=0",
        content=base64.encodebytes(data),
        headers={"Content-Type": "image/x-jpeg-base64"},
    ).json()["images_estimations"]
    assert faces(encoded[0]) == [expected]
    assert face_in(seeing, {"images": [{"image": text64(data)}]}) == expected
    assert face_in(seeing, {"urls": [f"/6/images/{image_id}"]}) == expected
    assert face_in(seeing, {"images": [{"image_id": image_id}]}) == expected
    assert expected["rect"].keys() == {"x", "y", "width", "height"}


def test_addresses_inside_are_not_asked(client: httpx.Client) -> None:
    urls = ["http://127.0.0.1:5000/6/images", "http://169.254.169.254/", "file:///etc/passwd"]
    images = seen(client, {"urls": urls})["images_estimations"]
    assert [(one["filename"], one["error"]["error_code"]) for one in images] == [
        (url, 11027) for url in urls
    ]
    assert all(url in image["error"]["detail"] for url, image in zip(urls, images, strict=True))


@needs_media
def test_a_stored_sample_is_its_owners_face(seeing: httpx.Client, eyes: Any) -> None:
    (sample_id,) = stored(seeing, photo(DAD))
    known = face_in(seeing, photo(DAD), estimate_face_descriptor=1)
    face = face_in(seeing, {"samples": [sample_id]}, estimate_face_descriptor=1)
    assert cosine(vector(face), vector(known)) > 0.97
    assert "rect" not in face

    with eyes.client(uuid4()) as other:
        images = seen(other, {"samples": [sample_id, str(uuid4())]})["images_estimations"]
    assert [image["error"]["error_code"] for image in images] == [13003, 13003]
    assert sample_id in images[0]["error"]["detail"]


@needs_media
def test_photos_that_exif_turns_upright_are_equal(seeing: httpx.Client) -> None:
    names = [f"exif/orientation_{number}.jpg" for number in (1, 2, 3, 6, 8)]
    found = [face_in(seeing, photo(name), estimate_face_descriptor=1) for name in names]
    upright = found[0]
    for face in found[1:]:
        for side, value in face["rect"].items():
            assert abs(value - upright["rect"][side]) <= 0.1 * upright["rect"]["width"]
        assert cosine(vector(face), vector(upright)) > 0.9
    lying = seen(seeing, photo("exif/orientation_6.jpg"), use_exif_info=0)
    assert [face["rect"] for face in faces(lying["images_estimations"][0])] != [upright["rect"]]


@needs_media
def test_a_warp_answered_is_a_warp_that_can_be_sent(seeing: httpx.Client) -> None:
    asked = {"estimate_face_descriptor": 1, "estimate_landmarks5": 1}
    first = face_in(seeing, photo(DAD), estimate_face_warp=1, **asked)
    warp = base64.b64decode(first["warp"])
    assert decode_image(warp).pixels.shape == (250, 250, 3)
    again = face_in(seeing, warp, image_type=1, detect_face=0, **asked)
    assert again.keys() == {"attributes"}
    assert cosine(vector(again), vector(first)) > 0.97
    (wrong,) = seen(seeing, photo(DAD), image_type=1)["images_estimations"]
    assert (wrong["status"], wrong["error"]["error_code"]) == (0, 90016)


@needs_media
@needs_models
def test_a_face_and_its_body_are_one_person(seeing: httpx.Client) -> None:
    query = {"detect_body": 1, "estimate_body_warp": 1, "estimate_face_warp": 1}
    (image,) = seen(seeing, photo(FOUR_PEOPLE), **query)["images_estimations"]
    whole = [one for one in image["estimations"] if one["face"] and one["body"]]
    assert whole
    body = whole[0]["body"]["detection"]
    face = whole[0]["face"]["detection"]["rect"]
    assert (
        body["rect"]["y"]
        <= face["y"] + face["height"] / 2
        <= body["rect"]["y"] + body["rect"]["height"]
    )
    warps = {one["body"]["detection"]["warp"] for one in image["estimations"] if one["body"]}
    assert len(warps) == sum(1 for one in image["estimations"] if one["body"])
    warp = base64.b64decode(body["warp"])
    (alone,) = seen(seeing, warp, image_type=2)["images_estimations"]
    (person,) = alone["estimations"]
    assert person["face"] is None
    assert "rect" not in person["body"]["detection"]
    assert cosine(vector(person["body"]["detection"]), vector(body)) > 0.9


@needs_media
@needs_models
def test_what_is_asked_is_answered_and_nothing_else(seeing: httpx.Client) -> None:
    names = {
        "estimate_head_pose": "head_pose",
        "estimate_emotions": "emotions",
        "estimate_mask": "mask",
        "estimate_glasses": "glasses",
        "estimate_liveness": "liveness",
        "estimate_gaze": "gaze",
        "estimate_eyes_attributes": "eyes_attributes",
        "estimate_mouth_attributes": "mouth_attributes",
        "estimate_basic_attributes": "basic_attributes",
        "estimate_face_descriptor": "descriptor",
    }
    for flag, name in names.items():
        face = face_in(seeing, photo(DAD), **{flag: 1})
        assert face.keys() == {"rect", "attributes"}
        assert face["attributes"].keys() == {name}
    face = face_in(
        seeing, photo(DAD), estimate_landmarks5=1, estimate_landmarks68=1, estimate_quality=1
    )
    assert (len(face["landmarks5"]), len(face["landmarks68"])) == (5, 68)
    assert face["quality"].keys() == {"blurriness", "dark", "illumination", "specularity", "light"}
    assert all(-20 < x < 1.2 * face["rect"]["width"] for x, _ in face["landmarks68"])


def test_nothing_is_looked_for_unless_it_is_asked(nobody: httpx.Client) -> None:
    answer = nobody.post("/6/sdk", content=jpeg(gradient()), headers=JPEG)
    assert answer.status_code == 200
    assert "selene-models" not in answer.headers
    assert answer.json() == {
        "images_estimations": [
            {
                "filename": "raw image",
                "status": 1,
                "error": OK,
                "estimations": [],
                "filtered_detections": {"face_detections": []},
            }
        ]
    }


@pytest.mark.parametrize(
    ("flag", "role"),
    [
        ("estimate_emotions", "emotions"),
        ("estimate_mask", "mask"),
        ("mask_states", "mask"),
        ("estimate_glasses", "glasses"),
        ("estimate_liveness", "liveness"),
        ("liveness_states", "liveness"),
        ("estimate_gaze", "gaze"),
        ("estimate_eyes_attributes", "eyes_attributes"),
        ("estimate_mouth_attributes", "mouth_attributes"),
        ("estimate_landmarks68", "landmarks68"),
        ("estimate_basic_attributes", "basic_attributes"),
        ("detect_body", "body_d"),
    ],
)
def test_what_no_network_can_do_is_refused_by_name(
    client: httpx.Client, flag: str, role: str
) -> None:
    params = {"detect_face": 1, flag: 1}
    answer = client.post("/6/sdk", params=params, content=jpeg(gradient()), headers=JPEG)
    assert refused(answer) == (501, 90030)
    assert f"'default' has no model for '{role}" in answer.json()["detail"]


@needs_media
def test_answers_name_their_networks_and_come_as_messagepack(seeing: httpx.Client) -> None:
    params = {"detect_face": 1}
    plain = seeing.post("/6/sdk", params=params, content=photo(DAD), headers=JPEG)
    headers = {**JPEG, "Accept": "application/msgpack"}
    packed = seeing.post("/6/sdk", params=params, content=photo(DAD), headers=headers)
    assert packed.headers["content-type"] == "application/msgpack"
    assert msgpack.unpackb(packed.content) == plain.json()
    for answer in (plain, packed):
        named = dict(item.split("=", 1) for item in answer.headers["selene-models"].split(", "))
        assert named.keys() >= {"face_detector", "face_descriptor"}
        assert "sha256=" in named["face_descriptor"]


@pytest.mark.parametrize(
    "query",
    [
        {"detect_face": 2},
        {"image_type": 3},
        {"multiface_policy": -1},
        {"yaw_threshold": 181},
        {"score_threshold": 1.01},
        {"score_threshold": "nan"},
        {"mask_states": 0},
        {"liveness_states": 3},
        {"estimate_mask": "true"},
        {"use_exif_info": ""},
    ],
)
def test_bad_parameters_are_named(client: httpx.Client, query: dict[str, Any]) -> None:
    answer = client.post("/6/sdk", params=query, content=jpeg(gradient()), headers=JPEG)
    assert refused(answer) == (400, 12012)
    assert next(iter(query)) in answer.json()["detail"]


def test_bodies_that_hold_no_images_are_refused(client: httpx.Client) -> None:
    text = client.post("/6/sdk", content=b"x", headers={"Content-Type": "text/plain"})
    assert refused(text) == (400, 12017)
    assert refused(client.post("/6/sdk", json={"urls": []})) == (400, 12022)
    assert refused(client.post("/6/sdk", json={"pictures": ["a"]})) == (400, 12022)
    many = client.post("/6/sdk", json={"urls": ["http://127.0.0.1/"] * 101})
    assert refused(many) == (413, 90019)
