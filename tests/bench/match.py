"""Exact matching against the machine: `python -m tests.bench.match [--rows 1000000]`.

The limits are taken in the same run, in turns with ours: a bare scan of the same codes without
top-k for batches, the speed of reading the codes for one reference, other exact searches.
"""

import argparse
import importlib
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import numpy as np
from numpy.typing import NDArray

from domain.shared.biometrics import Descriptor, DescriptorKind
from domain.shared.model_features import DescriptorFeature
from domain.shared.similarity import Calibration
from inference.matching.match_index import MatchIndex
from inference.matching.snapshots import Snapshots
from inference.matching.values import MatchFilters, MatchQuery, Origin, PutCandidate
from inference.matching.workers import Workers
from inference.native import numkong, usearch
from tests.bench.figures import Figure, medians, show

Vectors = NDArray[np.float32]

DIMENSION, BATCH, BLOCK, IMAGES = 512, 32, 4096, 10
ACCOUNT, LIST = uuid4(), uuid4()
_FEATURE = DescriptorFeature(DescriptorKind.FACE, 1, DIMENSION, Calibration(12.0, -5.0))
_NOW = datetime.now(UTC)


class Gallery:
    """Rows of people seen several times each, an index of them, and references to look for."""

    def __init__(self, rows: int) -> None:
        self.rows, self.random = rows, np.random.default_rng(1)
        self.workers = Workers()
        self.index = MatchIndex([_FEATURE], workers=self.workers)
        self.vectors = np.empty((rows, DIMENSION), np.float32)
        self.codes = np.empty((rows, DIMENSION), np.int8)
        self.listed = self.random.random(rows) < 0.05
        self.load_s = self._load()
        self.packed = numkong.dots_pack(self.codes[:BATCH].copy(), dtype="int8")
        people = self.random.integers(0, rows // IMAGES, BATCH) * IMAGES
        self.references = _unit(self.vectors[people] + self._noise(BATCH, 0.6))

    def _noise(self, count: int, length: float) -> Vectors:
        values = self.random.standard_normal((count, DIMENSION), dtype=np.float32)
        return values * np.float32(length / DIMENSION**0.5)

    def _load(self) -> float:
        spent = 0.0
        for start in range(0, self.rows, 20_000):
            count = min(20_000, self.rows - start)
            people = np.repeat(self._noise(-(-count // IMAGES), 1.0), IMAGES, axis=0)[:count]
            part = _unit(people + self._noise(count, 0.8))
            self.vectors[start : start + count] = part
            self.codes[start : start + count] = np.clip(np.rint(part * 718), -127, 127)
            puts = [
                _put(number, row, (LIST,) if self.listed[number] else ())
                for number, row in enumerate(part, start)
            ]
            started = time.perf_counter()
            self.index.apply(puts, start + count)
            spent += time.perf_counter() - started
        return spent

    def search(self, references: Vectors, limit: int) -> Any:
        """Through the index, answers included."""
        return search(self.index, references, limit)

    def bare_scan(self) -> None:
        """Products of all codes with a batch of references, on all threads; nothing is kept."""

        def scan(start: int) -> None:
            block = self.codes[start : start + BLOCK]
            numkong.dots_packed(block, self.packed, out=numkong.from_dlpack(out[len(block)]))

        out = {size: np.empty((size, BATCH), np.int32) for size in {BLOCK, self.rows % BLOCK}}
        self.workers.each(scan, range(0, self.rows, BLOCK))

    def read(self) -> None:
        """Every byte of the codes into a register, on all threads."""
        words = self.codes.view(np.uint64)

        def read(start: int) -> None:
            np.bitwise_or.reduce(words[start : start + BLOCK], axis=None)

        self.workers.each(read, range(0, self.rows, BLOCK))


def search(index: MatchIndex, references: Vectors, limit: int, list_id: UUID | None = None) -> Any:
    """The answers for some references, in the account or in a list of it."""
    query = MatchQuery(
        references=tuple(Descriptor(DescriptorKind.FACE, 1, r.tobytes()) for r in references),
        origin=Origin.FACES,
        filters=MatchFilters(account_id=ACCOUNT, list_id=list_id),
        limit=limit,
    )
    return index.search([query])[0]


def figures(rows: int = 100_000) -> Iterator[Figure]:
    """The matching rows of the design's table."""
    gallery = Gallery(rows)
    batch, one = gallery.references, gallery.references[:1]
    bare, read, ten, hundred, single, thousand = _times(
        [
            gallery.bare_scan,
            gallery.read,
            lambda: gallery.search(batch, 10),
            lambda: gallery.search(batch, 100),
            lambda: gallery.search(one, 10),
            lambda: gallery.search(batch, 1000),
        ]
    )
    size = f"{rows:,} x {DIMENSION}"
    scan = BATCH / bare
    yield Figure(f"{size}, batch 32, k 10 / bare i8 scan", BATCH / ten, scan, "1/s", 0.6)
    yield Figure(f"{size}, batch 32, k 100 / bare i8 scan", BATCH / hundred, scan, "1/s", 0.6)
    yield Figure(f"{size}, batch 32, k 1000 / bare i8 scan", BATCH / thousand, scan, "1/s", 0)
    yield Figure("one reference, k 10 / read bandwidth", 1 / single, 1 / read, "1/s", 0.4)
    yield Figure("recall@10 / float32 truth", _recall(gallery), 1.0, "", 1.0)
    names = ("batch 32", "one reference")
    for name, (listed, alone) in zip(names, _listed(gallery), strict=True):
        yield Figure(f"5 % of rows gathered, {name} / the same contiguous", listed * 1e3,
                     alone * 1e3, "ms", 2.0, bound=True)  # fmt: skip
    wanted = 5.0 if rows >= 1_000_000 else 2.5
    for name, peer in _peers(gallery.vectors, batch):
        theirs, ours = _times([peer, lambda: gallery.search(batch, 10)], 3)
        yield Figure(f"batch 32, k 10 / {name}", BATCH / ours, BATCH / theirs, "1/s", wanted)
    yield Figure(f"{size}, added in parts of 20,000 / 100,000 each second",
                 rows / gallery.load_s, 100_000.0, "1/s", 1.0)  # fmt: skip
    yield Figure(f"{size}, start from a snapshot / 2 s", _start_s(gallery), 2.0, "s", 1.0,
                 bound=True)  # fmt: skip
    held = sum(size.bytes for size in gallery.index.sizes())
    yield Figure("memory held / codes and float32 rows", held / 1e6, 5e-6 * rows * DIMENSION,
                 "MB", 1.15, bound=True)  # fmt: skip
    gallery.index.close()


def _start_s(gallery: Gallery) -> float:
    """Seconds until an index made from a snapshot has answered its first search."""
    with tempfile.TemporaryDirectory() as directory:
        snapshots = Snapshots(Path(directory), b"key")
        snapshots.save(gallery.index, str)
        started = time.perf_counter()
        index = MatchIndex([_FEATURE], workers=gallery.workers)
        assert snapshots.find(index) is not None
        snapshots.restore(index)
        first = search(index, gallery.references[:1], 10)
        took = time.perf_counter() - started
        snapshots.close()
        assert first == gallery.search(gallery.references[:1], 10)
        return took


def _listed(gallery: Gallery) -> Iterator[tuple[float, float]]:
    """Seconds to search a list within all, and an index of nothing but that list."""
    alone = MatchIndex([_FEATURE], workers=gallery.workers)
    alone.apply([_put(row, gallery.vectors[row]) for row in np.flatnonzero(gallery.listed)], 1)
    for references in (gallery.references, gallery.references[:1]):
        works = [
            partial(search, gallery.index, references, 10, LIST),
            partial(search, alone, references, 10),
        ]
        # Reading everything in between leaves neither of them in the caches of the processor.
        listed, contiguous = _times(works, 15, gallery.read)
        yield listed, contiguous


def _put(number: int, row: Vectors, lists: tuple[UUID, ...] = ()) -> PutCandidate:
    return PutCandidate(
        origin=Origin.FACES,
        candidate_id=UUID(int=int(number) + 1),
        account_id=ACCOUNT,
        descriptor=Descriptor(DescriptorKind.FACE, 1, row.tobytes()),
        create_time=_NOW,
        list_ids=lists,
    )


def _recall(gallery: Gallery) -> float:
    """Which part of the ten best by float32, in double precision sums, is found."""
    references = gallery.references.astype(np.float64)
    scores = np.concatenate(
        [gallery.vectors[start : start + BLOCK] @ references.T
         for start in range(0, gallery.rows, BLOCK)]
    )  # fmt: skip
    found = gallery.search(gallery.references, 10)
    hits = 0
    for number, answer in enumerate(found):
        truth = np.argpartition(-scores[:, number], 10)[:10]
        hits += len({c.candidate_id.int - 1 for c in answer.candidates} & set(truth.tolist()))
    return hits / (10 * len(found))


def _peers(vectors: Vectors, batch: Vectors) -> Iterator[tuple[str, Callable[[], object]]]:
    """Other exact searches of the same rows, where they are installed."""
    exact = usearch.index.search
    metric = usearch.index.MetricKind.IP
    yield "usearch exact f32", lambda: exact(vectors, batch, 10, metric, exact=True)
    try:
        faiss = importlib.import_module("faiss")
    except ImportError:
        return
    flat = faiss.IndexFlatIP(DIMENSION)
    flat.add(vectors)
    yield "faiss Flat", lambda: flat.search(batch, 10)


def _times(
    works: list[Callable[[], object]],
    repeats: int = 7,
    before: Callable[[], object] = lambda: None,
) -> list[float]:
    """Median seconds of each, in turns, after one round to warm up."""

    def timed(work: Callable[[], object]) -> float:
        before()
        started = time.perf_counter()
        work()
        return time.perf_counter() - started

    for work in works:
        work()
    return medians([partial(timed, work) for work in works], repeats)


def _unit(rows: Vectors) -> Vectors:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    print(show(list(figures(parser.parse_args().rows))))
