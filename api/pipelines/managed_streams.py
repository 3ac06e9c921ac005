"""Streams in the video manager's words: what is named in them is looked up and checked."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from api.pipelines.streams import groups_of
from api.schemas.managed_streams import ManagedStreamCreate
from domain.analytics import BadParameters, checked_parameters
from domain.human_tracking import HUMAN_TRACKING, HumanTracking
from domain.schedule_templates import MOST_INTERVALS, TooManyIntervals
from domain.shared.refusal import Refusal
from domain.streams_content.v6 import Schedule, StreamAnalytic, to_content
from projections.analytics import analytics_named
from projections.database import Reader
from projections.schedule_templates import get_template


class UnknownAnalytic(Refusal):
    """A stream names an analytic that nobody has registered for its account."""

    detail = "Analytic named '{}' not found"


def command_fields(body: ManagedStreamCreate, db: Reader, account_id: UUID) -> dict[str, Any]:
    """What the commands that make or replace a stream are told of it."""
    analytics = list(_checked(body.analytics, db, account_id))
    own = [HumanTracking.model_validate(one["parameters"]) for one in analytics
           if one["analytic_name"] == HUMAN_TRACKING]  # fmt: skip
    for one in own:
        _speaks_for_itself(one, account_id)
    tracking = own if len(own) == len(analytics) else ()
    schedules = [_sets(one.schedules, db, account_id) for one in body.analytics]
    if sum(len(told) for sets in schedules for told in sets.values()) > MOST_INTERVALS:
        raise TooManyIntervals(MOST_INTERVALS)
    return {
        "account_id": account_id,
        "name": body.name,
        "description": body.description,
        "location": body.location.as_dict(),
        "autorestart": body.autorestart.as_dict(),
        "group_ids": groups_of(db, account_id, body.group_id, body.group_name),
        "content": to_content(body.data, tracking, account_id),
        "of_v6": {
            "data": body.data.as_dict(),
            "analytics": analytics,
            "source": body.source,
            "notification_policy": body.notification_policy.as_dict(),
            "schedules": schedules if any(schedules) else [],
        },
    }


def times_of(schedule: Schedule, db: Reader, account_id: UUID) -> list[dict[str, str]]:
    """The times that a schedule names, those of a template as they are now; as JSON values."""
    if schedule.schedule_id is not None:
        named: list[dict[str, str]] = get_template(db, account_id, schedule.schedule_id)[
            "intervals"
        ]
        return named
    return [one.as_dict() for one in schedule.intervals or ()]


def _checked(
    wanted: Sequence[StreamAnalytic], db: Reader, account_id: UUID
) -> Iterator[dict[str, Any]]:
    """Each analytic with all of its parameters, the default ones where none are given."""
    known = analytics_named(db, account_id, [one.analytic_name for one in wanted])
    for one in wanted:
        name, given = one.analytic_name, one.parameters
        if name not in known:
            raise UnknownAnalytic(name)
        if name == HUMAN_TRACKING:
            parameters = _tracking(given)
        else:
            content = known[name]
            whole = {**content["default_parameters"], **given}
            parameters = checked_parameters(name, content["validation_schema"], whole)
        yield {"analytic_name": name, "parameters": parameters}


def _tracking(given: dict[str, Any]) -> dict[str, Any]:
    try:
        return HumanTracking.model_validate(given).as_dict()
    except ValidationError as wrong:
        first = wrong.errors(include_url=False, include_context=False)[0]
        path = ".".join(map(str, first["loc"]))
        raise BadParameters(HUMAN_TRACKING, path, first["msg"]) from None


def _speaks_for_itself(said: HumanTracking, account_id: UUID) -> None:
    """Refuse handlers that would be asked in the name of another account."""
    policy = said.parameters.event_policy
    named = None if policy is None or policy.authorization is None else policy.authorization
    if named is not None and named.account_id not in (None, account_id):
        path = "parameters.event_policy.authorization.account_id"
        raise BadParameters(HUMAN_TRACKING, path, "another account than the one that asks")


def _sets(
    schedules: Sequence[Schedule], db: Reader, account_id: UUID
) -> dict[str, list[dict[str, str]]]:
    return {str(i): times_of(one, db, account_id) for i, one in enumerate(schedules)}
