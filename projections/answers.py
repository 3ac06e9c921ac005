"""Answers that were given under an idempotency key, sealed for as long as they are kept.

The key of an answer is made of the master key and of the keys of all subjects that it tells of,
so that destroying one of these destroys the answer.
"""

import hmac
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from psycopg import Connection

from domain.log.port import Answer, AnswerKey
from domain.log.sealing import MasterKey, seal, unseal
from projections.database import Reader

_INSERT: Final = """INSERT INTO answers
    (account_id, key, command, fingerprint, result, subject_ids)
    SELECT account_id, key, command, fingerprint, result, subject_ids::uuid[]
    FROM unnest(%b::uuid[], %b::text[], %b::text[], %b::text[], %b::bytea[], %b::text[])
    AS made (account_id, key, command, fingerprint, result, subject_ids)"""
# Always from the table: what is remembered elsewhere may have been destroyed since.
_FIND: Final = """SELECT fingerprint, result, subject_ids, ARRAY(
        SELECT wrapped FROM unnest(subject_ids) WITH ORDINALITY AS told (id, place)
        LEFT JOIN subject_keys ON subject_id = id ORDER BY place
    ) AS wrapped FROM answers WHERE account_id = %b AND key = %b AND command = %b"""


class AnswerSeals:
    """Seals answers, and opens those whose subjects all have their keys."""

    def __init__(self, master: MasterKey) -> None:
        self._master = master
        self._secret = master.derive(b"answers")

    def write(
        self,
        connection: Connection[Any],
        answers: Mapping[AnswerKey, Answer],
        keys: Mapping[UUID, bytes],
    ) -> None:
        """Store new answers; `keys` are those of all their subjects."""
        columns: list[list[Any]] = [
            [key.account_id for key in answers],
            [key.key for key in answers],
            [key.command for key in answers],
            [answer.fingerprint for answer in answers.values()],
            [self._sealed(key, answer, keys) for key, answer in answers.items()],
            [f"{{{','.join(map(str, answer.subjects))}}}" for answer in answers.values()],
        ]
        connection.execute(_INSERT, columns)

    def find(self, connection: Connection[Any], key: AnswerKey) -> Answer | None:
        """What the first request with the key was answered, if there was one."""
        row = connection.execute(_FIND, _values(key), binary=True).fetchone()
        return None if row is None else self.opened(key, *row)

    def opened(
        self,
        key: AnswerKey,
        fingerprint: str,
        result: bytes,
        subjects: Sequence[UUID] | None,
        wrapped: Sequence[bytes | None],
    ) -> Answer:
        """An answer as it was stored, with the keys that its subjects have now."""
        if subjects is None:
            return Answer(fingerprint, bytes(result))
        told = tuple(subjects)
        if None in wrapped:
            return Answer(fingerprint, None, told)
        unwrap = self._master.unwrap
        keys = [unwrap(i, w) for i, w in zip(told, wrapped, strict=True) if w is not None]
        plain = unseal(self._key_of(keys), bytes(result), _place(key))
        return Answer(fingerprint, plain, told)

    def _sealed(self, key: AnswerKey, answer: Answer, keys: Mapping[UUID, bytes]) -> bytes:
        assert answer.result is not None
        own = self._key_of([keys[subject] for subject in answer.subjects])
        return seal(own, answer.result, _place(key))

    def _key_of(self, keys: Sequence[bytes]) -> bytes:
        return hmac.digest(self._secret, b"".join(keys), "sha256")


class KeptAnswers:
    """Answers as requests look them up before they are worked on; for any number of threads."""

    def __init__(self, reader: Reader, master: MasterKey) -> None:
        self._reader = reader
        self._seals = AnswerSeals(master)

    def find(self, key: AnswerKey) -> Answer | None:
        """What the first request with the key was answered, if there was one."""
        row = self._reader.fetch_one(_FIND, _values(key))
        return None if row is None else self._seals.opened(key, *row.values())


def _values(key: AnswerKey) -> list[Any]:
    return [key.account_id, key.key, key.command]


def _place(key: AnswerKey) -> bytes:
    return b"\0".join([key.account_id.bytes, key.command.encode(), key.key.encode()])
