"""Accounts over HTTP: made once, changed by themselves, shown to those who may see them."""

import asyncio
import base64
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest

from commands.accounts import CreateAccount
from domain.accounts import AccountType, hash_password
from tests.support.postgres import Databases
from tests.support.running_api import RunningApi, headers_of, running_api


def new_login() -> str:
    """A login that nobody has."""
    return f"{uuid4()}@example.com"


def basic(login: str, password: str = "pwd") -> dict[str, str]:
    """The header of a login."""
    encoded = base64.b64encode(f"{login}:{password}".encode()).decode()
    return {"Authorization": f"Basic {encoded}"}


def account(**fields: object) -> dict[str, object]:
    """The body that makes an account."""
    return {"login": new_login(), "password": "pwd", "account_type": "user", **fields}


@pytest.fixture(scope="module")
def strict(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[RunningApi, str]]:
    """An installation that demands credentials, and the login of its administrator."""
    directory: Path = tmp_path_factory.mktemp("strict")
    with databases.fresh() as dsn, running_api(dsn, directory, auth="credentials") as api:
        login = new_login()
        made = CreateAccount(
            account_id=uuid4(),
            login=login,
            password_hash=hash_password("pwd"),
            account_type=AccountType.ADMIN,
        )
        asyncio.run(api.services.writer.send(made))
        yield api, login


def test_an_account_is_made_under_the_wanted_id(nobody: httpx.Client, account_id: UUID) -> None:
    body = account(description="Front desk")
    made = nobody.post("/6/accounts", json=body, headers=headers_of(account_id))
    assert (made.status_code, made.json()["account_id"]) == (201, str(account_id))

    shown = nobody.get("/6/account", headers=basic(str(body["login"]))).json()
    assert shown.pop("create_time") == shown.pop("last_update_time")
    assert shown == {
        "account_id": str(account_id),
        "login": body["login"],
        "account_type": "user",
        "description": "Front desk",
    }

    again = nobody.post("/6/accounts", json=account(), headers=headers_of(account_id))
    assert (again.status_code, again.json()["error_code"]) == (409, 90081)
    taken = nobody.post("/6/accounts", json=body)
    assert (taken.status_code, taken.json()["error_code"]) == (409, 90082)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("login", "ann"),
        ("login", "a b@c.d"),
        ("login", "a" * 127 + "@b"),
        ("password", ""),
        ("password", "p" * 129),
        ("account_type", "admin"),
        ("account_type", None),
        ("account_id", "x"),
        ("description", "d" * 129),
        ("role", "user"),
    ],
)
def test_a_bad_field_is_named_and_makes_nothing(
    nobody: httpx.Client, field: str, value: object
) -> None:
    body = account(**{field: value})
    answer = nobody.post("/6/accounts", json=body)
    assert (answer.status_code, answer.json()["error_code"]) == (400, 12022)
    assert field in answer.json()["detail"]
    if field != "login":
        assert nobody.get("/6/accounts", params={"login": body["login"]}).json() == {
            "accounts": [],
            "total_count": 0,
        }


def test_accounts_are_found_by_login_type_and_time(nobody: httpx.Client) -> None:
    body = account(account_type="advanced_user")
    made = nobody.post("/6/accounts", json=body).json()

    wanted = {"login": body["login"], "targets": "account_id,login"}
    assert nobody.get("/6/accounts", params=wanted).json() == {
        "accounts": [{"account_id": made["account_id"], "login": body["login"]}],
        "total_count": 1,
    }
    for nothing in ({"account_type": "user"}, {"create_time__lt": "2020-01-01T00:00:00Z"}):
        found = nobody.get("/6/accounts", params={"login": body["login"], **nothing}).json()
        assert found == {"accounts": [], "total_count": 0}
    assert nobody.get("/6/accounts", params={"account_type": "king"}).status_code == 400
    assert nobody.get("/6/accounts", params={"targets": "password_hash"}).status_code == 400


def test_an_account_sees_only_itself(client: httpx.Client, stranger: httpx.Client) -> None:
    body = account()
    client.post("/6/accounts", json=body)
    assert client.get("/6/accounts").json()["total_count"] == 1
    assert stranger.get("/6/accounts").json() == {"accounts": [], "total_count": 0}
    missing = stranger.get("/6/account")
    assert (missing.status_code, missing.json()["error_code"]) == (404, 90080)


def test_an_account_changes_itself(client: httpx.Client, nobody: httpx.Client) -> None:
    body, login = account(), new_login()
    client.post("/6/accounts", json=body)

    assert client.patch("/6/account", json={"description": "moved"}).status_code == 204
    assert client.get("/6/account", params={"targets": "description"}).json() == {
        "description": "moved"
    }
    changed = client.patch("/6/account", json={"login": login, "password": "new"})
    assert changed.status_code == 204
    assert nobody.get("/6/account", headers=basic(str(body["login"]))).status_code == 401
    assert nobody.get("/6/account", headers=basic(login, "new")).status_code == 200
    for wrong in ({"login": "x"}, {"password": None}, {"create_time": "now"}):
        assert client.patch("/6/account", json=wrong).status_code == 400
    assert nobody.patch("/6/account", json={}).status_code == 403


def test_credentials_are_looked_at(client: httpx.Client, nobody: httpx.Client) -> None:
    body = account(account_type="advanced_user")
    account_id = client.post("/6/accounts", json=body).json()["account_id"]
    token = client.post("/6/tokens", json={}).json()["token"]
    pair = {"login": body["login"], "password": "pwd"}

    for said in (pair, {"token": token}, {"account_id": account_id}):
        answer = nobody.post("/6/accounts/verifier", json=said)
        assert answer.status_code == 200, answer.text
        assert answer.json()["account_id"] == account_id
        assert answer.json()["account_type"] == "advanced_user"

    for said, status in (
        ({**pair, "password": "x"}, 401),
        ({"login": new_login(), "password": "pwd"}, 401),
        ({"token": token + "x"}, 403),
        ({"account_id": str(uuid4())}, 404),
        ({"login": body["login"]}, 400),
        ({**pair, "token": token}, 400),
        ({}, 400),
    ):
        assert nobody.post("/6/accounts/verifier", json=said).status_code == status, said


def test_where_credentials_are_demanded_only_those_who_see_all_make_accounts(
    strict: tuple[RunningApi, str],
) -> None:
    api, admin = strict
    body = account()
    with api.client() as asking:
        assert asking.post("/6/accounts", json=body).status_code == 401
        assert asking.post("/6/accounts", json=body, headers=basic(admin)).status_code == 201
        user = basic(str(body["login"]))
        for denied in (
            asking.post("/6/accounts", json=account(), headers=user),
            asking.patch("/6/account", json={"account_type": "advanced_user"}, headers=user),
        ):
            assert (denied.status_code, denied.json()["error_code"]) == (403, 11059)
        assert asking.get("/6/accounts", headers=user).json()["total_count"] == 1
        assert asking.get("/6/accounts", headers=basic(admin)).json()["total_count"] == 2


def test_an_account_is_made_once_under_an_idempotency_key(nobody: httpx.Client) -> None:
    body, key = account(), {"Idempotency-Key": str(uuid4())}

    first, second = (nobody.post("/6/accounts", json=body, headers=key) for _ in range(2))

    assert (first.status_code, second.status_code) == (201, 201), second.text
    assert first.json() == second.json()
    other = nobody.post("/6/accounts", json={**body, "password": "another"}, headers=key)
    assert (other.status_code, other.json()["error_code"]) == (409, 90040)
    without = nobody.post("/6/accounts", json=body)
    assert (without.status_code, without.json()["error_code"]) == (409, 90082)
    elsewhere = nobody.post("/6/accounts", json=account(), headers=key)
    assert elsewhere.json()["account_id"] != first.json()["account_id"]
