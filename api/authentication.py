"""Who asks: Luna-Account-Id alone, a login with its password, or a token."""

import base64
import binascii
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Final, Literal, Protocol
from uuid import UUID

from fastapi import Depends, Query
from fastapi.requests import HTTPConnection

from api.http.asgi import first_header
from api.http.refusals import (
    AccountHeaderDisabled,
    AccountRequired,
    BadHeader,
    BadQuery,
    PermissionDenied,
    TokenCorrupted,
    WrongCredentials,
)
from api.passwords import Passwords
from domain.permissions import Permissions, Use

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(frozen=True, slots=True)
class Login:
    """An account as a login names it; `sees_all` accounts read what others own, too."""

    account_id: UUID
    password_hash: str
    sees_all: bool = False


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks; no account means that reads are not limited to one.

    `permissions` are a token's; None means that everything is allowed.
    """

    account_id: UUID | None = None
    sees_all: bool = False
    permissions: Permissions | None = None

    @property
    def scope(self) -> UUID | None:
        """The account whose objects may be read, None for all."""
        return None if self.sees_all else self.account_id

    def demand(self, resource: str, action: str) -> None:
        """Refuse unless the action is permitted."""
        if self.permissions is not None and not self.permissions.allows(resource, action):
            raise PermissionDenied(action, resource)

    def demand_use(self, resource: Literal["emit_events", "verify"], recipe_id: UUID) -> None:
        """Refuse unless the handler or verifier may be run."""
        if self.permissions is not None:
            use: Use = getattr(self.permissions, resource)
            if not use.allows(recipe_id):
                raise PermissionDenied("allowed", resource)


class Accounts(Protocol):
    """Where accounts and tokens are looked up."""

    async def by_login(self, login: str) -> Login | None:
        """The account with this login."""
        ...

    async def by_token(self, token: str) -> Identity | None:
        """Whom the token speaks for; None if it is not ours, expired or withdrawn."""
        ...


def _read_account(header: str | None) -> UUID | None:
    if header is not None and _UUID.fullmatch(header) is None:
        raise BadHeader("Luna-Account-Id")
    return None if header is None else UUID(header)


class Authentication:
    """Decides who asks. `trust_header` lets Luna-Account-Id alone name the account."""

    def __init__(self, accounts: Accounts | None = None, *, trust_header: bool = True) -> None:
        self._accounts = accounts
        self._trust_header = trust_header
        self.passwords = Passwords()

    async def identify(self, authorization: str | None, account: str | None) -> Identity:
        """Who sent these headers; credentials win over Luna-Account-Id."""
        if authorization is not None:
            scheme, _, value = authorization.strip().partition(" ")
            if self._accounts is None:
                raise WrongCredentials
            if scheme.lower() == "basic":
                return await self._by_password(self._accounts, value.strip())
            if scheme.lower() == "bearer":
                if (found := await self._accounts.by_token(value.strip())) is None:
                    raise TokenCorrupted
                return found
            raise WrongCredentials
        if not self._trust_header:
            raise AccountHeaderDisabled if account is not None else WrongCredentials
        return Identity(_read_account(account))

    async def _by_password(self, accounts: Accounts, encoded: str) -> Identity:
        try:
            text = base64.b64decode(encoded, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise WrongCredentials from None
        login, _, password = text.partition(":")
        return await self._by_login(accounts, login, password)

    async def by_login(self, login: str, password: str) -> Identity:
        """Whose login and password these are."""
        if self._accounts is None:
            raise WrongCredentials
        return await self._by_login(self._accounts, login, password)

    async def _by_login(self, accounts: Accounts, login: str, password: str) -> Identity:
        found = await accounts.by_login(login)
        stored = None if found is None else found.password_hash
        if not await self.passwords.matches(login, password, stored) or found is None:
            raise WrongCredentials
        return Identity(found.account_id, found.sees_all)


ACCOUNT_HEADER: Final = "Luna-Account-Id"
_ACCOUNT: Final = ACCOUNT_HEADER.lower().encode()
_SEEN: Final = "selene.identity"

# Dependencies of every request: each takes the connection alone and has none of its own, since
# FastAPI spends more time on one header parameter than all of this takes. `api/openapi.py` adds
# the header to the operations whose routes depend on one of them.


async def identity(connection: HTTPConnection) -> Identity:
    """The dependency that knows who asks; also for web sockets. One request is one identity."""
    found: Identity | None = connection.scope.get(_SEEN)
    if found is None:
        authentication: Authentication = connection.app.state.authentication
        found = await authentication.identify(
            first_header(connection.scope, b"authorization"),
            first_header(connection.scope, _ACCOUNT),
        )
        connection.scope[_SEEN] = found
    return found


async def named_account(connection: HTTPConnection) -> UUID | None:
    """The dependency of the request that makes an account: the id in Luna-Account-Id, if any."""
    return _read_account(first_header(connection.scope, _ACCOUNT))


NamedAccountId = Annotated[UUID | None, Depends(named_account)]
"""The id in Luna-Account-Id, whoever asks."""


async def required_account(connection: HTTPConnection) -> UUID:
    """The dependency of requests that need an account."""
    try:
        found = await identity(connection)
    except BadHeader:
        raise AccountRequired from None
    if found.account_id is None:
        raise AccountRequired
    return found.account_id


Caller = Annotated[Identity, Depends(identity)]
"""Who asks, with the permissions of the token."""

AccountId = Annotated[UUID, Depends(required_account)]
"""The account that a request changes things in; refused with 11036 without one."""


async def account_as_query(connection: HTTPConnection) -> UUID:
    """The dependency of the few requests that call a missing account a bad query."""
    try:
        return await required_account(connection)
    except AccountRequired:
        raise BadQuery("account_id") from None


AccountIdAsQuery = Annotated[UUID, Depends(account_as_query)]
"""The account that a request changes things in; refused with 12012 without one."""


async def readable_account(connection: HTTPConnection) -> UUID | None:
    """The dependency of reads: the account they are limited to, if any.

    The reference client names it in the query of some reads, whose documents do not have it.
    """
    scope = (await identity(connection)).scope
    asked = connection.query_params.get("account_id")
    if asked is None:
        return scope
    if _UUID.fullmatch(asked) is None:
        raise BadQuery("account_id")
    return chosen_of(scope, UUID(asked))


MaybeAccountId = Annotated[UUID | None, Depends(readable_account)]
"""The account that reads are limited to; None without Luna-Account-Id: all accounts."""


async def chosen_account(
    connection: HTTPConnection, account_id: Annotated[UUID | None, Query()] = None
) -> UUID | None:
    """The dependency of reads that may also name the account in the query."""
    return chosen_of((await identity(connection)).scope, account_id)


def chosen_of(readable: UUID | None, wanted: UUID | None) -> UUID | None:
    """The caller's account, or the wanted one among those readable."""
    if readable is not None and wanted not in (None, readable):
        raise BadQuery("account_id")
    return readable or wanted


ChosenAccountId = Annotated[UUID | None, Depends(chosen_account)]
"""The account of the caller, or the one that `?account_id=` chooses among those readable."""


def permitted(resource: str, action: str) -> Callable[[HTTPConnection], Awaitable[None]]:
    """`dependencies=[Depends(permitted("face", "creation"))]`: what a token must allow."""

    async def check(connection: HTTPConnection) -> None:
        try:
            found = await identity(connection)
        except BadHeader:
            return  # what the route makes of the account says so in its own way
        found.demand(resource, action)

    return check


def may_use(
    resource: Literal["emit_events", "verify"], name: str
) -> Callable[[HTTPConnection], Awaitable[None]]:
    """`Depends(may_use("verify", "verifier_id"))`: the recipe that a token must allow to run."""

    async def check(connection: HTTPConnection) -> None:
        try:
            found = await identity(connection)
        except BadHeader:
            return  # as above
        text = connection.path_params[name]
        if _UUID.fullmatch(text) is not None:
            found.demand_use(resource, UUID(text))

    return check
