"""Bodies about analytics."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field

from api.schemas.streams import MOST
from domain.shared.fields import Id, Record, Time, written
from projections.database import Row


class AnalyticsToDelete(Record):
    """Analytics by their ids."""

    analytic_ids: Annotated[list[Id], Field(max_length=MOST)]


class AnalyticCreated(BaseModel):
    """A new analytic."""

    analytic_id: UUID


class AnalyticView(BaseModel):
    """An analytic; its documentation is read on its own."""

    analytic_id: UUID
    account_id: UUID
    analytic_name: str
    analytic_version: int
    description: str
    default_parameters: dict[str, Any]
    validation_schema: dict[str, Any]
    create_time: Time
    last_update_time: Time


class AnalyticsPage(BaseModel):
    """One page of analytics."""

    analytics: list[AnalyticView]


def shown(row: Row) -> dict[str, Any]:
    """The contract's analytic."""
    told = {k: v for k, v in row["content"].items() if k != "documentation"}
    ids = {name: row[name] for name in ("analytic_id", "account_id")}
    times = {name: written(row[name]) for name in ("create_time", "last_update_time")}
    return {**ids, **told, **times}
