"""What this installation has no part for says so, each part in words of its own."""

from typing import Any

import httpx
import pytest

from tests.api.people import refused, some_id
from tests.architecture.luna_operations import Operation, read_table

OFF = [operation for operation in read_table() if operation.status == "off"]


@pytest.mark.parametrize("operation", OFF, ids=lambda one: f"{one.method} {one.path}")
def test_what_is_off_is_refused_as_disabled(client: httpx.Client, operation: Operation) -> None:
    path = operation.path.format(lambda_id=some_id(), stream_id=some_id(), path="some/where")

    answer = client.request(operation.method, path)

    if operation.method == "HEAD":
        assert answer.status_code == 403
    else:
        assert refused(answer) == (403, 90125 if path.endswith("/restream") else 12049)


def test_lambdas_are_off() -> None:
    assert len([one for one in OFF if "lambda" in one.path]) == 20


@pytest.mark.parametrize("body", [{}, {"lambda_id": some_id()}, {"description": 5}])
def test_so_are_handlers_that_are_lambdas(client: httpx.Client, body: dict[str, Any]) -> None:
    made = client.post("/6/handlers", json={"is_dynamic": True}).json()["handler_id"]
    wanted = {"handler_type": 2, **body}

    assert refused(client.post("/6/handlers", json=wanted)) == (403, 12049)
    assert refused(client.put(f"/6/handlers/{made}", json=wanted)) == (403, 12049)


def test_the_features_say_so(client: httpx.Client) -> None:
    assert client.get("/6/features").json()["components"]["lambda"] == 0
