"""Frontal photos against ISO/IEC 19794-5 over HTTP: what is checked, and what is said to be off."""

from typing import Any

import httpx
import msgpack
import numpy as np
import pytest

from domain.policies.iso import ISO_CHECKS
from inference.drawn_face import drawn_face
from tests.api.eyes import DAD, FOUR_PEOPLE, JPEG, parts, photo, stored, text64
from tests.api.people import refused
from tests.inference.pictures import exif_block, gradient, jpeg
from tests.support.contract_schemas import assert_contract, needs_contract
from tests.support.shared import needs_media, needs_models

PORTRAIT = jpeg(drawn_face())
COUPLE = jpeg(np.hstack([drawn_face(), drawn_face()]))
"""One drawn face, and two."""


def checked(client: httpx.Client, image: Any, **params: Any) -> httpx.Response:
    """What /iso answers about one JPEG file, a JSON body or the parts of a form."""
    given: dict[str, Any] = {"files": image}
    if isinstance(image, bytes):
        given = {"content": image, "headers": JPEG}
    elif isinstance(image, dict):
        given = {"json": image}
    answer = client.post("/6/iso", params=params, **given)
    assert answer.status_code == 200, answer.text
    return answer


def only_face(answer: httpx.Response) -> dict[str, Any]:
    """The only face in the only image."""
    (image,) = answer.json()["images"]
    (estimation,) = image["estimations"]
    found: dict[str, Any] = estimation["face"]["detection"]
    return found


def off(answer: httpx.Response) -> set[str]:
    """The checks that the answer says were not made."""
    said = answer.headers.get("selene-checks-off", "")
    return set(filter(None, said.split(", ")))


@needs_models
def test_every_check_is_made_or_said_to_be_off(seeing: httpx.Client) -> None:
    answer = checked(seeing, PORTRAIT)
    face = only_face(answer)
    names = [one["name"] for one in face["iso"]["checks"]]
    assert names == [name for name in ISO_CHECKS if name in names]
    assert off(answer) == set(ISO_CHECKS) - set(names)
    assert {"gaze_yaw", "glasses", "left_eye", "mouth_smiling"} <= set(names)
    assert face["iso"]["status"] == int(all(one["result"] for one in face["iso"]["checks"]))
    told = {one["name"]: one for one in face["iso"]["checks"]}
    assert told["eye_distance"]["threshold_value"] == {"min": 90, "max": None}
    assert told["image_format"]["object_value"] == "JPEG"
    assert set(face["rect"]) == {"x", "y", "width", "height"}


def test_without_networks_what_a_formula_tells_is_told(client: httpx.Client) -> None:
    answer = checked(client, PORTRAIT)
    names = {one["name"] for one in only_face(answer)["iso"]["checks"]}
    assert {"blurriness_quality", "eye_distance", "natural_light", "head_yaw"} <= names
    assert {"gaze_yaw", "gaze_pitch", "glasses", "headwear_type"} <= off(answer)
    assert not names & off(answer)


def test_several_faces_are_an_error_of_their_image_unless_they_are_allowed(
    client: httpx.Client,
) -> None:
    both = parts(("two.jpg", COUPLE, "image/jpeg"), ("one.jpg", PORTRAIT, "image/jpeg"))
    for policy, code, count in ((0, 11038, 0), (1, 0, 2), (2, 0, 1)):
        couple, alone = checked(client, both, multiface_policy=policy).json()["images"]
        assert (couple["status"], couple["error"]["error_code"]) == (int(not code), code)
        assert len(couple["estimations"]) == count
        assert (alone["status"], len(alone["estimations"])) == (1, 1)
    couple, _ = checked(client, both).json()["images"]
    assert couple["error"]["detail"].startswith("Multiple faces found in image two.jpg detect [{")


def test_images_fail_by_themselves_and_keep_their_order(client: httpx.Client) -> None:
    images = checked(
        client,
        parts(
            ("a.jpg", PORTRAIT, "image/jpeg"),
            ("b.jpg", b"no image", "image/jpeg"),
            ("c.jpg", jpeg(gradient()), "image/jpeg"),
        ),
    ).json()["images"]
    told = [(one["filename"], one["status"], len(one["estimations"])) for one in images]
    assert told == [("a.jpg", 1, 1), ("b.jpg", 0, 0), ("c.jpg", 1, 0)]
    assert images[1]["error"]["error_code"] == 32010


def test_a_warp_has_no_place_and_no_geometry(client: httpx.Client) -> None:
    (sample_id,) = stored(client, PORTRAIT)
    sample = client.get(f"/6/samples/faces/{sample_id}").content
    by_id = checked(client, {"samples": [sample_id]})
    for answer in (by_id, checked(client, sample, image_type=1)):
        face = only_face(answer)
        assert "rect" not in face
        assert {"eye_distance", "head_width", "head_yaw"} <= off(answer)
        assert face["iso"]["checks"]
    (image,) = checked(client, PORTRAIT, image_type=1).json()["images"]
    assert (image["status"], image["error"]["error_code"]) == (0, 90016)


def test_a_stranger_cannot_have_a_sample_checked(
    client: httpx.Client, stranger: httpx.Client
) -> None:
    (sample_id,) = stored(client, PORTRAIT)
    (image,) = checked(stranger, {"samples": [sample_id]}).json()["images"]
    assert image["error"]["error_code"] == 13003


def test_all_forms_of_a_photo_are_answered_alike(client: httpx.Client) -> None:
    data = PORTRAIT
    expected = only_face(checked(client, data))
    inline = {"images": [{"image": text64(data), "filename": "x"}]}
    assert only_face(checked(client, inline)) == expected
    encoded = client.post(
        "/6/iso", content=text64(data), headers={"Content-Type": "image/x-jpeg-base64"}
    )
    assert only_face(encoded) == expected
    packed = client.post("/6/iso", content=data, headers={**JPEG, "Accept": "application/msgpack"})
    (image,) = msgpack.unpackb(packed.content)["images"]
    assert image["estimations"] == [{"face": {"detection": expected}}]


def test_exif_is_shown_when_it_is_asked_for(client: httpx.Client) -> None:
    data = jpeg(drawn_face(), exif_block({0x010F: "NIKON"}))
    (image,) = checked(client, data, extract_exif=1).json()["images"]
    assert image["exif"] == {"make": "NIKON"}
    (image,) = checked(client, PORTRAIT, extract_exif=1).json()["images"]
    assert image["exif"] == {}
    (image,) = checked(client, data).json()["images"]
    assert "exif" not in image


@pytest.mark.parametrize(
    ("params", "name"),
    [({"image_type": 2}, "image_type"), ({"multiface_policy": 3}, "multiface_policy"),
     ({"extract_exif": "yes"}, "extract_exif")],
)  # fmt: skip
def test_wrong_parameters_are_named(
    client: httpx.Client, params: dict[str, Any], name: str
) -> None:
    answer = client.post("/6/iso", params=params, content=b"x", headers=JPEG)
    assert refused(answer) == (400, 12012)
    assert f"'{name}'" in answer.json()["detail"]


@needs_contract
@needs_media
@needs_models
def test_the_answer_is_the_contracts(seeing: httpx.Client) -> None:
    files = parts(("a", photo(FOUR_PEOPLE), "image/jpeg"), ("b", b"", "image/jpeg"))
    answer = checked(seeing, files, multiface_policy=1, extract_exif=1)
    assert_contract("IsoResponse", answer.json())
    assert_contract("IsoResponse", checked(seeing, photo(DAD)).json())
