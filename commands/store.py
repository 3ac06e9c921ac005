"""What a command function works with: aggregates by id, and a place to leave its changes."""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol, TypeVar
from uuid import UUID

from domain.log.facts import DescriptorRow
from domain.log.port import Announcement, Batch, Delivery, Log
from domain.recognitions import EventRecorded, GeneralEventRecorded
from domain.shared.owned import Owned

A = TypeVar("A", bound=Owned)
F = TypeVar("F", EventRecorded, GeneralEventRecorded)


class Store(Protocol):
    """The aggregates of the log; nothing is written before the command has returned."""

    def get(self, kind: type[A], aggregate_id: UUID, account_id: UUID) -> A:
        """The account's aggregate; refuses unknown, foreign and deleted ones as `missing`."""
        ...

    def get_many(self, kind: type[A], ids: Sequence[UUID], account_id: UUID) -> list[A]:
        """Several, in the order asked, loaded at once; refuses with the first missing one."""
        ...

    def find_many(self, kind: type[A], ids: Sequence[UUID], account_id: UUID) -> list[A]:
        """Those of the ids that exist for the account, in the order asked."""
        ...

    def recorded(self, kind: type[F], event_ids: Sequence[UUID], account_id: UUID) -> list[F]:
        """Those of the account's events that are not deleted, without what is personal."""
        ...

    def save(self, *aggregates: Owned) -> None:
        """Keep what happened to the aggregates."""
        ...

    def record(self, *recognitions: Any) -> None:
        """Append handler events to the log of recognitions."""
        ...

    def keep_descriptors(self, rows: Iterable[DescriptorRow]) -> None:
        """Store vectors beside the log."""
        ...

    def forget_descriptors(self, descriptor_ids: Iterable[UUID]) -> None:
        """Delete vectors that nothing refers to any more."""
        ...

    def erase_subjects(self, subject_ids: Iterable[UUID]) -> None:
        """Destroy keys, so that nothing sealed for the subjects can be read any more."""
        ...

    def announce(self, message: Announcement) -> None:
        """Tell websocket subscribers something that is no fact."""
        ...

    def deliver(self, *deliveries: Delivery) -> None:
        """Have messages sent to addresses, after the commit and until they are taken."""
        ...


class Session:
    """The aggregates of one transaction: loaded once, seen by all its commands in turn."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._aggregates: dict[UUID, Owned | None] = {}
        self.batch = Batch()

    def find(self, ids: Sequence[UUID]) -> dict[UUID, Owned]:
        """The aggregates that have a history, by id."""
        missing = [i for i in dict.fromkeys(ids) if i not in self._aggregates]
        if missing:
            histories = self._log.load(missing)
            for aggregate_id in missing:
                aggregate: Any = None
                for event in histories.get(aggregate_id, ()):
                    aggregate = event.mutate(aggregate)
                self._aggregates[aggregate_id] = aggregate
        found = ((i, self._aggregates[i]) for i in ids)
        return {i: aggregate for i, aggregate in found if aggregate is not None}

    def recognised(self, event_ids: Sequence[UUID]) -> dict[UUID, list[Any]]:
        """What was recorded of each event, by the transaction's own commands as well."""
        found = {i: list(events) for i, events in self._log.recognised(event_ids).items()}
        for event, _ in self.batch.recognitions:
            if event.originator_id in event_ids:
                found.setdefault(event.originator_id, []).append(event)
        return found

    def adopt(self, aggregate: Owned) -> None:
        """Show a changed or new aggregate to the commands that follow."""
        self._aggregates[aggregate.id] = aggregate


class SessionStore:
    """The store of one command within a session; `batch` is what it wants written."""

    def __init__(self, session: Session, request_id: str) -> None:
        self._session = session
        self._request_id = request_id
        self._read: dict[UUID, int] = {}
        self._touched: dict[UUID, Owned] = {}
        self.batch = Batch()

    def get(self, kind: type[A], aggregate_id: UUID, account_id: UUID) -> A:
        """The account's aggregate; refuses unknown, foreign and deleted ones as `missing`."""
        return self.get_many(kind, [aggregate_id], account_id)[0]

    def get_many(self, kind: type[A], ids: Sequence[UUID], account_id: UUID) -> list[A]:
        """Several, in the order asked, loaded at once; refuses with the first missing one."""
        found = {a.id: a for a in self.find_many(kind, ids, account_id)}
        for aggregate_id in ids:
            if aggregate_id not in found:
                raise kind.missing(aggregate_id)
        return [found[i] for i in ids]

    def find_many(self, kind: type[A], ids: Sequence[UUID], account_id: UUID) -> list[A]:
        """Those of the ids that exist for the account, in the order asked."""
        found = []
        for aggregate in self._session.find(ids).values():
            visible = isinstance(aggregate, kind) and aggregate.account_id == account_id
            if visible and not aggregate.deleted:
                self._touched[aggregate.id] = aggregate
                self._read.setdefault(aggregate.id, aggregate.version)
                found.append(aggregate)
        return found  # type: ignore[return-value]

    def recorded(self, kind: type[F], event_ids: Sequence[UUID], account_id: UUID) -> list[F]:
        """Those of the account's events that are not deleted, without what is personal."""
        known = self._session.recognised(event_ids)
        return [
            events[0]
            for event_id in dict.fromkeys(event_ids)
            if (events := known.get(event_id))
            and isinstance(events[0], kind)
            and events[0].account_id == account_id
            and len(events) == 1  # what follows a record is its deletion
        ]

    def save(self, *aggregates: Owned) -> None:
        """Keep what happened to the aggregates."""
        for aggregate in aggregates:
            self._touched[aggregate.id] = aggregate
            self._session.adopt(aggregate)
            self.batch.events += [(e, self._request_id) for e in aggregate.collect_events()]

    def record(self, *recognitions: Any) -> None:
        """Append handler events to the log of recognitions."""
        self.batch.recognitions += [(event, self._request_id) for event in recognitions]

    def keep_descriptors(self, rows: Iterable[DescriptorRow]) -> None:
        """Store vectors beside the log."""
        self.batch.descriptors += rows

    def forget_descriptors(self, descriptor_ids: Iterable[UUID]) -> None:
        """Delete vectors that nothing refers to any more."""
        self.batch.forgotten_descriptors += descriptor_ids

    def erase_subjects(self, subject_ids: Iterable[UUID]) -> None:
        """Destroy keys, so that nothing sealed for the subjects can be read any more."""
        self.batch.erased_subjects += subject_ids

    def announce(self, message: Announcement) -> None:
        """Tell websocket subscribers something that is no fact."""
        self.batch.announcements.append(message)

    def deliver(self, *deliveries: Delivery) -> None:
        """Have messages sent to addresses, after the commit and until they are taken."""
        self.batch.deliveries += deliveries

    @property
    def changed(self) -> bool:
        """Whether aggregates of the session are no longer as the command found them."""
        return any(self._read.get(i) != a.version for i, a in self._touched.items())

    def finish(self, own_writes: set[UUID]) -> Batch:
        """The batch, with the versions of what was only read (not written in this transaction)."""
        for aggregate in self._touched.values():
            if aggregate.pending_events:
                raise RuntimeError(f"{aggregate.id} was changed and not saved")
        if self.batch and self._read:
            written = {event.originator_id for event, _ in self.batch.events}
            self.batch.expected = {
                i: v for i, v in self._read.items() if i not in written and i not in own_writes
            }
        return self.batch
