"""The same requests are answered alike by one process, with Redis, and on a cluster of three nodes.

Each set-up runs as real processes.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from uuid import uuid4

import httpx
import pytest

from inference.drawn_face import drawn_face
from inference.image import encode_jpeg
from tests.api.enrolled import descriptor, enrol, found
from tests.api.people import BASIC, attach, listed_faces, new_face, new_list, refused
from tests.support.packs import PACKS, default_pack
from tests.support.postgres import Databases
from tests.support.redis_server import PROGRAM, redis_server
from tests.support.running_api import headers_of
from tests.support.service import Service

pytestmark = pytest.mark.slow

SETUPS = {"alone": (), "redis": ("redis",), "cluster": ("ray",), "cluster-redis": ("ray", "redis")}
ON_RAY = {
    "SELENE_INDEX__SHARDS": "3",
    "SELENE_INDEX__REPLICAS": "2",
    "SELENE_RAY__MOST_MODEL_WORKERS": "2",
}


@pytest.fixture(scope="module", params=SETUPS)
def service(
    request: pytest.FixtureRequest, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """A service with or without Redis and a cluster."""
    default_pack()
    directory = tmp_path_factory.mktemp("setup")
    with ExitStack() as stack:
        variables = {
            "SELENE_DATABASE_URL": stack.enter_context(databases.fresh()),
            "SELENE_PACK": str(PACKS / default_pack().name),
        }
        if "redis" in SETUPS[request.param]:
            if PROGRAM is None:
                pytest.skip("redis-server is not installed")
            variables["SELENE_REDIS_URL"] = stack.enter_context(redis_server(directory))
        if "ray" in SETUPS[request.param]:
            cluster = request.getfixturevalue("cluster")
            variables |= {**cluster.variables, **ON_RAY}
            node = cluster.add()  # the third one
            stack.callback(cluster.lose, node)
        made = Service("api.cli.main", directory / "data", "serve", "api", variables=variables)
        running = stack.enter_context(made)
        running.wait_for("Selene is ready", 240)
        yield running


@pytest.fixture
def client(service: Service) -> Iterator[httpx.Client]:
    """Asks as an account of its own."""
    url, headers = service.url(""), headers_of(uuid4())
    with httpx.Client(base_url=url, headers=headers, timeout=120) as made:
        yield made


def test_faces_and_lists_are_kept(client: httpx.Client) -> None:
    list_id, other = new_list(client, user_data="staff"), new_list(client)
    first, second = (new_face(client, external_id=name) for name in ("A", "B"))
    attach(client, list_id, first, second)
    attach(client, other, second)
    assert {*listed_faces(client, list_id=list_id)} == {first, second}
    assert client.delete(f"/6/faces/{first}").status_code == 204
    assert [*listed_faces(client, list_id=list_id)] == [second]
    assert refused(client.get(f"/6/faces/{first}")) == (404, 22002)


def test_what_was_enrolled_is_found_exactly_and_what_was_deleted_is_not(
    client: httpx.Client,
) -> None:
    faces = dict[int, str]()
    for seed in range(1, 16):
        faces[seed], position = enrol(client, seed)
        assert found(client, seed, position) == [faces[seed]]
    for seed in (3, 7):
        assert client.delete(f"/6/faces/{faces.pop(seed)}").status_code == 204
    for seed in range(1, 18):
        assert found(client, seed) == ([faces[seed]] if seed in faces else [])
    body = {
        "references": [{"id": "r", "type": "raw_descriptor", "data": descriptor(5)}],
        "candidates": [{"filters": {"origin": "faces"}, "limit": 20}],
    }
    (answer,) = client.post("/6/matcher/faces", json=body).json()
    ranked = answer["matches"][0]["result"]
    assert {one["face"]["face_id"] for one in ranked} == set(faces.values())
    assert [one["similarity"] for one in ranked] == sorted(
        (one["similarity"] for one in ranked), reverse=True
    )


def test_lists_narrow_a_search(client: httpx.Client) -> None:
    list_id = new_list(client)
    inside, _ = enrol(client, 1)
    enrol(client, 2)
    attach(client, list_id, inside)
    body = {
        "references": [{"id": "r", "type": "raw_descriptor", "data": descriptor(2)}],
        "candidates": [{"filters": {"origin": "faces", "list_id": list_id}, "limit": 5}],
    }
    (answer,) = client.post("/6/matcher/faces", json=body).json()
    assert [one["face"]["face_id"] for one in answer["matches"][0]["result"]] == [inside]


def test_a_face_in_an_image_is_detected_extracted_and_recognised_again(
    client: httpx.Client,
) -> None:
    image, jpeg = encode_jpeg(drawn_face()), {"Content-Type": "image/jpeg"}
    answer = client.post("/6/detector", content=image, headers=jpeg)
    assert answer.status_code == 201, answer.text
    (seen,) = answer.json()["images"][0]["detections"]["samples"]
    extracted = client.post("/6/extractor", json=[seen["face"]["sample_id"]])
    assert extracted.status_code == 201, extracted.text
    attribute_id = extracted.json()[0]["attribute_id"]
    face_id = new_face(client, attribute={"attribute_id": attribute_id})
    body = {
        "references": [{"id": attribute_id, "type": "attribute"}],
        "candidates": [{"filters": {"origin": "faces"}}],
    }
    (matched,) = client.post("/6/matcher/faces", json=body).json()
    (best,) = matched["matches"][0]["result"]
    assert (best["face"]["face_id"], round(best["similarity"], 3)) == (face_id, 1.0)


def test_attributes_last_until_they_are_deleted(client: httpx.Client) -> None:
    made = client.post("/6/attributes", json={"basic_attributes": BASIC})
    assert made.status_code == 201, made.text
    url = made.json()["url"]
    assert client.get(url).json()["basic_attributes"] == BASIC
    assert client.delete(url).status_code == 204
    assert refused(client.get(url)) == (404, 22011)


def test_all_that_is_needed_is_healthy(client: httpx.Client) -> None:
    healthy = client.get("/6/healthcheck", params={"include_luna_services": 1})
    assert healthy.status_code == 200, healthy.text
    assert "request_count" in client.get("/metrics").text
