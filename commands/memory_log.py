"""The log in memory: the twin of the Postgres one, for tests of rules and of the writer."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from eventsourcing.persistence import StoredEvent

from domain.log.facts import DescriptorRow, Fact
from domain.log.mapper import EventMapper
from domain.log.port import Answer, AnswerKey, Batch, Committed, SubjectErased, VersionConflict
from domain.log.sealing import MemoryKeyring, new_key
from domain.shared.owned import personal_fields


class MemoryLog:
    """Keeps encoded events in lists; every event passes through the mapper both ways."""

    def __init__(self) -> None:
        self.keyring = MemoryKeyring()
        self._mapper = EventMapper(self.keyring)
        self._history: dict[UUID, list[StoredEvent]] = {}
        self._answers: dict[AnswerKey, Answer] = {}
        self._erased: set[UUID] = set()
        self._position = 0
        self.recognitions: list[StoredEvent] = []
        self.facts: list[Fact] = []
        self.descriptors: dict[UUID, DescriptorRow] = {}

    def load(self, originator_ids: Sequence[UUID]) -> Mapping[UUID, list[Any]]:
        """The domain events of each aggregate, in order; unknown ids are absent."""
        found = {i: self._history[i] for i in originator_ids if i in self._history}
        return {i: [self._mapper.to_domain_event(s) for s in found[i]] for i in found}

    def recognised(self, event_ids: Sequence[UUID]) -> Mapping[UUID, list[Any]]:
        """What was recorded of each event, in order and without what is personal."""
        found: dict[UUID, list[Any]] = {}
        for stored in self.recognitions:
            if stored.originator_id in event_ids:
                event, _ = self._mapper.decode(stored)
                found.setdefault(event.originator_id, []).append(event)
        return found

    def answers(self, keys: Iterable[AnswerKey]) -> Mapping[AnswerKey, Answer]:
        """Those of the answers that were given before."""
        return {key: self._told(self._answers[key]) for key in keys if key in self._answers}

    def _told(self, answer: Answer) -> Answer:
        return answer if self._erased.isdisjoint(answer.subjects) else replace(answer, result=None)

    def position(self) -> int:
        """The last committed position; 0 for an empty log."""
        return self._position

    def commit(self, batch: Batch) -> Committed:
        """All or nothing; raises `VersionConflict` and changes nothing."""
        self._check(batch)
        keys = self._new_keys(batch)
        history = [self._encode(event, keys, request) for event, request in batch.events]
        recognitions = [self._encode(e, keys, request) for e, request in batch.recognitions]
        self.keyring.keys.update(keys)
        for stored in history:
            assert isinstance(stored.originator_id, UUID)
            self._history.setdefault(stored.originator_id, []).append(stored)
        self.recognitions += recognitions
        events = enumerate([*batch.events, *batch.recognitions], self._position + 1)
        facts = [Fact(position, event, request) for position, (event, request) in events]
        self.facts += facts
        self._position += len(facts) + len(batch.announcements)
        self.descriptors.update({row.descriptor_id: row for row in batch.descriptors})
        for descriptor_id in batch.forgotten_descriptors:
            self.descriptors.pop(descriptor_id, None)
        for subject_id in batch.erased_subjects:
            if self.keyring.keys.pop(subject_id, None):
                self._erased.add(subject_id)
        self._answers.update(batch.answers)
        return Committed(facts, self._position, batch)

    def _check(self, batch: Batch) -> None:
        lengths = {i: len(self._history.get(i, ())) for i in batch.expected}
        if lengths != batch.expected or batch.answers.keys() & self._answers.keys():
            raise VersionConflict
        taken = {(s.originator_id, s.originator_version) for s in self.recognitions}
        if any((e.originator_id, e.originator_version) in taken for e, _ in batch.recognitions):
            raise VersionConflict
        for event, _ in batch.events:
            known = lengths.get(
                event.originator_id, len(self._history.get(event.originator_id, ()))
            )
            if event.originator_version != known + 1:
                raise VersionConflict
            lengths[event.originator_id] = known + 1

    def _new_keys(self, batch: Batch) -> dict[UUID, bytes]:
        subjects = {
            event.originator_id
            for event, _ in (*batch.events, *batch.recognitions)
            if personal_fields(type(event))
        }
        if erased := subjects & self._erased:
            raise SubjectErased(*erased)
        return {i: new_key() for i in subjects if i not in self.keyring.keys}

    def _encode(self, event: Any, keys: Mapping[UUID, bytes], request_id: str) -> StoredEvent:
        key = keys.get(event.originator_id) or self.keyring.keys.get(event.originator_id)
        return self._mapper.encode(event, key, request_id)
