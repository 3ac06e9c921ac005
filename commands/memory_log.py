"""The log in memory: the twin of the Postgres one, for tests of rules and of the writer."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from domain.log.facts import DescriptorRow, Fact
from domain.log.mapper import EventMapper
from domain.log.port import Answer, AnswerKey, Batch, Committed, VersionConflict
from domain.log.sealing import MemoryKeyring, new_key
from domain.shared.owned import personal_fields


class MemoryLog:
    """Keeps encoded events in lists; every event passes through the mapper both ways."""

    def __init__(self) -> None:
        self.keyring = MemoryKeyring()
        self._mapper = EventMapper(self.keyring)
        self._history: dict[UUID, list[Any]] = {}
        self._answers: dict[AnswerKey, Answer] = {}
        self.facts: list[Fact] = []
        self.descriptors: dict[UUID, DescriptorRow] = {}

    def load(self, originator_ids: Sequence[UUID]) -> Mapping[UUID, list[Any]]:
        """The domain events of each aggregate, in order; unknown ids are absent."""
        found = {i: self._history[i] for i in originator_ids if i in self._history}
        return {i: [self._mapper.to_domain_event(s) for s in found[i]] for i in found}

    def answers(self, keys: Iterable[AnswerKey]) -> Mapping[AnswerKey, Answer]:
        """Those of the answers that were given before."""
        return {key: self._answers[key] for key in keys if key in self._answers}

    def position(self) -> int:
        """The last committed position; 0 for an empty log."""
        return len(self.facts)

    def commit(self, batch: Batch) -> Committed:
        """All or nothing; raises `VersionConflict` and changes nothing."""
        lengths = {i: len(self._history.get(i, ())) for i in batch.expected}
        if lengths != batch.expected:
            raise VersionConflict
        for event, _ in batch.events:
            known = lengths.get(
                event.originator_id, len(self._history.get(event.originator_id, ()))
            )
            if event.originator_version != known + 1:
                raise VersionConflict
            lengths[event.originator_id] = known + 1
        facts: list[Fact] = []
        for event, request_id in [*batch.events, *batch.recognitions]:
            if personal_fields(type(event)):
                self.keyring.keys.setdefault(event.originator_id, new_key())
            stored = self._mapper.to_stored_event(event)
            self._history.setdefault(event.originator_id, []).append(stored)
            facts.append(Fact(len(self.facts) + len(facts) + 1, event, request_id))
        self.facts += facts
        self.descriptors.update({row.descriptor_id: row for row in batch.descriptors})
        for descriptor_id in batch.forgotten_descriptors:
            self.descriptors.pop(descriptor_id, None)
        self._answers.update(batch.answers)
        return Committed(facts, self.position(), batch)
