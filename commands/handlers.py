"""What may be asked of handlers."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from commands.command import Command, CommandTable
from commands.store import Store
from domain.handlers import Handler


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateHandler(Command[UUID]):
    """Make a handler; answers its id. `policies` are JSON values, None for a dynamic one."""

    handler_id: UUID = field(default_factory=uuid4)
    description: str
    handler_type: int
    policies: dict[str, Any] | None


def create_handler(cmd: CreateHandler, store: Store) -> UUID:
    """Make the handler; lists and others that its policies name need not exist."""
    made = Handler.with_id(
        cmd.handler_id,
        account_id=cmd.account_id,
        description=cmd.description,
        handler_type=cmd.handler_type,
        policies=cmd.policies,
    )
    store.save(made)
    return made.id


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaceHandler(Command[None]):
    """Make a handler another recipe, whole."""

    handler_id: UUID
    description: str
    handler_type: int
    policies: dict[str, Any] | None


def replace_handler(cmd: ReplaceHandler, store: Store) -> None:
    """Replace the handler."""
    handler = store.get(Handler, cmd.handler_id, cmd.account_id)
    handler.replace(cmd.description, cmd.handler_type, cmd.policies)
    store.save(handler)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteHandler(Command[None]):
    """Delete a handler; events it made stay."""

    handler_id: UUID


def delete_handler(cmd: DeleteHandler, store: Store) -> None:
    """Delete the handler, and make its policies unreadable in the log."""
    handler = store.get(Handler, cmd.handler_id, cmd.account_id)
    handler.delete()
    store.save(handler)
    store.erase_subjects([handler.id])


COMMANDS: CommandTable = {
    CreateHandler: create_handler,
    ReplaceHandler: replace_handler,
    DeleteHandler: delete_handler,
}
