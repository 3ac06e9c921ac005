"""All candidates that can be matched, and exact searches among them."""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import groupby
from typing import Final
from uuid import UUID

from domain.shared.biometrics import DescriptorKind
from domain.shared.model_features import DescriptorFeature
from inference.matching.batches import Batch, Dead, Search, asked_of
from inference.matching.checking import CollectionKey, Incoming, checked
from inference.matching.collection import IN_MEMORY, Collection, Saved, Storage
from inference.matching.id_table import Rows
from inference.matching.quantise import Vectors
from inference.matching.ranking import Hits, answers
from inference.matching.scan import BATCH, Asked, Found
from inference.matching.values import (
    AttachCandidate,
    CollectionSize,
    DetachCandidate,
    Difference,
    DropList,
    IndexChange,
    MatchAnswer,
    MatchFilters,
    MatchQuery,
    Origin,
    PutCandidate,
    RemoveCandidate,
)
from inference.matching.workers import Workers

Checked = tuple[CollectionKey, list[PutCandidate], Vectors]
"""Candidates of one collection, each once, and their vectors as they are kept."""

_Wanted = tuple[Origin, DescriptorKind | None, int | None]

# Scans of fewer rows run side by side, each on one thread; larger ones one after the other.
_SHARED_FROM_ROWS: Final = 16384


class MatchIndex:
    """Collections by origin, kind and version, kept up to date by changes from the log.

    A search sees every change applied before it began, and none that is applied while it runs.
    Lists of at least `approximate_from` faces are searched by graphs that `keep_up` makes.
    """

    def __init__(
        self,
        features: Iterable[DescriptorFeature],
        *,
        workers: Workers | None = None,
        storage: Storage = IN_MEMORY,
        approximate_from: int | None = None,
    ) -> None:
        self.approximate_from = approximate_from
        self.features = {(each.kind, each.version): each for each in features}
        self.workers, self._alone = workers or Workers(), Workers(1)
        self.storage = storage
        self._collections: dict[CollectionKey, Collection] = {}
        self._lock = threading.Lock()
        self._position = 0
        self._searches: set[int] = set()
        self._next_search = 0
        self._dead: list[Dead] = []

    @property
    def position(self) -> int:
        """The place in the log up to which changes are applied."""
        return self._position

    def sizes(self) -> list[CollectionSize]:
        """What is held, by origin, kind and version."""
        with self._lock:
            return [collection.size for collection in self._collections.values()]

    def close(self) -> None:
        """End the threads."""
        self.workers.close()

    def apply(self, changes: Sequence[IndexChange], position: int | None) -> None:
        """Apply changes in order: all of them, or none when a descriptor is refused.

        `position` is the place in the log that they lead to; changes that lead to an earlier one
        than was reached are skipped. Changes that are in no log have none.
        """
        self.apply_prepared(self.prepare(changes), position)

    def prepare(self, changes: Sequence[IndexChange]) -> list[Callable[[], None]]:
        """Changes to be applied to this index alone; refused if a descriptor is."""
        return [self._run_of(list(run)) for _, run in groupby(changes, type)]

    def apply_prepared(self, runs: Sequence[Callable[[], None]], position: int | None) -> None:
        """Apply what was prepared."""
        with self._lock:
            if position is not None:
                if position < self._position:
                    return
                self._position = position
            for run in runs:
                run()
            self._reclaim()

    def search(self, queries: Sequence[MatchQuery]) -> list[list[MatchAnswer]]:
        """The answers of each query, one per reference."""
        begun = self.begin(queries)
        return answers(queries, self.finish(begun), begun.position)

    def begin(self, queries: Sequence[MatchQuery]) -> Search:
        """A search among the candidates of this moment; it has to be finished."""
        asked = asked_of(queries, self.features)
        with self._lock:
            return Search(self._began(), self._position, self._batches(queries, asked))

    def finish(self, begun: Search) -> list[Hits]:
        """What each reference finds."""
        try:
            return [
                batch.collection.hits(each, found)
                for batch, lists in zip(begun.batches, self._scan(begun.batches), strict=True)
                for each, found in zip(batch.asked, lists, strict=True)
            ]
        finally:
            self._ended(begun.number)

    def keep_up(self) -> bool:
        """Do a bit of the work that approximate searches need; whether there was any."""
        if (least := self.approximate_from) is None:
            return False
        with self._lock:
            needs = ((c, c.approximate.next_upkeep(least)) for c in self._collections.values())
            collection, upkeep = next(((c, u) for c, u in needs if u), (None, None))
            if collection is None or upkeep is None:
                return False
            number = self._began()
        try:
            collection.keep_up(upkeep, self.workers)
            with self._lock:
                collection.approximate.entered(upkeep)
        finally:
            self._ended(number)
        return True

    def release(self, virtual: int, count: int) -> list[Checked]:
        """Some candidates of a virtual shard, for another index; they are no longer here."""
        with self._lock:
            taken: list[Checked] = []
            for key, collection in self._collections.items():
                puts, values, rows = collection.release(virtual, count)
                if puts:
                    self._bury(collection, rows)
                    taken.append((key, puts, values))
            self._reclaim()
            return taken

    def adopt(self, taken: list[Checked]) -> None:
        """Candidates that another index released."""
        with self._lock:
            self._put([(key, puts, values.__getitem__) for key, puts, values in taken])
            self._reclaim()

    @contextmanager
    def saved(self) -> Iterator[tuple[int, dict[CollectionKey, Saved]]]:
        """The position, and all collections as they are there, for as long as this is entered."""
        with self._lock:
            position = self._position
            kept = {key: each.save() for key, each in self._collections.items()}
            number = self._began()
        try:
            yield position, {key: saved for key, saved in kept.items() if saved is not None}
        finally:
            self._ended(number)

    def differences(self, candidates: Sequence[PutCandidate]) -> list[Difference]:
        """How what is held of candidates differs from them, for those of which it does."""
        found: list[Difference] = []
        wanted = checked(candidates, self.features)
        with self._lock:
            for key, puts, values in wanted:
                if key in self._collections:
                    found += self._collections[key].differences(puts, values(slice(None)))
                else:
                    found += [Difference(put.candidate_id, "missing") for put in puts]
        return found

    def restore(self, position: int, kept: Mapping[CollectionKey, Saved]) -> None:
        """Become what was saved, while there is nothing here."""
        with self._lock:
            for key, saved in kept.items():
                collection = Collection(key[0], self.features[key[1:]], self.storage)
                collection.restore(saved)
                self._collections[key] = collection
            self._position = position

    def _began(self) -> int:
        """The number of a search that begins; called under the lock."""
        self._next_search += 1
        self._searches.add(self._next_search - 1)
        return self._next_search - 1

    def _ended(self, number: int) -> None:
        with self._lock:
            self._searches.discard(number)
            self._reclaim()

    def _batches(self, queries: Sequence[MatchQuery], asked: list[Asked]) -> list[Batch]:
        """Plans of equal filters are made once, and their references scanned together."""
        groups: dict[tuple[CollectionKey, MatchFilters | int], list[Asked]] = defaultdict(list)
        for each in asked:
            query = queries[each.query]
            reference, filters = query.references[each.reference], query.filters
            key = (query.origin, reference.kind, reference.version)
            if key in self._collections:
                # A set of ids is not compared: it is longer than the plan would be.
                same = filters if filters.ids is None else id(filters)
                groups[key, same].append(each)
        batches = []
        for (key, _), group in groups.items():
            collection = self._collections[key]
            plan = collection.plan(
                queries[group[0].query].filters, max(each.wanted.limit for each in group)
            )
            group.sort(key=lambda each: each.wanted.limit)
            parts = (group[start : start + BATCH] for start in range(0, len(group), BATCH))
            batches += [Batch(collection, plan, part) for part in parts]
        return batches

    def _scan(self, batches: list[Batch]) -> list[list[Found]]:
        found: list[list[Found]] = [[] for _ in batches]

        def scan(number: int, workers: Workers) -> None:
            batch = batches[number]
            wanted = [each.wanted for each in batch.asked]
            found[number] = batch.collection.scan(batch.plan, wanted, workers)

        small = [n for n, batch in enumerate(batches) if batch.plan.chosen < _SHARED_FROM_ROWS]
        self.workers.each(lambda number: scan(number, self._alone), small)
        for number in sorted({*range(len(batches))} - {*small}):
            scan(number, self.workers)
        return found

    def _run_of(self, run: list[IndexChange]) -> Callable[[], None]:
        """Changes of one type, checked, to be applied under the lock."""
        puts = [change for change in run if isinstance(change, PutCandidate)]
        if puts:
            return partial(self._put, checked(puts, self.features))
        return partial(self._apply_others, run)

    def _put(self, incoming: list[Incoming]) -> None:
        for key, puts, vectors in incoming:
            if key not in self._collections:
                feature = self.features[key[1:]]
                self._collections[key] = Collection(key[0], feature, self.storage)
            collection = self._collections[key]
            self._bury(collection, collection.put(puts, vectors, self.workers))

    def _apply_others(self, run: Sequence[IndexChange]) -> None:
        moved: dict[tuple[bool, UUID], list[UUID]] = defaultdict(list)
        removed: dict[_Wanted, list[UUID]] = defaultdict(list)
        for change in run:
            match change:
                case AttachCandidate() | DetachCandidate():
                    joins = isinstance(change, AttachCandidate)
                    moved[joins, change.list_id].append(change.candidate_id)
                case RemoveCandidate():
                    what = (change.origin, change.kind, change.version)
                    removed[what].append(change.candidate_id)
                case DropList():
                    for collection in self._of(Origin.FACES, None, None):
                        collection.drop_list(change.list_id)
        for (joins, list_id), ids in moved.items():
            for collection in self._of(Origin.FACES, None, None):
                (collection.attach if joins else collection.detach)(list_id, ids)
        for what, ids in removed.items():
            for collection in self._of(*what):
                self._bury(collection, collection.remove(ids))

    def _of(self, *wanted: *_Wanted) -> list[Collection]:
        """Collections of an origin, kind and version; None stands for any."""
        return [
            collection
            for key, collection in self._collections.items()
            if all(part in (None, own) for part, own in zip(wanted, key, strict=True))
        ]

    def _bury(self, collection: Collection, rows: Rows) -> None:
        if len(rows):
            self._dead.append(Dead(self._next_search, collection, rows))

    def _reclaim(self) -> None:
        """Wipe the rows that no running search can read."""
        oldest = min(self._searches, default=self._next_search)
        while self._dead and self._dead[0].before <= oldest:
            dead = self._dead.pop(0)
            dead.collection.reclaim(dead.rows)
