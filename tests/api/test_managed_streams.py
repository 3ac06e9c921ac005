"""Streams under /6: made, found, stopped, replaced, removed; the same as the older generations'."""

from typing import Any

import httpx
import pytest

from tests.api.managing import new_analytic, new_stream, shown, stream_body
from tests.api.people import refused, some_id
from tests.api.streaming import Ask, body_v2, claimed, report

AUTORESTART = {
    "attempt_count": 10, "current_attempt": 0, "delay": 60, "last_attempt_time": None,
    "restart": 0, "status": "disabled",
}  # fmt: skip
PLACES = ("area", "city", "district", "geo_position", "house_number", "street")


def test_a_stream_is_shown_with_all_defaults(client: httpx.Client) -> None:
    name = new_analytic(client)
    body = stream_body(name, name="gate", description="the gate")

    made = client.post("/6/streams", json=body)

    assert made.status_code == 201
    stream_id = made.json()["stream_id"]
    assert made.json()["url"] == made.headers["location"] == f"/6/streams/{stream_id}"
    stream = shown(client, stream_id)
    assert stream.pop("create_time")
    assert stream == {
        "stream_id": stream_id,
        "account_id": client.headers["Luna-Account-Id"],
        "analytics": [
            {"analytic_name": name, "autorestart": AUTORESTART, "parameters": {}, "status": 0}
        ],
        "data": {
            "behavior_parameters": {}, "downloadable": False, "ffmpeg_kwargs": {}, "fps": None,
            "orientation_strategy": "static", "pts": {"start_time": 0.0},
            "reference": "http://reference", "rotation": 0, "timeout": None,
            "timestamp_source": "auto", "type": "videofile",
        },
        "name": "gate", "description": "the gate", "groups": [], "last_error": None,
        "location": dict.fromkeys(PLACES),
        "notification_policy": {"enable": 0, "stream_callbacks": []},
        "source": None, "splittable": 0, "status": 0, "version": 1,
    }  # fmt: skip
    only = client.get(f"/6/streams/{stream_id}", params={"targets": "name,status"}).json()
    assert only == {"name": "gate", "status": 0}
    assert client.head(f"/6/streams/{stream_id}").status_code == 200


def test_streams_are_found_by_what_they_are(client: httpx.Client, streams: Ask) -> None:
    first = new_stream(client, name="gate", source="north")
    second = new_stream(client, new_analytic(client), data={"reference": "rtsp://cam"})
    claimed(streams, [first])

    def found(**wanted: Any) -> list[str]:
        page = client.get("/6/streams", params=wanted).json()["streams"]
        count = client.get("/6/streams/count", params=wanted).json()["streams_count"]
        ids = [one["stream_id"] for one in page]
        assert "page" in wanted or {"stream_id__lt", "stream_id__gte"} & {*wanted} or (
            count == len(ids))  # fmt: skip
        return ids

    assert found() == [first, second]
    assert found(order="desc") == [second, first]
    assert found(names="gate") == found(sources="north,south") == found(statuses="1,2") == [first]
    assert found(statuses="0") == found(reference="rtsp://cam") == [second]
    assert found(stream_ids=f"{second},{some_id()}") == [second]
    assert (found(splittable=0), found(splittable=1)) == ([first, second], [])
    assert found(page=2, page_size=1) == [second]
    least, most = sorted((first, second))
    assert (found(stream_id__lt=most), found(stream_id__gte=most)) == ([least], [most])
    assert client.get("/6/streams", params={"statuses": "0", "targets": "stream_id"}).json() == {
        "streams": [{"stream_id": second}]
    }


def test_what_is_named_must_be_there(client: httpx.Client, stranger: httpx.Client) -> None:
    theirs = new_analytic(stranger)
    group = stranger.post("/6/groups", json={"group_name": some_id()}).json()["group_id"]
    schedules = [{"schedule_id": some_id()}]
    for body, wanted in (
        (stream_body(theirs), (404, 90093)),
        (stream_body(some_id()), (404, 90093)),
        (stream_body(group_id=group), (404, 39008)),
        (stream_body(group_name="none"), (404, 39008)),
        (
            stream_body(analytics=[{"analytic_name": "human_tracking", "schedules": schedules}]),
            (404, 90104),
        ),
    ):
        assert refused(client.post("/6/streams", json=body)) == wanted
    assert client.get("/6/streams/count").json() == {"streams_count": 0}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"data": {"type": "images"}}, "data"),
        ({"splittable": 1}, "splittable"),
        ({"analytics": []}, "analytics"),
        ({"analytics": [{"analytic_name": "human_tracking", "schedules": [{}]}]}, "schedules"),
        ({"data": {"fps": 0}}, "fps"),
        ({"data": {"pts": {"start_time": -1}}}, "start_time"),
        ({"status": "pause"}, "status"),
    ],
)
def test_bad_streams_are_refused_by_the_field(
    client: httpx.Client, changes: dict[str, Any], field: str
) -> None:
    answer = client.post("/6/streams", json=stream_body(**changes))

    assert refused(answer) == (400, 12022)
    assert field in answer.json()["detail"]


def test_parameters_fit_what_the_analytic_wants(client: httpx.Client) -> None:
    schema = {"type": "object", "properties": {"lane": {"type": "integer"}}}
    name = new_analytic(client, validation_schema=schema, default_parameters={"lane": 3, "x": 1})

    def asked(name: str, **parameters: Any) -> httpx.Response:
        analytics = [{"analytic_name": name, "parameters": parameters}]
        return client.post("/6/streams", json=stream_body(analytics=analytics))

    wrong = asked(name, lane="left")
    assert (refused(wrong), "'lane'" in wrong.json()["detail"]) == ((400, 90092), True)
    made = asked(name, lane=4).json()["stream_id"]
    assert shown(client, made)["analytics"][0]["parameters"] == {"lane": 4, "x": 1}
    for wrong in (
        asked("human_tracking", targets=["cars"]),
        asked("human_tracking", parameters={"probe_count": 0}),
        asked("human_tracking", callbacks=[{"type": "luna-event"}]),
        asked("human_tracking", parameters={"event_policy": {"source": "raw_images"}}),
    ):
        assert refused(wrong) == (400, 90092)
    kwargs = stream_body(data={"ffmpeg_kwargs": {"protocol_whitelist": "file"}})
    assert refused(client.post("/6/streams", json=kwargs)) == (400, 90094)


def test_a_stream_is_replaced_whole(client: httpx.Client) -> None:
    stream_id = new_stream(client, name="gate", source="north")

    put = client.put(f"/6/streams/{stream_id}", json=stream_body(data={"reference": "rtsp://b"}))

    assert put.json() == {"stream_id": stream_id, "version": 2}
    stream = shown(client, stream_id)
    told = [stream["name"], stream["source"], stream["data"]["reference"], stream["version"]]
    assert told == ["", None, "rtsp://b", 2]


def test_streams_stop_and_go_on(client: httpx.Client, streams: Ask) -> None:
    stream_id = new_stream(client, data={"reference": "film.mp4"})
    where = f"/6/streams/{stream_id}"

    def directed(action: str) -> int:
        answer = client.patch(where, json={"action": action})
        return answer.status_code

    claimed(streams, [stream_id])
    assert (directed("pause"), shown(client, stream_id)["status"]) == (204, 5)
    assert (directed("pause"), claimed(streams, [stream_id])) == (204, [])
    assert (directed("resume"), shown(client, stream_id)["status"]) == (204, 0)
    claimed(streams, [stream_id])
    report(streams, stream_id, "done")
    assert refused(client.patch(where, json={"action": "pause"})) == (400, 90095)
    assert refused(client.patch(where, json={"action": "stop"})) == (400, 12022)
    assert (directed("resume"), shown(client, stream_id)["status"]) == (204, 0)


def test_streams_of_a_group_stop_and_go_on_together(client: httpx.Client, streams: Ask) -> None:
    group_id = client.post("/6/groups", json={"group_name": some_id()}).json()["group_id"]
    ids = [new_stream(client, group_id=group_id) for _ in range(3)]
    claimed(streams, ids[:1])
    report(streams, ids[0], "failure", error="gone")
    where = f"/6/groups/{group_id}/streams"

    assert client.patch(where, json={"action": "pause"}).status_code == 204
    assert [shown(client, one)["status"] for one in ids] == [4, 5, 5]
    assert client.patch(where, json={"action": "resume"}).status_code == 204
    assert [shown(client, one)["status"] for one in ids] == [4, 0, 0]
    assert shown(client, ids[0])["groups"] == [group_id]
    assert refused(client.patch(f"/6/groups/{some_id()}/streams", json={"action": "pause"})) == (
        404, 39008)  # fmt: skip


def test_logs_begin_after_a_stream_was_made(client: httpx.Client, streams: Ask) -> None:
    stream_id = new_stream(client)
    mine = {"stream_ids": stream_id}
    assert client.get("/6/streams/logs", params=mine).json() == {"logs": []}

    claimed(streams, [stream_id])
    report(streams, stream_id, "failure", error="gone")

    logs = client.get("/6/streams/logs", params=mine).json()["logs"]
    assert [(one["status"], one["error"], one["version"]) for one in logs] == [
        (4, "gone", 1), (1, None, 1)]  # fmt: skip
    only = {**mine, "statuses": "4", "targets": "error", "analytic_indexes": "0"}
    assert client.get("/6/streams/logs", params=only).json() == {"logs": [{"error": "gone"}]}
    assert client.delete("/6/streams/logs").json() == {"deleted_count": 2}
    assert len(client.get("/6/streams/logs", params=mine).json()["logs"]) == 1


def test_streams_are_removed(client: httpx.Client) -> None:
    first, second, stays = (new_stream(client) for _ in range(3))
    assert client.delete(f"/6/streams/{first}").status_code == 204
    body = {"stream_ids": [second, some_id()]}
    assert client.request("DELETE", "/6/streams", json=body).status_code == 204
    assert client.head(f"/6/streams/{first}").status_code == 404
    assert refused(client.get(f"/6/streams/{second}")) == (404, 39001)
    assert client.get("/6/streams/count").json() == {"streams_count": 1}
    assert shown(client, stays)["version"] == 1


def test_a_stream_with_a_handler_is_one_in_all_words(client: httpx.Client, streams: Ask) -> None:
    handler_id = some_id()
    parameters = {
        "targets": ["face_detection", "aggregated_face_samples"],
        "parameters": {"event_policy": {"handler_id": handler_id}, "probe_count": 1},
    }
    analytics = [{"analytic_name": "human_tracking", "parameters": parameters}]
    data = {"type": "stream", "reference": "rtsp://cam", "ffmpeg_kwargs": {"rtsp_transport": "udp"}}
    stream_id = new_stream(client, analytics=analytics, data=data)

    older = streams.get(f"/2/streams/{stream_id}").json()["data"]
    assert (older["type"], older["endless"], older["analytics"][0]["mode"]) == ("udp", True, 1)
    oldest = streams.get(f"/1/streams/{stream_id}").json()
    assert oldest["event_handler"]["bestshot_handler"] == {"handler_id": handler_id}
    other = streams.post("/2/streams", json=body_v2(client.headers["Luna-Account-Id"])).json()
    newer = shown(client, other["stream_id"])
    assert newer["data"]["type"] == "stream"
    (analytic,) = newer["analytics"]
    assert analytic["analytic_name"] == "human_tracking"
    assert client.put(f"/6/streams/{stream_id}", json=stream_body(
        analytics=[{"analytic_name": "human_tracking", "parameters": analytic["parameters"]}]
    )).status_code == 200  # fmt: skip


def test_streams_that_older_words_cannot_tell_are_not_there_in_them(
    client: httpx.Client, streams: Ask
) -> None:
    mine = {"account_id": client.headers["Luna-Account-Id"]}
    tracked, other = new_stream(client), new_stream(client, new_analytic(client))

    for stream_id in (tracked, other):
        for version in (1, 2):
            answer = streams.get(f"/{version}/streams/{stream_id}")
            assert refused(answer) == (404, 39001)
    assert streams.get("/2/streams", params=mine).json() == {"streams": []}
    assert streams.get("/1/streams/count", params=mine).json() == {"streams_count": 0}
    assert claimed(streams, [other]) == []
    (taken,) = claimed(streams, [tracked])
    assert taken["data"]["analytics"][0]["event_handler"] is None


def test_strangers_neither_see_nor_change_a_stream(
    client: httpx.Client, stranger: httpx.Client
) -> None:
    stream_id = new_stream(client)
    where, ids = f"/6/streams/{stream_id}", {"stream_ids": [stream_id]}

    assert refused(stranger.get(where)) == (404, 39001)
    assert stranger.head(where).status_code == 404
    assert refused(stranger.put(where, json=stream_body())) == (404, 39001)
    assert refused(stranger.patch(where, json={"action": "pause"})) == (404, 39001)
    assert refused(stranger.delete(where)) == (404, 39001)
    assert stranger.request("DELETE", "/6/streams", json=ids).status_code == 204
    assert stranger.get("/6/streams").json() == {"streams": []}
    assert stranger.delete("/6/streams/logs").json() == {"deleted_count": 0}
    assert shown(client, stream_id)["status"] == 0


def test_streams_are_not_sent_on(client: httpx.Client) -> None:
    answer = client.get(f"/6/streams/{new_stream(client)}/restream", params={"type": "hls"})

    assert refused(answer) == (403, 90125)
    assert "previews" in answer.json()["detail"]


def test_a_token_makes_streams_for_the_handlers_that_it_may_run(
    client: httpx.Client, nobody: httpx.Client
) -> None:
    handler_id = some_id()
    policy: dict[str, Any] = {"handler_id": handler_id}
    parameters = {"parameters": {"event_policy": policy}}
    analytics = [{"analytic_name": "human_tracking", "parameters": parameters}]

    def asked(**permissions: Any) -> int:
        token = client.post("/6/tokens", json={"permissions": permissions}).json()["token"]
        headers = {"Authorization": f"Bearer {token}"}
        body = stream_body(analytics=analytics)
        return nobody.post("/6/streams", json=body, headers=headers).status_code

    assert asked() == asked(emit_events={"allowed": 1}) == 403
    assert asked(video_stream=["creation"]) == 403
    listed = {"allowed": 1, "white_list": [handler_id]}
    assert asked(video_stream=["creation"], emit_events=listed) == 201
    policy["authorization"] = {"account_id": some_id()}
    foreign = client.post("/6/streams", json=stream_body(analytics=analytics))
    assert (refused(foreign), "account_id" in foreign.json()["detail"]) == ((400, 90092), True)
