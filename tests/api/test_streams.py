"""Streams over HTTP: both generations are views of one stream; workers take and report them."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.api.streaming import Ask, body_v1, body_v2, claimed, error, make, report
from tests.support.waiting import until


def test_a_stream_is_shown_with_all_defaults(streams: Ask, account_id: UUID) -> None:
    stream_id = make(streams, account_id, name="Gate", location={"city": "Riga"})
    shown = streams.get(f"/2/streams/{stream_id}").json()
    assert shown["status"] == "pending"
    assert shown["data"]["endless"] is True
    assert shown["data"]["roi"] == {"x": 0, "y": 0, "width": 0, "height": 0, "mode": "abs"}
    (analytics,) = shown["data"]["analytics"]
    assert (analytics["mode"], analytics["filtering"]["min_score_face"]) == (3, 0.5187)
    assert shown["location"]["city"] == "Riga"
    assert shown["location"]["geo_position"] is None
    assert shown["autorestart"]["status"] == "disabled"
    assert (shown["groups"], shown["preview"], shown["video_info"]) == ([], None, None)


def test_a_repeated_creation_is_one_stream(streams: Ask, account_id: UUID) -> None:
    key, body = {"Idempotency-Key": str(uuid4())}, body_v2(account_id)
    first, again = (streams.post("/2/streams", json=body, headers=key).json() for _ in range(2))
    assert first == again
    assert streams.get(f"/2/streams/{again['stream_id']}").status_code == 200


def test_what_the_first_generation_made_it_reads_as_it_was(streams: Ask, account_id: UUID) -> None:
    body = body_v1(account_id, policies={"sending": {"number_of_bestshots_to_send": 3}})
    body["event_handler"]["detection_handler"] = {"handler_id": str(uuid4())}
    stream_id = streams.post("/1/streams", json=body).json()["stream_id"]

    first = streams.get(f"/1/streams/{stream_id}").json()
    assert {k: first["event_handler"][k] for k in body["event_handler"]} == body["event_handler"]
    assert "authorization" not in first["event_handler"]
    assert first["policies"]["sending"]["number_of_bestshots_to_send"] == 3
    assert first["policies"]["liveness"]["livenesses_weights"] == [0.0, 0.0, 0.0]

    second = streams.get(f"/2/streams/{stream_id}").json()
    (analytics,) = second["data"]["analytics"]
    assert analytics["sending"]["bestshot_settings"]["face_bestshots_to_send"] == 3
    assert analytics["event_handler"]["authorization"] == {"account_id": str(account_id)}
    replaced = streams.put(f"/2/streams/{stream_id}", json={
        "account_id": str(account_id), "data": second["data"]})  # fmt: skip
    assert replaced.json()["version"] == 2
    assert streams.get(f"/2/streams/{stream_id}").json()["data"] == second["data"]


def test_the_first_generation_reads_the_second(streams: Ask, account_id: UUID) -> None:
    stream_id = make(streams, account_id)
    shown = streams.get(f"/1/streams/{stream_id}").json()
    assert shown["event_handler"]["api_version"] == 6
    assert shown["event_handler"]["origin"].startswith("http://")
    assert shown["policies"]["filtering"]["min_score"] == 0.5187
    assert "analytics" not in shown["data"]


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"status": "done"}, "status"),
        ({"data": {"type": "rtsp"}}, "data.type"),
        ({"data": {"type": "images"}}, "data"),
        ({"data": {"type": "videofile", "endless": True}}, "data"),
        ({"data": {"analytics": []}}, "data.analytics"),
        ({"data": {"rotation": 45}}, "data.rotation"),
        ({"data": {"roi": {"x": -1, "y": 0, "width": 1, "height": 1}}}, "data.roi.x"),
        ({"data": {"roi": {"x": 0, "y": 0, "width": 0, "height": 1, "mode": "percent"}}},
         "data.roi.width"),
        ({"name": "n" * 129}, "name"),
        ({"autorestart": {"attempt_count": 0}}, "autorestart.attempt_count"),
        ({"user_data": ""}, ""),
    ],
)  # fmt: skip
def test_a_bad_field_is_named(
    streams: Ask, account_id: UUID, change: dict[str, Any], path: str
) -> None:
    status, code, detail = error(streams.post("/2/streams", json=body_v2(account_id, **change)))
    assert (status, code) == (400, 12022)
    assert f"Path: '{path}'" in detail
    count = streams.get("/1/streams/count", params={"account_id": str(account_id)})
    assert count.json() == {"streams_count": 0}


def test_streams_are_found(streams: Ask, account_id: UUID) -> None:
    ids = [make(streams, account_id, name=f"cam {n}") for n in range(3)]
    mine = {"account_id": str(account_id)}

    def found(version: int = 1, **wanted: Any) -> list[int]:
        page = streams.get(f"/{version}/streams", params={**mine, **wanted}).json()["streams"]
        return [ids.index(stream["stream_id"]) for stream in page]

    assert found() == found(2) == [0, 1, 2]
    assert found(order="desc") == [2, 1, 0]
    assert found(page=2, page_size=2) == [2]
    assert found(names="cam 0,cam 2") == [0, 2]
    assert found(stream_ids=f"{ids[1]}") == [1]
    assert found(statuses="pause,done") == []
    assert found(reference="rtsp://cam", statuses="pending") == [0, 1, 2]
    assert found(stream_id__gte=min(ids), stream_id__lt=max(ids)) == [
        ids.index(i) for i in sorted(ids)[:2]
    ]
    assert streams.get("/2/streams/count", params=mine).json() == {"streams_count": 3}
    assert error(streams.get("/1/streams", params={"page_size": 1001}))[:2] == (400, 12012)
    assert error(streams.get("/1/streams", params={"stream_ids": "x"}))[2].endswith("'stream_ids'")


def test_a_worker_takes_the_longest_waiting_stream(streams: Ask, account_id: UUID) -> None:
    ids = [make(streams, account_id) for _ in range(3)]
    shown = streams.get(
        "/1/streams/processing/queue", params={"limit": 2, "stream_ids": ",".join(ids)}
    )
    assert [stream["stream_id"] for stream in shown.json()["streams"]] == ids[:2]
    taken = claimed(streams, ids, limit=2)
    assert [stream["stream_id"] for stream in taken] == ids[:2]
    assert {stream["status"] for stream in taken} == {"in_progress"}
    assert [stream["stream_id"] for stream in claimed(streams, ids)] == ids[2:]
    assert claimed(streams, ids) == []
    bad = streams.post("/1/streams/processing/queue", json={"limit": 1})
    assert error(bad)[2].startswith("Failed to validate input json. Path: 'filters'")


def test_a_worker_reports_until_its_stream_is_done(streams: Ask, account_id: UUID) -> None:
    stream_id = make(streams, account_id)
    assert report(streams, stream_id, "in_progress")["modified"] == [
        {"stream_id": stream_id, "status": "pending", "version": 1}
    ]
    claimed(streams, [stream_id])
    info = {
        "width": 1920, "height": 1080, "frame_rate": 25, "bit_rate": 1, "gop_size": 12,
        "start_time": "2026-01-01T00:00:00Z", "progress": 0.5,
    }  # fmt: skip
    preview = {"last_frame": {"url": "http://worker/last"}}
    said = report(streams, stream_id, "in_progress", video_info=info, preview=preview)
    assert said["unmodified"] == [{"stream_id": stream_id, "status": "in_progress", "version": 1}]
    shown = streams.get(f"/2/streams/{stream_id}").json()
    assert (shown["video_info"], shown["preview"]) == (info, preview)
    assert report(streams, stream_id, "done", video_info=info)["modified"] == []
    assert streams.get(f"/2/streams/{stream_id}").json()["status"] == "done"
    assert report(streams, str(uuid4()), "done")["modified"][0]["status"] == "not_found"


def test_users_pause_and_cancel(streams: Ask, account_id: UUID) -> None:
    film = {"type": "videofile", "reference": "/film.mp4"}
    stream_id = make(streams, account_id, data=film, status="pause")
    path = f"/1/streams/{stream_id}"
    assert claimed(streams, [stream_id]) == []
    assert streams.patch(path, json={"status": "pending"}).status_code == 204
    claimed(streams, [stream_id])
    refused = error(streams.patch(path, json={"status": "pause"}))
    assert refused[:2] == (400, 39003)
    assert f"'{stream_id}' is already in progress" in refused[2]
    report(streams, stream_id, "done")
    assert error(streams.patch(path, json={"status": "cancel"}))[:2] == (400, 39005)
    assert "at least one field" in error(streams.patch(path, json={}))[2]
    assert error(streams.patch(path, json={"status": "done"}))[:2] == (400, 12022)
    assert streams.patch(path, json={"description": "old"}).status_code == 204
    assert streams.get(path).json()["description"] == "old"


def test_a_stream_without_preview_says_so(streams: Ask, account_id: UUID) -> None:
    stream_id = make(streams, account_id)
    answer = streams.get(f"/2/streams/{stream_id}/preview/handler/live")
    assert error(answer) == (
        404, 39009, f"Not found `live` preview url for stream with id '{stream_id}'.")  # fmt: skip
    claimed(streams, [stream_id])
    preview = {"last_frame": {"url": "http://127.0.0.1:1/x"}}
    report(streams, stream_id, "in_progress", preview=preview)
    answer = streams.get(f"/1/streams/{stream_id}/preview/handler/frame")
    assert error(answer)[:2] == (500, 39010)


def test_a_failed_stream_is_restarted(streams: Ask, account_id: UUID) -> None:
    autorestart = {"restart": 1, "delay": 1, "attempt_count": 1}
    stream_id = make(streams, account_id, autorestart=autorestart)
    path = f"/2/streams/{stream_id}"
    claimed(streams, [stream_id])
    report(streams, stream_id, "failure", error="gone")
    assert streams.get(path).json()["autorestart"]["status"] == "enabled"
    until(lambda: streams.get(path).json()["status"] == "pending")
    told = streams.get(path).json()["autorestart"]
    assert (told["current_attempt"], told["status"]) == (1, "in_progress")
