"""What may be asked of templates of schedules."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from commands.command import Command, CommandTable
from commands.store import Store
from domain.schedule_templates import ScheduleTemplate
from domain.shared.ids import new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateTemplate(Command[UUID]):
    """Make a template; answers its id. `content` is JSON, `intervals` are the times it names."""

    template_id: UUID = field(default_factory=new_id)
    content: dict[str, Any]
    intervals: tuple[dict[str, datetime], ...]


def create_template(cmd: CreateTemplate, store: Store) -> UUID:
    """Make the template."""
    made = ScheduleTemplate.with_id(
        cmd.template_id,
        account_id=cmd.account_id,
        content=cmd.content,
        intervals=list(cmd.intervals),
    )
    store.save(made)
    return made.id


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaceTemplate(Command[UUID]):
    """Have a template name other times; answers its id."""

    template_id: UUID
    content: dict[str, Any]
    intervals: tuple[dict[str, datetime], ...]


def replace_template(cmd: ReplaceTemplate, store: Store) -> UUID:
    """Replace the template whole."""
    template = store.get(ScheduleTemplate, cmd.template_id, cmd.account_id)
    template.replace(cmd.content, list(cmd.intervals))
    store.save(template)
    return template.id


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteTemplate(Command[None]):
    """Delete a template."""

    template_id: UUID


def delete_template(cmd: DeleteTemplate, store: Store) -> None:
    """Delete the template."""
    template = store.get(ScheduleTemplate, cmd.template_id, cmd.account_id)
    template.delete()
    store.save(template)


COMMANDS: CommandTable = {
    CreateTemplate: create_template,
    ReplaceTemplate: replace_template,
    DeleteTemplate: delete_template,
}
