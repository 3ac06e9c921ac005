"""Answers that were given under an idempotency key."""

from domain.log.port import Answer, AnswerKey
from projections.database import Reader


def find_answer(db: Reader, key: AnswerKey) -> Answer | None:
    """What the first request with the key was answered, if there was one."""
    row = db.fetch_one(
        "SELECT fingerprint, result FROM answers "
        "WHERE account_id = %s AND key = %s AND command = %s",
        [key.account_id, key.key, key.command],
    )
    return None if row is None else Answer(row["fingerprint"], bytes(row["result"]))
