"""What may be asked of groups of streams."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from commands.command import Command, CommandTable
from commands.store import Store
from domain.shared.ids import new_id
from domain.shared.refusal import Refusal
from domain.stream_groups import GroupNameTaken, StreamGroup


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateGroup(Command[UUID]):
    """Make a group; answers its id."""

    group_id: UUID = field(default_factory=new_id)
    group_name: str
    description: str = ""


def create_group(cmd: CreateGroup, store: Store) -> UUID:
    """Make the group; that its name is free is known when it is committed."""
    made = StreamGroup.with_id(
        cmd.group_id,
        account_id=cmd.account_id,
        group_name=cmd.group_name,
        description=cmd.description,
    )
    store.save(made)
    return made.id


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribeGroup(Command[None]):
    """Change the description of a group."""

    group_id: UUID
    description: str


def describe_group(cmd: DescribeGroup, store: Store) -> None:
    """Describe the group."""
    group = store.get(StreamGroup, cmd.group_id, cmd.account_id)
    group.describe(cmd.description)
    store.save(group)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteGroup(Command[None]):
    """Delete a group; its streams stay."""

    group_id: UUID


def delete_group(cmd: DeleteGroup, store: Store) -> None:
    """Delete the group."""
    group = store.get(StreamGroup, cmd.group_id, cmd.account_id)
    group.delete()
    store.save(group)


COMMANDS: CommandTable = {
    CreateGroup: create_group,
    DescribeGroup: describe_group,
    DeleteGroup: delete_group,
}

UNIQUE: Mapping[str, type[Refusal]] = {"stream_groups_name": GroupNameTaken}
"""What is said when a unique rule of the read model forbids a command."""
