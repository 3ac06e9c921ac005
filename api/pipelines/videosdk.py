"""Films: fetched through the guard, looked at in a process of their own, told of."""

import asyncio
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from api.pipelines.keep_files import read_file
from api.pipelines.models_used import require_roles
from api.schemas.videosdk import VideoSdkAnalytic, VideoSdkInput
from api.services import Services
from domain.shared.refusal import Refusal
from projections.objects import get_object
from ray_cluster.film_jobs import FilmAnalysed, FilmAnalytic, FilmJob, FilmProgress
from ray_cluster.stream_jobs import Ended
from ray_cluster.stream_processes import StreamProcess

_POLL_S: Final = 0.25
_OBJECT: Final = re.compile(r"/6/objects/([a-fA-F0-9]{8}(?:-[a-fA-F0-9]{4}){3}-[a-fA-F0-9]{12})")
_TARGETS: Final = {
    "people_count": ("coordinates",),
    "human_tracking": ("face_detection", "body_detection"),
}
_ROLES: Final = {
    "people_count": ("body_detector", "people_count"),
    "face_detection": ("face_detector",),
    "body_detection": ("body_detector",),
}


class NoSuchFilmAnalytic(Refusal):
    """The analytic, or its target, is not computed of films here."""

    detail = "Analytic '{}' with target '{}' is not computed of videos here"


class FilmRefused(Refusal):
    """The film could not be read, or what reads it broke."""

    detail = "Failed to process video: {}"


class FilmTooLong(Refusal):
    """Looking at the film takes longer than it may; as a deferred task it may take longer."""

    detail = "Processing of the video took more than {} s"


class TooManyFilms(Refusal):
    """As many films are looked at as may be at a time; ask again later."""

    detail = "{} videos are being processed"
    retry_after_s = 10


def stored_film(wanted: VideoSdkInput) -> UUID | None:
    """The object that the film is, if its URL is that of an object."""
    found = _OBJECT.fullmatch(wanted.video.url)
    return None if found is None else UUID(found[1])


async def check(wanted: VideoSdkInput, services: Services, account_id: UUID) -> list[FilmAnalytic]:
    """What is to be computed; refuses what has no model, and what nobody here knows."""
    analytics = [_analytic(one) for one in wanted.analytics]
    await require_roles(services.models, _roles(analytics))
    if (object_id := stored_film(wanted)) is not None:
        await asyncio.to_thread(get_object, services.reader, account_id, object_id)
    else:
        await services.guard.check(wanted.video.url)
    return analytics


async def look_at(
    wanted: VideoSdkInput,
    services: Services,
    account_id: UUID,
    *,
    patience_s: float,
    progress: Callable[[float | None], Any] | None = None,
) -> dict[str, Any]:
    """What came of the film: the contract's answer. `progress` is told how much is done."""
    analytics = await check(wanted, services, account_id)
    settings = services.settings
    with tempfile.TemporaryDirectory(prefix="selene-film-") as directory:
        path = Path(directory) / "film"
        try:
            async with asyncio.timeout(patience_s):
                await _fetch(wanted, services, account_id, path, patience_s)
                job = FilmJob(
                    path=path,
                    rotation=wanted.video.rotation,
                    analytics=analytics,
                    pack=settings.pack,
                    packs=settings.data_dir / "packs",
                    memory_bytes=settings.agent.memory_bytes,
                )
                return await _run(job, progress)
        except TimeoutError:
            raise FilmTooLong(f"{patience_s:g}") from None


async def _fetch(
    wanted: VideoSdkInput, services: Services, account_id: UUID, path: Path, patience_s: float
) -> None:
    if (object_id := stored_film(wanted)) is not None:
        read = partial(get_object, services.reader, account_id, object_id)
        data, _ = await read_file(services.blobs, read)
        await asyncio.to_thread(path.write_bytes, data)
        return
    largest = services.settings.limits.video_bytes
    await services.guard.save(wanted.video.url, path, largest=largest, patience_s=patience_s)


async def _run(job: FilmJob, progress: Callable[[float | None], Any] | None) -> dict[str, Any]:
    process = await asyncio.to_thread(StreamProcess, job)
    result: dict[str, Any] | None = None
    try:
        while True:
            message = await asyncio.to_thread(process.next, _POLL_S)
            if isinstance(message, FilmAnalysed):
                result = dict(message.result)
            elif isinstance(message, FilmProgress) and progress is not None:
                await asyncio.to_thread(progress, message.done)
            elif isinstance(message, Ended):
                break
    finally:
        await asyncio.shield(asyncio.to_thread(process.close))
    if result is None:
        raise FilmRefused(message.error or "it has no frames")
    return result


def _analytic(said: VideoSdkAnalytic) -> FilmAnalytic:
    known = _TARGETS.get(said.name)
    if known is None:
        raise NoSuchFilmAnalytic(said.name, ", ".join(said.targets))
    for target in said.targets:
        if target not in known:
            raise NoSuchFilmAnalytic(said.name, target)
    told = said.parameters
    tracking = said.name == "human_tracking"
    return FilmAnalytic(
        name=said.name,  # type: ignore[arg-type]  # it is one of those known
        targets=said.targets or (("face_detection",) if tracking else ()),
        unit=told.rate.unit,
        period=told.rate.period,
        probes=told.probe_count,
        threshold=told.people_count_threshold,
    )


def _roles(analytics: Sequence[FilmAnalytic]) -> Iterator[str]:
    for one in analytics:
        for name in ("people_count",) if one.name == "people_count" else one.targets:
            yield from _ROLES[name]
