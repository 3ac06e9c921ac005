"""Every read model of the program, on one screen."""

from projections.accounts import ACCOUNTS
from projections.agents import AGENTS
from projections.analytics import ANALYTICS
from projections.event_counts import EVENT_COUNTS
from projections.events import DELETED_EVENTS, EVENTS
from projections.faces import FACES
from projections.general_events import DELETED_GENERAL_EVENTS, GENERAL_EVENTS
from projections.handlers import HANDLERS
from projections.images import IMAGES
from projections.lists import LISTS
from projections.objects import OBJECTS
from projections.samples import SAMPLES
from projections.schedule_templates import SCHEDULE_TEMPLATES
from projections.schedules import SCHEDULES
from projections.stream_groups import STREAM_GROUPS
from projections.stream_logs import LOG_CLEARINGS, STREAM_LOGS
from projections.streams import STREAMS
from projections.table import Table
from projections.task_parts import SUBTASKS, TASK_ERRORS
from projections.tasks import TASKS
from projections.tokens import TOKENS
from projections.verifiers import VERIFIERS
from projections.video_tasks import VIDEO_TASKS

INLINE: tuple[Table, ...] = (
    ACCOUNTS,
    TOKENS,
    FACES,
    LISTS,
    SAMPLES,
    IMAGES,
    OBJECTS,
    HANDLERS,
    VERIFIERS,
    EVENTS,
    DELETED_EVENTS,
    GENERAL_EVENTS,
    DELETED_GENERAL_EVENTS,
    AGENTS,
    ANALYTICS,
    STREAM_GROUPS,
    STREAMS,
    STREAM_LOGS,
    LOG_CLEARINGS,
    TASKS,
    SUBTASKS,
    TASK_ERRORS,
    SCHEDULES,
    SCHEDULE_TEMPLATES,
    VIDEO_TASKS,
)
"""Kept in the writer's own transaction, so that a client reads its own write at once."""

CATCH_UP: tuple[Table, ...] = (EVENT_COUNTS,)
"""Kept behind the log by one process of all (`projections/runner.py`): statistics."""
