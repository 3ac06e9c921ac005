"""Keeps the match index at the log's position: loaded at start, then fed fact by fact."""

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import psycopg
import structlog
from psycopg import Connection, sql

from api.workers.index_changes import (
    INDEXED,
    Owner,
    faces_to_know,
    index_changes,
    referred_descriptors,
)
from api.workers.index_snapshots import log_mark
from domain.log.facts import Fact
from domain.log.port import Committed
from domain.log.sealing import MasterKey
from domain.shared.biometrics import BadDescriptor, Descriptor, DescriptorKind
from projections.history import CHANNEL
from projections.log_reader import LogReader
from ray_cluster.matching import IndexChange, Matching, Origin, PutCandidate, SnapshotRefused

log = structlog.get_logger("selene.index")

_CHUNK = 2000
_GRACE_S = 0.005  # what this process committed reaches the index by `committed` within this time
_RETRY_S = 1.0
_CATCH_UP_AT_MOST = 1_000_000  # positions; beyond, loading what is there is faster
_POLL_S = 0.25  # how soon a stop is noticed

# A list that is being deleted with its faces is not searched any more.
STORED_FACES = """SELECT f.face_id, f.account_id, d.kind, d.version, d.data, f.create_time,
    ARRAY(SELECT unnest(f.list_ids) EXCEPT SELECT list_id FROM lists WHERE retired),
    f.gender, f.age FROM faces f JOIN descriptors d ON d.owner_id = f.face_id"""
STORED_EVENTS = """SELECT e.event_id, e.account_id, d.kind, d.version, d.data, e.create_time,
    '{}'::uuid[], e.gender, e.age FROM events e JOIN descriptors d ON d.owner_id = e.event_id"""


class IndexFeeder:
    """Feeds one process's index from the log, each fact once and in the order of commits.

    What this process commits is handed over by the writer before the command is answered; what
    other processes commit is read from the log when Postgres tells of it.
    """

    def __init__(self, dsn: str, master: MasterKey, matching: Matching) -> None:
        self._dsn = dsn
        self._matching = matching
        self._reader = LogReader(master, INDEXED)
        self._lock = threading.Lock()
        self._connection: Connection[Any] | None = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.position = 0

    def start(self) -> None:
        """Begin with the saved index or load everything that is there, then follow the log."""
        with self._lock:
            if not self._restored():
                self._load()
        self._thread = threading.Thread(target=self._follow, name="index-feeder", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Follow no longer."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        if self._connection is not None:
            self._connection.close()

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
            self._apply(facts, own, committed.position)

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
            connection = self._connected()
            head = self._reader.head(connection) if upto is None else upto
            if found.position > head or log_mark(connection, found.position) != found.mark:
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
        with self._connected().transaction():
            connection = self._connected()
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            position = self._reader.head(connection)
            loaded = 0
            for origin, query in ((Origin.FACES, STORED_FACES), (Origin.EVENTS, STORED_EVENTS)):
                for rows in self._chunks(connection, query):
                    self._change([candidate_of(origin, row) for row in rows], None)
                    loaded += len(rows)
            self._matching.apply([], position)
        self.position = position
        log.info("match index loaded", descriptors=loaded, position=position)

    def _chunks(self, connection: Connection[Any], query: str) -> Iterator[list[Any]]:
        with connection.cursor(name="index_load", binary=True) as cursor:
            cursor.execute(query)
            while rows := cursor.fetchmany(_CHUNK):
                yield rows

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
        head = self._reader.head(listening)
        while not self._stop.is_set():
            if head > self.position:
                self._stop.wait(_GRACE_S)
                with self._lock:
                    if head > self.position:
                        self._catch_up(head)
            for notify in listening.notifies(timeout=_POLL_S, stop_after=1):
                head = int(notify.payload)

    def _catch_up(self, upto: int) -> None:
        connection = self._connected()
        while self.position < upto:
            span = self._reader.read(connection, self.position, _CHUNK, upto)
            self._apply(span.facts, {}, span.position)

    def _apply(self, facts: Sequence[Fact], own: Mapping[UUID, bytes], position: int) -> None:
        """Apply facts, which are all there are up to the position."""
        facts = [fact for fact in facts if type(fact.event) in INDEXED]
        vectors = dict(own)
        if missing := [i for i in referred_descriptors(facts) if i not in vectors]:
            vectors |= self._vectors(missing)
        owners = self._owners(needed) if (needed := faces_to_know(facts)) else {}
        self._change(list(index_changes(facts, vectors, owners)), position)
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

    def _vectors(self, ids: Iterable[UUID]) -> dict[UUID, bytes]:
        query = "SELECT descriptor_id, data FROM descriptors WHERE descriptor_id = ANY(%b)"
        rows = self._connected().execute(query, [list(ids)], binary=True)
        return {row[0]: bytes(row[1]) for row in rows}

    def _owners(self, face_ids: Iterable[UUID]) -> dict[UUID, Owner]:
        """As they are now, perhaps later than the facts: what followed is set again in order."""
        rows = self._connected().execute(
            "SELECT face_id, account_id, create_time, ARRAY(SELECT unnest(list_ids) EXCEPT "
            "SELECT list_id FROM lists WHERE retired) FROM faces WHERE face_id = ANY(%b)",
            [list(face_ids)],
            binary=True,
        )
        return {row[0]: Owner(row[1], row[2], tuple(row[3])) for row in rows}

    def _connected(self) -> Connection[Any]:
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(self._dsn, autocommit=True, prepare_threshold=2)
        return self._connection


def candidate_of(origin: Origin, row: Any) -> PutCandidate:
    """A row of one of the queries as the index takes it."""
    candidate_id, account_id, kind, version, data, create_time, list_ids, gender, age = row
    return PutCandidate(
        origin=origin,
        candidate_id=candidate_id,
        account_id=account_id,
        descriptor=Descriptor(DescriptorKind(kind), version, bytes(data)),
        create_time=create_time,
        list_ids=tuple(list_ids),
        gender=gender,
        age=age,
    )
