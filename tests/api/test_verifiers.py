"""Verifiers over HTTP."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from domain.policies.verify import VerifierPolicies
from tests.support.contract_schemas import contract_schema, differences, needs_contract, plain


def make(client: httpx.Client, **body: Any) -> str:
    """The id of a new verifier."""
    made = client.post("/6/verifiers", json=body)
    assert made.status_code == 201, made.text
    return str(made.json()["verifier_id"])


def test_a_new_verifier_is_found_with_all_defaults(client: httpx.Client, account_id: Any) -> None:
    wanted = {"verification_threshold": 0.5, "detect_policy": {"estimate_emotions": 1}}
    made = client.post("/6/verifiers", json={"description": "door", "policies": wanted})
    verifier_id = made.json()["verifier_id"]
    assert made.headers["location"] == made.json()["url"] == f"/6/verifiers/{verifier_id}"

    found = client.get(made.json()["url"]).json()

    assert (found["verifier_id"], found["account_id"]) == (verifier_id, str(account_id))
    assert (found["description"], found["version"]) == ("door", 0)
    assert found["policies"] == VerifierPolicies.model_validate(wanted).as_dict()
    assert found["policies"]["storage_policy"]["face_sample_policy"]["store_sample"] == 0
    assert found["create_time"] == found["last_update_time"]


def test_a_verifier_of_defaults_calls_nobody_the_same_up_to_nine_tenths(
    client: httpx.Client,
) -> None:
    found = client.get(f"/6/verifiers/{make(client)}").json()

    assert found["policies"]["verification_threshold"] == 0.9
    assert found["description"] == ""


def test_verifiers_are_listed_and_counted(client: httpx.Client) -> None:
    made = [make(client, description=f"door {n}") for n in range(3)]

    def listed(**query: Any) -> list[str]:
        return [row["verifier_id"] for row in client.get("/6/verifiers", params=query).json()]

    assert listed() == made[::-1]
    assert listed(page=2, page_size=2) == made[:1]
    assert listed(description="or 1") == [made[1]]
    assert client.get("/6/verifiers/count").json() == {"verifiers_count": 3}
    one = client.get("/6/verifiers/count", params={"description": "or 1"}).json()
    assert one == {"verifiers_count": 1}
    assert client.get("/6/verifiers", params={"page_size": 101}).json()["error_code"] == 12012


def test_a_verifier_is_replaced_whole_and_its_version_grows(client: httpx.Client) -> None:
    url = f"/6/verifiers/{make(client, description='door')}"

    answers = [
        client.put(url, json={"policies": {"verification_threshold": one}}) for one in (0.5, 0.6)
    ]

    assert [(one.status_code, one.json()) for one in answers] == [
        (200, {"version": 1}),
        (200, {"version": 2}),
    ]
    found = client.get(url).json()
    assert (found["description"], found["version"]) == ("", 2)
    assert found["policies"]["verification_threshold"] == 0.6
    assert found["last_update_time"] > found["create_time"]


def test_a_removed_verifier_is_gone(client: httpx.Client) -> None:
    url = f"/6/verifiers/{make(client)}"
    assert client.head(url).status_code == 200

    assert client.delete(url).status_code == 204

    assert client.head(url).status_code == 404
    missing = client.get(url).json()
    assert missing["detail"] == f"Verifier with id '{url[-36:]}' not found"
    assert client.delete(url).status_code == client.put(url, json={}).status_code == 404


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"policies": {"verification_threshold": 1.1}}, "policies.verification_threshold"),
        ({"policies": {"verification_threshold": True}}, "policies.verification_threshold"),
        ({"policies": {"detect_policy": {"detect_body": 1}}}, "policies.detect_policy"),
        ({"policies": {"match_policy": []}}, "policies"),
        ({"description": "x" * 129}, "description"),
    ],
)
def test_a_bad_verifier_is_refused_by_its_field(
    client: httpx.Client, body: dict[str, Any], path: str
) -> None:
    for refused in (
        client.post("/6/verifiers", json=body),
        client.put(f"/6/verifiers/{make(client)}", json=body),
    ):
        assert (refused.status_code, refused.json()["error_code"]) == (400, 12022)
        assert f"Path: '{path}" in refused.json()["detail"]
    assert client.get("/6/verifiers/count").json() == {"verifiers_count": 1}


def test_accounts_do_not_see_each_others_verifiers(
    client: httpx.Client, stranger: httpx.Client, nobody: httpx.Client
) -> None:
    url = f"/6/verifiers/{make(client)}"

    assert stranger.get(url).status_code == stranger.head(url).status_code == 404
    assert stranger.delete(url).status_code == stranger.put(url, json={}).status_code == 404
    assert stranger.get("/6/verifiers").json() == []
    assert nobody.get(url).status_code == 200
    refused = nobody.post("/6/verifiers", json={})
    assert (refused.status_code, refused.json()["error_code"]) == (403, 11036)
    refused = nobody.delete(url)
    assert (refused.status_code, refused.json()["error_code"]) == (400, 12012)
    assert refused.json()["detail"] == "Bad query parameters 'account_id'"
    assert client.get(f"/6/verifiers/{uuid4()}").json()["error_code"] == 90065


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/6/verifiers", {"GET", "POST", "OPTIONS"}),
        ("/6/verifiers/count", {"GET", "OPTIONS"}),
        ("/6/verifiers/{}", {"GET", "HEAD", "PUT", "DELETE", "OPTIONS"}),
        ("/6/verifiers/{}/verifications", {"POST", "OPTIONS"}),
        ("/6/verifiers/{}/raw", {"POST", "OPTIONS"}),
    ],
)
def test_options_name_the_methods(client: httpx.Client, path: str, methods: set[str]) -> None:
    answer = client.options(path.format(uuid4()))

    assert answer.status_code == 200
    assert methods <= set(answer.headers["allow"].split(", "))


@needs_contract
def test_policies_of_verifiers_are_the_contracts_and_what_came_later() -> None:
    schema = plain(VerifierPolicies.model_json_schema(), VerifierPolicies.model_json_schema())

    found = differences(schema, contract_schema("VerifierPolicies"))

    assert [one for one in found if not one.endswith("only in ours")] == []
