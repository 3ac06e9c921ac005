"""Clustering tasks find the people on photos, and reports say who is in which cluster."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID, uuid4

import httpx
import pytest

from tests.api.album import PEOPLE, Album, open_album
from tests.api.handling import handler, run
from tests.api.people import new_face
from tests.api.task_results import archive_of, errors_of, failed, refused_content, table_of
from tests.api.tasks import done, ended, give, result
from tests.support.running_api import RunningApi
from tests.support.shared import needs_media


@pytest.fixture(scope="module")
def album(eyes: RunningApi) -> Iterator[Album]:
    with open_album(eyes) as made:
        yield made


def clusters_of(client: httpx.Client, task_id: int) -> set[frozenset[str]]:
    found = result(client, task_id)
    clusters = found["clusters"]
    assert found["total_clusters"] == len(clusters)
    assert found["total_objects"] == sum(map(len, clusters))
    assert [len(ids) for ids in clusters] == sorted(map(len, clusters), reverse=True)
    return {frozenset(ids) for ids in clusters}


@pytest.mark.parametrize("kind", ["faces", "events"])
def test_the_people_are_found(album: Album, kind: str) -> None:
    task_id = done(album.client, "clustering", {"objects_type": kind})
    assert clusters_of(album.client, task_id) == album.by_person(getattr(album, kind))
    assert not errors_of(album.client, task_id)


def test_filters_choose_who_is_grouped(album: Album) -> None:
    filters = {"external_ids": ["dad", "man"], "user_data": "known"}
    task_id = done(album.client, "clustering", {"objects_type": "faces", "filters": filters})
    chosen = tuple(one for one in album.faces if album.person_of[one] in ("dad", "man"))
    assert clusters_of(album.client, task_id) == album.by_person(chosen)


def test_a_threshold_of_1_parts_all_and_0_joins_all(album: Album) -> None:
    for threshold, count in ((1.0, len(album.faces)), (0, 1)):
        content = {"objects_type": "faces", "threshold": threshold}
        task_id = done(album.client, "clustering", content)
        assert len(clusters_of(album.client, task_id)) == count


def test_events_of_one_track_share_a_cluster(album: Album) -> None:
    content = {"objects_type": "events", "threshold": 1, "params": {"use_track_info": 1}}
    task_id = done(album.client, "clustering", content)
    assert clusters_of(album.client, task_id) == album.by_person(album.events)


def test_a_limit_leaves_each_its_best_neighbours(album: Album) -> None:
    content = {"objects_type": "faces", "threshold": 0, "limit": 1}
    found = clusters_of(album.client, done(album.client, "clustering", content))
    assert all(len(cluster) >= 2 for cluster in found)
    assert {frozenset(album.person_of[one] for one in cluster) for cluster in found} == {
        frozenset({person}) for person in PEOPLE
    }


def test_the_task_shows_what_is_done(album: Album) -> None:
    task_id = give(album.client, "clustering", {"objects_type": "faces"}, description="people")
    task = ended(album.client, task_id)
    assert task["task_type"] == 2
    assert (task["count_task_parts_done"], task["count_task_parts_all"]) == (1, 1)
    assert task["description"] == "people"
    assert UUID(task["result_id"])
    content = task["content"]
    assert content["descriptor"] == {"type": "face"}
    assert content.keys() == {"objects_type", "threshold", "limit", "descriptor"}
    (subtask,) = album.client.get(f"/6/tasks/{task_id}/subtasks").json()["subtasks"]
    assert subtask["content"] == content
    assert subtask["subtask_status"] == 4


def test_nobody_to_group_is_an_error(client: httpx.Client) -> None:
    content = {"objects_type": "faces", "filters": {"face_ids": [str(uuid4())]}}
    said = "Objects for clustering not found (empty set)"
    assert failed(client, "clustering", content) == [(28010, said)]


def test_a_face_without_a_descriptor_is_left_out(client: httpx.Client) -> None:
    new_face(client)
    task_id = done(client, "clustering", {"objects_type": "faces"})
    found = result(client, task_id)
    assert found == {"clusters": [], "total_clusters": 0, "total_objects": 0}


def test_events_without_the_descriptor_are_left_out(album: Album) -> None:
    content = {"objects_type": "events", "descriptor": {"type": "body"}}
    found = result(album.client, done(album.client, "clustering", content))
    assert found == {"clusters": [], "total_clusters": 0, "total_objects": 0}


@needs_media
def test_a_pack_without_the_network_cannot_compare(client: httpx.Client) -> None:
    policies = {"detect_policy": {"multiface_policy": 2}}
    run(client, handler(client, **policies), PEOPLE["dad"][0])
    content = {"objects_type": "events", "descriptor": {"type": "body"}}
    assert [code for code, _ in failed(client, "clustering", content)] == [90030]


def test_a_stranger_groups_nobody_of_others(album: Album, stranger: httpx.Client) -> None:
    stranger.base_url = album.client.base_url
    content = {"objects_type": "faces", "filters": {"face_ids": list(album.faces)}}
    assert [code for code, _ in failed(stranger, "clustering", content)] == [28010]


@pytest.mark.parametrize(
    ("content", "path"),
    [
        ({}, "content.objects_type"),
        ({"objects_type": "attributes"}, "content.objects_type"),
        ({"objects_type": "faces", "threshold": 1.1}, "content.threshold"),
        ({"objects_type": "faces", "threshold": "0.5"}, "content.threshold"),
        ({"objects_type": "faces", "limit": 0}, "content.limit"),
        ({"objects_type": "faces", "limit": True}, "content.limit"),
        ({"objects_type": "faces", "descriptor": {"type": "body"}}, "content.descriptor"),
        ({"objects_type": "events", "params": {"use_track_info": 2}}, "use_track_info"),
        ({"objects_type": "faces", "filters": {"event_ids": []}}, "content.filters"),
        ({"objects_type": "faces", "colour": 1}, "colour"),
    ],
)
def test_bad_content_is_refused_by_its_place(
    client: httpx.Client, content: object, path: str
) -> None:
    code, detail = refused_content(client, "clustering", content)
    assert code == 12022
    assert path in detail


def test_a_report_has_a_row_for_each_object_by_cluster(album: Album) -> None:
    source = done(album.client, "clustering", {"objects_type": "faces"})
    columns = ["external_id", "user_data", "create_time", "lists", "avatar", "face_id"]
    content = {"filters": {"task_id": source}, "columns": columns, "csv_delimiter": "$"}
    archive = archive_of(album.client, done(album.client, "reporter", content))
    assert archive.namelist() == ["report.csv"]
    header, *rows = table_of(archive, "report.csv", "$")
    assert header == ["cluster_number", "object_id", *columns]
    assert [row[1] for row in rows] == [
        one for ids in result(album.client, source)["clusters"] for one in ids
    ]
    assert {(row[0], row[2]) for row in rows} == {
        (number, album.person_of[one]) for number, one, *_ in rows
    }
    assert len({row[0] for row in rows}) == len(PEOPLE)
    for number, face_id, external_id, user_data, create_time, lists, avatar, again in rows:
        assert int(number) >= 1
        assert (user_data, lists, again) == (f"{external_id}, known", "[]", face_id)
        assert datetime.fromisoformat(create_time).tzinfo is not None
        assert avatar.startswith("/6/samples/faces/")


@pytest.mark.parametrize("kind", ["faces", "events"])
def test_a_report_brings_the_images(album: Album, kind: str) -> None:
    source = done(album.client, "clustering", {"objects_type": kind})
    content = {"filters": {"task_id": source}, "save_images": 1}
    archive = archive_of(album.client, done(album.client, "reporter", content))
    header, *rows = table_of(archive, "report.csv")
    assert header == ["cluster_number", "object_id"]
    images = {name for name in archive.namelist() if name != "report.csv"}
    assert images == {f"images/{row[1]}.jpg" for row in rows}
    assert all(archive.read(name).startswith(b"\xff\xd8") for name in images)


def test_only_finished_clusterings_of_the_account_are_reported(
    album: Album, stranger: httpx.Client
) -> None:
    stranger.base_url = album.client.base_url
    source = done(album.client, "clustering", {"objects_type": "faces"})
    report = done(album.client, "reporter", {"filters": {"task_id": source}})
    for client, task_id in ((stranger, source), (album.client, report), (album.client, 2**40)):
        ((code, detail),) = failed(client, "reporter", {"filters": {"task_id": task_id}})
        assert code == 90113
        assert str(task_id) in detail


def test_a_column_of_other_objects_is_refused(album: Album) -> None:
    source = done(album.client, "clustering", {"objects_type": "faces"})
    content = {"filters": {"task_id": source}, "columns": ["track_id"]}
    assert [code for code, _ in failed(album.client, "reporter", content)] == [90114]


@pytest.mark.parametrize(
    ("content", "path"),
    [
        ({"filters": {}}, "content.filters.task_id"),
        ({"filters": {"task_id": 0}}, "content.filters.task_id"),
        ({"filters": {"task_id": 1}, "columns": ["colour"]}, "content.columns"),
        ({"filters": {"task_id": 1}, "csv_delimiter": ""}, "content.csv_delimiter"),
        ({"filters": {"task_id": 1}, "csv_delimiter": ",,"}, "content.csv_delimiter"),
        ({"filters": {"task_id": 1}, "csv_delimiter": "\n"}, "content.csv_delimiter"),
        ({"filters": {"task_id": 1}, "save_images": 2}, "content.save_images"),
    ],
)
def test_a_bad_report_is_refused_by_its_place(
    client: httpx.Client, content: object, path: str
) -> None:
    code, detail = refused_content(client, "reporter", content)
    assert code == 12022
    assert path in detail
