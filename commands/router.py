"""Every command of the program, on one screen."""

from collections.abc import Mapping

from commands import (
    accounts,
    agents,
    analytics,
    events,
    faces,
    general_events,
    handlers,
    images,
    lists,
    objects,
    recognitions,
    repeated,
    samples,
    schedule_templates,
    schedules,
    stream_groups,
    stream_processing,
    streams,
    tasks,
    tokens,
    track_callbacks,
    verifiers,
    video_tasks,
)
from commands.command import CommandTable
from domain.shared.refusal import Refusal

COMMANDS: CommandTable = {
    **accounts.COMMANDS,
    **agents.COMMANDS,
    **analytics.COMMANDS,
    **events.COMMANDS,
    **faces.COMMANDS,
    **general_events.COMMANDS,
    **handlers.COMMANDS,
    **images.COMMANDS,
    **lists.COMMANDS,
    **objects.COMMANDS,
    **recognitions.COMMANDS,
    **repeated.COMMANDS,
    **samples.COMMANDS,
    **stream_groups.COMMANDS,
    **stream_processing.COMMANDS,
    **streams.COMMANDS,
    **schedule_templates.COMMANDS,
    **schedules.COMMANDS,
    **tasks.COMMANDS,
    **tokens.COMMANDS,
    **track_callbacks.COMMANDS,
    **verifiers.COMMANDS,
    **video_tasks.COMMANDS,
}

UNIQUE: Mapping[str, type[Refusal]] = {
    **accounts.UNIQUE,
    **analytics.UNIQUE,
    **stream_groups.UNIQUE,
}
"""What is said when a unique rule of a read model forbids a command."""
