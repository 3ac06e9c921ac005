"""Tokens: what lets a program act for an account, with permissions and maybe for a while."""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Final
from uuid import UUID

from eventsourcing.domain import Aggregate, event

from domain.shared.owned import Owned
from domain.shared.refusal import Refusal

_PREFIX: Final = "slt_"
_ID_BYTES, _SERIAL_BYTES, _PROOF_BYTES = 16, 4, 16


class TokenNotFound(Refusal):
    """The token is unknown, foreign or withdrawn."""

    detail = "Token with id '{}' not found"


class VisibilityArea(StrEnum):
    """Whose objects a token shows: those of its account, or all that the account may see."""

    ACCOUNT = "account"
    ALL = "all"


class Token(Owned):
    """A permission of one account; `serial` tells its present text from replaced ones."""

    TOPIC = "token"
    missing = TokenNotFound

    class Created(Owned.Created):
        """A token was made."""

        TOPIC = "token.created"
        PII: ClassVar[frozenset[str]] = frozenset({"description"})
        permissions: dict[str, Any]
        expiration_time: datetime | None
        visibility_area: VisibilityArea
        description: str

    class Replaced(Aggregate.Event):
        """The token has another text and other rights; its earlier text is worth nothing."""

        TOPIC = "token.replaced"
        PII: ClassVar[frozenset[str]] = frozenset({"description"})
        permissions: dict[str, Any]
        expiration_time: datetime | None
        visibility_area: VisibilityArea
        description: str

    class Deleted(Owned.Deleted):
        """The token was withdrawn."""

        TOPIC = "token.deleted"

    @event(Created)
    def __init__(
        self,
        account_id: UUID,
        permissions: dict[str, Any],
        expiration_time: datetime | None = None,
        visibility_area: VisibilityArea = VisibilityArea.ALL,
        description: str = "",
    ) -> None:
        super().__init__(account_id)
        self.permissions, self.expiration_time = permissions, expiration_time
        self.visibility_area, self.description = visibility_area, description

    @event(Replaced)
    def replace(
        self,
        permissions: dict[str, Any],
        expiration_time: datetime | None,
        visibility_area: VisibilityArea,
        description: str,
    ) -> None:
        """Become another token under the same id."""
        self.permissions, self.expiration_time = permissions, expiration_time
        self.visibility_area, self.description = visibility_area, description

    @property
    def serial(self) -> int:
        """The number of the token's present text; every replacement has a greater one."""
        return self.version


class TokenTexts:
    """Writes and reads the texts of tokens.

    A text proves itself by a code under `key`, so none has to be stored: it can be shown again
    at any time, and the log holds nothing that could be used in its place.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def write(self, token_id: UUID, serial: int) -> str:
        """The text of a token, as it is sent after `Bearer`."""
        said = token_id.bytes + serial.to_bytes(_SERIAL_BYTES, "big")
        return _PREFIX + urlsafe_b64encode(said + self._proof(said)).decode().rstrip("=")

    def read(self, text: str) -> tuple[UUID, int] | None:
        """Id and serial of a text that was written here; `None` for any other."""
        encoded = text.removeprefix(_PREFIX)
        try:
            said = urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))[:-_PROOF_BYTES]
        except ValueError:
            return None
        if len(said) != _ID_BYTES + _SERIAL_BYTES:
            return None
        token_id, serial = UUID(bytes=said[:_ID_BYTES]), int.from_bytes(said[_ID_BYTES:], "big")
        right = self.write(token_id, serial)
        return (token_id, serial) if hmac.compare_digest(right.encode(), text.encode()) else None

    def _proof(self, said: bytes) -> bytes:
        return hmac.digest(self._key, said, hashlib.sha256)[:_PROOF_BYTES]
