"""Video against the machine: `python -m tests.bench video`, or `python -m tests.bench.video`.

With `--seconds N` the memory is watched over a film that is looped for so long. Everything runs
on one core; with the development models where they are here, else with the default pack.
"""

import argparse
import itertools
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import psutil

from domain.streams_content.v2 import StreamDataV2
from inference.drawn_face import drawn_face
from inference.loaded_pack import LoadedPack
from inference.models import Pixels
from inference.onnx_session import OnnxSession, SessionOptions
from inference.video.analysis import Analysis
from inference.video.options import AnalysisOptions
from inference.video.source import SourceSpec, VideoSource
from ray_cluster.opening import open_pack
from ray_cluster.stream_jobs import Message, Progress, Send, StreamJob
from ray_cluster.stream_worker import process
from tests.bench.figures import Figure, medians, show
from tests.bench.network_calls import watched
from tests.support.packs import PACKS
from tests.support.shared import MEDIA, MODELS

_SIZE, _RATE, _FRAMES, _LOOKS = (640, 360), 25, 100, 5.0
_PACK = f"dev:{MODELS}" if MODELS.is_dir() else str(PACKS / "default")
_FILM = MEDIA / "videos" / "hamilton_clip.mp4"
_HANDLER = "00000000-0000-4000-8000-000000000001"


def film(directory: Path) -> Path:
    """A clip with many faces where one is here, else the drawn face as it wanders about."""
    if _FILM.is_file():
        return _FILM
    path = directory / "film.mp4"
    face = cv2.resize(drawn_face(), (200, 200), interpolation=cv2.INTER_AREA)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=_RATE, options={"preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = *_SIZE, "yuv420p"
        for number in range(_FRAMES):
            pixels = np.full((_SIZE[1], _SIZE[0], 3), 200, np.uint8)
            left = 4 * number % (_SIZE[0] - 200)
            pixels[80:280, left : left + 200] = face
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
    return path


class Calls:
    """What the networks of a pack were asked, in order, to be asked again without anything else."""

    def __init__(self) -> None:
        self.made: list[tuple[Any, dict[str, Any]]] = []

    def record(self, run: Callable[[], None]) -> None:
        """Note all calls while something runs."""

        def note(session: OnnxSession, arrays: tuple[Any, ...], _: float) -> None:
            feed = dict(zip(session.inputs, arrays, strict=True))
            self.made.append((session._session, {k: v.copy() for k, v in feed.items()}))

        with watched(note):
            run()

    def again(self) -> None:
        """The same calls of the bare runtime."""
        for session, feed in self.made:
            session.run(None, feed)


def followed(path: Path, loaded: LoadedPack, looks_per_s: float) -> int:
    """Decode, detect and track a film; the number of its frames."""
    count = 0
    with VideoSource(SourceSpec("videofile", str(path), threads=1)) as source:
        options = AnalysisOptions(looks_per_s=looks_per_s)
        analysis = Analysis(loaded, options, source.info.frame_rate)
        for frame in itertools.islice(source.frames(), _FRAMES):
            count += 1
            if analysis.wants(frame):
                analysis.look(frame)
        analysis.end(count / _RATE)
    return count


def decoded(path: Path) -> int:
    """Bare PyAV over the same frames."""
    with av.open(str(path)) as container:
        container.streams.video[0].codec_context.thread_count = 1
        return sum(1 for _ in itertools.islice(container.decode(video=0), _FRAMES))


def pixels(path: Path, step: int) -> list[Pixels]:
    """Bare PyAV, and the looked-at frames as pixels: what any detector needs."""
    with av.open(str(path)) as container:
        container.streams.video[0].codec_context.thread_count = 1
        frames = itertools.islice(container.decode(video=0), _FRAMES)
        return [f.to_ndarray(format="rgb24") for n, f in enumerate(frames) if n % step == 0]


def _timed(work: Callable[[], object]) -> Callable[[], float]:
    def run() -> float:
        began = time.process_time()
        work()
        return time.process_time() - began

    return run


def shares(path: Path) -> Iterator[Figure]:
    """Frames a second of processor time, as a share of what decoding and networks take alone."""
    loaded = LoadedPack(open_pack(_PACK, PACKS), SessionOptions(threads=1))
    followed(path, loaded, _LOOKS)  # what is made once is not measured
    for looks, name in ((1e6, "every frame looked at"), (_LOOKS, "5 looks a second")):
        calls = Calls()
        calls.record(lambda looks=looks: followed(path, loaded, looks))  # type: ignore[misc]
        step = max(1, round(_RATE / looks))

        def bare(calls: Calls = calls) -> None:
            decoded(path)
            calls.again()

        def bare_with_pixels(calls: Calls = calls, step: int = step) -> None:
            pixels(path, step)
            calls.again()

        def ours(looks: float = looks) -> None:
            followed(path, loaded, looks)

        spent, least, with_pixels = medians([_timed(ours), _timed(bare), _timed(bare_with_pixels)])
        frames = followed(path, loaded, 1e-3)
        yield Figure(f"{name} / bare decode + session.run", frames / spent, frames / least,
                     "frames/s", 0.85)  # fmt: skip
        yield Figure(f"{name} / the same with pixels as RGB", frames / spent, frames / with_pixels,
                     "frames/s", 0.85)  # fmt: skip
        if looks == _LOOKS:
            yield Figure("streams of 25 frames/s on one core", frames / spent / 25,
                         frames / least / 25, "streams", 0.85)  # fmt: skip


def _job(path: Path) -> StreamJob:
    handler = {"handler_id": _HANDLER, "authorization": {"account_id": _HANDLER}}
    analytics = [{"mode": 1, "event_handler": {**handler, "frame_store": None}}]
    data = {"type": "videofile", "reference": str(path), "analytics": analytics}
    content = StreamDataV2.model_validate(data).as_dict()
    return StreamJob("bench", content, _PACK, PACKS)


def worker(path: Path, seconds: float) -> Iterator[Figure]:
    """The stream worker over the film, again and again: the memory, and how late best shots are."""
    own, began = psutil.Process(), time.monotonic()
    sizes: list[int] = []
    late: list[float] = []
    looked = 0.0

    def tell(message: Message) -> None:
        nonlocal looked
        if isinstance(message, Send):
            late.append(time.monotonic() - looked)
        elif isinstance(message, Progress):
            sizes.append(own.memory_info().rss)
        looked = time.monotonic()

    while not sizes or time.monotonic() - began < seconds:
        looked = time.monotonic()
        process(_job(path), tell, lambda: False, lambda: False)
        sizes.append(own.memory_info().rss)
    settled = sizes[len(sizes) // 3 :]
    if late:
        yield Figure("a best shot is sent after the look before it / 1 s", max(late), 1.0, "s", 1.0,
                     bound=True)  # fmt: skip
    first, last = settled[0] / 2**20, settled[-1] / 2**20
    yield Figure(f"memory after {seconds:.0f} s of loops / after a third of them", last, first,
                 "MiB", 1.05, bound=True)  # fmt: skip


def figures(seconds: float = 20.0) -> Iterator[Figure]:
    """All figures of video, on one core."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    cv2.setNumThreads(1)
    try:
        with tempfile.TemporaryDirectory() as directory:
            path = film(Path(directory))
            yield from shares(path)
            yield from worker(path, seconds)
    finally:
        os.sched_setaffinity(0, cores)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0)
    print(show(list(figures(parser.parse_args().seconds))))
