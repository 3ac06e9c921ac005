"""Templates of schedules as they are read."""

from typing import Annotated, Any
from uuid import UUID

from psycopg.sql import SQL

from domain.schedule_templates import ScheduleTemplate
from domain.schedules import ScheduleNotFound
from domain.shared.fields import written
from projections.database import Reader, Row, owned_by
from projections.filtering import CommaList, Filter, Where
from projections.table import Delete, Insert, Table, Update


def _intervals(event: Any) -> list[dict[str, str]]:
    return [{name: written(time) for name, time in one.items()} for one in event.intervals]


SCHEDULE_TEMPLATES = Table(
    "schedule_templates",
    key="schedule_id",
    columns={
        "schedule_id": "uuid PRIMARY KEY",
        "account_id": "uuid NOT NULL",
        "content": "jsonb NOT NULL",
        "intervals": "jsonb NOT NULL",
        "create_time": "timestamptz NOT NULL",
    },
    indexes=("(account_id, create_time, schedule_id)",),  # pages of one account, newest first
    rules=[
        Insert(
            ScheduleTemplate.Created,
            *("account_id", "content"),
            intervals=_intervals,
            create_time="timestamp",
        ),
        Update(ScheduleTemplate.Replaced, "content", intervals=_intervals),
        Delete(ScheduleTemplate.Deleted),
    ],
)


class TemplateFilter(Filter):
    """Which page of templates to show; the query parameters of `GET /6/schedules`."""

    schedule_ids: Annotated[list[UUID] | None, CommaList, Where("schedule_id = ANY(%s)")] = None


def list_templates(db: Reader, account_id: UUID | None, wanted: TemplateFilter) -> list[Row]:
    """One page, newest first."""
    owner, of_owner = owned_by(account_id)
    where, values = wanted.where()
    query = SQL(
        "SELECT * FROM schedule_templates WHERE {} AND {} "
        "ORDER BY create_time DESC, schedule_id DESC LIMIT %s OFFSET %s"
    ).format(owner, where)
    rows = db.fetch_all(query, [*of_owner, *values, wanted.page_size, wanted.offset])
    return [_shown(row) for row in rows]


def get_template(db: Reader, account_id: UUID | None, schedule_id: UUID) -> Row:
    """One template; refuses an unknown, foreign or deleted one."""
    owner, of_owner = owned_by(account_id)
    query = SQL("SELECT * FROM schedule_templates WHERE schedule_id = %s AND {}").format(owner)
    row = db.fetch_one(query, [schedule_id, *of_owner])
    if row is None:
        raise ScheduleNotFound(schedule_id)
    return _shown(row)


def _shown(row: Row) -> Row:
    content = row.pop("content")
    return {**row, **content, "create_time": written(row["create_time"])}
