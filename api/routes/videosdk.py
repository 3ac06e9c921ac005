"""Films by their URLs: what is computed of them, at once or as a task."""

import asyncio
from typing import Any, Final

from fastapi import APIRouter, Depends
from starlette.responses import Response

from api.authentication import AccountId, Caller, ChosenAccountId, permitted
from api.dependencies import ReadDb, Send, ServicesDep
from api.errors import answers
from api.http.answers import json_answer
from api.pipelines import videosdk as work
from api.schemas.videosdk import VideoAnswer, VideoSdkInput, VideoTaskMade, VideoTaskView
from api.url_guard import UrlRefused
from commands.video_tasks import CreateVideoTask
from domain.objects import ObjectNotFound
from domain.shared.fields import Id
from domain.shared.image_refusals import NoModelForRole
from domain.stream_statuses import as_number
from domain.video_tasks import VideoTaskNotFound
from projections import video_tasks

router = APIRouter(tags=["videosdk"])

_REFUSED: Final = answers(
    *(work.NoSuchFilmAnalytic, work.FilmRefused, work.FilmTooLong, work.TooManyFilms),
    *(UrlRefused, NoModelForRole, ObjectNotFound),
)


@router.post(
    "/videosdk",
    response_model=VideoAnswer | VideoTaskMade,
    responses=_REFUSED,
    dependencies=[Depends(permitted("resources", "view"))],
)
async def videosdk(
    body: VideoSdkInput,
    services: ServicesDep,
    send: Send,
    account_id: AccountId,
    caller: Caller,
) -> Response:
    """Compute analytics of a film: of an address, or of an object of the account (/6/objects/...).

    As a deferred task its answer is stored for later.
    """
    if work.stored_film(body) is not None:
        caller.demand("object", "view")
    if body.deferred_task is not None and body.deferred_task.enable:
        caller.demand("task", "creation")
        caller.demand("object", "creation")
        await work.check(body, services, account_id)
        task = CreateVideoTask(account_id=account_id, content=body.model_dump(mode="json"))
        return json_answer({"task_id": await send(task)})
    if services.films.locked():
        raise work.TooManyFilms(services.settings.limits.videos_at_once)
    async with services.films:
        patience_s = services.settings.limits.video_seconds
        return json_answer(await work.look_at(body, services, account_id, patience_s=patience_s))


@router.get(
    "/video/tasks/{task_id}",
    response_model=VideoTaskView,
    responses=answers(VideoTaskNotFound),
    dependencies=[Depends(permitted("task", "view"))],
)
async def get_video_task(task_id: Id, db: ReadDb, scope: ChosenAccountId) -> Any:
    """See where a video task stands, and where its result is."""
    row = await asyncio.to_thread(video_tasks.get_video_task, db, scope, task_id)
    told = {
        "task_id": task_id,
        "status": as_number(row["status"]),
        "progress": 1.0 if row["result_id"] else row["progress"],
        "error": row["error"],
    }
    if row["result_id"] is not None:
        told["result_url"] = f"/6/objects/{row['result_id']}"
    return json_answer(told)
