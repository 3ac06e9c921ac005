"""Events over HTTP: saved, found, shown, deleted."""

import base64
import struct
from typing import Any
from uuid import UUID, uuid4

import httpx
import msgpack
import pytest

from domain.shared.biometrics import Descriptor, DescriptorKind, encode_sdk
from tests.api.people import refused, sdk_descriptor, some_id
from tests.support.running_api import RunningApi

BASIC = {
    "age": 29,
    "gender": 1,
    "ethnicities": {
        "predominant_ethnicity": "asian",
        "estimations": {"asian": 0.95, "indian": 0.0, "caucasian": 0.05, "african_american": 0.0},
    },
}
LOCATION = {
    "city": "Town",
    "area": None,
    "district": None,
    "street": "High Street",
    "house_number": "5",
    "geo_position": {"longitude": 36.616, "latitude": 55.752},
}


@pytest.fixture
def handler_id(client: httpx.Client) -> str:
    """A dynamic handler of the account."""
    made = client.post("/6/handlers", json={"description": "raw", "is_dynamic": True})
    assert made.status_code == 201, made.text
    return str(made.json()["handler_id"])


def saved(client: httpx.Client, handler_id: str, **body: Any) -> str:
    """The id of an event that was just saved."""
    answer = client.post(f"/6/handlers/{handler_id}/events/raw", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["event_id"])


def test_a_saved_event_is_shown_flat(
    client: httpx.Client, account_id: UUID, handler_id: str
) -> None:
    face_id, sample_id = some_id(), some_id()
    candidate = {"face_id": face_id, "external_id": "X", "user_data": "Bob"}
    rect = {"x": 1, "y": 2, "width": 30, "height": 40}
    mask = {"medical_mask": 0.7, "missing": 0.1, "occluded": 0.2}
    attributes = {"mask": {"predominant_mask": "medical_mask", "estimations": mask}}
    body = {
        "source": "gate",
        "tags": ["a", "b"],
        "external_id": "A-1",
        "user_data": "Ann",
        "track_id": "t-1",
        "location": LOCATION,
        "face_attributes": {"basic_attributes": BASIC, "score": 0.9},
        "matches": [
            {"label": "good", "candidates": [{"face": candidate, "similarity": 0.5}]},
            {"label": "bad", "candidates": []},
        ],
        "detections": [
            {
                "samples": {
                    "face": {
                        "sample_id": sample_id,
                        "detection": {"rect": rect, "attributes": attributes},
                    }
                },
                "detect_time": "2026-03-01T00:00:00Z",
            }
        ],
        "create_time": "2026-03-01T10:00:00+03:00",
        "end_time": "2026-03-01T07:00:01.5Z",
    }

    event_id = saved(client, handler_id, **body)

    shown = client.get(f"/6/events/{event_id}").json()
    assert shown == {
        "event_id": event_id,
        "account_id": str(account_id),
        "handler_id": handler_id,
        "create_time": "2026-03-01T07:00:00Z",
        "end_time": "2026-03-01T07:00:01.500000Z",
        "source": "gate",
        "tags": ["a", "b"],
        "external_id": "A-1",
        "user_data": "Ann",
        "track_id": "t-1",
        "location": LOCATION,
        "age": 29,
        "gender": 1,
        "ethnic_group": 3,
        "mask": 2,
        **dict.fromkeys(["emotion", "liveness", "deepfake", "stream_id", "meta", "face_id"]),
        "attach_result": [],
        "match_result": body["matches"],
        "top_match": {
            "face_id": face_id,
            "event_id": None,
            "similarity": 0.5,
            "label": "good",
            "external_id": "X",
        },
        "face_detections": [
            {
                "sample_id": sample_id,
                "detection": {"rect": rect},
                "detect_time": "2026-03-01T00:00:00Z",
                "detect_ts": None,
                "image_origin": None,
            }
        ],
        **dict.fromkeys(["body_detections", "body_basic_attributes"]),
        **dict.fromkeys(["upper_body", "lower_body", "accessories"]),
    }


@pytest.mark.parametrize(("wait_saving", "status"), [("1", 201), ("0", 202)])
def test_an_accepted_event_can_be_read_at_once(
    client: httpx.Client, handler_id: str, wait_saving: str, status: int
) -> None:
    path = f"/6/handlers/{handler_id}/events/raw"

    answer = client.post(path, params={"wait_saving": wait_saving}, json={})

    assert answer.status_code == status
    event_id = answer.json()["event_id"]
    assert answer.json() == {"event_id": event_id, "url": f"/6/events/{event_id}"}
    assert answer.headers["location"] == answer.json()["url"]
    assert client.get(answer.json()["url"]).status_code == 200
    assert client.head(answer.json()["url"]).status_code == 200


def test_a_repeated_request_with_a_key_saves_once(client: httpx.Client, handler_id: str) -> None:
    path, headers = f"/6/handlers/{handler_id}/events/raw", {"Idempotency-Key": some_id()}

    answers = [client.post(path, json={"source": "gate"}, headers=headers) for _ in range(3)]

    assert len({answer.json()["event_id"] for answer in answers}) == 1
    assert len(client.get("/6/events").json()["events"]) == 1


def test_only_dynamic_handlers_of_the_account_take_events(
    client: httpx.Client, stranger: httpx.Client, nobody: httpx.Client, handler_id: str
) -> None:
    static = client.post("/6/handlers", json={"policies": {}}).json()["handler_id"]

    def post(asking: httpx.Client, handler: str, **body: Any) -> httpx.Response:
        return asking.post(f"/6/handlers/{handler}/events/raw", json=body)

    assert refused(post(client, static)) == (400, 90061)
    assert refused(post(client, some_id())) == (404, 90060)
    assert refused(post(stranger, handler_id)) == (404, 90060)
    assert refused(post(nobody, handler_id)) == (403, 11036)
    assert refused(post(client, handler_id, tags=["x" * 37])) == (400, 12022)
    assert refused(client.post(f"/6/handlers/{handler_id}/events/raw?wait_saving=2", json={})) == (
        400,
        12012,
    )
    assert client.get("/6/events").json() == {"events": []}


def test_descriptors_of_a_saved_event_are_kept_and_go_with_it(
    running: RunningApi, client: httpx.Client, handler_id: str
) -> None:
    container = sdk_descriptor(running)
    event_id = saved(client, handler_id, face_attributes={"descriptor": container})
    reader = running.services.reader
    query = "SELECT data FROM descriptors WHERE owner_id = %s AND kind = 'face'"

    kept = reader.fetch_value(query, [event_id])
    client.delete(f"/6/events/{event_id}")

    assert bytes(kept) in base64.b64decode(container)
    assert reader.fetch_value(query, [event_id]) is None


def test_a_descriptor_that_cannot_be_compared_is_refused(
    running: RunningApi, client: httpx.Client, handler_id: str
) -> None:
    def post(part: str, descriptor: str) -> tuple[int, int]:
        body = {part: {"descriptor": descriptor}}
        return refused(client.post(f"/6/handlers/{handler_id}/events/raw", json=body))

    vector = struct.pack("<4f", 1, 0, 0, 0)
    unknown = encode_sdk(Descriptor(DescriptorKind.FACE, 999, vector))
    assert post("face_attributes", "nothing") == (400, 90034)
    assert post("face_attributes", base64.b64encode(unknown.encode()).decode()) == (400, 90034)
    assert post("face_attributes", unknown) == (400, 90034)
    assert post("body_attributes", sdk_descriptor(running)) == (400, 90034)
    assert client.get("/6/events").json() == {"events": []}


def test_events_are_listed_newest_first_and_in_pages(client: httpx.Client, handler_id: str) -> None:
    made = [saved(client, handler_id, source=f"cam{n}") for n in range(5)]

    def listed(**params: Any) -> list[str]:
        answer = client.get("/6/events", params={"target": "event_id", **params})
        assert answer.status_code == 200, answer.text
        return [event["event_id"] for event in answer.json()["events"]]

    assert listed() == made[::-1]
    assert listed(order="asc") == made
    assert listed(page_size=2, page=2) == made[::-1][2:4]
    assert listed(sources="cam1,cam3,", order="asc") == [made[1], made[3]]
    assert (
        listed(page_size=1000, handler_ids=handler_id, event_ids=",".join(made[:2])) == made[1::-1]
    )


def test_lists_speak_messagepack(client: httpx.Client, handler_id: str) -> None:
    event_id = saved(client, handler_id)

    answer = client.get("/6/events", headers={"Accept": "application/msgpack"})

    assert msgpack.unpackb(answer.content)["events"][0]["event_id"] == event_id


def test_accounts_do_not_see_each_other(
    client: httpx.Client, stranger: httpx.Client, nobody: httpx.Client, handler_id: str,
    account_id: UUID,
) -> None:  # fmt: skip
    event_id = saved(client, handler_id)
    path = f"/6/events/{event_id}"

    assert refused(stranger.get(path)) == (404, 90070)
    assert stranger.head(path).status_code == 404
    assert refused(stranger.delete(path)) == (404, 90070)
    assert stranger.get("/6/events", params={"event_ids": event_id}).json() == {"events": []}
    assert nobody.get(path).json()["account_id"] == str(account_id)
    ours = {"event_ids": event_id, "account_id": str(account_id)}
    assert len(nobody.get("/6/events", params=ours).json()["events"]) == 1
    theirs = {**ours, "account_id": some_id()}
    assert nobody.get("/6/events", params=theirs).json() == {"events": []}
    assert refused(client.get("/6/events", params=theirs)) == (400, 12012)
    assert refused(nobody.delete(path)) == (403, 11036)


def test_a_deleted_event_is_gone_and_listed_as_deleted(
    running: RunningApi, client: httpx.Client, stranger: httpx.Client, handler_id: str,
    account_id: UUID,
) -> None:  # fmt: skip
    kept, gone = saved(client, handler_id), saved(client, handler_id, user_data="Ann")
    path = f"/6/events/{gone}"

    assert client.delete(path).status_code == 204

    assert refused(client.get(path)) == (404, 90070)
    assert refused(client.delete(path)) == (404, 90070)
    assert [e["event_id"] for e in client.get("/6/events").json()["events"]] == [kept]
    (deleted,) = client.get("/6/events/deleted").json()["events"]
    assert deleted.keys() == {"event_id", "account_id", "deletion_time"}
    assert (deleted["event_id"], deleted["account_id"]) == (gone, str(account_id))
    later = {"deletion_time__gte": deleted["deletion_time"].replace("20", "30", 1)}
    assert client.get("/6/events/deleted", params=later).json() == {"events": []}
    assert stranger.get("/6/events/deleted").json() == {"events": []}
    key = "SELECT wrapped FROM subject_keys WHERE subject_id = %s"
    assert running.services.reader.fetch_one(key, [gone]) == {"wrapped": None}


@pytest.mark.parametrize(
    ("params", "names"),
    [
        ({"gender": "2"}, "gender"),
        ({"page_size": "1001", "order": "up"}, "order, page_size"),
        ({"target": "event_id,nothing"}, "target"),
        ({"meta.": "1"}, "meta."),
        ({"origin_latitude": "1"}, "origin_longitude, origin_latitude"),
        ({"longitude_delta": "91"}, "longitude_delta"),
        ({"event_ids": "1"}, "event_ids"),
        ({"create_time__gte": "yesterday"}, "create_time__gte"),
        ({"meta.foo__gt:integer": "much"}, "meta.foo__gt:integer"),
    ],
)
def test_bad_parameters_are_named(client: httpx.Client, params: dict[str, str], names: str) -> None:
    answer = client.get("/6/events", params=params)

    assert refused(answer) == (400, 12012)
    told = answer.json()["detail"].removeprefix("Bad query parameters '").removesuffix("'")
    assert set(told.split(", ")) == set(names.split(", "))


def test_unknown_and_malformed_ids_are_not_found(client: httpx.Client) -> None:
    assert refused(client.get(f"/6/events/{uuid4()}")) == (404, 90070)
    assert refused(client.get("/6/events/1")) == (404, 12013)
    assert refused(client.get(f"/6/events/{uuid4()}?target=nothing")) == (400, 12012)
