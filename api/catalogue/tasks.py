"""The refusals of tasks and schedules, and what tasks keep as their errors."""

from api.catalogue.entry import BAD_INPUT, NOT_FOUND, Entries, Entry
from domain.schedule_templates import TooManyIntervals
from domain.schedules import ScheduleNotFound
from domain.task_errors import (
    TaskBroke,
    TaskErrorNotFound,
    TaskInterrupted,
    TaskNotFound,
    TaskResultNotFound,
)

ENTRIES: Entries = {
    TaskNotFound: Entry(90100, 404, NOT_FOUND),
    TaskErrorNotFound: Entry(90101, 404, NOT_FOUND),
    TaskResultNotFound: Entry(13007, 404, NOT_FOUND),
    TaskBroke: Entry(90102, 500, "Internal server error"),
    ScheduleNotFound: Entry(90104, 404, NOT_FOUND),
    TooManyIntervals: Entry(90105, 400, BAD_INPUT),
    TaskInterrupted: Entry(90103, 500, "Internal server error"),
}
