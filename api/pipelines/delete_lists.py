"""How lists are deleted whose faces stay: at once, or little by little when they are many."""

from typing import Final
from uuid import UUID

from commands.command import Command
from commands.lists import DeleteLists, DissolveLists
from projections.database import Reader
from projections.faces import have_more_members

_AT_ONCE: Final = 1000
"""So many faces may leave in one transaction, which all others wait for."""


def deletion(db: Reader, account_id: UUID, list_ids: tuple[UUID, ...]) -> Command[None]:
    """The command for it; after either, nobody sees the lists any more."""
    if have_more_members(db, list_ids, _AT_ONCE):
        return DissolveLists(account_id=account_id, list_ids=list_ids)
    return DeleteLists(account_id=account_id, list_ids=list_ids)
