"""Rules of accounts: ids and logins are one's own, passwords are kept as hashes alone."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import orjson
import psycopg
import pytest
from argon2 import PasswordHasher

from commands.accounts import CreateAccount, EditAccount
from commands.refusals import ChangedMeanwhile
from commands.router import UNIQUE
from domain.accounts import (
    Account,
    AccountExists,
    AccountNotFound,
    AccountType,
    BadCredentials,
    LoginTaken,
    checked_login,
    hash_password,
)
from projections.accounts import (
    AccountFilter,
    count_accounts,
    find_login,
    get_account,
    list_accounts,
)
from projections.database import Reader
from tests.support.log import open_log, prepare
from tests.support.postgres import Databases
from tests.support.scenario import Scenario
from tests.support.writing import running, together

ACCOUNT = uuid4()


def account(login: str = "ann@here.org", **fields: Any) -> Account:
    return Account.with_id(
        ACCOUNT,
        account_id=ACCOUNT,
        login=login,
        password_hash="hash",
        account_type=fields.get("account_type", AccountType.USER),
        description="",
    )


def create(login: str = "ann@here.org", **fields: Any) -> CreateAccount:
    return CreateAccount(
        account_id=fields.pop("account_id", ACCOUNT), login=login, password_hash="hash", **fields
    )


def test_an_account_owns_itself() -> None:
    Scenario().when(create(account_type=AccountType.ADMIN)).then(
        (
            Account.Created,
            {"originator_id": ACCOUNT, "account_id": ACCOUNT, "account_type": AccountType.ADMIN},
        )
    ).then_answered(ACCOUNT)


def test_an_id_belongs_to_one_account() -> None:
    Scenario().given(account()).when(create("bob@here.org")).then_refused(AccountExists, ACCOUNT)


def test_editing_says_only_what_changed() -> None:
    story = Scenario().given(account())
    story.when(EditAccount(account_id=ACCOUNT, changes={"description": "boss"})).then(
        (Account.Edited, {"login": "ann@here.org", "description": "boss"})
    )
    story.when(EditAccount(account_id=ACCOUNT, changes={"description": "boss"})).then_nothing()
    story.when(EditAccount(account_id=ACCOUNT, password_hash="new")).then(
        (Account.PasswordChanged, {"password_hash": "new"})
    )


def test_an_unknown_account_cannot_be_edited() -> None:
    Scenario().when(EditAccount(account_id=ACCOUNT)).then_refused(AccountNotFound, ACCOUNT)


def test_only_plain_users_are_limited_to_their_own_things() -> None:
    assert [kind for kind in AccountType if kind.sees_all] == ["advanced_user", "admin"]


@pytest.mark.parametrize("login", ["ann@here.org", "a@b", "ü@ö.de"])
def test_a_login_is_an_email_address(login: str) -> None:
    assert checked_login(login) == login


@pytest.mark.parametrize("login", ["", "ann", "@", "a b@c", "a@b@c", "a@b\n", "a@" + "b" * 127])
def test_anything_else_is_no_login(login: str) -> None:
    with pytest.raises(BadCredentials, match="Bad login"):
        checked_login(login)


def test_a_password_is_kept_as_an_argon2id_hash() -> None:
    hashed = hash_password("correct horse")

    assert hashed.startswith("$argon2id$")
    assert PasswordHasher().verify(hashed, "correct horse")
    for bad in ("", "x" * 129):
        with pytest.raises(BadCredentials, match="Bad password"):
            hash_password(bad)


@pytest.fixture
def dsn(databases: Databases) -> Iterator[str]:
    with databases.fresh(prepare) as made:
        yield made


@pytest.fixture
def reader(dsn: str) -> Iterator[Reader]:
    opened = Reader(dsn)
    opened.open()
    yield opened
    opened.close()


async def test_a_login_belongs_to_one_account_at_a_time(dsn: str, reader: Reader) -> None:
    log = open_log(dsn)
    async with running(log, constraint_refusals=UNIQUE) as writer:
        bob = uuid4()
        assert await writer.send(create()) == ACCOUNT
        answers = await together(
            writer,
            create("bob@here.org", account_id=bob),
            create(account_id=uuid4()),
            create("eve@here.org", account_id=uuid4()),
        )
        assert (answers[0], type(answers[1])) == (bob, LoginTaken)
        with pytest.raises(LoginTaken):
            await writer.send(EditAccount(account_id=bob, changes={"login": "ann@here.org"}))
        await writer.send(EditAccount(account_id=ACCOUNT, changes={"login": "anna@here.org"}))
        await writer.send(EditAccount(account_id=bob, changes={"login": "ann@here.org"}))
        with pytest.raises((AccountExists, ChangedMeanwhile)):
            await writer.send(create("new@here.org"))
    log.close()

    assert (find_login(reader, "ann@here.org") or {})["account_id"] == bob
    assert find_login(reader, "bob@here.org") is None
    assert count_accounts(reader, None, AccountFilter()) == 3


async def test_accounts_are_listed_without_their_passwords(dsn: str, reader: Reader) -> None:
    log = open_log(dsn)
    async with running(log) as writer:
        await writer.send(create(account_type=AccountType.ADVANCED_USER, description="d"))
        await writer.send(create("bob@here.org", account_id=uuid4()))
    log.close()

    shown = get_account(reader, ACCOUNT)
    advanced = AccountFilter(account_type=AccountType.ADVANCED_USER)
    assert list_accounts(reader, None, advanced) == [shown]
    assert list_accounts(reader, None, AccountFilter(login="ann@here.org")) == [shown]
    assert len(list_accounts(reader, None, AccountFilter())) == 2
    assert (shown["login"], shown["account_type"]) == ("ann@here.org", "advanced_user")
    assert "password_hash" not in shown
    with pytest.raises(AccountNotFound):
        get_account(reader, uuid4())


async def test_neither_login_nor_hash_can_be_read_in_the_log(dsn: str) -> None:
    log = open_log(dsn)
    async with running(log) as writer:
        await writer.send(create(description="secret"))
        await writer.send(EditAccount(account_id=ACCOUNT, changes={"login": "b@c.de"}))
    log.close()

    with psycopg.connect(dsn) as connection:
        states = [orjson.loads(row[0]) for row in connection.execute("SELECT state FROM history")]
    assert all(
        state.keys() & {"login", "password_hash", "description"} == set() for state in states
    )
    assert [state["account_type"] for state in states] == ["user", "user"]
