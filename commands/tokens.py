"""What may be asked of tokens."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from commands.command import Command, CommandTable
from commands.store import Store
from domain.tokens import Token, VisibilityArea


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateToken(Command[dict[str, Any]]):
    """Make a token; answers its `token_id` and the `serial` of its text."""

    token_id: UUID = field(default_factory=uuid4)
    permissions: dict[str, Any]
    expiration_time: datetime | None = None
    visibility_area: VisibilityArea = VisibilityArea.ALL
    description: str = ""


def create_token(cmd: CreateToken, store: Store) -> dict[str, Any]:
    """Make the token."""
    token = Token.with_id(
        cmd.token_id,
        account_id=cmd.account_id,
        permissions=cmd.permissions,
        expiration_time=cmd.expiration_time,
        visibility_area=cmd.visibility_area,
        description=cmd.description,
    )
    store.save(token)
    return {"token_id": token.id, "serial": token.serial}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaceToken(Command[int]):
    """Give a token another text and other rights; answers the serial of the new text."""

    token_id: UUID
    permissions: dict[str, Any]
    expiration_time: datetime | None = None
    visibility_area: VisibilityArea = VisibilityArea.ALL
    description: str = ""


def replace_token(cmd: ReplaceToken, store: Store) -> int:
    """Replace the token."""
    token = store.get(Token, cmd.token_id, cmd.account_id)
    token.replace(cmd.permissions, cmd.expiration_time, cmd.visibility_area, cmd.description)
    store.save(token)
    return token.serial


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteToken(Command[None]):
    """Withdraw a token."""

    token_id: UUID


def delete_token(cmd: DeleteToken, store: Store) -> None:
    """Delete the token."""
    token = store.get(Token, cmd.token_id, cmd.account_id)
    token.delete()
    store.save(token)


COMMANDS: CommandTable = {
    CreateToken: create_token,
    ReplaceToken: replace_token,
    DeleteToken: delete_token,
}
