"""Streams as the video manager finds them: by its statuses, and for its agents."""

from typing import Annotated, Any, Final, Literal
from uuid import UUID

from psycopg.sql import SQL, Composable
from pydantic import Field

from domain.shared.fields import Id, Source, Time, UserData
from domain.stream_statuses import OUT_OF_HOURS, with_numbers
from domain.streams_content.parts import Reference
from projections.database import Reader, Row
from projections.filtering import CommaList, Conditions, Page, Where
from projections.stream_groups import LongPageSize
from projections.streams import AT_WORK, ORDERS, SHOWN, of_account

Status = Annotated[int, Field(ge=0, le=8)]
_ASLEEP: Final = f"(s.status IN ('pending', 'in_progress') AND NOT {AT_WORK})"


class ManagedConditions(Conditions):
    """Which streams are meant; the query parameters of `GET /6/streams/count`."""

    stream_ids: Annotated[list[UUID] | None, CommaList, Where("s.stream_id = ANY(%s)")] = None
    names: Annotated[list[UserData] | None, CommaList, Where("s.name = ANY(%s)")] = None
    reference: Annotated[Reference | None, Where("s.reference = %s")] = None
    sources: Annotated[list[Source] | None, CommaList, Where("s.source = ANY(%s)")] = None
    create_time__gte: Annotated[Time | None, Where("s.create_time >= %s")] = None
    create_time__lt: Annotated[Time | None, Where("s.create_time < %s")] = None
    splittable: Annotated[int | None, Field(ge=0, le=1), Where("%s = 0")] = None
    statuses: Annotated[list[Status] | None, CommaList] = None
    account_id: Id | None = None

    def conditions(self) -> tuple[list[Composable], list[Any]]:
        """The conditions that are on, and their values in the same order."""
        clauses, values = super().conditions()
        if self.statuses is not None:
            asleep = " OR " + _ASLEEP if OUT_OF_HOURS in self.statuses else ""
            stands = f"((s.status = ANY(%s) AND NOT {_ASLEEP}){asleep})"
            clauses.append(SQL(stands).format())
            values.append(with_numbers(self.statuses))
        return clauses, values


_OF_NAME: Final = (
    "EXISTS (SELECT FROM stream_groups g WHERE g.group_id = ANY(s.group_ids) AND g.group_name = %s)"
)


class ManagedFilter(ManagedConditions, Page):
    """Which page of streams to find; query parameters of `GET /6/streams`."""

    stream_id__gte: Annotated[UUID | None, Where("s.stream_id >= %s")] = None
    stream_id__lt: Annotated[UUID | None, Where("s.stream_id < %s")] = None
    group_name: Annotated[str | None, Where(_OF_NAME)] = None
    group_id: Annotated[UUID | None, Where("%s = ANY(s.group_ids)")] = None
    order: Literal["asc", "desc"] = "asc"
    page_size: LongPageSize = 10


def list_managed(db: Reader, account_id: UUID | None, wanted: ManagedFilter) -> list[Row]:
    """One page, oldest first unless asked otherwise."""
    owner, of_owner = of_account(account_id)
    where, values = wanted.where()
    query = SQL(SHOWN + "WHERE {} AND {} ORDER BY {} LIMIT %s OFFSET %s")
    return db.fetch_all(
        query.format(owner, where, ORDERS[wanted.order]),
        [*of_owner, *values, wanted.page_size, wanted.offset],
    )


def count_managed(db: Reader, account_id: UUID | None, wanted: ManagedConditions) -> int:
    """How many streams pass all conditions."""
    owner, of_owner = of_account(account_id)
    where, values = wanted.where()
    query = SQL("SELECT count(*) FROM streams s WHERE {} AND {}").format(owner, where)
    return int(db.fetch_value(query, [*of_owner, *values]))
