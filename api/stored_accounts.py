"""Accounts and tokens as authentication looks them up: in the read models."""

import asyncio
from uuid import UUID

from api.authentication import Identity, Login
from domain.accounts import AccountType
from domain.log.sealing import MasterKey
from domain.permissions import read_permissions
from domain.tokens import TokenTexts, VisibilityArea
from projections.accounts import find_login
from projections.database import Reader
from projections.tokens import find_valid_token


def token_texts(master: MasterKey) -> TokenTexts:
    """The texts of this installation's tokens."""
    return TokenTexts(master.derive(b"selene token texts"))


class StoredAccounts:
    """The `Accounts` of `api/authentication.py`, over the database."""

    def __init__(self, reader: Reader, texts: TokenTexts) -> None:
        self._reader = reader
        self._texts = texts

    async def by_login(self, login: str) -> Login | None:
        """The account with this login."""
        if "\0" in login:
            return None
        row = await asyncio.to_thread(find_login, self._reader, login)
        if row is None or row["password_hash"] is None:
            return None
        sees_all = AccountType(row["account_type"]).sees_all
        return Login(row["account_id"], row["password_hash"], sees_all)

    async def by_token(self, token: str) -> Identity | None:
        """Whom the token speaks for; None if it is not ours, expired or withdrawn."""
        read = self._texts.read(token)
        return None if read is None else await asyncio.to_thread(self._identity, *read)

    def _identity(self, token_id: UUID, serial: int) -> Identity | None:
        row = find_valid_token(self._reader, token_id, serial)
        if row is None:
            return None
        kind = AccountType(row["account_type"]) if row["account_type"] else AccountType.USER
        sees_all = kind.sees_all and row["visibility_area"] == VisibilityArea.ALL
        return Identity(row["account_id"], sees_all, read_permissions(row["permissions"]))
