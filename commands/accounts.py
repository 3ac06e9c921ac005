"""What may be asked of accounts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from commands.command import Command, CommandTable
from commands.store import Store
from domain.accounts import Account, AccountExists, AccountType, LoginTaken
from domain.shared.refusal import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateAccount(Command[UUID]):
    """Make an account under the id in `account_id`; answers the id.

    The password comes as a hash: hashing takes too long for the writer.
    """

    login: str
    password_hash: str
    account_type: AccountType = AccountType.USER
    description: str = ""


def create_account(cmd: CreateAccount, store: Store) -> UUID:
    """Make the account; that its login is free is known when it is committed."""
    if store.find_many(Account, [cmd.account_id], cmd.account_id):
        raise AccountExists(cmd.account_id)
    account = Account.with_id(
        cmd.account_id,
        account_id=cmd.account_id,
        login=cmd.login,
        password_hash=cmd.password_hash,
        account_type=cmd.account_type,
        description=cmd.description,
    )
    store.save(account)
    return account.id


@dataclass(frozen=True, slots=True, kw_only=True)
class EditAccount(Command[None]):
    """Change an account; `changes` has only what shall change: login, account_type, description."""

    changes: Mapping[str, Any] = field(default_factory=dict)
    password_hash: str | None = None


def edit_account(cmd: EditAccount, store: Store) -> None:
    """Change the account."""
    account = store.get(Account, cmd.account_id, cmd.account_id)
    account.edit(**cmd.changes)
    if cmd.password_hash is not None:
        account.change_password(cmd.password_hash)
    store.save(account)


COMMANDS: CommandTable = {CreateAccount: create_account, EditAccount: edit_account}

UNIQUE: Mapping[str, type[Refusal]] = {"accounts_login": LoginTaken}
"""What is said when a unique rule of the read model forbids a command."""
