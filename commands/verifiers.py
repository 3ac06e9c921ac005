"""What may be asked of verifiers."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from commands.command import Command, CommandTable
from commands.store import Store
from domain.verifiers import Verifier


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateVerifier(Command[UUID]):
    """Make a verifier; answers its id. `policies` are JSON values."""

    verifier_id: UUID = field(default_factory=uuid4)
    description: str
    policies: dict[str, Any]


def create_verifier(cmd: CreateVerifier, store: Store) -> UUID:
    """Make the verifier."""
    made = Verifier.with_id(
        cmd.verifier_id,
        account_id=cmd.account_id,
        description=cmd.description,
        policies=cmd.policies,
    )
    store.save(made)
    return made.id


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaceVerifier(Command[int]):
    """Make a verifier another recipe, whole; answers its edition."""

    verifier_id: UUID
    description: str
    policies: dict[str, Any]


def replace_verifier(cmd: ReplaceVerifier, store: Store) -> int:
    """Replace the verifier."""
    verifier = store.get(Verifier, cmd.verifier_id, cmd.account_id)
    verifier.replace(cmd.description, cmd.policies)
    store.save(verifier)
    return verifier.edition


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteVerifier(Command[None]):
    """Delete a verifier."""

    verifier_id: UUID


def delete_verifier(cmd: DeleteVerifier, store: Store) -> None:
    """Delete the verifier, and make its policies unreadable in the log."""
    verifier = store.get(Verifier, cmd.verifier_id, cmd.account_id)
    verifier.delete()
    store.save(verifier)
    store.erase_subjects([verifier.id])


COMMANDS: CommandTable = {
    CreateVerifier: create_verifier,
    ReplaceVerifier: replace_verifier,
    DeleteVerifier: delete_verifier,
}
