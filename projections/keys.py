"""Subject keys in Postgres, wrapped by a master key that is not there."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from psycopg import Connection

from domain.log.sealing import MasterKey, new_key


class SubjectKeys:
    """The keys of one connection's user, with the recently used ones in memory.

    Used by one thread. A key that another process destroyed stays usable here until it falls
    out of memory or `forget` is called; what is destroyed in the table is gone for good.
    """

    def __init__(self, master: MasterKey, *, remembered: int = 100_000) -> None:
        self._master = master
        self._known: OrderedDict[UUID, bytes] = OrderedDict()
        self._remembered = remembered

    def find(self, connection: Connection[Any], ids: Iterable[UUID]) -> Mapping[UUID, bytes]:
        """The keys that exist, by subject."""
        found: dict[UUID, bytes] = {}
        unknown = []
        for subject_id in ids:
            if (key := self._known.get(subject_id)) is not None:
                found[subject_id] = key
            else:
                unknown.append(subject_id)
        if unknown:
            rows = connection.execute(
                "SELECT subject_id, wrapped FROM subject_keys WHERE subject_id = ANY(%b)",
                [unknown],
                binary=True,
            )
            for subject_id, wrapped in rows:
                found[subject_id] = self._remember(
                    subject_id, self._master.unwrap(subject_id, wrapped)
                )
        return found

    def make(self, subject_ids: list[UUID]) -> tuple[Mapping[UUID, bytes], list[bytes]]:
        """New keys, and their wrapped forms (to be stored) in the same order."""
        keys = {i: self._remember(i, new_key()) for i in subject_ids}
        return keys, [self._master.wrap(i, keys[i]) for i in subject_ids]

    def forget(self, subject_ids: Iterable[UUID]) -> None:
        """Drop keys from memory."""
        for subject_id in subject_ids:
            self._known.pop(subject_id, None)

    def _remember(self, subject_id: UUID, key: bytes) -> bytes:
        self._known[subject_id] = key
        while len(self._known) > self._remembered:
            self._known.popitem(last=False)
        return key
