"""What may be asked of lists."""

from dataclasses import dataclass, field
from uuid import UUID, uuid4

from commands.command import Command, CommandTable
from commands.store import Store
from domain.lists import FaceList, ListsNotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateList(Command[UUID]):
    """Make an empty list; answers its id."""

    list_id: UUID = field(default_factory=uuid4)
    user_data: str = ""


def create_list(cmd: CreateList, store: Store) -> UUID:
    """Make the list."""
    made = FaceList.with_id(cmd.list_id, account_id=cmd.account_id, user_data=cmd.user_data)
    store.save(made)
    return made.id


@dataclass(frozen=True, slots=True, kw_only=True)
class EditList(Command[None]):
    """Change the user data of a list."""

    list_id: UUID
    user_data: str


def edit_list(cmd: EditList, store: Store) -> None:
    """Change the list."""
    wanted = store.get(FaceList, cmd.list_id, cmd.account_id)
    wanted.edit(cmd.user_data)
    store.save(wanted)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteLists(Command[None]):
    """Delete lists, all or none; their faces stay."""

    list_ids: tuple[UUID, ...]


def delete_lists(cmd: DeleteLists, store: Store) -> None:
    """Delete the lists."""
    lists = _all_lists(cmd.list_ids, cmd.account_id, store)
    for wanted in lists:
        wanted.delete()
    store.save(*lists)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetireLists(Command[None]):
    """Hide lists, all or none, so that their faces can be deleted before they are."""

    list_ids: tuple[UUID, ...]


def retire_lists(cmd: RetireLists, store: Store) -> None:
    """Hide the lists."""
    lists = _all_lists(cmd.list_ids, cmd.account_id, store)
    for wanted in lists:
        wanted.retire()
    store.save(*lists)


def _all_lists(list_ids: tuple[UUID, ...], account_id: UUID, store: Store) -> list[FaceList]:
    try:
        return store.get_many(FaceList, tuple(dict.fromkeys(list_ids)), account_id)
    except FaceList.missing as missing:
        raise ListsNotFound(*missing.args) from None


COMMANDS: CommandTable = {
    CreateList: create_list,
    EditList: edit_list,
    DeleteLists: delete_lists,
    RetireLists: retire_lists,
}
