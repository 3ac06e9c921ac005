"""Virtual shards on their way to a shard: what changes in them waits until they are there."""

from collections.abc import Collection, Iterable, Sequence

from inference.matching.sharded_index import virtual_of
from inference.matching.values import DropList, IndexChange


class Arrivals:
    """The changes of virtual shards since they were first expected, in order."""

    def __init__(self) -> None:
        self._since: dict[int, int] = {}
        self._changes: list[IndexChange] = []

    @property
    def expected(self) -> frozenset[int]:
        """The virtual shards that are not here yet."""
        return frozenset(self._since)

    def expect(self, virtuals: Iterable[int], position: int) -> None:
        """Keep what changes in them after a place in the log."""
        for virtual in virtuals:
            self._since.setdefault(virtual, position)

    def since(self, virtual: int) -> int:
        """The place in the log that a copy must have reached at least."""
        return self._since[virtual]

    def keep(self, changes: Sequence[IndexChange]) -> Sequence[IndexChange]:
        """Take the changes of what is expected; returns those of what is here."""
        if not self._since or not changes:
            return changes
        here: list[IndexChange] = []
        for change, virtual in zip(changes, virtual_of(changes).tolist(), strict=True):
            lists = isinstance(change, DropList)
            if lists or virtual in self._since:
                self._changes.append(change)
            if lists or virtual not in self._since:
                here.append(change)
        return here

    def take(self, virtual: int) -> list[IndexChange]:
        """What changed in a virtual shard; it is no longer expected."""
        taken = self._of({virtual})
        self.forget({virtual})
        return taken

    def forget(self, virtuals: Iterable[int]) -> None:
        """Expect them no longer."""
        for virtual in virtuals:
            self._since.pop(virtual, None)
        self._changes = self._of(self.expected) if self._since else []

    def _of(self, virtuals: Collection[int]) -> list[IndexChange]:
        """What was kept of some virtual shards; lists are of all of them."""
        return [
            change
            for change, own in zip(self._changes, virtual_of(self._changes).tolist(), strict=True)
            if own in virtuals or isinstance(change, DropList)
        ]
