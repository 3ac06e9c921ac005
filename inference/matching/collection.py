"""The candidates of one origin, kind and version: their rows, and searches among them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from domain.shared.biometrics import Descriptor, DescriptorKind
from domain.shared.model_features import DescriptorFeature
from inference.matching.approximate import Approximate, Upkeep
from inference.matching.bitmaps import Bitmaps
from inference.matching.columns import Columns, SavedColumns, age_of, time_of
from inference.matching.comparing import differing
from inference.matching.id_table import Ids, IdTable, Rows, id_pairs, ids_of, virtual_shards
from inference.matching.near import KeptVectors, keep_up, search
from inference.matching.planner import Plan, Planner
from inference.matching.quantise import Quantiser, Vectors
from inference.matching.ranking import Hits
from inference.matching.scan import NOTHING, Asked, Found, Wanted
from inference.matching.scoring import Scoring
from inference.matching.segments import BLOCK_ROWS, SEGMENT_ROWS, SavedVectors, Segments
from inference.matching.values import (
    CollectionSize,
    Difference,
    MatchFilters,
    Origin,
    PutCandidate,
)
from inference.matching.workers import Workers


@dataclass(frozen=True, slots=True)
class Storage:
    """Where rows are kept: how many to a segment and a block, and a directory for float32 rows.

    Without a directory they are in memory.
    """

    segment_rows: int = SEGMENT_ROWS
    block_rows: int = BLOCK_ROWS
    directory: Path | None = None


IN_MEMORY: Final = Storage()
_WRITTEN_AT_ONCE: Final = 512

VectorsOf = Callable[[slice], Vectors]
"""The vectors of some of the candidates that are written, made when they are needed."""


@dataclass(frozen=True, slots=True)
class Saved:
    """All of a collection at one moment; rows that are not alive may hold anything."""

    quantiser: Quantiser
    columns: SavedColumns
    slots: NDArray[np.uint32]
    bitmaps: bytes
    vectors: SavedVectors
    changes: tuple[int, ...] = ()


class Collection:
    """Rows of candidates that can be compared with each other.

    Changes and plans are made one at a time (the index holds its lock); scans run beside them,
    since a row is not written again before all searches that may read it have ended.
    """

    def __init__(
        self, origin: Origin, feature: DescriptorFeature, storage: Storage = IN_MEMORY
    ) -> None:
        self.origin, self.feature = origin, feature
        self.scoring = Scoring(feature.calibration)
        self.storage = storage
        self._columns, self._bitmaps, self._table = Columns(), Bitmaps(), IdTable()
        self._planner = Planner(self._columns, self._bitmaps, self._table)
        self.approximate = Approximate(
            self._bitmaps, feature.dimension, by_distance=self.scoring.by_distance
        )
        self._vectors: KeptVectors | None = None
        self._free: list[int] = []
        self._alive = 0

    @property
    def kind(self) -> DescriptorKind:
        """What the descriptors were extracted from."""
        return self.feature.kind

    @property
    def version(self) -> int:
        """The version of the descriptors."""
        return self.feature.version

    @property
    def size(self) -> CollectionSize:
        """How many candidates there are, and the memory they take."""
        vectors = self._vectors.segments.nbytes(self._columns.count) if self._vectors else 0
        size = vectors + self._columns.nbytes + self._bitmaps.nbytes + self._table.nbytes
        size += self.approximate.nbytes + (self._vectors.packs.nbytes if self._vectors else 0)
        return CollectionSize(self.origin, self.kind, self.version, self._alive, size)

    def put(self, puts: list[PutCandidate], vectors: VectorsOf, workers: Workers) -> Rows:
        """Write candidates, each once, into new rows; returns those they had, for `reclaim`."""
        rows = self._rows_for(len(puts))
        if self._vectors is None:
            self._vectors = self._new_vectors(vectors)
        segments, quantiser = self._vectors.segments, self._vectors.quantiser

        def write(start: int) -> None:
            part = slice(start, start + _WRITTEN_AT_ONCE)
            values = vectors(part)
            segments.write(rows[part], values, quantiser.rows(values))

        workers.each(write, range(0, len(rows), _WRITTEN_AT_ONCE))
        ids = id_pairs([put.candidate_id for put in puts])
        dead = self._remove(self._find(ids))
        self._columns.write(rows, puts, ids)
        self._table.add(rows, self._columns.ids, self._columns.alive)
        self._bitmaps.add(rows, puts)
        self._alive += len(rows)
        return dead

    def remove(self, ids: Sequence[UUID]) -> Rows:
        """Let candidates be found no longer; returns their rows, for `reclaim`."""
        return self._remove(np.unique(self._find(id_pairs(ids))))

    def _remove(self, rows: Rows) -> Rows:
        if len(rows):
            assert self._vectors is not None
            self._columns.alive[rows] = False
            self._vectors.segments.touch(rows)
            self._bitmaps.discard(rows)
            self._alive -= len(rows)
        return rows

    def reclaim(self, rows: Rows) -> None:
        """Wipe the vectors of dead rows that no search reads any more, and use the rows again."""
        assert self._vectors is not None
        self.approximate.forget(rows)
        self._vectors.packs.forget(rows)
        self._vectors.segments.wipe(rows)
        self._free += rows.tolist()

    def save(self) -> "Saved | None":
        """What this is now: its living rows are not written to while a search runs."""
        if self._vectors is None:
            return None
        return Saved(
            self._vectors.quantiser,
            self._columns.save(),
            self._table.slots(),
            self._bitmaps.to_bytes(),
            self._vectors.segments.save(self._columns.count),
            tuple(self._vectors.segments.changes),
        )

    def restore(self, saved: "Saved") -> None:
        """Become what was saved, while there is nothing here."""
        segments = self._new_segments()
        segments.restore(saved.vectors)
        self._vectors = KeptVectors(segments, saved.quantiser, self.scoring)
        self._columns.restore(saved.columns)
        self._table.restore(saved.slots)
        self._bitmaps.restore(saved.bitmaps)
        self._free = np.flatnonzero(~saved.columns.alive).tolist()
        self._alive = len(saved.columns.alive) - len(self._free)

    def differences(self, puts: list[PutCandidate], values: Vectors) -> list[Difference]:
        """How what is held of candidates differs from them, for those of which it does."""
        assert self._vectors is not None
        ids = id_pairs([put.candidate_id for put in puts])
        rows = self._table.find(ids, self._columns.ids, self._columns.alive)
        here = np.flatnonzero(rows >= 0)
        held = [puts[place] for place in here]
        vectors = self._vectors
        what = differing(
            held, values[here], rows[here], self._columns, self._bitmaps,
            vectors.segments, vectors.quantiser,
        )  # fmt: skip
        found = [Difference(p.candidate_id, w) for p, w in zip(held, what, strict=True) if w]
        missing = [puts[place] for place in np.flatnonzero(rows < 0)]
        return [*found, *(Difference(put.candidate_id, "missing") for put in missing)]

    def attach(self, list_id: UUID, ids: Sequence[UUID]) -> None:
        """Put the candidates that are here into a list."""
        rows = self._find(id_pairs(ids))
        if len(rows):
            self._bitmaps.attach(list_id, rows)

    def detach(self, list_id: UUID, ids: Sequence[UUID]) -> None:
        """Take candidates out of a list."""
        self._bitmaps.detach(list_id, self._find(id_pairs(ids)))

    def drop_list(self, list_id: UUID) -> None:
        """Forget a list."""
        self._bitmaps.drop_list(list_id)

    def plan(self, filters: MatchFilters, most: int) -> Plan:
        """The rows that take part in a search for up to `most` candidates from now."""
        short = self.approximate.plan(filters, most)
        return self._planner.plan(filters, self._alive) if short is None else short

    def scan(self, plan: Plan, wanted: Sequence[Wanted], workers: Workers) -> list[Found]:
        """What each of a few references finds, as planned."""
        if self._vectors is None or not (plan.chosen or plan.shortcut):
            return [NOTHING for _ in wanted]
        return search(self._vectors, plan, wanted, workers)

    def keep_up(self, upkeep: Upkeep, workers: Workers) -> None:
        """Do what a graph needs; no row is overwritten meanwhile."""
        if self._vectors is not None:
            keep_up(self._vectors, upkeep, workers)

    def hits(self, asked: Asked, found: Found) -> Hits:
        """What a reference found, as it is ranked."""
        ids, times = self._columns.ids[found.rows], self._columns.times[found.rows]
        scores, recall = found.scores, found.recall
        return Hits(asked.query, asked.reference, self.scoring, ids, scores, times, recall)

    def release(self, virtual: int, count: int) -> tuple[list[PutCandidate], Vectors, Rows]:
        """Up to `count` candidates of a virtual shard, no longer found here, and their rows."""
        columns = self._columns
        own = virtual_shards(columns.ids[: columns.count]) == virtual
        rows = np.flatnonzero(own & columns.alive[: columns.count])[:count]
        if self._vectors is None or not len(rows):
            return [], np.empty((0, self.feature.dimension), np.float32), rows
        values = self._vectors.segments.vectors(rows).copy()
        ids = ids_of(columns.ids[rows])
        owners = self._bitmaps.belongings(rows)
        puts = [
            PutCandidate(
                origin=self.origin,
                candidate_id=ids[place],
                account_id=accounts[0],
                descriptor=Descriptor(self.kind, self.version, values[place].tobytes()),
                create_time=time_of(int(columns.times[row])),
                list_ids=tuple(lists),
                gender=genders[0] if genders else None,
                age=age_of(int(columns.ages[row])),
            )
            for place, (row, (accounts, lists, genders)) in enumerate(
                zip(rows.tolist(), owners, strict=True)
            )
        ]
        return puts, values, self.remove(ids)

    def _find(self, ids: Ids) -> Rows:
        if not self._alive:
            return np.empty(0, np.int64)
        rows = self._table.find(ids, self._columns.ids, self._columns.alive)
        return rows[rows >= 0]

    def _rows_for(self, count: int) -> Rows:
        used, fresh = sorted(self._free[:count]), self._columns.count
        del self._free[:count]
        more = np.arange(fresh, fresh + count - len(used))
        return np.concatenate([np.array(used, np.int64), more])

    def _new_vectors(self, first: VectorsOf) -> KeptVectors:
        biased, length = self.scoring.by_distance, 1.0
        if biased:
            length = float(np.median(np.linalg.norm(first(slice(None)), axis=1)))
        quantiser = Quantiser.for_rows(self.feature.dimension, length, biased)
        return KeptVectors(self._new_segments(), quantiser, self.scoring)

    def _new_segments(self) -> Segments:
        return Segments(
            self.feature.dimension,
            biased=self.scoring.by_distance,
            segment_rows=self.storage.segment_rows,
            block_rows=self.storage.block_rows,
            directory=self.storage.directory,
        )
