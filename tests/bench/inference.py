"""Faces found and described, against bare networks: `python -m tests.bench.inference`.

The floor is what the networks alone take: the same calls by bare `session.run`, each network at
the batch size it likes best, on as many threads, in turns with ours. `--memory 10000` goes on for
so many images, and leaves the memory after every hundredth of them as CSV and PNG in `--curve`;
`--rounds 0` measures nothing else.
"""

import argparse
import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from statistics import median

import psutil

from domain.shared.detections import DetectWanted, ExtractWanted, ImageDetections, ImageInput
from domain.shared.image_refusals import ImageRefused
from inference.drawn_face import drawn_face
from inference.finding import Finder, PipelineOptions
from inference.found import ImageView
from inference.image import decode_image, encode_jpeg
from inference.pipeline import Pipeline
from ray_cluster.local_models import LocalModels
from ray_cluster.opening import open_pack
from tests.bench.figures import Figure, show
from tests.bench.network_calls import NetworkCalls, watched
from tests.support.packs import PACKS
from tests.support.shared import MEDIA, MODELS

_THREADS, _PIXELS, _ROUNDS, _MEMORY = 2, 1_500_000, 3, 200
_IMAGES = {"dev": 64, "default": 16}
_IN_FLIGHT = {1: 0.4, 8: 0.8, 64: 0.85}
"""Requests at the same time, and the share of the floor wanted; one alone has one core."""
_DETECT, _EXTRACT = DetectWanted(), ExtractWanted()


def images(count: int) -> list[ImageInput]:
    """Photos of ordinary size with people in them, or where there are none drawn faces."""
    found = []
    for path in sorted((MEDIA / "images").rglob("*.jpg")):
        data = path.read_bytes()
        try:
            decoded = decode_image(data)
        except ImageRefused:
            continue
        if decoded.width * decoded.height <= _PIXELS:
            found.append(ImageInput(data, path.name))
    if not found:
        found = [ImageInput(encode_jpeg(drawn_face()), "drawn")]
    return [found[number * len(found) // count % len(found)] for number in range(count)]


def stages(
    name: str, pipeline: Pipeline, sent: Sequence[ImageInput]
) -> tuple[NetworkCalls, list[Figure]]:
    """What each stage takes on one thread, beside its networks; and the calls of the networks."""
    looked, described = NetworkCalls(), NetworkCalls()
    finder, detector = Finder(pipeline.loaded, PipelineOptions()), _detector(pipeline)
    spent = {"decode": 0.0, "detect": 0.0, "align": 0.0, "describe": 0.0}
    for image in sent:
        view, seconds = _cpu(lambda image=image: finder.open(image, _DETECT))
        assert isinstance(view, ImageView)
        spent["decode"] += seconds
        _, detecting = _cpu(lambda view=view: detector([view.decoded.pixels]))
        spent["detect"] += detecting
        _, finding = _cpu(lambda view=view: finder.find([view], _DETECT))
        spent["align"] += max(finding - detecting, 0.0)
        with watched(looked.note):
            (found,) = pipeline.detect([image], _DETECT)
        assert isinstance(found, ImageDetections)
        warps = [face.warp for face in found.faces]
        if warps:
            spent["describe"] += _cpu(lambda warps=warps: pipeline.extract_faces(warps, _EXTRACT))[
                1
            ]
            with watched(described.note):
                pipeline.extract_faces(warps, _EXTRACT)
    each, both = 1e3 / len(sent), looked.cpu_s + described.cpu_s
    rows = [
        Figure(f"{name}: {stage} / {beside}", spent[stage] * each, limit * each, "ms CPU an image",
               wanted, bound=True)
        for stage, beside, limit, wanted in (
            ("decode", "all networks", both, 0.1),
            ("detect", "its networks", looked.cpu_s, 1 / 0.85),
            ("align", "all networks", both, 0.05),
            ("describe", "its networks", described.cpu_s, 1 / 0.85),
        )
    ]  # fmt: skip
    looked.counts += described.counts
    looked.inputs |= described.inputs
    return looked, rows


def _detector(pipeline: Pipeline) -> Callable[[Sequence[object]], object]:
    model: Callable[[Sequence[object]], object] = pipeline.loaded.model("face_detector")
    return model


def _cpu(work: Callable[[], object]) -> tuple[object, float]:
    """What it returns, and its seconds of processor time; the better of two."""
    times = []
    for _ in range(2):
        began = time.thread_time()
        result = work()
        times.append(time.thread_time() - began)
    return result, min(times)


async def run(models: LocalModels, sent: Sequence[ImageInput], in_flight: int) -> None:
    """Every image once, so many at the same time."""
    places = asyncio.Semaphore(in_flight)

    async def one(image: ImageInput) -> None:
        async with places:
            (found,) = await models.detect([image], _DETECT)
            assert isinstance(found, ImageDetections)
            if warps := [face.warp for face in found.faces]:
                await models.extract_faces(warps, _EXTRACT)

    await asyncio.gather(*map(one, sent))


def throughput(
    name: str, pipeline: Pipeline, sent: Sequence[ImageInput], calls: NetworkCalls, rounds: int
) -> Iterator[Figure]:
    """Images per second at several numbers of requests, against the floor of the same rounds."""
    work = calls.at_best_batch()
    with ThreadPoolExecutor(_THREADS) as pool, asyncio.Runner() as runner:
        models = LocalModels(pipeline, threads=_THREADS)

        def ours(in_flight: int) -> None:
            runner.run(run(models, sent, in_flight))

        runs: list[Callable[[], object]] = [lambda: list(pool.map(lambda call: call(), work))]
        runs += [partial(ours, in_flight) for in_flight in _IN_FLIGHT]
        taken = [[_timed(each) for each in runs] for _ in range(rounds)]
        runner.run(models.close())
    floor, *rates = (len(sent) / median(t[0] for t in times) for times in zip(*taken, strict=True))
    for rate, (in_flight, wanted) in zip(rates, _IN_FLIGHT.items(), strict=True):
        what = f"{name}: detect + extract, {in_flight} in flight / floor"
        yield Figure(what, rate, floor, "images/s", wanted)
    cpu = [len(sent) / median(t[1] for t in times) for times in zip(*taken, strict=True)]
    what = f"{name}: the same at {max(_IN_FLIGHT)}, by processor time"
    yield Figure(what, cpu[-1], cpu[0], "images/CPU s", 0.85)


def _timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock and of the processor."""
    clock, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - clock, time.process_time() - cpu


def memory(
    name: str, pipeline: Pipeline, sent: Sequence[ImageInput], count: int, curve: Path | None
) -> Figure:
    """The memory after many images against that after the first tenth of them."""
    step, own = max(count // 100, 1), psutil.Process()
    seen: list[tuple[int, float]] = []
    with asyncio.Runner() as runner:
        models = LocalModels(pipeline, threads=_THREADS)
        for start in range(0, count, step):
            part = [sent[number % len(sent)] for number in range(start, start + step)]
            runner.run(run(models, part, 64))
            seen.append((start + step, own.memory_info().rss / (1 << 20)))
            if curve is not None:
                draw(seen, curve)
        runner.run(models.close())
    early, late = seen[len(seen) // 10][1], seen[-1][1]
    what = f"{name}: memory after {count:,} images / after a tenth"
    return Figure(what, late, early, "MiB", 1.1, bound=True)


def draw(seen: Sequence[tuple[int, float]], directory: Path) -> None:
    """The curve as memory.csv and memory.png."""
    from matplotlib.figure import Figure as Plot

    directory.mkdir(parents=True, exist_ok=True)
    lines = "".join(f"{number},{mib:.1f}\n" for number, mib in seen)
    (directory / "memory.csv").write_text(f"images,mib\n{lines}")
    plot = Plot()
    axes = plot.add_subplot(xlabel="images", ylabel="MiB in memory")
    axes.plot(*zip(*seen, strict=True))
    axes.set_ylim(bottom=0)
    plot.savefig(directory / "memory.png")


def figures(
    pack: str = "",
    rounds: int = _ROUNDS,
    many: int = _MEMORY,
    curve: Path | None = None,
) -> Iterator[Figure]:
    """Stages, throughput and memory, with the development models where they are here."""
    pack = pack or ("dev" if MODELS.is_dir() else "default")
    named = f"dev:{MODELS}" if pack == "dev" else str(PACKS / "default")
    pipeline, sent = Pipeline(open_pack(named, PACKS)), images(_IMAGES[pack])
    if many:  # first, since what the bench itself keeps would count as well
        yield memory(pack, pipeline, sent, many, curve)
    if rounds:
        stages(pack, pipeline, sent[:1])  # loads the models
        calls, rows = stages(pack, pipeline, sent)
        yield from rows
        yield from throughput(pack, pipeline, sent, calls, rounds)


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--pack", default="", choices=("", "default", "dev"))
    options.add_argument("--rounds", type=int, default=_ROUNDS)
    options.add_argument("--memory", type=int, default=_MEMORY, metavar="IMAGES")
    options.add_argument("--curve", type=Path, metavar="DIRECTORY")
    given = options.parse_args()
    print(show(list(figures(given.pack, given.rounds, given.memory, given.curve))))
