"""Bodies about templates of schedules."""

from uuid import UUID

from pydantic import BaseModel

from domain.schedule_templates import TemplateContent
from domain.shared.fields import Id, Time
from projections.schedule_templates import TemplateFilter


class Interval(BaseModel):
    """A stretch of time."""

    start_time: Time
    end_time: Time


class Intervals(BaseModel):
    """Stretches of time in their order."""

    intervals: list[Interval]


class TemplateMade(Intervals):
    """A template that was just made or replaced, and the times it names."""

    schedule_id: UUID


class TemplateView(TemplateContent):
    """A template, and the times it names."""

    schedule_id: UUID
    account_id: UUID
    create_time: Time
    intervals: list[Interval]


class TemplatesPage(BaseModel):
    """A page of templates."""

    schedules: list[TemplateView]


class TemplatesQuery(TemplateFilter):
    """The query parameters of a list of templates."""

    account_id: Id | None = None
