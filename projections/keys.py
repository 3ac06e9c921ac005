"""Subject keys in Postgres, wrapped by a master key that is not there."""

from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import tuple_row

from domain.log.port import SubjectErased
from domain.log.sealing import MasterKey, SealBroken, new_key

_NOBODY = UUID(int=0)


class SubjectKeys:
    """The keys of one connection's user, with the recently used ones in memory.

    Used by one thread. A key that another process destroyed stays usable here until it falls
    out of memory or `forget` is called; what is destroyed in the table is gone for good.
    """

    def __init__(self, master: MasterKey, *, remembered: int = 100_000) -> None:
        self._master = master
        self._known: OrderedDict[UUID, bytes] = OrderedDict()
        self._remembered = remembered

    def find(self, connection: Connection[Any], ids: Iterable[UUID]) -> dict[UUID, bytes]:
        """The keys that exist, by subject."""
        found: dict[UUID, bytes] = {}
        unknown = []
        for subject_id in ids:
            if (key := self._known.get(subject_id)) is not None:
                found[subject_id] = key
            else:
                unknown.append(subject_id)
        if unknown:
            cursor = connection.cursor(row_factory=tuple_row)
            cursor.execute(
                "SELECT subject_id, wrapped FROM subject_keys "
                "WHERE subject_id = ANY(%b) AND wrapped IS NOT NULL",
                [unknown],
                binary=True,
            )
            opened = {i: self._master.unwrap(i, wrapped) for i, wrapped in cursor}
            self.remember(opened)
            found.update(opened)
        return found

    def wrapped(self, keys: Mapping[UUID, bytes]) -> Iterator[tuple[UUID, bytes]]:
        """The keys as they may be stored, each with its subject."""
        wrap = self._master.wrap
        return ((subject_id, wrap(subject_id, key)) for subject_id, key in keys.items())

    def remember(self, keys: Mapping[UUID, bytes]) -> None:
        """Keep keys in memory; new ones only once they are stored, or another may have won."""
        self._known.update(keys)
        while len(self._known) > self._remembered:
            self._known.popitem(last=False)

    def forget(self, subject_ids: Iterable[UUID]) -> None:
        """Drop keys from memory."""
        for subject_id in subject_ids:
            self._known.pop(subject_id, None)


class WrongMasterKey(RuntimeError):
    """The database was written under another master key."""


def prove_master(connection: Connection[Any], master: MasterKey) -> None:
    """Note the first master key, and raise `WrongMasterKey` for any other from then on."""
    cursor = connection.cursor(row_factory=tuple_row)
    cursor.execute(
        "INSERT INTO master_key_proof (wrapped) VALUES (%s) ON CONFLICT DO NOTHING",
        [master.wrap(_NOBODY, new_key())],
    )
    row = cursor.execute("SELECT wrapped FROM master_key_proof").fetchone()
    assert row is not None
    try:
        master.unwrap(_NOBODY, bytes(row[0]))
    except SealBroken:
        raise WrongMasterKey(
            "the database was written under another master key: give this program that one"
        ) from None


def new_keys(connection: Connection[Any], subject_ids: Collection[UUID]) -> dict[UUID, bytes]:
    """Keys for subjects that have none; raises `SubjectErased` where one was destroyed."""
    cursor = connection.cursor(row_factory=tuple_row)
    cursor.execute(
        "SELECT subject_id FROM subject_keys WHERE subject_id = ANY(%b) AND wrapped IS NULL",
        [list(subject_ids)],
        binary=True,
    )
    if (row := cursor.fetchone()) is not None:
        raise SubjectErased(row[0])
    return {i: new_key() for i in subject_ids}


def destroy_keys(connection: Connection[Any], subject_ids: Collection[UUID]) -> int:
    """Make everything sealed for the subjects unreadable for ever; how many keys there were."""
    return connection.execute(
        "UPDATE subject_keys SET wrapped = NULL WHERE subject_id = ANY(%s) AND wrapped IS NOT NULL",
        [list(subject_ids)],
    ).rowcount
