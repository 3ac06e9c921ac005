"""Some of the candidates, for searches that ask several shards; a plain class without a cluster."""

import hashlib
import os
import pickle
import socket
import threading
import time
from collections.abc import Sequence
from typing import Final, NamedTuple
from uuid import uuid4

from inference.matching.match_index import Checked, MatchIndex
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
from ray_cluster.arrivals import Arrivals
from ray_cluster.layout import Layout
from ray_cluster.resident import resident_bytes
from ray_cluster.shard_saving import ShardSaving
from ray_cluster.shard_values import Found, ShardFigures, ShardOptions, ShardState, found_by
from ray_cluster.turns import Turns

SEARCHES_AT_ONCE: Final = 2
"""Searches that a shard works on at a time; others wait."""

_SILENCE_S: Final = 10.0
"""Whoever fills a shard and says nothing for so long is given up."""

_NOWHERE: Final = Layout(0, b"")
_ALL: Final = 1 << 62
_CHANGED: Final = "-"


class Copied(NamedTuple):
    """All candidates of a virtual shard at a place in the log."""

    virtual: int
    position: int
    candidates: list[Checked]


class MatchShard:
    """A match index that takes only changes which continue what it has, by the layout it knows.

    Whoever asks brings the layout; a newer one is taken over, an older one refused. After a
    restart the shard is empty, as it is when it should hold what it was never given: it is filled
    by whoever feeds it, or begins with its own saved files, and until then refuses searches.
    """

    def __init__(self, options: ShardOptions) -> None:
        self._options = options
        self._workers = Workers(options.threads)
        self._lock = threading.Lock()  # of all that changes
        self._seen = threading.Lock()  # while candidates come and go that searches must not miss
        self._turns = Turns(SEARCHES_AT_ONCE)
        self._told = 0  # the furthest place in the log that anybody spoke of
        self._layout, self._arrivals = _NOWHERE, Arrivals()
        self._held: frozenset[int] | None = None  # the virtual shards that are all here
        self._filler, self._heard = "", 0.0
        self._empty()
        self._snapshots: Snapshots | None = None
        if options.directory is not None:
            self._snapshots = Snapshots(options.directory, options.key)
        self._saving: ShardSaving | None = None

    def state(self, layout: Layout = _NOWHERE) -> ShardState:
        """What this shard is now, by a layout if it is newer."""
        if layout.epoch > self._layout.epoch:
            with self._lock:
                self._install(layout)
        return ShardState(
            self._life,
            self._index.position,
            bool(self._filler),
            self._layout.epoch,
            self._arrivals.expected,
            self._options.node,
        )

    def figures(self) -> ShardFigures:
        """How this shard does, told at once whatever it is doing."""
        sizes, state = self._index.sizes(), self.state()
        return ShardFigures(
            state,
            socket.gethostname(),
            self._turns.ended,
            self._turns.running,
            self._turns.waiting,
            sum(size.candidates for size in sizes),
            max(self._told - state.position, 0),
            sum(size.bytes for size in sizes),
            resident_bytes(),
        )

    def apply(
        self, changes: Sequence[IndexChange], after: int, position: int | None, layout: Layout
    ) -> ShardState:
        """Apply all changes between two places of the log, unless some before them are missing.

        Changes that were applied already may come again: they lead to the same.
        """
        self._told = max(self._told, position or 0)
        with self._lock:
            self._install(layout)
            fits = self._held is not None and layout.epoch == self._layout.epoch
            if fits and not self._filler and after <= self._index.position:
                self._index.apply(self._arrivals.keep(changes), position)
            return self.state()

    def search(self, queries: bytes, least: int, layout: Layout) -> Found | ShardState:
        """What pickled queries find here; only the state, if a position is not reached."""
        self._told = max(self._told, least)
        if layout.epoch > self._layout.epoch:
            self.state(layout)
        with self._turns.taken():
            return self._search(queries, least)

    def sizes(self) -> list[CollectionSize]:
        """What is held, by origin, kind and version."""
        return self._index.sizes()

    def differences(self, candidates: Sequence[PutCandidate]) -> list[Difference]:
        """How what is held differs from candidates as they should be."""
        return self._index.differences(candidates)

    def begin_fill(self, filler: str, seen: ShardState, layout: Layout) -> ShardState | None:
        """Become empty, to be filled by one who saw this state; None if another was faster."""
        with self._lock:
            self._install(layout)
            now = time.monotonic()
            busy = self._filler and now - self._heard < _SILENCE_S
            if busy or seen[:2] != self.state()[:2] or layout.epoch != self._layout.epoch:
                return None
            self._empty()
            self._filler, self._heard = filler, now
            return self.state()

    def fill(self, filler: str, candidates: Sequence[PutCandidate], position: int | None) -> bool:
        """Take some candidates; with the last ones comes the position that all of them are of."""
        with self._lock:
            if self._filler != filler:
                return False
            self._heard = time.monotonic()
            self._index.apply(candidates, position)
            if position is not None:
                self._filler = ""
                self._held = self._layout.taken(self._options.shard)
            return True

    def fill_nothing(self, filler: str, position: int) -> bool:
        """Have nothing at a place in the log, and wait for what is on its way here."""
        with self._lock:
            if self._filler != filler:
                return False
            self._filler = ""
            self._index.apply([], position)
            self._hold(frozenset())
            return True

    def copy(self, virtual: int) -> Copied | None:
        """All candidates of a virtual shard, which stay here; None if it is not here."""
        with self._lock:
            if self._held is None or virtual not in self._held:
                return None
            with self._seen:
                taken = self._index.release(virtual, _ALL)
                self._index.adopt(taken)
            return Copied(virtual, self._index.position, taken)

    def take(self, copied: Copied | None, layout: Layout) -> ShardState:
        """Take over a virtual shard, unless the copy is older or newer than what is kept of it."""
        with self._lock:
            self._install(layout)
            if copied is None or copied.virtual not in self._arrivals.expected:
                return self.state()
            virtual, position, candidates = copied
            if self._arrivals.since(virtual) <= position <= self._index.position:
                assert self._held is not None
                with self._seen:
                    self._index.adopt(candidates)
                    self._index.apply(self._arrivals.take(virtual), None)
                self._held |= {virtual}
            return self.state()

    def snapshot(self, layout: Layout) -> IndexSnapshot | None:
        """The saved shard, if there is one that can be used by a layout."""
        with self._lock:
            self._install(layout)
            try:
                found = None if self._snapshots is None else self._snapshots.find(self._index)
            except SnapshotRefused:
                return None
            if found is None:
                return None
            mark, _, held = found.mark.rpartition(" ")
            layout, shard = self._layout, self._options.shard
            leaves = layout.taken(shard) != layout.owned(shard) and not layout.arriving
            fits = held == _named(layout.owned(shard)) and not leaves
            return IndexSnapshot(found.position, mark) if fits else None

    def restore(self, seen: ShardState, layout: Layout) -> ShardState:
        """Begin with the saved shard, if nothing happened since the state was seen."""
        with self._lock:
            unchanged = seen[:2] == self.state()[:2] and layout.epoch == self._layout.epoch
            if self._snapshots is not None and not self._filler and unchanged:
                index = MatchIndex(self._options.features, workers=self._workers)
                try:
                    self._snapshots.restore(index)
                except SnapshotRefused:
                    return self.state()
                self._index = index
                self._hold(layout.owned(self._options.shard))
            return self.state()

    def begin_save(self) -> int | None:
        """Write the shard as it is now; the position, whose mark `end_save` has to tell."""
        with self._lock:
            layout, saving = self._layout, self._saving
            whole = self._held is not None and not self._filler and not layout.also
            if self._snapshots is None or not whole or (saving is not None and saving.running):
                return None

            def named(mark: str) -> str:
                same = layout.epoch == self._layout.epoch
                held = _named(layout.owned(self._options.shard)) if same else _CHANGED
                return f"{mark} {held}"

            self._saving = ShardSaving(self._snapshots, self._index, named)
        return self._saving.position()

    def end_save(self, mark: str) -> None:
        """Put what was written into place."""
        if self._saving is not None and self._saving.running:
            self._saving.end(mark)

    def close(self) -> None:
        """Let another process have the directory."""
        if self._snapshots is not None:
            self._snapshots.close()
        self._workers.close()

    def _search(self, queries: bytes, least: int) -> Found | ShardState:
        asked: list[MatchQuery] = pickle.loads(queries)
        with self._seen:
            index, layout = self._index, self._layout
            if self._held is None or self._filler or index.position < least:
                return self.state()
            begun = index.begin(asked)
        moving = bool(layout.also)
        return found_by(asked, index.finish(begun), begun.position, layout.epoch, moving=moving)

    def _install(self, layout: Layout) -> None:
        """Go over to a newer layout; called under the lock."""
        if layout.epoch <= self._layout.epoch:
            return
        with self._seen:
            self._layout = layout
            if self._filler:  # what is brought is not what is needed
                self._empty()
            if self._held is None:
                return
            shard = self._options.shard
            if layout.owned(shard) - self._held:
                self._empty()
                return
            for virtual in self._held - layout.taken(shard):
                self._index.release(virtual, _ALL)
            self._hold(self._held & layout.taken(shard))

    def _hold(self, virtuals: frozenset[int]) -> None:
        """Have these, and wait for the others."""
        self._held = virtuals
        expected = self._layout.taken(self._options.shard) - virtuals
        self._arrivals.forget(self._arrivals.expected - expected)
        self._arrivals.expect(expected, self._index.position)

    def _empty(self) -> None:
        """Have nothing, in a new life."""
        self._life = f"{os.getpid()}:{uuid4().hex}"
        self._index = MatchIndex(self._options.features, workers=self._workers)
        self._held, self._arrivals, self._filler = None, Arrivals(), ""


def _named(virtuals: frozenset[int]) -> str:
    return hashlib.sha256(bytes(sorted(virtuals))).hexdigest()[:16]
