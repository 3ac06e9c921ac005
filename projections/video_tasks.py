"""Video tasks as they are read, by clients and by those who work on them."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from psycopg.sql import SQL

from domain.stream_statuses import StreamStatus
from domain.video_tasks import VideoTask, VideoTaskNotFound
from projections.database import Reader, Row
from projections.table import Insert, Table, Update

VIDEO_TASKS = Table(
    "video_tasks",
    key="task_id",
    columns={
        "task_id": "uuid PRIMARY KEY",
        "account_id": "uuid NOT NULL",
        "content": "jsonb",
        "status": "text NOT NULL",
        "result_id": "uuid",
        "error": "text",
        "create_time": "timestamptz NOT NULL",
        "status_time": "timestamptz NOT NULL",
    },
    defaults={"status": StreamStatus.PENDING.value},
    indexes=("(status, create_time) WHERE status IN ('pending', 'in_progress')",),  # what is to do
    rules=[
        Insert(
            VideoTask.Created,
            *("account_id", "content"),
            create_time="timestamp",
            status_time="timestamp",
        ),
        Update(VideoTask.Passed, "status", "result_id", "error", status_time="timestamp"),
    ],
)

# Progress is no fact: it lies beside that of streams, which have other ids.
_SHOWN: Final = (
    "SELECT t.*, (p.video_info ->> 'progress')::float AS progress FROM video_tasks t "
    "LEFT JOIN stream_progress p ON p.stream_id = t.task_id "
)


def get_video_task(db: Reader, account_id: UUID | None, task_id: UUID) -> Row:
    """One task; refuses an unknown or foreign one."""
    mine = SQL("TRUE") if account_id is None else SQL("t.account_id = %s")
    values = [task_id] if account_id is None else [task_id, account_id]
    row = db.fetch_one(SQL(_SHOWN + "WHERE t.task_id = %s AND {}").format(mine), values)
    if row is None:
        raise VideoTaskNotFound(task_id)
    return row


def waiting_video_tasks(db: Reader, limit: int) -> list[Row]:
    """Tasks that nobody works on, the oldest first."""
    return db.fetch_all(
        "SELECT * FROM video_tasks WHERE status = 'pending' ORDER BY create_time LIMIT %s", [limit]
    )


def silent_video_tasks(db: Reader, now: datetime, silence: timedelta) -> list[Row]:
    """Tasks whose worker has said nothing for longer than `silence`."""
    return db.fetch_all(
        "SELECT t.task_id, t.account_id FROM video_tasks t LEFT JOIN stream_progress p "
        "ON p.stream_id = t.task_id WHERE t.status = 'in_progress' "
        "AND greatest(t.status_time, p.feedback_time) < %s LIMIT 100",
        [now - silence],
    )
