"""Faces become samples over HTTP: which do, whose they are, and that failures leave nothing."""

import base64
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest

from api.master_key import load_master_key
from inference.image import decode_image
from projections.log_reader import LogReader
from tests.api.eyes import DAD, FOUR_PEOPLE, JPEG, MOM, face_in, parts, photo, stored
from tests.api.people import refused
from tests.inference.pictures import gradient, jpeg
from tests.support.running_api import RunningApi
from tests.support.shared import needs_media, needs_models


def blobs_of(api: RunningApi) -> set[Path]:
    """The samples in the blob store of an API, once nobody works on it in the background."""
    api.rest()
    folder = api.services.settings.data_dir
    return {path for path in folder.rglob("samples/**/*") if path.is_file()}


def facts_of(api: RunningApi, account_id: UUID) -> int:
    """How many facts there are of the account."""
    reader = LogReader(load_master_key(api.services.settings))
    with psycopg.connect(api.services.dsn, autocommit=True) as connection:
        facts = [fact for span in reader.read_all(connection) for fact in span.facts]
    return sum(getattr(fact.event, "account_id", None) == account_id for fact in facts)


@needs_media
def test_each_face_is_kept_as_a_sample(
    seeing: httpx.Client, eyes: RunningApi, account_id: object
) -> None:
    answer = seeing.post(
        "/6/detector?estimate_head_pose=1&estimate_quality=1", content=photo(DAD), headers=JPEG
    )
    assert answer.status_code == 201
    (image,) = answer.json()["images"]
    assert (image["filename"], image["status"]) == ("raw image", 1)
    assert image["detections"]["filtered_detections"] == {"face_detections": []}
    ((face,),) = ([one["face"]] for one in image["detections"]["samples"])
    assert face.keys() == {"detection", "sample_id", "url"}
    assert face["url"] == f"/6/samples/faces/{face['sample_id']}"
    detection = face["detection"]
    assert detection.keys() == {"rect", "landmarks5", "quality", "attributes"}
    assert detection["attributes"].keys() == {"head_pose"}
    assert "face_detector=" in answer.headers["selene-models"]

    sample = seeing.get(face["url"])
    assert sample.headers["content-type"] == "image/jpeg"
    assert decode_image(sample.content).pixels.shape == (250, 250, 3)
    warp = face_in(seeing, photo(DAD), estimate_face_warp=1)["warp"]
    assert sample.content == base64.b64decode(warp)
    with eyes.client(uuid4()) as other:
        assert refused(other.get(face["url"])) == (404, 13003)


@needs_media
def test_samples_of_all_images_are_one_commit_and_failed_images_have_none(
    seeing: httpx.Client, eyes: RunningApi, account_id: UUID
) -> None:
    before, files = facts_of(eyes, account_id), blobs_of(eyes)
    answer = seeing.post(
        "/6/detector",
        files=parts(
            ("four", photo(FOUR_PEOPLE), "image/jpeg"),
            ("broken", photo(DAD)[:500], "image/jpeg"),
            ("mom", photo(MOM), "image/jpeg"),
            ("house", photo("noface/house.jpg"), "image/jpeg"),
        ),
    )
    images = answer.json()["images"]
    assert [image["status"] for image in images] == [1, 0, 1, 1]
    counts = [len(image["detections"]["samples"]) for image in images]
    assert counts[0] >= 3
    assert counts[1:] == [0, 1, 0]
    assert images[1]["error"]["error_code"] == 32010
    ids = [s["face"]["sample_id"] for i in images for s in i["detections"]["samples"]]
    assert len(set(ids)) == sum(counts)
    assert facts_of(eyes, account_id) - before == len(ids)
    assert len(blobs_of(eyes) - files) == len(ids)


@needs_media
def test_dropped_faces_get_no_sample(
    seeing: httpx.Client, eyes: RunningApi, account_id: UUID
) -> None:
    before, files = facts_of(eyes, account_id), blobs_of(eyes)
    answer = seeing.post("/6/detector?roll_threshold=0", content=photo(DAD), headers=JPEG)
    (image,) = answer.json()["images"]
    assert image["detections"]["samples"] == []
    (gone,) = image["detections"]["filtered_detections"]["face_detections"]
    assert gone["filter_reasons"][0]["filter_name"] == "roll_threshold"
    assert gone["detection"]["attributes"] == {}
    assert (facts_of(eyes, account_id), blobs_of(eyes)) == (before, files)


@needs_media
def test_what_is_refused_leaves_neither_facts_nor_files(
    seeing: httpx.Client, eyes: RunningApi, account_id: UUID
) -> None:
    key = {"Idempotency-Key": str(uuid4())}
    first = seeing.post("/6/detector", content=photo(DAD), headers={**JPEG, **key})
    before, files = facts_of(eyes, account_id), blobs_of(eyes)
    again = seeing.post("/6/detector", content=photo(DAD), headers={**JPEG, **key})
    assert again.json() == first.json()
    other = seeing.post("/6/detector", content=photo(MOM), headers={**JPEG, **key})
    assert other.status_code == 409
    several = seeing.post(
        "/6/detector?multiface_policy=0", content=photo(FOUR_PEOPLE), headers=JPEG
    )
    assert refused(several) == (400, 11038)
    assert (facts_of(eyes, account_id), blobs_of(eyes)) == (before, files)


@needs_media
def test_a_warp_is_kept_and_a_stored_sample_stays_the_one_it_is(
    seeing: httpx.Client, eyes: RunningApi
) -> None:
    (sample_id,) = stored(seeing, photo(DAD))
    warp = seeing.get(f"/6/samples/faces/{sample_id}").content
    (copy,) = stored(seeing, warp, warped_image=1)
    assert copy != sample_id
    files = blobs_of(eyes)
    answer = seeing.post("/6/detector?estimate_quality=1", json={"samples": [sample_id]})
    ((face,),) = ([one["face"] for one in answer.json()["images"][0]["detections"]["samples"]],)
    assert face["sample_id"] == sample_id
    assert face["detection"].keys() == {"quality", "attributes"}
    assert blobs_of(eyes) == files
    with eyes.client(uuid4()) as stranger:
        answer = stranger.post("/6/detector", json={"samples": [sample_id]})
    (image,) = answer.json()["images"]
    assert (image["status"], image["error"]["error_code"]) == (0, 13003)


@needs_media
def test_exif_is_told_when_it_is_asked_for(seeing: httpx.Client) -> None:
    def first(**query: int) -> dict[str, object]:
        data = photo("exif/orientation_6.jpg")
        answer = seeing.post("/6/detector", params=query, content=data, headers=JPEG)
        image: dict[str, object] = answer.json()["images"][0]
        return image

    assert "exif" not in first()
    exif = first(extract_exif=1)["exif"]
    assert isinstance(exif, dict)
    assert exif["orientation"] == 6


@needs_media
@needs_models
def test_68_landmarks_have_another_name_here(seeing: httpx.Client) -> None:
    answer = seeing.post("/6/detector?detect_landmarks68=1", content=photo(DAD), headers=JPEG)
    (sample,) = answer.json()["images"][0]["detections"]["samples"]
    assert len(sample["face"]["detection"]["landmarks68"]) == 68


@pytest.mark.parametrize("query", ["warped_image=2", "extract_exif=yes", "pitch_threshold=-1"])
def test_bad_parameters_are_named(client: httpx.Client, query: str) -> None:
    answer = client.post(f"/6/detector?{query}", content=jpeg(gradient()), headers=JPEG)
    assert refused(answer) == (400, 12012)
    assert query.partition("=")[0] in answer.json()["detail"]


def test_samples_need_an_owner_and_networks(client: httpx.Client, nobody: httpx.Client) -> None:
    picture = jpeg(gradient())
    assert refused(nobody.post("/6/detector", content=picture, headers=JPEG)) == (403, 11036)
    emotions = client.post("/6/detector?estimate_emotions=1", content=picture, headers=JPEG)
    assert refused(emotions) == (501, 90030)
    assert "emotions" in emotions.json()["detail"]
