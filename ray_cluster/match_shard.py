"""Some of the candidates, for searches that ask several shards; a plain class without a cluster."""

import os
import pickle
import queue
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from domain.shared.biometrics import DescriptorKind
from domain.shared.model_features import DescriptorFeature
from inference.matching.batches import Features
from inference.matching.id_table import Ids
from inference.matching.match_index import MatchIndex
from inference.matching.ranking import Hits
from inference.matching.scoring import Scores, Scoring
from inference.matching.snapshots import Snapshots
from inference.matching.values import (
    CollectionSize,
    Difference,
    IndexChange,
    IndexSnapshot,
    MatchQuery,
    PutCandidate,
    SnapshotRefused,
)
from inference.matching.workers import Workers

_SILENCE_S: Final = 10.0
"""Whoever fills a shard and says nothing for so long is given up."""

_MARKED_WITHIN_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class ShardOptions:
    """How one shard is held: its descriptors, its threads, and where it is saved, signed by a key.

    The directory is one of the machine that the shard runs on.
    """

    features: tuple[DescriptorFeature, ...]
    threads: int | None = None
    directory: Path | None = None
    key: bytes = b""


class ShardState(NamedTuple):
    """Which life of the shard this is, by process; its place in the log; whether it is filled."""

    life: str
    position: int
    filling: bool


class Found(NamedTuple):
    """What all references found at a position, one after the other.

    Of each: the query, the reference, the kind and version, and how many of the rows are its.
    """

    position: int
    of: list[tuple[int, int, DescriptorKind, int, int]]
    ids: Ids
    scores: Scores
    times: NDArray[np.int64]

    def hits(self, features: Features) -> Iterator[Hits]:
        """What each reference found."""
        ends = np.cumsum([0, *(count for *_, count in self.of)]).tolist()
        for (number, reference, kind, version, _), (start, stop) in zip(
            self.of, pairwise(ends), strict=True
        ):
            part = slice(start, stop)
            scoring = Scoring(features[kind, version].calibration)
            yield Hits(
                number, reference, scoring, self.ids[part], self.scores[part], self.times[part]
            )


class MatchShard:
    """A match index that takes only changes which continue what it has.

    After a restart it is empty: it is filled by whoever feeds it, or begins with its own saved
    files, and refuses searches that want to see more than it has.
    """

    def __init__(self, options: ShardOptions) -> None:
        self._options = options
        self._life = f"{os.getpid()}:{uuid4().hex}"
        self._workers = Workers(options.threads)
        self._index = self._empty()
        self._lock = threading.Lock()
        self._filler, self._heard = "", 0.0
        self._snapshots: Snapshots | None = None
        if options.directory is not None:
            self._snapshots = Snapshots(options.directory, options.key)
        self._saving: threading.Thread | None = None
        self._asked: queue.Queue[int | None] = queue.Queue()
        self._marks: queue.Queue[str] = queue.Queue()

    def state(self) -> ShardState:
        """What this shard is now."""
        return ShardState(self._life, self._index.position, bool(self._filler))

    def apply(self, changes: Sequence[IndexChange], after: int, position: int | None) -> ShardState:
        """Apply all changes between two places of the log, unless some before them are missing.

        Changes that were applied already may come again: they lead to the same.
        """
        with self._lock:
            if not self._filler and after <= self._index.position:
                self._index.apply(changes, position)
            return self.state()

    def search(self, queries: bytes, least: int) -> Found | ShardState:
        """What pickled queries find here; only the state, if a position is not reached."""
        index = self._index
        if self._filler or index.position < least:
            return self.state()
        asked: list[MatchQuery] = pickle.loads(queries)
        begun = index.begin(asked)
        return _found(asked, index.finish(begun), begun.position)

    def sizes(self) -> list[CollectionSize]:
        """What is held, by origin, kind and version."""
        return self._index.sizes()

    def differences(self, candidates: Sequence[PutCandidate]) -> list[Difference]:
        """How what is held differs from candidates as they should be."""
        return self._index.differences(candidates)

    def begin_fill(self, filler: str, seen: ShardState) -> bool:
        """Become empty, to be filled by one who saw this state; no, if another was faster."""
        with self._lock:
            now = time.monotonic()
            busy = self._filler and now - self._heard < _SILENCE_S
            if busy or seen[:2] != self.state()[:2]:
                return False
            self._filler, self._heard = filler, now
            self._index = self._empty()
            return True

    def fill(self, filler: str, candidates: Sequence[PutCandidate], position: int | None) -> bool:
        """Take some candidates; with the last ones comes the position that all of them are of."""
        with self._lock:
            if self._filler != filler:
                return False
            self._heard = time.monotonic()
            self._index.apply(candidates, position)
            if position is not None:
                self._filler = ""
            return True

    def snapshot(self) -> IndexSnapshot | None:
        """The saved shard, if there is one that can be used."""
        try:
            return None if self._snapshots is None else self._snapshots.find(self._index)
        except SnapshotRefused:
            return None

    def restore(self, seen: ShardState) -> ShardState:
        """Begin with the saved shard, if nothing happened since the state was seen."""
        with self._lock:
            if self._snapshots is not None and not self._filler and seen == self.state():
                index = self._empty()
                try:
                    self._snapshots.restore(index)
                except SnapshotRefused:
                    return self.state()
                self._index = index
            return self.state()

    def begin_save(self) -> int | None:
        """Write the shard as it is now; the position, whose mark `end_save` has to tell."""
        with self._lock:
            if self._snapshots is None or self._filler or self._saving is not None:
                return None
            work = (self._snapshots, self._index)
            self._saving = threading.Thread(target=self._save, args=work, daemon=True)
        self._saving.start()
        return self._asked.get()

    def end_save(self, mark: str) -> None:
        """Put what was written into place."""
        saving = self._saving
        if saving is not None:
            self._marks.put(mark)
            saving.join()

    def close(self) -> None:
        """Let another process have the directory."""
        if self._snapshots is not None:
            self._snapshots.close()
        self._workers.close()

    def _save(self, snapshots: Snapshots, index: MatchIndex) -> None:
        def mark(position: int) -> str:
            self._asked.put(position)
            return self._marks.get(timeout=_MARKED_WITHIN_S)

        try:
            if snapshots.save(index, mark) is None:
                self._asked.put(None)
        except queue.Empty:  # whoever asked is gone; the next one begins anew
            pass
        except Exception:
            self._asked.put(None)
            raise
        finally:
            self._saving = None

    def _empty(self) -> MatchIndex:
        return MatchIndex(self._options.features, workers=self._workers)


def _found(queries: Sequence[MatchQuery], found: Iterable[Hits], position: int) -> Found:
    hits = list(found)
    of = []
    for each in hits:
        reference = queries[each.query].references[each.reference]
        of.append((each.query, each.reference, reference.kind, reference.version, len(each.scores)))
    if not hits:
        nothing = np.empty((0, 2), np.uint64), np.empty(0, np.float32), np.empty(0, np.int64)
        return Found(position, of, *nothing)
    return Found(
        position,
        of,
        np.concatenate([each.ids for each in hits]),
        np.concatenate([each.scores for each in hits]),
        np.concatenate([each.times for each in hits]),
    )
