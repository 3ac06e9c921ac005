"""Streams that the supervisor looks after."""

from datetime import datetime, timedelta

from domain.stream_statuses import FATAL_ERRORS
from projections.database import Reader, Row


def silent_streams(db: Reader, now: datetime, silence: timedelta) -> list[Row]:
    """Streams whose worker has said nothing for longer than `silence`."""
    return db.fetch_all(
        "SELECT s.stream_id, s.account_id FROM streams s LEFT JOIN stream_progress p "
        "ON p.stream_id = s.stream_id WHERE s.status = 'in_progress' "
        "AND greatest(s.status_time, p.feedback_time) < %s ORDER BY s.status_time LIMIT 1000",
        [now - silence],
    )


def failed_streams(db: Reader, now: datetime) -> list[Row]:
    """Failed streams that may have to be tried again by now."""
    return db.fetch_all(
        "SELECT stream_id, account_id FROM streams WHERE status = 'failure' "
        "AND (autorestart ->> 'restart')::int = 1 AND NOT coalesce(error = ANY(%s), false) "
        "AND (attempt < (autorestart ->> 'attempt_count')::int OR attempt_time + "
        "make_interval(secs => (autorestart ->> 'delay')::int) < status_time) "
        "AND status_time + make_interval(secs => (autorestart ->> 'delay')::int) <= %s "
        "ORDER BY status_time LIMIT 1000",
        [sorted(FATAL_ERRORS), now],
    )


def shifting_streams(db: Reader, now: datetime) -> list[Row]:
    """Streams that were handed over until now, since others of their analytics work then."""
    return db.fetch_all(
        "SELECT stream_id, account_id FROM streams WHERE until <= %s AND status = 'in_progress' "
        "ORDER BY until LIMIT 1000",
        [now],
    )
