"""Rules of tokens: a text speaks for an account until it is replaced, withdrawn or expired."""

import base64
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.authentication import Authentication, Identity
from api.http.refusals import TokenCorrupted, WrongCredentials
from api.stored_accounts import StoredAccounts, token_texts
from commands.accounts import CreateAccount, EditAccount
from commands.tokens import CreateToken, DeleteToken, ReplaceToken
from domain.accounts import AccountType, hash_password
from domain.log.sealing import MasterKey
from domain.permissions import Action, Permissions, Use
from domain.tokens import Token, TokenNotFound, TokenTexts, VisibilityArea
from projections.database import Reader
from projections.tokens import TokenFilter, get_token, list_tokens
from tests.support.log import MASTER, open_log, prepare
from tests.support.postgres import Databases
from tests.support.scenario import Scenario
from tests.support.writing import running

ACCOUNT, OTHER = uuid4(), uuid4()
FACES = {"face": ["view", "creation"], "verify": {"allowed": 1}}
SEEN = Permissions(face=(Action.VIEW, Action.CREATION), verify=Use(allowed=1))
TEXTS = TokenTexts(os.urandom(32))


def create(**fields: Any) -> CreateToken:
    return CreateToken(**{"account_id": ACCOUNT, "permissions": FACES, **fields})


def test_a_replaced_token_has_a_greater_serial() -> None:
    token = create()
    story = Scenario().when(token).then((Token.Created, {"permissions": FACES}))
    story.then_answered({"token_id": token.token_id, "serial": 1})
    replace = ReplaceToken(account_id=ACCOUNT, token_id=token.token_id, permissions={})
    story.when(replace).then((Token.Replaced, {"permissions": {}})).then_answered(2)
    story.when(replace).then_answered(3)
    story.when(DeleteToken(account_id=ACCOUNT, token_id=token.token_id)).then((Token.Deleted, {}))
    story.when(replace).then_refused(TokenNotFound, token.token_id)


def test_a_foreign_token_is_not_there() -> None:
    token = create()
    story = Scenario().when(token)
    for command in (
        ReplaceToken(account_id=OTHER, token_id=token.token_id, permissions={}),
        DeleteToken(account_id=OTHER, token_id=token.token_id),
    ):
        story.when(command).then_refused(TokenNotFound, token.token_id)


@given(st.uuids(), st.integers(1, 2**32 - 1))
def test_a_text_is_read_as_it_was_written(token_id: UUID, serial: int) -> None:
    assert TEXTS.read(TEXTS.write(token_id, serial)) == (token_id, serial)


@given(st.data())
def test_a_text_that_was_changed_is_worth_nothing(data: st.DataObject) -> None:
    text = TEXTS.write(uuid4(), 1)
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.characters(codec="utf-8").filter(lambda c: c != text[place]))

    assert TEXTS.read(text[:place] + other + text[place + 1 :]) is None
    assert TEXTS.read(text[:place]) is None
    assert TEXTS.read(text + other) is None


def test_another_installation_reads_nothing() -> None:
    text = token_texts(MASTER).write(uuid4(), 1)

    assert token_texts(MASTER).read(text)
    assert token_texts(MasterKey(os.urandom(32))).read(text) is None


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


async def test_a_token_speaks_until_it_is_replaced_withdrawn_or_expired(
    dsn: str, reader: Reader
) -> None:
    accounts = StoredAccounts(reader, TEXTS)
    now = datetime.now(UTC)
    kept, gone = create(), create()
    late = create(expiration_time=now - timedelta(seconds=1))
    soon = create(expiration_time=now + timedelta(hours=1))
    log = open_log(dsn)
    async with running(log) as writer:
        for token in (kept, gone, late, soon):
            assert (await writer.send(token))["serial"] == 1
        for token in (kept, gone, soon):
            found = await accounts.by_token(TEXTS.write(token.token_id, 1))
            assert found == Identity(ACCOUNT, False, SEEN)
        serial = await writer.send(
            ReplaceToken(account_id=ACCOUNT, token_id=kept.token_id, permissions={"list": []})
        )
        await writer.send(DeleteToken(account_id=ACCOUNT, token_id=gone.token_id))
    log.close()

    assert await accounts.by_token(TEXTS.write(kept.token_id, 1)) is None
    found = await accounts.by_token(TEXTS.write(kept.token_id, serial))
    assert found == Identity(ACCOUNT, False, Permissions())
    for token in (gone, late):
        assert await accounts.by_token(TEXTS.write(token.token_id, 1)) is None
    assert await accounts.by_token("nonsense") is None


@pytest.mark.parametrize(
    ("kind", "area", "sees_all"),
    [
        (AccountType.USER, VisibilityArea.ALL, False),
        (AccountType.ADVANCED_USER, VisibilityArea.ALL, True),
        (AccountType.ADVANCED_USER, VisibilityArea.ACCOUNT, False),
        (AccountType.ADMIN, VisibilityArea.ALL, True),
    ],
)
async def test_a_token_sees_no_more_than_its_account(
    dsn: str, reader: Reader, kind: AccountType, area: VisibilityArea, sees_all: bool
) -> None:
    token = create(visibility_area=area)
    log = open_log(dsn)
    async with running(log) as writer:
        account = CreateAccount(
            account_id=ACCOUNT, login="a@b.c", password_hash="h", account_type=kind
        )
        await writer.send(account)
        await writer.send(token)
    log.close()

    found = await StoredAccounts(reader, TEXTS).by_token(TEXTS.write(token.token_id, 1))
    assert found is not None
    assert (found.account_id, found.sees_all) == (ACCOUNT, sees_all)


async def test_tokens_are_listed_for_their_account(dsn: str, reader: Reader) -> None:
    mine, theirs = create(description="mine"), create(account_id=OTHER)
    log = open_log(dsn)
    async with running(log) as writer:
        await writer.send(mine)
        await writer.send(theirs)
    log.close()

    [row] = list_tokens(reader, ACCOUNT, TokenFilter())
    assert (row["token_id"], row["description"], row["serial"]) == (mine.token_id, "mine", 1)
    assert row == get_token(reader, ACCOUNT, mine.token_id)
    assert row["permissions"] == FACES
    assert len(list_tokens(reader, None, TokenFilter())) == 2
    with pytest.raises(TokenNotFound):
        get_token(reader, ACCOUNT, theirs.token_id)


async def test_logins_and_tokens_authenticate_requests(dsn: str, reader: Reader) -> None:
    authentication = Authentication(StoredAccounts(reader, TEXTS), trust_header=False)
    token = create()
    log = open_log(dsn)
    async with running(log) as writer:
        await writer.send(
            CreateAccount(account_id=ACCOUNT, login="a@b.c", password_hash=hash_password("pwd"))
        )
        await writer.send(token)

        def basic(password: str, login: str = "a@b.c") -> str:
            return "Basic " + base64.b64encode(f"{login}:{password}".encode()).decode()

        assert (await authentication.identify(basic("pwd"), None)).account_id == ACCOUNT
        await writer.send(EditAccount(account_id=ACCOUNT, password_hash=hash_password("new")))
        for wrong in (basic("pwd"), basic("new", "b@b.c"), basic("new", "a\0@b.c")):
            with pytest.raises(WrongCredentials):
                await authentication.identify(wrong, None)
        assert (await authentication.identify(basic("new"), None)).account_id == ACCOUNT
    log.close()

    bearer = f"Bearer {TEXTS.write(token.token_id, 1)}"
    found = (await authentication.identify(bearer, None)).permissions
    assert found == SEEN
    with pytest.raises(TokenCorrupted):
        await authentication.identify(bearer[:-1], None)
