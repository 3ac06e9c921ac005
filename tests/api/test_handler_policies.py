"""Every conditional part of a handler's policies, over HTTP and on photos."""

from typing import Any

import httpx
import pytest

from tests.api.eyes import DAD, DAD_AGAIN, FOUR_PEOPLE, JPEG, MOM, photo
from tests.api.people import attach, members, new_list
from tests.api.sender.listening import listening
from tests.api.test_handlers import make
from tests.support.running_api import RunningApi
from tests.support.shared import needs_media, needs_models

pytestmark = [needs_media, needs_models]

EXTRACT = {"extract_basic_attributes": 1}
MEN: dict[str, Any] = {"gender": 1}
WOMEN: dict[str, Any] = {"gender": 0}


def run(client: httpx.Client, policies: dict[str, Any], name: str, **query: Any) -> Any:
    """The events that a new handler makes of a photo."""
    handler_id = make(client, policies={"extract_policy": EXTRACT, **policies})
    url = f"/6/handlers/{handler_id}/events"
    answer = client.post(url, content=photo(name), params=query, headers=JPEG)
    assert answer.status_code == 201, answer.text
    return answer.json()["events"]


def one(client: httpx.Client, policies: dict[str, Any], name: str, **query: Any) -> Any:
    """The only event of it."""
    (event,) = run(client, policies, name, **query)
    return event


@pytest.fixture
def known(seeing: httpx.Client) -> dict[str, str]:
    """Dad as a face in a list."""
    list_id = new_list(seeing)
    keep = {"storage_policy": {"face_policy": {"store_face": 1}}}
    face_id = one(seeing, keep, DAD, external_id="dad")["face"]["face_id"]
    attach(seeing, list_id, face_id)
    return {"face_id": face_id, "list_id": list_id}


def matching(known: dict[str, str], **more: Any) -> list[dict[str, Any]]:
    """A match policy over the list of known people."""
    candidates = {"origin": "faces", "list_id": known["list_id"]}
    return [{"label": "known", "candidates": candidates, **more}]


def test_tags_are_given_for_what_was_seen_and_matched(
    seeing: httpx.Client, known: dict[str, str]
) -> None:
    policies = {
        "match_policy": matching(known),
        "conditional_tags_policy": [
            {"tag": "man", "filters": MEN},
            {"tag": "woman", "filters": WOMEN},
            {"tag": "known", "filters": {"match": [{"label": "known", "similarity__gte": 0.9}]}},
            {"tag": "unlike", "filters": {"match": [{"label": "known", "similarity__lte": 0.5}]}},
            {"tag": "young", "filters": {"age__lt": 1}},
            {"tag": "somebody"},
        ],
    }

    assert one(seeing, policies, DAD_AGAIN, tags="given")["tags"] == [
        *("given", "man", "known", "somebody"),
    ]
    assert one(seeing, policies, MOM)["tags"] == ["woman", "unlike", "somebody"]


def test_a_match_is_made_only_for_those_who_pass_its_filters(
    seeing: httpx.Client, known: dict[str, str]
) -> None:
    for_women = {"match_policy": matching(known, filters=WOMEN)}
    for_men = {"match_policy": matching(known, filters=MEN, threshold=0.9)}

    assert one(seeing, for_women, DAD_AGAIN)["matches"][0]["candidates"] == []
    (candidate,) = one(seeing, for_men, DAD_AGAIN)["matches"][0]["candidates"]
    assert candidate["face"]["face_id"] == known["face_id"]


def test_a_new_face_joins_the_lists_whose_filters_pass(
    seeing: httpx.Client, known: dict[str, str]
) -> None:
    men, women, strangers, everybody = (new_list(seeing) for _ in range(4))
    unlike = {"match": [{"label": "known", "similarity__lte": 0.5}]}
    links = [
        {"list_id": men, "filters": MEN},
        {"list_id": women, "filters": WOMEN},
        {"list_id": strangers, "filters": unlike},
        {"list_id": everybody},
    ]
    policies = {
        "match_policy": matching(known),
        "storage_policy": {"face_policy": {"store_face": 1, "link_to_lists_policy": links}},
    }

    dad, mom = (one(seeing, policies, name)["face"] for name in (DAD_AGAIN, MOM))

    assert dad["lists"] == [men, everybody]
    assert mom["lists"] == [women, strangers, everybody]
    assert members(seeing, men) == {dad["face_id"]}
    assert members(seeing, everybody) == {dad["face_id"], mom["face_id"]}


def test_only_those_who_pass_become_faces_samples_attributes_and_events(
    seeing: httpx.Client,
) -> None:
    storage = {
        "face_policy": {"store_face": 1, "filters": WOMEN},
        "face_sample_policy": {"filters": WOMEN},
        "attribute_policy": {"store_attribute": 1, "filters": WOMEN},
        "image_origin_policy": {"store_image": 1, "filters": WOMEN},
        "event_policy": {"filters": WOMEN},
    }
    mom, dad = (one(seeing, {"storage_policy": storage}, name) for name in (MOM, DAD))

    def kept(event: Any) -> list[Any]:
        (detection,) = event["detections"]
        return [
            event["face"],
            detection["samples"]["face"]["sample_id"],
            event["face_attributes"]["attribute_id"],
            detection["image_origin"],
            event["url"],
        ]

    assert kept(dad) == [None] * 5
    assert all(kept(mom))
    for url in (mom["url"], mom["face_attributes"]["url"], mom["detections"][0]["image_origin"]):
        assert seeing.get(url).status_code == 200
    assert seeing.get(f"/6/events/{dad['event_id']}").status_code == 404


def test_the_sample_is_the_avatar_of_the_new_face(seeing: httpx.Client) -> None:
    def avatar(**face: int) -> Any:
        event = one(seeing, {"storage_policy": {"face_policy": {"store_face": 1, **face}}}, DAD)
        sample = event["detections"][0]["samples"]["face"]["url"]
        shown = seeing.get(event["face"]["url"]).json()["avatar"]
        assert shown == event["face"]["avatar"]
        return shown, sample

    shown, sample = avatar()
    assert shown == sample != ""
    assert seeing.get(shown).headers["content-type"] == "image/jpeg"
    assert avatar(set_sample_as_avatar=0)[0] == ""


def test_subscribers_hear_only_of_those_who_pass(
    seeing: httpx.Client, eyes: RunningApi, account_id: Any
) -> None:
    policies = {"storage_policy": {"notification_policy": {"filters": WOMEN}}}
    by_callback = {
        "storage_policy": {
            "notification_policy": {"send_notification": 0},
            "callbacks": [{"type": "luna-ws-notification", "filters": WOMEN}],
        }
    }
    with listening(eyes, account_id) as heard:
        ids = []
        for told in (policies, by_callback):
            one(seeing, told, DAD)
            ids.append(one(seeing, told, MOM)["event_id"])

        assert [heard.next()["event"]["event_id"] for _ in ids] == ids


def test_times_may_be_relative_to_the_moment_of_use(
    seeing: httpx.Client, known: dict[str, str]
) -> None:
    def found(**times: str) -> int:
        match = matching(known)
        match[0]["candidates"] |= times
        event = one(seeing, {"match_policy": match}, DAD_AGAIN)
        return len(event["matches"][0]["candidates"])

    assert found(create_time__gte="now-2y") == found(create_time__gte="now-1h") == 1
    assert found(create_time__lt="now-1m") == found(create_time__gte="now-0s") == 0
    faces = {"list_id": known["list_id"]}
    for params, count in (({"create_time__gte": "now-5m"}, 1), ({"create_time__lt": "now-5m"}, 0)):
        page = seeing.get("/6/faces", params={**faces, **params}).json()
        assert len(page["faces"]) == count
        body = {
            "references": [{"type": "face", "id": known["face_id"]}],
            "candidates": [{"filters": {"origin": "faces", **faces, **params}}],
        }
        (answer,) = seeing.post("/6/matcher/faces", json=body).json()
        assert len(answer["matches"][0]["result"]) == count
    wrong = seeing.get("/6/faces", params={"create_time__gte": "now-5q"})
    assert wrong.json()["error_code"] == 12012


def test_people_are_counted_where_a_policy_says_so(seeing: httpx.Client) -> None:
    def told(**policy: int) -> Any:
        wanted = {"detect_policy": {"estimate_people_count": policy}} if policy else {}
        url = f"/6/handlers/{make(seeing, policies=wanted)}/events"
        answer = seeing.post(url, content=photo(FOUR_PEOPLE), headers=JPEG)
        assert answer.status_code == 201, answer.text
        return answer.json()["images"][0]["image_estimations"]

    assert told() == {}
    assert set(told(estimate=1, people_coordinates=0)["people"]) == {"count"}
    people = told(estimate=1)["people"]
    assert people["count"] == len(people["coordinates"]) > 0


@pytest.mark.parametrize(
    "wanted",
    [
        {"estimate_deepfake": {"estimate": 1}},
        {"deepfake_states": [1]},
        {"estimate_face_occlusion": {"estimate": 1}},
        {"face_occlusion_states": [0]},
    ],
)
def test_what_no_network_tells_is_refused_by_the_name_of_its_role(
    seeing: httpx.Client, wanted: dict[str, Any]
) -> None:
    handler_id = make(seeing, policies={"detect_policy": wanted})

    answer = seeing.post(f"/6/handlers/{handler_id}/events", content=photo(DAD), headers=JPEG)

    assert answer.json()["error_code"] == 90030
    role = "deepfake" if "deepfake" in str(wanted) else "face_occlusion"
    assert role in answer.json()["detail"]


def test_a_list_that_is_gone_is_left_out(seeing: httpx.Client, known: dict[str, str]) -> None:
    gone = new_list(seeing)
    seeing.delete(f"/6/lists/{gone}")
    links = [{"list_id": gone}, {"list_id": known["list_id"]}]
    policies = {"storage_policy": {"face_policy": {"store_face": 1, "link_to_lists_policy": links}}}

    event = one(seeing, policies, DAD)

    assert event["face"]["lists"] == [known["list_id"]]
