"""Keeps the match index at the log's position: loaded at start, then fed fact by fact."""

import threading
from collections.abc import Sequence
from typing import Any

import psycopg
import structlog
from psycopg import Connection, sql

from api.workers.index_source import IndexSource
from domain.log.port import Committed
from domain.log.sealing import MasterKey
from domain.shared.biometrics import BadDescriptor
from projections.history import CHANNEL
from ray_cluster.matching import IndexChange, Matching, SnapshotRefused

log = structlog.get_logger("selene.index")

_GRACE_S = 0.005  # what this process committed reaches the index by `committed` within this time
_RETRY_S = 1.0
_CATCH_UP_AT_MOST = 1_000_000  # positions; beyond, loading what is there is faster
_POLL_S = 0.25  # how soon a stop is noticed


class IndexFeeder:
    """Feeds one process's index from the log, each fact once and in the order of commits.

    What this process commits is handed over by the writer before the command is answered; what
    other processes commit is read from the log when Postgres tells of it.
    """

    def __init__(self, dsn: str, master: MasterKey, matching: Matching) -> None:
        self._dsn = dsn
        self._matching = matching
        self._source = IndexSource(dsn, master)
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.position = 0

    def start(self) -> None:
        """Begin with what is held elsewhere, the saved index, or all that is stored; follow."""
        with self._lock:
            if (begun := self._matching.begin(self._source)) is not None:
                self.position = begun
            elif not self._restored():
                self._load()
        self._thread = threading.Thread(target=self._follow, name="index-feeder", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Follow no longer."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        self._source.close()

    def committed(self, committed: Committed) -> None:
        """The writer's own facts: in the index when this returns."""
        with self._lock:
            if committed.position <= self.position:
                return
            first = committed.facts[0].position if committed.facts else committed.position
            if first > self.position + 1:
                self._catch_up(first - 1)
            own = {row.descriptor_id: row.data for row in committed.batch.descriptors}
            facts = [f for f in committed.facts if f.position > self.position]
            self._change(self._source.changes_of(facts, own), committed.position)
            self.position = committed.position

    def bring_to(self, position: int) -> bool:
        """Bring an empty index to a place in the log: from where it was saved, or from the start.

        Says whether it was saved. Nothing is read that the read models know but what faces are.
        """
        with self._lock:
            restored = self._restored(position)
            self._catch_up(position)
        return restored

    def _restored(self, upto: int | None = None) -> bool:
        """Whether the index was saved at a place of this log from which it can catch up."""
        try:
            found = self._matching.snapshot()
            if found is None:
                return False
            head = self._source.head() if upto is None else upto
            if found.position > head or self._source.mark(found.position) != found.mark:
                raise SnapshotRefused("it is of another log")
            if head - found.position > _CATCH_UP_AT_MOST:
                raise SnapshotRefused("the log is far ahead of it")
            self._matching.restore()
        except SnapshotRefused as refused:
            log.warning("the saved match index is not used", reason=str(refused))
            return False
        self.position = found.position
        self._catch_up(head)
        log.info("match index restored", saved=found.position, position=self.position)
        return True

    def _load(self) -> None:
        """Everything of one moment, by the read models; nothing of it is a fact to come."""
        loaded = 0
        with self._source.everything() as (position, parts):
            for candidates in parts:
                self._change(candidates, None)
                loaded += len(candidates)
            self._matching.apply([], position)
        self.position = position
        log.info("match index loaded", descriptors=loaded, position=position)

    def _follow(self) -> None:
        while not self._stop.is_set():
            try:
                with psycopg.connect(self._dsn, autocommit=True) as listening:
                    listening.execute(sql.SQL("LISTEN {}").format(sql.Identifier(CHANNEL)))
                    self._listen(listening)
            except psycopg.OperationalError as error:
                log.warning("the match index lost the log, trying again", reason=str(error))
                self._stop.wait(_RETRY_S)
            except Exception:  # searches would go on, in an index that learns of nothing
                log.exception("the match index could not be fed, trying again")
                self._stop.wait(_RETRY_S)

    def _listen(self, listening: Connection[Any]) -> None:
        with self._lock:
            head = self._source.head()
        while not self._stop.is_set():
            if head > self.position:
                self._stop.wait(_GRACE_S)
                with self._lock:
                    if head > self.position:
                        self._catch_up(head)
            for notify in listening.notifies(timeout=_POLL_S, stop_after=1):
                head = int(notify.payload)

    def _catch_up(self, upto: int) -> None:
        for changes, position in self._source.changes(self.position, upto):
            self._change(changes, position)
            self.position = position

    def _change(self, changes: Sequence[IndexChange], position: int | None) -> None:
        """Apply all; a vector that the pack in use cannot have made is left out, and said so."""
        try:
            self._matching.apply(changes, position)
        except BadDescriptor:
            for change in changes:
                try:
                    self._matching.apply([change], None)
                except BadDescriptor as bad:
                    log.error("a stored descriptor cannot be matched", reason=str(bad))
            self._matching.apply([], position)  # which is reached when all are applied
