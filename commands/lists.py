"""What may be asked of lists."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from commands.command import Command, CommandTable
from commands.store import Store
from domain.lists import FaceList, ListNotFound, ListsNotFound
from domain.shared.ids import new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateList(Command[UUID]):
    """Make an empty list; answers its id."""

    list_id: UUID = field(default_factory=new_id)
    user_data: str = ""


def create_list(cmd: CreateList, store: Store) -> UUID:
    """Make the list."""
    made = FaceList.with_id(cmd.list_id, account_id=cmd.account_id, user_data=cmd.user_data)
    store.save(made)
    return made.id


@dataclass(frozen=True, slots=True, kw_only=True)
class EditList(Command[None]):
    """Change the user data of a list; without any, nothing but its existence is asked."""

    list_id: UUID
    user_data: str | None = None


def edit_list(cmd: EditList, store: Store) -> None:
    """Change the list."""
    wanted = open_list(cmd.list_id, cmd.account_id, store)
    if cmd.user_data is not None:
        wanted.edit(cmd.user_data)
        store.save(wanted)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteLists(Command[None]):
    """Delete lists, all or none; their faces stay."""

    list_ids: tuple[UUID, ...]


def delete_lists(cmd: DeleteLists, store: Store) -> None:
    """Delete the lists."""
    lists = open_lists(cmd.list_ids, cmd.account_id, store)
    for wanted in lists:
        wanted.delete()
    store.save(*lists)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetireLists(Command[None]):
    """Hide lists, all or none, so that their faces can be deleted before they are."""

    list_ids: tuple[UUID, ...]


def retire_lists(cmd: RetireLists, store: Store) -> None:
    """Hide the lists."""
    lists = open_lists(cmd.list_ids, cmd.account_id, store)
    for wanted in lists:
        wanted.retire()
    store.save(*lists)


@dataclass(frozen=True, slots=True, kw_only=True)
class DissolveLists(Command[None]):
    """Hide lists, all or none, so that their many faces can leave before they are deleted."""

    list_ids: tuple[UUID, ...]


def dissolve_lists(cmd: DissolveLists, store: Store) -> None:
    """Hide the lists."""
    lists = open_lists(cmd.list_ids, cmd.account_id, store)
    for wanted in lists:
        wanted.dissolve()
    store.save(*lists)


@dataclass(frozen=True, slots=True, kw_only=True)
class DropRetiredLists(Command[None]):
    """Delete hidden lists that no face is in any more; asked twice, it is done once."""

    list_ids: tuple[UUID, ...]


def drop_retired_lists(cmd: DropRetiredLists, store: Store) -> None:
    """Delete those of the lists that are still there and hidden."""
    found = store.find_many(FaceList, _once(cmd.list_ids), cmd.account_id)
    retired = [wanted for wanted in found if wanted.retired]
    for wanted in retired:
        wanted.delete()
    store.save(*retired)


def open_list(list_id: UUID, account_id: UUID, store: Store) -> FaceList:
    """The list; a retired one is refused like one that is not there."""
    found = store.get(FaceList, list_id, account_id)
    if found.retired:
        raise ListNotFound(list_id)
    return found


def open_lists(list_ids: Sequence[UUID], account_id: UUID, store: Store) -> list[FaceList]:
    """Several lists, each once; refuses with the first one that is missing or retired."""
    try:
        found = store.get_many(FaceList, _once(list_ids), account_id)
    except FaceList.missing as missing:
        raise ListsNotFound(*missing.args) from None
    for wanted in found:
        if wanted.retired:
            raise ListsNotFound(wanted.id)
    return found


def _once(list_ids: Sequence[UUID]) -> tuple[UUID, ...]:
    return tuple(dict.fromkeys(list_ids))


COMMANDS: CommandTable = {
    CreateList: create_list,
    EditList: edit_list,
    DeleteLists: delete_lists,
    RetireLists: retire_lists,
    DissolveLists: dissolve_lists,
    DropRetiredLists: drop_retired_lists,
}
