"""Sealing of personal fields: AES-256-GCM under one key per subject."""

import hmac
from collections.abc import Iterable, Mapping
from typing import Protocol
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.shared.randomness import random_bytes

KEY_BYTES = 32
_NONCE_BYTES = 12
_TAG_BYTES = 16


class SealBroken(ValueError):
    """Sealed bytes that were changed, moved, or sealed under another key."""


class Keyring(Protocol):
    """Where subject keys are kept; destroying one erases what it sealed, everywhere."""

    def find(self, subject_ids: Iterable[UUID]) -> Mapping[UUID, bytes]:
        """The keys that exist, by subject; a destroyed or unknown one is absent."""
        ...


def new_key() -> bytes:
    """A fresh random subject key (32 bytes)."""
    return random_bytes(KEY_BYTES)


def seal(key: bytes, plain: bytes, bound_to: bytes) -> bytes:
    """Nonce (12 bytes) and AES-256-GCM ciphertext, bound to its place in the log."""
    nonce = random_bytes(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, bound_to)


def unseal(key: bytes, sealed: bytes, bound_to: bytes) -> bytes:
    """The plain bytes; raises `SealBroken` when key, bytes or place are not the sealed ones."""
    return _opened(AESGCM(key), sealed, bound_to)


def _opened(cipher: AESGCM, sealed: bytes, bound_to: bytes) -> bytes:
    if len(sealed) < _NONCE_BYTES + _TAG_BYTES:
        raise SealBroken("the sealed part is cut off")
    try:
        return cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], bound_to)
    except InvalidTag:
        raise SealBroken("the sealed part does not open with this key at this place") from None


class MasterKey:
    """Wraps subject keys for storage; it lives outside the database (file, environment, KMS)."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"a master key has {KEY_BYTES} bytes, not {len(key)}")
        self._key = key
        self._cipher = AESGCM(key)

    def wrap(self, subject_id: UUID, key: bytes) -> bytes:
        """The subject's key as it may be stored (60 bytes)."""
        nonce = random_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, key, subject_id.bytes)

    def unwrap(self, subject_id: UUID, wrapped: bytes) -> bytes:
        """The subject's key; raises `SealBroken` under another master key."""
        return _opened(self._cipher, wrapped, subject_id.bytes)

    def derive(self, purpose: bytes) -> bytes:
        """A key for another purpose (32 bytes), always the same for this master key."""
        return hmac.digest(self._key, purpose, "sha256")


class MemoryKeyring:
    """A keyring in memory: the twin used where no database is."""

    def __init__(self) -> None:
        self.keys: dict[UUID, bytes] = {}

    def find(self, subject_ids: Iterable[UUID]) -> Mapping[UUID, bytes]:
        """The keys that exist, by subject."""
        return {i: self.keys[i] for i in subject_ids if i in self.keys}
