"""Who asks is decided by a login, a token or Luna-Account-Id, in this order."""

import asyncio
import base64
from uuid import UUID

import httpx
import pytest
from argon2 import PasswordHasher

from api.authentication import Authentication, Identity, Login
from api.http.refusals import PermissionDenied, TooManyLogins, WrongCredentials
from domain.permissions import Action, Permissions
from tests.api.kit.toy import ACCOUNT, AS_ACCOUNT, asking, toy

OTHER = "0b8b5937-2e9c-4e8b-a7a7-5caf86621b50"
HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
TOKENS = {
    "reader": Identity(UUID(ACCOUNT), permissions=Permissions(object=(Action.VIEW,))),
    "cleaner": Identity(UUID(ACCOUNT), permissions=Permissions(object=(Action.DELETION,))),
    "auditor": Identity(UUID(ACCOUNT), sees_all=True),
}


class Book:
    """Accounts and tokens written down here."""

    def __init__(self) -> None:
        self.logins = {
            "ann@example.com": Login(UUID(ACCOUNT), HASHER.hash("p:w ü")),
            "root": Login(UUID(OTHER), HASHER.hash("root"), sees_all=True),
        }

    async def by_login(self, login: str) -> Login | None:
        return self.logins.get(login)

    async def by_token(self, token: str) -> Identity | None:
        return TOKENS.get(token)


def basic(login: str, password: str) -> dict[str, str]:
    """The header of a login."""
    encoded = base64.b64encode(f"{login}:{password}".encode()).decode()
    return {"Authorization": f"Basic {encoded}"}


def bearer(token: str) -> dict[str, str]:
    """The header of a token."""
    return {"Authorization": f"Bearer {token}"}


async def created_by(client: httpx.AsyncClient, headers: dict[str, str]) -> tuple[int, str]:
    """Status, and the account a thing was created in or the error code."""
    answer = await client.post("/6/things", json={"user_data": ""}, headers=headers)
    body = answer.json()
    return answer.status_code, body.get("account_id") or str(body["error_code"])


async def test_the_header_alone_names_the_account() -> None:
    async with asking(toy()) as client:
        assert await created_by(client, AS_ACCOUNT) == (201, ACCOUNT)
        assert await created_by(client, {"Luna-Account-Id": ACCOUNT.upper()}) == (201, ACCOUNT)
        assert await created_by(client, {}) == (403, "11036")


async def test_reads_are_limited_to_the_account_if_one_is_named(client: httpx.AsyncClient) -> None:
    assert (await client.get("/6/things")).json()["account_id"] is None
    assert (await client.get("/6/things", headers=AS_ACCOUNT)).json()["account_id"] == ACCOUNT

    bad = await client.get("/6/things", headers={"Luna-Account-Id": "{" + ACCOUNT + "}"})
    assert (bad.status_code, bad.json()["detail"]) == (400, "Bad header 'Luna-Account-Id'")


async def test_the_query_may_choose_among_readable_accounts() -> None:
    async with asking(toy(authentication=Authentication(Book()))) as client:

        async def chosen(account: str | None, headers: dict[str, str]) -> object:
            query = {} if account is None else {"account_id": account}
            answer = await client.get("/6/things/count", params=query, headers=headers)
            return answer.json().get("account_id", answer.json().get("detail"))

        assert await chosen(None, {}) is None
        assert await chosen(OTHER, {}) == OTHER
        assert await chosen(ACCOUNT, AS_ACCOUNT) == ACCOUNT
        assert await chosen(OTHER, AS_ACCOUNT) == "Bad query parameters 'account_id'"
        assert await chosen(OTHER, bearer("auditor")) == OTHER
        assert await chosen(None, basic("root", "root")) is None
        assert await chosen("me", {}) == "Bad query parameters 'account_id'"


async def test_a_login_names_its_account_whatever_the_header_says() -> None:
    async with asking(toy(authentication=Authentication(Book()))) as client:
        ann = basic("ann@example.com", "p:w ü")
        assert await created_by(client, ann) == (201, ACCOUNT)
        assert await created_by(client, {**ann, "Luna-Account-Id": OTHER}) == (201, ACCOUNT)


@pytest.mark.parametrize(
    "value",
    [
        basic("ann@example.com", "wrong")["Authorization"],
        basic("nobody", "p:w ü")["Authorization"],
        "Basic",
        "Basic !!!",
        "Basic " + base64.b64encode(b"no-colon").decode(),
        "Basic " + base64.b64encode(b"\xff:\xff").decode(),
        "Digest username=ann",
        "",
    ],
)
async def test_wrong_credentials_are_refused(value: str) -> None:
    async with asking(toy(authentication=Authentication(Book()))) as client:
        headers = {"Authorization": value, **AS_ACCOUNT}
        answer = await client.post("/6/things", json={"user_data": ""}, headers=headers)
    assert (answer.status_code, answer.json()["error_code"]) == (401, 11002)
    assert answer.headers["www-authenticate"].startswith("Basic")


async def test_credentials_nobody_can_check_are_refused() -> None:
    async with asking(toy()) as client:
        assert await created_by(client, basic("ann", "pw")) == (401, "11002")


async def test_tokens_speak_for_their_account_within_their_permissions() -> None:
    async with asking(toy(authentication=Authentication(Book()))) as client:
        assert await created_by(client, bearer("reader")) == (201, ACCOUNT)
        assert await created_by(client, bearer("forged")) == (403, "11062")

        denied = await client.delete("/6/things/x", headers=bearer("reader"))
        assert (denied.status_code, denied.json()["error_code"]) == (403, 11059)
        assert "required 'deletion' permission for 'object'" in denied.json()["detail"]
        assert (await client.delete("/6/things/x", headers=bearer("cleaner"))).status_code == 204
        assert (await client.delete("/6/things/x")).status_code == 204


async def test_an_installation_may_demand_credentials() -> None:
    strict = Authentication(Book(), trust_header=False)
    async with asking(toy(authentication=strict)) as client:
        assert await created_by(client, AS_ACCOUNT) == (403, "11061")
        assert await created_by(client, {}) == (401, "11002")
        assert (await client.get("/6/things")).status_code == 401
        assert (await client.get("/version")).status_code == 200
        assert await created_by(client, bearer("reader")) == (201, ACCOUNT)


async def test_a_checked_password_is_remembered_until_it_changes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    book = Book()
    book.logins["ann"] = Login(UUID(ACCOUNT), HASHER.hash("pw"))
    who = Authentication(book)
    header = basic("ann", "pw")["Authorization"]
    verify, checked = PasswordHasher.verify, list[str]()

    def counted(hasher: PasswordHasher, stored: str, password: str) -> bool:
        checked.append(password)
        return verify(hasher, stored, password)

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    for _ in range(3):
        await who.identify(header, None)
    assert checked == ["pw"]

    book.logins["ann"] = Login(UUID(ACCOUNT), HASHER.hash("new"))
    async with asking(toy(authentication=who)) as client:
        assert await created_by(client, basic("ann", "pw")) == (401, "11002")
        assert await created_by(client, basic("ann", "new")) == (201, ACCOUNT)


def test_without_a_token_everything_is_permitted() -> None:
    Identity().demand("face", "deletion")
    with pytest.raises(PermissionDenied):
        TOKENS["reader"].demand("face", "view")


async def test_logins_that_would_wait_too_long_are_refused_at_once() -> None:
    authentication = Authentication(Book())
    wrong = [basic("root", f"wrong {number}")["Authorization"] for number in range(60)]

    answers = await asyncio.gather(
        *(authentication.identify(header, None) for header in wrong), return_exceptions=True
    )

    refused = [answer for answer in answers if isinstance(answer, TooManyLogins)]
    assert refused
    assert len(refused) + sum(isinstance(a, WrongCredentials) for a in answers) == len(wrong)
    found = await authentication.identify(basic("root", "root")["Authorization"], None)
    assert found.sees_all
