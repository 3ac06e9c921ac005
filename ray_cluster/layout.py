"""Which shard holds which virtual shard: a map that changes in epochs, and plans to change it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple, Self

from inference.matching.sharded_index import VIRTUAL_SHARDS, virtual_of
from inference.matching.values import DropList, IndexChange

STEPS_APART: Final = 1
"""How many epochs two shards may be apart for what both found to be all that there is."""


class Layout(NamedTuple):
    """The map of one epoch.

    `places` has the shard of each virtual shard. The virtual shards in `also` are on their way:
    a second shard takes their changes, too. While they are `arriving` that is the one they go
    to; afterwards it is the one they leave, which lets go of them in the epoch after that. So
    what is found in any two epochs that follow one another is complete, if some of it twice.
    """

    epoch: int
    places: bytes
    also: tuple[tuple[int, int], ...] = ()
    arriving: bool = False

    @classmethod
    def first(cls, shards: int) -> Self:
        """The virtual shards dealt to so many shards in turn."""
        return cls(1, bytes(virtual % shards for virtual in range(VIRTUAL_SHARDS)))

    @property
    def shards(self) -> list[int]:
        """The shards that hold something, or are about to."""
        return sorted({*self.places, *(shard for _, shard in self.also)})

    def owned(self, shard: int) -> frozenset[int]:
        """The virtual shards that are searched in a shard."""
        return frozenset(v for v, place in enumerate(self.places) if place == shard)

    def taken(self, shard: int) -> frozenset[int]:
        """The virtual shards that a shard takes changes of."""
        return self.owned(shard) | {virtual for virtual, other in self.also if other == shard}

    def begun(self, moves: Sequence[tuple[int, int]]) -> Self:
        """The next epoch, in which virtual shards begin to go to other shards."""
        return self._replace(epoch=self.epoch + 1, also=tuple(moves), arriving=True)

    def arrived(self) -> Self:
        """The next epoch, in which they have arrived, and may still be found where they were."""
        places, left = bytearray(self.places), []
        for virtual, shard in self.also:
            left.append((virtual, places[virtual]))
            places[virtual] = shard
        return self._replace(
            epoch=self.epoch + 1, places=bytes(places), also=tuple(left), arriving=False
        )

    def ended(self) -> Self:
        """The next epoch, in which nothing is on its way."""
        return self._replace(epoch=self.epoch + 1, also=(), arriving=False)

    def split(self, changes: Sequence[IndexChange]) -> dict[int, list[IndexChange]]:
        """What each shard has to know of changes, in order."""
        parts: dict[int, list[IndexChange]] = {shard: [] for shard in self.shards}
        also = dict(self.also)
        for change, virtual in zip(changes, virtual_of(changes).tolist(), strict=True):
            if isinstance(change, DropList):
                for part in parts.values():
                    part.append(change)
                continue
            parts[self.places[virtual]].append(change)
            if virtual in also:
                parts[also[virtual]].append(change)
        return parts


def moves_to(places: bytes, shards: int) -> list[tuple[int, int]]:
    """The fewest moves (virtual shard, to) after which so many shards hold equally many.

    Shards are numbered from 0; those beyond are left empty. The same places lead to the same plan.
    """
    held: dict[int, list[int]] = {shard: [] for shard in range(shards)}
    spare: list[int] = []
    for virtual, place in enumerate(places):
        (held[place] if place < shards else spare).append(virtual)
    least, more = divmod(len(places), shards)
    # Who has the most already keeps one more, which is one move less.
    fullest = sorted(held, key=lambda shard: (-len(held[shard]), shard))
    quota = {shard: least + (rank < more) for rank, shard in enumerate(fullest)}
    for shard, own in held.items():
        spare += own[quota[shard] :]
    wanting = [shard for shard in held for _ in range(quota[shard] - len(held[shard]))]
    return list(zip(sorted(spare), wanting, strict=True))


def relocation(
    where: Mapping[tuple[int, int], str], machines: Iterable[str]
) -> tuple[tuple[int, int], str] | None:
    """The replica (shard, number) that should go to another machine, and to which; None if none.

    Replicas of one shard belong on different machines, and machines carry equally many. Told
    again and again, and obeyed, it comes to an end.
    """
    load = {machine: 0 for machine in sorted(machines)}
    on: dict[int, list[str]] = {}
    for (shard, _), machine in where.items():
        on.setdefault(shard, []).append(machine)
        if machine in load:
            load[machine] += 1
    found: list[tuple[int, int, tuple[int, int], str]] = []
    for replica, machine in sorted(where.items()):
        others = [m for m in load if m not in on[replica[0]]]
        if machine not in load or not others:
            continue
        to = min(others, key=lambda m: (load[m], m))
        crowded = on[replica[0]].count(machine) > 1
        gain = load[machine] - load[to]
        if crowded or gain > 1:
            found.append((-crowded, -gain, replica, to))
    return None if not found else min(found)[2:]
