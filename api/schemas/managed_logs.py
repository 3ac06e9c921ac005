"""Records of streams, in the video manager's words."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from domain.shared.fields import CommaList, Id, Time, written
from domain.stream_statuses import as_number, with_numbers
from projections.database import Row
from projections.filtering import Conditions, Page
from projections.managed_streams import Status
from projections.stream_groups import LongPageSize
from projections.stream_logs import LogFilter

LogTarget = Literal["stream_id", "status", "error", "log_time", "version"]


class ManagedLogsQuery(Conditions, Page):
    """Which page of records to show, and what of them; the query parameters of `GET .../logs`.

    Records are of whole streams, so those of any of their analytics are all of them.
    """

    stream_ids: Annotated[list[UUID] | None, CommaList] = None
    statuses: Annotated[list[Status] | None, CommaList] = None
    log_time__gte: Time | None = None
    log_time__lt: Time | None = None
    analytic_indexes: Annotated[list[Annotated[int, Field(ge=0)]] | None, CommaList] = None
    account_id: Id | None = None
    targets: Annotated[list[LogTarget] | None, CommaList] = None
    page_size: LongPageSize = 10

    @property
    def of_all(self) -> LogFilter:
        """The same in the words of all logs."""
        statuses = None if self.statuses is None else with_numbers(self.statuses)
        return LogFilter.model_validate(
            {
                **self.model_dump(exclude={"analytic_indexes", "targets", "statuses"}),
                "statuses": statuses,
            }
        )


def shown_log(row: Row, targets: list[LogTarget] | None) -> dict[str, Any]:
    """What the video manager tells of a record."""
    told = {
        "stream_id": row["stream_id"],
        "status": as_number(row["status"]),
        "error": row["error"],
        "log_time": written(row["log_time"]),
        "version": row["stream_version"],
    }
    return {name: told[name] for name in targets} if targets else told
