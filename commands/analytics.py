"""What may be asked of analytics."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from commands.command import Command, CommandTable
from commands.store import Store
from domain.analytics import Analytic, AnalyticNameTaken
from domain.human_tracking import OWN_NAMES
from domain.shared.ids import new_id
from domain.shared.refusal import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateAnalytic(Command[UUID]):
    """Register an analytic; answers its id."""

    analytic_id: UUID = field(default_factory=new_id)
    content: dict[str, Any]


def create_analytic(cmd: CreateAnalytic, store: Store) -> UUID:
    """Make the analytic; that its name is free in the account is known when it is committed."""
    _not_everybodys(cmd.content)
    made = Analytic.with_id(cmd.analytic_id, account_id=cmd.account_id, content=cmd.content)
    store.save(made)
    return made.id


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaceAnalytic(Command[None]):
    """Make an analytic another one under the same id."""

    analytic_id: UUID
    content: dict[str, Any]


def replace_analytic(cmd: ReplaceAnalytic, store: Store) -> None:
    """Replace the analytic whole."""
    analytic = store.get(Analytic, cmd.analytic_id, cmd.account_id)
    _not_everybodys(cmd.content)
    analytic.replace(cmd.content)
    store.save(analytic)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteAnalytics(Command[None]):
    """Delete those of the analytics that are there."""

    analytic_ids: tuple[UUID, ...]


def delete_analytics(cmd: DeleteAnalytics, store: Store) -> None:
    """Delete the analytics."""
    found = store.find_many(Analytic, tuple(dict.fromkeys(cmd.analytic_ids)), cmd.account_id)
    for analytic in found:
        analytic.delete()
    store.save(*found)


def _not_everybodys(content: Mapping[str, Any]) -> None:
    if content["analytic_name"] in OWN_NAMES:
        raise AnalyticNameTaken(content["analytic_name"])


COMMANDS: CommandTable = {
    CreateAnalytic: create_analytic,
    ReplaceAnalytic: replace_analytic,
    DeleteAnalytics: delete_analytics,
}

UNIQUE: Mapping[str, type[Refusal]] = {"analytics_name": AnalyticNameTaken}
"""What is said when a unique rule of the read model forbids a command."""
