"""What workers say of streams while they work: no fact, and gone after a crash of the server."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from psycopg.sql import SQL
from psycopg.types.json import Jsonb

from projections.database import Reader, owned_by

STREAM_PROGRESS: Final = (
    """CREATE UNLOGGED TABLE IF NOT EXISTS stream_progress (
        stream_id uuid PRIMARY KEY,
        stream_version bigint NOT NULL,
        feedback_time timestamptz NOT NULL DEFAULT now(),
        video_info jsonb,
        preview jsonb
    )""",
)
"""The statements that make the table."""


def keep_progress(db: Reader, reports: Sequence[Mapping[str, Any]]) -> None:
    """Note the last word on each stream: stream_id, version, video_info and preview or None."""
    for report in reports:
        info, preview = (report[name] for name in ("video_info", "preview"))
        db.execute(
            "INSERT INTO stream_progress VALUES (%s, %s, now(), %s, %s) "
            "ON CONFLICT (stream_id) DO UPDATE SET stream_version = excluded.stream_version, "
            "feedback_time = excluded.feedback_time, video_info = excluded.video_info, "
            "preview = coalesce(excluded.preview, stream_progress.preview)",
            [
                report["stream_id"],
                report["version"],
                None if info is None else Jsonb(info),
                None if preview is None else Jsonb(preview),
            ],
        )


def forget_progress(db: Reader, stream_ids: Sequence[UUID]) -> None:
    """Forget what was said of streams that are gone."""
    db.execute("DELETE FROM stream_progress WHERE stream_id = ANY(%s)", [list(stream_ids)])


def standings(
    db: Reader, account_id: UUID | None, ids: Sequence[UUID]
) -> dict[UUID, tuple[str, int]]:
    """Status and version of those of the streams that are there."""
    owner, of_owner = owned_by(account_id)
    query = SQL(
        "SELECT stream_id, status, stream_version FROM streams WHERE stream_id = ANY(%s) AND {}"
    ).format(owner)
    rows = db.fetch_all(query, [list(ids), *of_owner])
    return {row["stream_id"]: (row["status"], row["stream_version"]) for row in rows}
