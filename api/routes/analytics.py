"""Analytics: what agents compute of streams."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from api.authentication import AccountId, ChosenAccountId, MaybeAccountId, chosen_of, permitted
from api.dependencies import ReadDb, Send
from api.errors import answers
from api.http.answers import file_answer, json_answer
from api.schemas.analytics import (
    AnalyticCreated,
    AnalyticsPage,
    AnalyticsToDelete,
    AnalyticView,
    shown,
)
from commands.analytics import CreateAnalytic, DeleteAnalytics, ReplaceAnalytic
from domain.analytics import AnalyticContent, AnalyticNameTaken, AnalyticNotFound
from domain.shared.fields import Id
from projections import analytics

router = APIRouter(prefix="/analytics", tags=["analytics"])

_MISSING: Final = answers(AnalyticNotFound)
_VIEW: Final = Depends(permitted("video_analytic", "view"))
_MAKE: Final = Depends(permitted("video_analytic", "creation"))
_EDIT: Final = Depends(permitted("video_analytic", "modification"))
_DELETE: Final = Depends(permitted("video_analytic", "deletion"))


@router.post(
    "",
    status_code=201,
    response_model=AnalyticCreated,
    responses=answers(AnalyticNameTaken),
    dependencies=[_MAKE],
)
async def create_analytic(body: AnalyticContent, send: Send, account_id: AccountId) -> Response:
    """Register an analytic; its name is the only one of the account."""
    made = CreateAnalytic(account_id=account_id, content=body.as_dict())
    try:
        analytic_id = await send(made)
    except AnalyticNameTaken:
        raise AnalyticNameTaken(body.analytic_name) from None
    place = {"Location": f"/6/analytics/{analytic_id}"}
    return json_answer({"analytic_id": analytic_id}, 201, place)


@router.get("", response_model=AnalyticsPage, dependencies=[_VIEW])
def get_analytics(
    db: ReadDb, account_id: MaybeAccountId, wanted: Annotated[analytics.AnalyticFilter, Query()]
) -> Response:
    """Find analytics, oldest first; those for everybody are among them."""
    rows = analytics.list_analytics(db, chosen_of(account_id, wanted.account_id), wanted)
    return json_answer({"analytics": [shown(row) for row in rows]})


@router.delete("", status_code=204, dependencies=[_DELETE])
async def delete_analytics(body: AnalyticsToDelete, send: Send, account_id: AccountId) -> None:
    """Remove those of the analytics that are there."""
    await send(DeleteAnalytics(account_id=account_id, analytic_ids=tuple(body.analytic_ids)))


@router.get("/{analytic_id}", response_model=AnalyticView, responses=_MISSING, dependencies=[_VIEW])
def get_analytic(analytic_id: Id, db: ReadDb, account_id: ChosenAccountId) -> Response:
    """Get an analytic."""
    return json_answer(shown(analytics.get_analytic(db, account_id, analytic_id)))


@router.get(
    "/{analytic_id}/documentation",
    response_class=Response,
    responses={**_MISSING, 200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
    dependencies=[_VIEW],
)
def get_analytic_documentation(
    analytic_id: Id, db: ReadDb, account_id: ChosenAccountId
) -> Response:
    """Read what the analytic's maker says of it: plain text, whatever is in it."""
    text = analytics.get_analytic(db, account_id, analytic_id)["content"]["documentation"]
    return file_answer(text.encode(), "text/plain; charset=utf-8")


@router.put(
    "/{analytic_id}",
    status_code=204,
    responses=answers(AnalyticNotFound, AnalyticNameTaken),
    dependencies=[_EDIT],
)
async def replace_analytic(
    analytic_id: Id, body: AnalyticContent, send: Send, account_id: AccountId
) -> None:
    """Replace an analytic whole; streams that are there keep their parameters."""
    put = ReplaceAnalytic(account_id=account_id, analytic_id=analytic_id, content=body.as_dict())
    try:
        await send(put)
    except AnalyticNameTaken:
        raise AnalyticNameTaken(body.analytic_name) from None
