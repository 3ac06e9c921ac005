"""Snapshots of an index: files that are never changed, and a manifest that names them.

A segment whose rows did not change since the last snapshot keeps its files. Dead rows are
written as zeros, and files that the newest manifest does not name are deleted, so a vector that
was removed has left the disk with the next snapshot.
"""

import fcntl
import hashlib
import hmac
import io
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from domain.shared.biometrics import DescriptorKind
from domain.shared.model_features import DescriptorFeature
from inference.matching.buffers import aligned
from inference.matching.checking import CollectionKey
from inference.matching.collection import Saved
from inference.matching.columns import SavedColumns
from inference.matching.match_index import MatchIndex
from inference.matching.quantise import Quantiser
from inference.matching.segments import SavedVectors
from inference.matching.snapshot_files import (
    SUFFIX,
    Written,
    mapped,
    read,
    replace,
    write,
)
from inference.matching.values import IndexSnapshot, Origin, SnapshotRefused

MANIFEST: Final = "manifest.json"
_FORMAT: Final = 2


class _Segment(NamedTuple):
    """The files of one segment, and its count of changes when they were written."""

    changes: int
    rows: int
    codes: Written
    vectors: Written


class Snapshots:
    """The snapshots of one index in one directory; `key` signs the manifest.

    The log's mark is a text that the log has at a position and another log has not. With
    `only_read` nothing is saved, and the directory may be in use by another process.
    """

    def __init__(self, directory: Path, key: bytes, *, only_read: bool = False) -> None:
        self._directory, self._key, self._only_read = directory, key, only_read
        self._segments: dict[tuple[CollectionKey, int], _Segment] = {}
        self._lock: int | None = None

    def close(self) -> None:
        """Let another process have the directory."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def save(self, index: MatchIndex, mark: Callable[[int], str]) -> int | None:
        """Write what the index is now and delete what was written before; returns the position.

        Nothing is done while the directory is another process's.
        """
        if self._only_read or not self._is_mine():
            return None
        with index.saved() as (position, kept):
            segments: dict[tuple[CollectionKey, int], _Segment] = {}
            collections = []
            for key, saved in kept.items():
                own = self._write_segments(index, key, saved)
                segments |= {(key, number): each for number, each in enumerate(own)}
                parts = _arrays(saved)
                state = write(self._directory, "columns", parts, index.workers)
                collections.append(_described(key, saved, state, own))
        content = {
            "format": _FORMAT,
            "position": position,
            "mark": mark(position),
            "storage": [index.storage.segment_rows, index.storage.block_rows],
            "features": _features(index.features.values()),
            "collections": collections,
        }
        plain = json.dumps(content, sort_keys=True)
        signed = {"content": plain, "signature": self._signature(plain)}
        replace(self._directory, MANIFEST, json.dumps(signed).encode())
        self._segments = segments
        self._tidy(content)
        return position

    def find(self, index: MatchIndex) -> IndexSnapshot | None:
        """The newest snapshot, if there is one; refused unless this index can be made of it."""
        content = self._content(index) if self._only_read or self._is_mine() else None
        return None if content is None else IndexSnapshot(content["position"], content["mark"])

    def _content(self, index: MatchIndex) -> Mapping[str, Any] | None:
        try:
            signed = json.loads((self._directory / MANIFEST).read_bytes())
            plain, signature = str(signed["content"]), str(signed["signature"])
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError):
            raise SnapshotRefused("its manifest cannot be read") from None
        if not hmac.compare_digest(signature, self._signature(plain)):
            raise SnapshotRefused("it was not made by this installation")
        content: dict[str, Any] = json.loads(plain)
        if content["format"] != _FORMAT:
            raise SnapshotRefused("it is of another format")
        if content["features"] != _features(index.features.values()):
            raise SnapshotRefused("it is of other descriptors")
        if content["storage"] != [index.storage.segment_rows, index.storage.block_rows]:
            raise SnapshotRefused("it is stored in another way")
        return content

    def restore(self, index: MatchIndex) -> None:
        """Fill an index without candidates; refused, and nothing done, if a file is damaged."""
        content = self._content(index)
        if content is None:
            raise SnapshotRefused("there is none")
        kept: dict[CollectionKey, Saved] = {}
        segments: dict[tuple[CollectionKey, int], _Segment] = {}
        for described in content["collections"]:
            origin, kind, version = described["key"]
            key = (Origin(origin), DescriptorKind(kind), int(version))
            own = [
                _Segment(0, rows, Written(*codes), Written(*vectors))
                for rows, codes, vectors in described["segments"]
            ]
            kept[key] = self._read(index, key, described, own)
            segments |= {(key, number): each for number, each in enumerate(own)}
        index.restore(content["position"], kept)
        self._segments = segments

    def _write_segments(
        self, index: MatchIndex, key: CollectionKey, saved: Saved
    ) -> Iterable[_Segment]:
        alive, step = saved.columns.alive, index.storage.segment_rows
        written = []
        for number, start in enumerate(range(0, len(alive), step)):
            living = alive[start : start + step]
            last = self._segments.get((key, number))
            if last is None or (last.changes, last.rows) != (saved.changes[number], len(living)):
                codes, vectors = saved.vectors.segments[number]
                block = index.storage.block_rows
                last = _Segment(
                    saved.changes[number],
                    len(living),
                    write(self._directory, "codes", _living(codes, living, block), index.workers),
                    write(self._directory, "rows", _living(vectors, living, block), index.workers),
                )
            written.append(last)
        return written

    def _read(
        self,
        index: MatchIndex,
        key: CollectionKey,
        described: Mapping[str, Any],
        own: Iterable[_Segment],
    ) -> Saved:
        storage, workers = index.storage, index.workers
        shape = (storage.segment_rows, index.features[key[1:]].dimension)
        size = shape[0] * shape[1]
        segments = []
        for each in own:
            codes = aligned((size,), np.uint8)
            read(self._directory, each.codes, codes, workers)
            rows = mapped(self._directory, each.vectors, 4 * size, workers)
            segments.append(
                (codes.view(np.int8).reshape(shape), rows.view(np.float32).reshape(shape))
            )
        state = Written(*described["columns"])
        content = np.empty(state.size, np.uint8)
        read(self._directory, state, content, workers)
        file = io.BytesIO(content.data)
        arrays = [np.load(file, allow_pickle=False) for _ in range(8 + described["biased"])]
        ids, times, ages, alive, slots, bitmaps, residuals, worst, *bias = arrays
        vectors = SavedVectors(
            segments, residuals, bias[0] if bias else None, worst, described["longest"]
        )
        return Saved(
            Quantiser(described["scale"], described["biased"]),
            SavedColumns(ids, times, ages, alive),
            slots,
            bitmaps.tobytes(),
            vectors,
        )

    def _is_mine(self) -> bool:
        """Whether the directory is this object's; it is from the first call that could have it."""
        if self._lock is None:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(self._directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(lock)
                return False
            self._lock = lock
        return True

    def _signature(self, plain: str) -> str:
        return hmac.new(self._key, plain.encode(), hashlib.sha256).hexdigest()

    def _tidy(self, content: Mapping[str, Any]) -> None:
        named = {MANIFEST}
        for described in content["collections"]:
            named.add(described["columns"].name)
            for _, codes, vectors in described["segments"]:
                named |= {codes.name, vectors.name}
        for path in self._directory.iterdir():
            if path.name not in named and path.suffix in (SUFFIX, ".new"):
                path.unlink()


def _living(values: NDArray[Any], alive: NDArray[np.bool_], step: int) -> Iterator[NDArray[Any]]:
    """The rows in blocks, zeros where they are not alive."""
    for start in range(0, len(alive), step):
        living = alive[start : start + step]
        block = values[start : start + len(living)]
        yield block if living.all() else np.where(living[:, None], block, block.dtype.type(0))


def _arrays(saved: Saved) -> Iterator[NDArray[Any]]:
    """What is kept of rows beside their vectors, each array as numpy writes it."""
    bitmaps = np.frombuffer(saved.bitmaps, np.uint8)
    vectors = saved.vectors
    bias = () if vectors.bias is None else (vectors.bias,)
    for array in (
        *(*saved.columns, saved.slots, bitmaps, vectors.residuals, vectors.worst_residual),
        *bias,
    ):
        file = io.BytesIO()
        np.save(file, array, allow_pickle=False)
        yield np.frombuffer(file.getvalue(), np.uint8)


def _described(
    key: CollectionKey, saved: Saved, columns: Written, segments: Iterable[_Segment]
) -> dict[str, Any]:
    return {
        "key": [str(key[0]), str(key[1]), key[2]],
        "scale": saved.quantiser.scale,
        "biased": saved.quantiser.biased,
        "longest": saved.vectors.longest,
        "columns": columns,
        "segments": [[each.rows, each.codes, each.vectors] for each in segments],
    }


def _features(features: Iterable[DescriptorFeature]) -> list[list[Any]]:
    return sorted(
        [str(each.kind), each.version, each.dimension, each.calibration.metric] for each in features
    )
