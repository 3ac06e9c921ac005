"""Passwords: hashed and checked a few at a time, since both take long by design."""

import asyncio
import hashlib
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from api.http.refusals import TooManyLogins
from domain.accounts import hash_password

R = TypeVar("R")

_REMEMBERED: Final = 1024
_MOST_WAITING: Final = 16
_AT_ONCE: Final = 2  # one check takes tens of milliseconds and tens of megabytes


class Passwords:
    """Checks passwords against hashes (argon2id), and makes the hashes of new ones."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher()
        self._nobody: str | None = None
        self._key = secrets.token_bytes(32)
        self._verified: OrderedDict[bytes, None] = OrderedDict()
        self._turn = asyncio.Semaphore(_AT_ONCE)
        self._waiting = 0

    async def hashed(self, password: str) -> str:
        """The hash of a new password."""
        return await self._in_turn(hash_password, password)

    async def matches(self, login: str, password: str, stored: str | None) -> bool:
        """Whether the password has this hash; a match is remembered until the hash changes.

        For an unknown login, without a hash, the answer takes as long as for a wrong password.
        """
        stored = stored if stored is not None else await self._hash_of_nobody()
        said = "\0".join((login, password, stored)).encode()
        mark = hmac.digest(self._key, said, hashlib.sha256)
        if mark in self._verified:
            self._verified.move_to_end(mark)
            return True
        right = await self._in_turn(self._verify, stored, password)
        if right:
            self._verified[mark] = None
            if len(self._verified) > _REMEMBERED:
                self._verified.popitem(last=False)
        return right

    async def _in_turn(self, work: Callable[..., R], *args: str) -> R:
        """Refuses when so many wait that another one would wait too long."""
        if self._waiting >= _MOST_WAITING:
            raise TooManyLogins(self._waiting)
        self._waiting += 1
        try:
            async with self._turn:
                return await asyncio.to_thread(work, *args)
        finally:
            self._waiting -= 1

    async def _hash_of_nobody(self) -> str:
        if self._nobody is None:
            self._nobody = await asyncio.to_thread(self._hasher.hash, secrets.token_hex())
        return self._nobody

    def _verify(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False
