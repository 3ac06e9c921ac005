"""Temporary attributes over HTTP when a Redis keeps them."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.api.people import new_face, refused
from tests.support.postgres import Databases
from tests.support.redis_server import redis_server
from tests.support.running_api import RunningApi, running_api


@pytest.fixture(scope="module")
def with_redis(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningApi]:
    directory = tmp_path_factory.mktemp("with_redis")
    with (
        redis_server(directory) as url,
        databases.fresh() as dsn,
        running_api(dsn, directory, redis_url=url) as api,
    ):
        yield api


def test_an_attribute_lives_in_redis_and_moves_into_a_face(with_redis: RunningApi) -> None:
    basic = {"age": 29}
    with with_redis.client(uuid4()) as client:
        made = client.post("/6/attributes", json={"basic_attributes": basic}).json()
        assert client.get(made["url"]).json()["basic_attributes"] == basic
        rows = "SELECT count(*) FROM temporary_attributes"
        assert with_redis.services.reader.fetch_value(rows) == 0

        face_id = new_face(client, attribute={"attribute_id": made["attribute_id"]})
        found = client.get(f"/6/faces/{face_id}/attributes").json()["attributes"]
        assert found["basic_attributes"] == basic
        assert client.delete(made["url"]).status_code == 204
        assert refused(client.get(made["url"])) == (404, 22011)
        assert client.get("/healthcheck", follow_redirects=True).status_code == 200
