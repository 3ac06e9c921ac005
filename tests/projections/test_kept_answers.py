"""Kept answers are sealed in the database, and those who look them up see the same."""

from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest

from domain.faces import Face
from domain.log.port import Answer, AnswerKey, Batch
from domain.log.sealing import MasterKey, SealBroken, new_key
from projections.answers import KeptAnswers
from projections.database import Reader
from projections.history import PostgresLog
from tests.support.life import opened
from tests.support.log import MASTER

ACCOUNT = uuid4()
KEY = AnswerKey(ACCOUNT, "k", "Command")


@pytest.fixture
def reader(dsn: str) -> Iterator[Reader]:
    made = Reader(dsn)
    made.open()
    yield made
    made.close()


def keep(log: PostgresLog) -> Answer:
    """Keep an answer about a new face."""
    face = Face(account_id=ACCOUNT, user_data="Ann")
    batch = Batch(events=[(event, "") for event in face.collect_events()])
    batch.answers[KEY] = Answer("f", b"her name is Ann", batch.subjects())
    log.commit(batch)
    return batch.answers[KEY]


def test_no_answer_is_stored_in_plain(dsn: str, log: PostgresLog) -> None:
    keep(log)
    other = AnswerKey(ACCOUNT, "of nobody", "Command")
    log.commit(Batch(answers={other: Answer("f", b"nobody in particular")}))

    with psycopg.connect(dsn) as connection:
        rows = connection.execute("SELECT result FROM answers").fetchall()
    assert len(rows) == 2
    assert not [result for (result,) in rows if b"Ann" in result or b"particular" in result]
    assert log.answers([other])[other].result == b"nobody in particular"


def test_requests_and_the_writer_see_the_same_answer(reader: Reader, log: PostgresLog) -> None:
    kept = KeptAnswers(reader, MASTER)
    assert kept.find(KEY) is None

    answer = keep(log)

    assert kept.find(KEY) == log.answers([KEY])[KEY] == answer


def test_an_answer_is_gone_for_all_when_another_process_erases(
    dsn: str, reader: Reader, log: PostgresLog
) -> None:
    answer = keep(log)
    with opened(dsn) as other:
        other.commit(Batch(erased_subjects=[*answer.subjects]))

    forgotten = Answer("f", None, answer.subjects)
    assert KeptAnswers(reader, MASTER).find(KEY) == log.answers([KEY])[KEY] == forgotten


def test_an_answer_opens_only_at_its_place_and_under_its_master_key(
    dsn: str, reader: Reader, log: PostgresLog
) -> None:
    log.commit(Batch(answers={KEY: Answer("f", b"said")}))
    moved = AnswerKey(ACCOUNT, "other", "Command")
    with psycopg.connect(dsn) as connection:
        connection.execute(
            "INSERT INTO answers (account_id, key, command, fingerprint, result, subject_ids) "
            "SELECT account_id, 'other', command, fingerprint, result, subject_ids FROM answers"
        )

    with pytest.raises(SealBroken):
        log.answers([moved])
    with pytest.raises(SealBroken):
        KeptAnswers(reader, MasterKey(new_key())).find(KEY)


def test_an_answer_from_before_they_were_sealed_is_given(
    dsn: str, reader: Reader, log: PostgresLog
) -> None:
    with psycopg.connect(dsn) as connection:
        connection.execute(
            "INSERT INTO answers (account_id, key, command, fingerprint, result) "
            "VALUES (%s, 'k', 'Command', 'f', 'said')",
            [ACCOUNT],
        )

    said = Answer("f", b"said")
    assert KeptAnswers(reader, MASTER).find(KEY) == log.answers([KEY])[KEY] == said
