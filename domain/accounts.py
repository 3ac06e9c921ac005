"""Accounts: who owns faces, lists and all the rest, and how they log in."""

import re
from enum import StrEnum
from typing import Any, ClassVar, Final
from uuid import UUID

from argon2 import PasswordHasher
from eventsourcing.domain import Aggregate, event

from domain.shared.owned import Owned
from domain.shared.refusal import Refusal

MAX_LOGIN: Final = 128
MAX_PASSWORD: Final = 128
_LOGIN: Final = re.compile(r"[^@\s]+@[^@\s]+")


class AccountNotFound(Refusal):
    """The account is unknown."""

    detail = "Account with id '{}' not found"


class AccountExists(Refusal):
    """The id that was chosen for a new account belongs to another one."""

    detail = "Account with id '{}' exists already"


class LoginTaken(Refusal):
    """Another account has the login."""

    detail = "An account with this login exists already"


class BadCredentials(Refusal):
    """A login or a password is not one that an account can have."""

    detail = "Bad {}: {}"


class AccountType(StrEnum):
    """What an account may see: its own things, or also what others own."""

    USER = "user"
    ADVANCED_USER = "advanced_user"
    ADMIN = "admin"

    @property
    def sees_all(self) -> bool:
        """Whether reads are not limited to what the account owns."""
        return self is not AccountType.USER


class Account(Owned):
    """An owner; it owns itself, so its id is its `account_id`."""

    TOPIC = "account"
    missing = AccountNotFound

    class Created(Owned.Created):
        """An account was made."""

        TOPIC = "account.created"
        PII: ClassVar[frozenset[str]] = frozenset({"login", "password_hash", "description"})
        login: str
        password_hash: str
        account_type: AccountType
        description: str

    class Edited(Aggregate.Event):
        """What is said of the account changed; all of it is repeated here."""

        TOPIC = "account.edited"
        PII: ClassVar[frozenset[str]] = frozenset({"login", "description"})
        login: str
        account_type: AccountType
        description: str

    class PasswordChanged(Aggregate.Event):
        """The account has another password."""

        TOPIC = "account.password_changed"
        PII: ClassVar[frozenset[str]] = frozenset({"password_hash"})
        password_hash: str

    class Deleted(Owned.Deleted):
        """The account is gone; what it owned stays."""

        TOPIC = "account.deleted"

    @event(Created)
    def __init__(
        self,
        account_id: UUID,
        login: str,
        password_hash: str,
        account_type: AccountType = AccountType.USER,
        description: str = "",
    ) -> None:
        super().__init__(account_id)
        self.login, self.password_hash = login, password_hash
        self.account_type, self.description = account_type, description

    def edit(self, **changes: Any) -> None:
        """Change login, account_type or description; what is not named stays."""
        names = ("login", "account_type", "description")
        values = {name: changes.get(name, getattr(self, name)) for name in names}
        if any(getattr(self, name) != value for name, value in values.items()):
            self._edit(**values)

    @event(Edited)
    def _edit(self, login: str, account_type: AccountType, description: str) -> None:
        self.login, self.account_type, self.description = login, account_type, description

    @event(PasswordChanged)
    def change_password(self, password_hash: str) -> None:
        """Take another password, given by its hash."""
        self.password_hash = password_hash


def checked_login(login: str) -> str:
    """The login, if an account can have it: an e-mail address without blanks."""
    if len(login) > MAX_LOGIN or not _LOGIN.fullmatch(login) or not login.isprintable():
        raise BadCredentials("login", f"an e-mail address of at most {MAX_LOGIN} characters")
    return login


def hash_password(password: str) -> str:
    """The argon2id hash of a password; takes tens of milliseconds, so never on a hot thread."""
    if not 0 < len(password) <= MAX_PASSWORD:
        raise BadCredentials("password", f"1 to {MAX_PASSWORD} characters")
    return PasswordHasher().hash(password)
