"""Estimator tasks: the images of an archive, a bucket or a directory through a handler."""

import asyncio
import hashlib
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, ClassVar, Final, TypeVar
from uuid import UUID, uuid5

import orjson

from api.dependencies import SendFunction
from api.http.negotiation import JSON
from api.images_in_request import RequestImage
from api.pipelines.compose_events import Told
from api.pipelines.handle_images import HandlerRun
from api.pipelines.match_candidates import match_stage
from api.pipelines.repeat import answered_before
from api.workers.tasks.kind import PartDone, PartError, TaskResult, Work
from api.workers.tasks.open_source import opened
from api.workers.tasks.steps import TRANSIENT
from commands.command import Command, RequestContext
from commands.recognitions import StoreRecognitions
from commands.refusals import AnswerForgotten
from domain.estimator_task import (
    EstimatorContent,
    ImageOfSourceRefused,
    KnownHandler,
    NoImagesInSource,
)
from domain.handlers import policies_to_run
from domain.policies.policies import Policies
from domain.shared.detections import ImageType
from domain.shared.fields import Record
from domain.shared.image_refusals import ModelsBusy, NoModelForRole
from domain.shared.refusal import Refusal
from domain.task_errors import task_key
from projections.handlers import get_handler

R = TypeVar("R")

_OF_A_PART: Final = 500
_MOST_PARTS: Final = 300
_AT_ONCE: Final = 8
_OF_ALL_IMAGES: Final = (*TRANSIENT, NoModelForRole)


class Estimator:
    """Makes events of every image as if it were sent to a handler, each image by itself."""

    name: ClassVar[str] = "estimator"
    number: ClassVar[int] = 9
    content: ClassVar[type[Record]] = EstimatorContent
    partial: ClassVar[bool] = True

    def split(self, work: Work, content: EstimatorContent) -> Sequence[Mapping[str, Any]]:
        """Parts of some hundred images each: from one name on, up to another."""
        _recipe(work, content)
        with opened(work, content.source) as source:
            names = source.names()
        if not names:
            raise NoImagesInSource
        size = max(_OF_A_PART, -(-len(names) // _MOST_PARTS))
        shown = {"source": {"source_type": content.source.source_type}}
        bounds = pairwise([*names[::size], None])
        return [{**shown, "first": first, "until": until} for first, until in bounds]

    def run(self, work: Work, content: EstimatorContent, part: Mapping[str, Any]) -> PartDone:
        """The answers of the handler, image by image, and which images could not be used."""
        handler = _recipe(work, content)
        answers: list[Any] = []
        errors: list[PartError] = []
        with opened(work, content.source) as source:
            names = [name for name in source.names() if _is_of(name, part)]
            for start in range(0, len(names), _AT_ONCE):
                work.check()
                some = names[start : start + _AT_ONCE]
                images = [
                    _image(name, data, source.origin(name))
                    for name, data in zip(some, source.read(some), strict=True)
                ]
                for image, answer in zip(images, work.wait(handler.answers(images)), strict=True):
                    if isinstance(answer, Refusal):
                        errors.append(PartError(answer, image.filename))
                        continue
                    answers.append(answer)
                    errors += _troubles(answer)
        return PartDone(answers, errors)

    def merge(self, work: Work, content: EstimatorContent, results: Iterable[Any]) -> TaskResult:
        """All answers in one JSON list, written one by one."""
        path = work.folder / "answers.json"
        with path.open("wb") as file:
            separator = b"["
            for part in results:
                for answer in part:
                    file.write(separator + orjson.dumps(answer))
                    separator = b","
            file.write(b"]" if separator == b"," else b"[]")
        return TaskResult(file=path, content_type=JSON)


@dataclass(frozen=True, slots=True)
class _Handler:
    """A handler for the images of one task."""

    work: Work
    handler_id: UUID
    policies: Policies
    image_type: ImageType

    async def answers(self, images: Sequence[RequestImage]) -> list[dict[str, Any] | Refusal]:
        """What the handler answers to each image, or why it does not."""
        answers = [asyncio.ensure_future(self._answer(image)) for image in images]
        try:
            return list(await asyncio.gather(*answers))
        finally:  # when one breaks the others still come to their end within the part
            await asyncio.wait(answers)

    async def _answer(self, image: RequestImage) -> dict[str, Any] | Refusal:
        """The events of one image; those of an image that was done before are not made again."""
        if image.error is not None:
            return image.error
        services, account_id = self.work.services, self.work.account_id
        digest = hashlib.sha256(image.filename.encode()).hexdigest()
        context = RequestContext("", f"task {self.work.task_id} {digest}", digest)
        kept = services.kept_answers
        try:
            known = await answered_before(kept, context, account_id, StoreRecognitions)
        except AnswerForgotten as forgotten:  # an earlier attempt made events, deleted since
            return forgotten
        if known is not None:
            return known

        def send(command: Command[R]) -> Awaitable[R]:
            return services.writer.send(command, context)

        patience_s = 0.1
        while True:
            try:
                return await self._run(send).answer([image])
            except ModelsBusy:  # clients come first
                await asyncio.to_thread(self.work.check)
                await asyncio.sleep(patience_s)
                patience_s = min(2 * patience_s, 5.0)
            except _OF_ALL_IMAGES:
                raise
            except Refusal as refusal:
                return refusal

    def _run(self, send: SendFunction) -> HandlerRun:
        now = datetime.now(UTC)
        return HandlerRun(
            services=self.work.services,
            matching=match_stage(self.work.services),
            send=send,
            account_id=self.work.account_id,
            handler_id=self.handler_id,
            request_id="",
            policies=self.policies,
            told=Told(now=now, create_time=now, end_time=now),
            image_type=self.image_type,
        )


def _recipe(work: Work, content: EstimatorContent) -> _Handler:
    """The handler of the task; inline policies have an id that is the task's own."""
    if isinstance(content.handler, KnownHandler):
        handler_id = content.handler.handler_id
        row = get_handler(work.reader, work.account_id, handler_id)
        policies = policies_to_run(handler_id, row["policies"], None)
    else:
        handler_id = uuid5(task_key(work.task_id), "handler")
        policies = content.handler.policies
    if getattr(content.source, "save_origin", 0):
        storage = policies.storage_policy
        origin = storage.image_origin_policy.model_copy(
            update={"store_image": 1, "use_external_references": 1}
        )
        storage = storage.model_copy(update={"image_origin_policy": origin})
        policies = policies.model_copy(update={"storage_policy": storage})
    return _Handler(work, handler_id, policies, ImageType(content.source.image_type))


def _is_of(name: str, part: Mapping[str, Any]) -> bool:
    until = part["until"]
    return bool(part["first"] <= name and (until is None or name < until))


def _image(name: str, data: bytes | Refusal, origin: str | None) -> RequestImage:
    if isinstance(data, Refusal):
        return RequestImage(filename=name, error=data)
    return RequestImage(filename=name, data=data, url=origin)


def _troubles(answer: Mapping[str, Any]) -> list[PartError]:
    """Which images of an answer could not be used."""
    return [
        PartError(
            ImageOfSourceRefused(image["filename"], image["error"]["detail"]), image["filename"]
        )
        for image in answer["images"]
        if not image["status"]
    ]
