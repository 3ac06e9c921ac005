"""Whether streams are to stop or to go on: clients say it in the body or in the query."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Query

from api.http.refusals import BadQuery
from api.schemas.managed_streams import Action, Direction


@dataclass(frozen=True, slots=True)
class _Said:
    """What was said in either place."""

    actions: frozenset[Action]

    @property
    def stops(self) -> bool:
        """Whether streams are to stop; refuses none and two actions."""
        if len(self.actions) != 1:
            raise BadQuery("action")
        return "pause" in self.actions


async def _said(
    body: Direction | None = None, action: Annotated[Action | None, Query()] = None
) -> _Said:
    both = (body.action if body else None, action)
    return _Said(frozenset(one for one in both if one is not None))


ActionWanted = Annotated[_Said, Depends(_said)]
"""The one action that a request names; it is judged after the ids in the path."""
