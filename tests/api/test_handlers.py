"""Handlers over HTTP."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from domain.policies.policies import Policies


def make(client: httpx.Client, **body: Any) -> str:
    """The id of a new handler; static with default policies unless said otherwise."""
    given = body or {"policies": {}}
    made = client.post("/6/handlers", json=given)
    assert made.status_code == 201, made.text
    return str(made.json()["handler_id"])


def test_a_new_handler_is_found_with_all_defaults(client: httpx.Client, account_id: Any) -> None:
    made = client.post(
        "/6/handlers",
        json={
            "description": "door",
            "policies": {"storage_policy": {"face_policy": {"store_face": 1}}},
        },
    )
    handler_id = made.json()["handler_id"]
    assert made.headers["location"] == made.json()["url"] == f"/6/handlers/{handler_id}"

    found = client.get(made.json()["url"]).json()

    assert (found["handler_id"], found["account_id"]) == (handler_id, str(account_id))
    assert (found["description"], found["is_dynamic"], found["handler_type"]) == ("door", False, 0)
    wanted = {"storage_policy": {"face_policy": {"store_face": 1}}}
    assert found["policies"] == Policies.model_validate(wanted).as_dict()
    assert found["create_time"] == found["last_update_time"]
    assert found["create_time"].endswith("Z")


def test_dynamic_handlers_are_listed_and_counted_only_when_asked_for(client: httpx.Client) -> None:
    static = [make(client, description=f"door {n}", policies={}) for n in range(3)]
    dynamic = make(client, description="door 9", is_dynamic=True)

    def listed(**query: Any) -> list[str]:
        return [row["handler_id"] for row in client.get("/6/handlers", params=query).json()]

    assert listed() == static[::-1]
    assert listed(page=2, page_size=2) == static[:1]
    assert listed(description="or 1") == [static[1]]
    assert listed(is_dynamic=1) == [dynamic]
    assert client.get("/6/handlers/count").json() == {"handlers_count": 3}
    assert client.get("/6/handlers/count", params={"is_dynamic": 1}).json()["handlers_count"] == 1
    assert client.get("/6/handlers", params={"is_dynamic": 2}).json()["error_code"] == 12012
    assert listed(handler_type=1) == listed(handler_type=1, is_dynamic=1) == [dynamic]
    assert listed(handler_type=0) == static[::-1]
    assert listed(handler_type=2) == []
    assert client.get("/6/handlers/count", params={"handler_type": 1}).json()["handlers_count"] == 1
    assert client.get("/6/handlers", params={"handler_type": 3}).json()["error_code"] == 12012


def test_a_handler_is_replaced_whole(client: httpx.Client) -> None:
    handler_id = make(client, description="door", policies={})

    put = client.put(f"/6/handlers/{handler_id}", json={"is_dynamic": True})

    assert (put.status_code, put.content) == (204, b"")
    found = client.get(f"/6/handlers/{handler_id}").json()
    assert (found["description"], found["is_dynamic"], found["policies"]) == ("", True, None)
    assert found["last_update_time"] > found["create_time"]


def test_a_removed_handler_is_gone(client: httpx.Client) -> None:
    url = f"/6/handlers/{make(client)}"
    assert client.head(url).status_code == 200

    assert client.delete(url).status_code == 204

    assert client.head(url).status_code == 404
    assert client.get(url).json()["detail"] == f"Handler with id '{url[-36:]}' not found"
    assert client.delete(url).status_code == 404
    assert client.put(url, json={"policies": {}}).status_code == 404


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"policies": {"detect_policy": {"detect_face": 2}}}, "policies.detect_policy.detect_face"),
        ({"policies": {"unknown": 1}}, "policies"),
        ({"is_dynamic": True, "policies": {}}, "policies"),
        ({"is_dynamic": False}, "policies"),
        ({"description": "x" * 129, "policies": {}}, "description"),
    ],
)
def test_a_bad_handler_is_refused_by_its_field(
    client: httpx.Client, body: dict[str, Any], path: str
) -> None:
    for refused in (
        client.post("/6/handlers", json=body),
        client.put(f"/6/handlers/{make(client)}", json=body),
    ):
        assert (refused.status_code, refused.json()["error_code"]) == (400, 12022)
        assert f"Path: '{path}'" in refused.json()["detail"]
    assert client.get("/6/handlers/count").json() == {"handlers_count": 1}


def test_the_validator_looks_at_policies_and_keeps_nothing(client: httpx.Client) -> None:
    good = client.post("/6/handlers/validator", json={"policies": {}})
    bad = client.post("/6/handlers/validator", json={"policies": {"match_policy": [{}]}})

    assert (good.status_code, good.content) == (204, b"")
    assert "policies.match_policy.0.label" in bad.json()["detail"]
    assert client.get("/6/handlers/count").json() == {"handlers_count": 0}


def test_accounts_do_not_see_each_others_handlers(
    client: httpx.Client, stranger: httpx.Client, nobody: httpx.Client
) -> None:
    url = f"/6/handlers/{make(client)}"

    assert stranger.get(url).status_code == stranger.head(url).status_code == 404
    assert stranger.delete(url).status_code == 404
    assert stranger.put(url, json={"policies": {}}).status_code == 404
    assert stranger.get("/6/handlers").json() == []
    assert nobody.get(url).status_code == 200
    for refused in (nobody.post("/6/handlers", json={"policies": {}}), nobody.delete(url)):
        assert (refused.status_code, refused.json()["error_code"]) == (403, 11036)


def test_a_bad_id_is_no_handler(client: httpx.Client) -> None:
    assert client.get("/6/handlers/nonsense").status_code == 404
    assert client.get(f"/6/handlers/{uuid4()}").json()["error_code"] == 90060
