"""Samples, images and objects over HTTP."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import httpx

from api.schemas.stored_files import OBJECT_TYPES
from tests.api.files import FACE, KINDS, Kind, blobs_there, each_kind
from tests.api.people import refused, some_id
from tests.support.running_api import RunningApi


def allowed(client: httpx.Client, path: str) -> set[str]:
    """The methods that OPTIONS tells."""
    return set(client.options(path).headers["allow"].split(", "))


@each_kind
def test_what_was_stored_is_read_back(client: httpx.Client, kind: Kind) -> None:
    path = kind.read_at(kind.make(client))

    answer = client.get(path)

    assert (answer.status_code, answer.content) == (200, kind.data)
    assert answer.headers["content-type"] == kind.content_type
    head = client.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(kind.data))
    assert head.headers["content-type"] == kind.content_type
    # The shortest path of a face sample and the one where samples are made have one form.
    assert allowed(client, path) >= {"DELETE", "GET", "HEAD", "OPTIONS"}
    assert allowed(client, kind.made_at) >= {"OPTIONS", "POST"}


@each_kind
def test_accounts_do_not_see_or_delete_each_others_files(
    client: httpx.Client, stranger: httpx.Client, nobody: httpx.Client, kind: Kind
) -> None:
    file_id = kind.make(stranger)
    path = kind.read_at(file_id)

    for answer in (client.get(path), client.delete(path)):
        assert refused(answer) == (404, kind.missing)
        assert file_id in answer.json()["detail"]
    assert client.head(path).status_code == 404
    assert nobody.get(path).content == kind.data
    assert refused(nobody.delete(path)) == (403, 11036)
    headers = {"Content-Type": kind.content_type}
    made = nobody.post(kind.made_at, content=kind.data, headers=headers)
    assert refused(made) == (403, 11036)
    assert stranger.get(path).content == kind.data


@each_kind
def test_a_deleted_file_and_its_bytes_are_gone(
    client: httpx.Client, running: RunningApi, kind: Kind
) -> None:
    before = blobs_there(running)
    file_id = kind.make(client)
    path = kind.read_at(file_id)
    (blob,) = blobs_there(running) - before
    assert file_id.replace("-", "") not in blob.replace("-", "")

    assert client.delete(path).status_code == 204

    assert blobs_there(running) == before
    for answer in (client.get(path), client.delete(path)):
        assert refused(answer) == (404, kind.missing)
    assert client.head(path).status_code == 404


@each_kind
def test_ids_that_are_none_lead_nowhere(client: httpx.Client, kind: Kind) -> None:
    assert refused(client.get(kind.read_at(some_id()))) == (404, kind.missing)
    for path in (kind.read_at("x"), kind.read_at("faces")):
        assert refused(client.get(path)) == (404, 12013)


@each_kind
def test_other_content_types_are_refused(client: httpx.Client, kind: Kind) -> None:
    for other in ("image/gif", "application/octet-stream", "multipart/form-data", ""):
        answer = client.post(kind.made_at, content=kind.data, headers={"Content-Type": other})
        assert refused(answer) == (400, 12017)


@each_kind
def test_lost_bytes_are_said_to_be_lost(
    client: httpx.Client, running: RunningApi, kind: Kind
) -> None:
    before = blobs_there(running)
    path = kind.read_at(kind.make(client))
    (blob,) = blobs_there(running) - before
    asyncio.run(running.services.blobs.delete(blob))

    assert refused(client.get(path)) == (502, 10017)
    assert client.delete(path).status_code == 204


@each_kind
def test_a_repeated_request_stores_once(
    client: httpx.Client, running: RunningApi, kind: Kind
) -> None:
    before = blobs_there(running)
    headers = {"Content-Type": kind.content_type, "Idempotency-Key": some_id()}

    first, second = (
        client.post(kind.made_at, content=kind.data, headers=headers) for _ in range(2)
    )

    assert first.json() == second.json()
    assert len(blobs_there(running) - before) == 1
    assert client.get(kind.read_at(first.json()[kind.key])).content == kind.data


@each_kind
def test_what_is_refused_at_the_end_leaves_no_bytes(
    client: httpx.Client, running: RunningApi, kind: Kind
) -> None:
    key = {"Idempotency-Key": some_id()}
    types = {"Content-Type": kind.content_type}
    client.post(kind.made_at, content=kind.data, headers={**types, **key})
    before = blobs_there(running)

    other = client.post(
        kind.made_at, content=kind.data, headers={"Content-Type": f"{kind.content_type};x=1", **key}
    )

    assert refused(other) == (409, 90040)
    assert blobs_there(running) == before


def test_faces_and_bodies_are_kept_apart(client: httpx.Client) -> None:
    face, body = KINDS["face"].make(client), KINDS["body"].make(client)
    for path in (
        f"/6/samples/bodies/{face}",
        f"/6/samples/faces/{body}",
        f"/6/samples/{body}",
        f"/5/samples/{body}",
    ):
        for answer in (client.get(path), client.delete(path)):
            assert refused(answer) == (404, 13003)
        assert client.head(path).status_code == 404
    unknown = client.post("/6/samples/hands", content=FACE, headers={"Content-Type": "image/png"})
    assert refused(unknown) == (404, 12013)
    assert refused(client.get(f"/6/samples/hands/{face}")) == (404, 12013)


def test_an_avatar_leads_to_its_sample(client: httpx.Client) -> None:
    sample_id = KINDS["face"].make(client)
    body: dict[str, Any] = {"avatar": f"/6/samples/{sample_id}"}
    face = client.get(client.post("/6/faces", json=body).json()["url"]).json()

    assert client.get(face["avatar"]).content == FACE


def test_nothing_of_a_file_is_in_its_id(client: httpx.Client) -> None:
    assert KINDS["image"].make(client) != KINDS["image"].make(client)
    assert UUID(KINDS["face"].make(client)).version == uuid4().version


def test_the_document_names_the_types_that_are_taken(client: httpx.Client) -> None:
    document = client.get("/6/docs/spec", headers={"Accept": "application/json"}).json()
    paths = document["paths"]
    taken = paths["/6/objects"]["post"]["requestBody"]["content"]
    shown = paths["/6/objects/{object_id}"]["get"]["responses"]["200"]["content"]

    assert taken.keys() == shown.keys() == set(OBJECT_TYPES)
    assert taken["application/json"] == {"schema": {}}
    for kind in ("application/msgpack", "image/jpeg"):
        answer = client.post("/6/objects", content=b"\x80", headers={"Content-Type": kind})
        assert refused(answer) == (400, 12017)
