"""Exporter tasks write what is known of faces and events, and the samples that show them."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest

from api.workers.tasks import exporter
from tests.api.album import Album, open_album
from tests.api.people import new_face, new_list, refused
from tests.api.task_results import archive_of, errors_of, failed, refused_content, table_of
from tests.api.tasks import done
from tests.support.running_api import RunningApi


@pytest.fixture(scope="module")
def album(eyes: RunningApi) -> Iterator[Album]:
    with open_album(eyes) as made:
        yield made


def exported(client: httpx.Client, kind: str, **content: Any) -> list[dict[str, str]]:
    """The rows of an export by column."""
    task_id = done(client, "exporter", {"objects_type": kind, **content})
    archive = archive_of(client, task_id)
    assert archive.testzip() is None
    header, *rows = table_of(archive, "export.csv", content.get("csv_delimiter", ","))
    return [dict(zip(header, row, strict=True)) for row in rows]


def test_all_columns_of_faces(album: Album) -> None:
    rows = exported(album.client, "faces", csv_delimiter=";")
    assert [row["face_id"] for row in rows] == sorted(album.faces)
    for row in rows:
        person = album.person_of[row["face_id"]]
        shown = album.client.get(f"/6/faces/{row['face_id']}").json()
        assert (row["external_id"], row["user_data"]) == (person, f"{person}, known")
        assert datetime.fromisoformat(row["create_time"]) == datetime.fromisoformat(
            shown["create_time"]
        )
        assert (row["avatar"], row["event_id"]) == (shown["avatar"], shown["event_id"])
        assert row["event_id"] in album.events
        assert (row["lists"], row["attribute_id"]) == ("[]", "")
    assert [*rows[0]] == [
        *("face_id", "user_data", "create_time", "lists", "external_id", "attribute_id"),
        *("avatar", "event_id"),
    ]


def test_all_columns_of_events(album: Album) -> None:
    rows = exported(album.client, "events")
    assert [row["event_id"] for row in rows] == sorted(album.events)
    for row in rows:
        shown = album.client.get(f"/6/events/{row['event_id']}").json()
        for name in ("external_id", "user_data", "handler_id", "track_id", "face_id"):
            assert row[name] == (shown[name] or "")
        assert json.loads(row["face_detections"]) == shown["face_detections"]
        assert row["gender"] == ("" if shown["gender"] is None else str(shown["gender"]))
        assert row["create_time"] == shown["create_time"]
    assert len(rows[0]) == 25


def test_wanted_columns_of_chosen_objects_in_order(album: Album) -> None:
    rows = exported(
        album.client,
        "events",
        filters={"external_ids": ["lady"]},
        columns=["track_id", "event_id", "extract_result"],
    )
    assert {*map(len, rows)} == {3}
    assert [*rows[0]] == ["track_id", "event_id", "extract_result"]
    assert {album.person_of[row["event_id"]] for row in rows} == {"lady"}
    assert len(rows) == 3


@pytest.mark.parametrize("kind", ["faces", "events"])
def test_samples_come_along(album: Album, kind: str) -> None:
    content = {"objects_type": kind, "save_images": 1}
    archive = archive_of(album.client, done(album.client, "exporter", content))
    ids = getattr(album, kind)
    assert {*archive.namelist()} == {"export.csv", *(f"images/{one}.jpg" for one in ids)}
    if kind == "faces":
        avatar = album.client.get(f"/6/faces/{ids[0]}").json()["avatar"]
        assert archive.read(f"images/{ids[0]}.jpg") == album.client.get(avatar).content


def test_awkward_texts_arrive_whole_and_a_lost_sample_is_told_of(client: httpx.Client) -> None:
    texts = ['a "quoted", one', "line\nbreak", "=1+1", "ünï ☺", ";", ""]
    list_id, gone = new_list(client), str(uuid4())
    faces = {new_face(client, user_data=text, lists=[list_id]): text for text in texts}
    shown = new_face(client, avatar=f"/6/samples/faces/{gone}")
    rows = exported(client, "faces", filters={"list_id": list_id}, csv_delimiter=";")
    assert {row["face_id"]: row["user_data"] for row in rows} == faces
    assert {row["lists"] for row in rows} == {json.dumps([list_id])}
    task_id = done(client, "exporter", {"objects_type": "faces", "save_images": 1})
    assert archive_of(client, task_id).namelist() == ["export.csv"]
    (error,) = errors_of(client, task_id)
    assert (error["error_code"], error["additional_info"]) == (13003, shown)
    assert error["detail"] == f"Image with id '{gone}' not found"


def test_a_sample_of_others_is_not_exported(album: Album, stranger: httpx.Client) -> None:
    stranger.base_url = album.client.base_url
    avatar = album.client.get(f"/6/faces/{album.faces[0]}").json()["avatar"]
    new_face(stranger, avatar=avatar)
    task_id = done(stranger, "exporter", {"objects_type": "faces", "save_images": 1})
    archive = archive_of(stranger, task_id)
    assert archive.namelist() == ["export.csv"]
    assert len(table_of(archive, "export.csv")) == 2
    assert [one["error_code"] for one in errors_of(stranger, task_id)] == [13003]
    mine = album.client.get(f"/6/tasks/{task_id}/result")
    assert refused(mine)[0] == 404


def test_nothing_to_export_is_an_error(client: httpx.Client) -> None:
    said = "Objects for export not found (empty set)"
    assert failed(client, "exporter", {"objects_type": "faces"}) == [(28010, said)]


def test_a_large_export_is_made_in_parts(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporter, "OF_A_PART", 3)
    faces = sorted(new_face(client) for _ in range(10))
    task_id = done(client, "exporter", {"objects_type": "faces", "columns": ["face_id"]})
    rows = table_of(archive_of(client, task_id), "export.csv")
    assert rows == [["face_id"], *([one] for one in faces)]
    task = client.get(f"/6/tasks/{task_id}").json()
    assert task["count_task_parts_all"] == task["count_task_parts_done"] == 4


def test_more_than_a_task_takes_is_refused(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporter, "MOST_EXPORTED", 1)
    new_face(client)
    new_face(client)
    assert failed(client, "exporter", {"objects_type": "faces"}) == [
        (90110, "2 objects for export are more than 1")
    ]


@pytest.mark.parametrize(
    ("content", "path"),
    [
        ({}, "content.objects_type"),
        ({"objects_type": "string"}, "content.objects_type"),
        ({"objects_type": "faces", "columns": ["gender"]}, "content.columns"),
        ({"objects_type": "events", "columns": ["lists"]}, "content.columns"),
        ({"objects_type": "faces", "csv_delimiter": '"'}, "content.csv_delimiter"),
        ({"objects_type": "faces", "save_images": True}, "content.save_images"),
        ({"objects_type": "faces", "descriptor": {"type": "x"}}, "content.descriptor.type"),
    ],
)
def test_bad_content_is_refused_by_its_place(
    client: httpx.Client, content: object, path: str
) -> None:
    code, detail = refused_content(client, "exporter", content)
    assert code == 12022
    assert path in detail
