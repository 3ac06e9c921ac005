"""Files of index snapshots: written once, flushed, private to their owner, with a checksum.

They hold biometrics. The checksum finds torn and mixed-up files; it is no signature.
"""

import hashlib
import os
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from inference.matching.values import SnapshotRefused
from inference.matching.workers import Workers

Bytes = NDArray[np.uint8]

SUFFIX: Final = ".bin"

_CHUNK: Final = 1 << 20
_READ: Final = 32 * _CHUNK
_PRIVATE: Final = 0o600


class Written(NamedTuple):
    """A file of a snapshot: its name, how many bytes count, and their checksum."""

    name: str
    size: int
    checksum: str


def checksum(values: Bytes, workers: Workers) -> str:
    """A hash of the sum and the exclusive or of every chunk, read as fast as memory is."""
    sums = np.zeros((-(-len(values) // _CHUNK), 2), np.uint64)

    def add(number: int) -> None:
        part = values[number * _CHUNK : (number + 1) * _CHUNK]
        if len(part) % 8:
            part = np.append(part, np.zeros(-len(part) % 8, np.uint8))
        words = part.view(np.uint64)
        sums[number] = np.add.reduce(words), np.bitwise_xor.reduce(words)

    workers.each(add, range(len(sums)))
    return hashlib.sha256(b"%d:" % len(values) + sums.tobytes()).hexdigest()


def write(directory: Path, kind: str, parts: Iterable[NDArray[Any]], workers: Workers) -> Written:
    """A new file, on the disk when this returns."""
    name = f"{kind}-{secrets.token_hex(8)}{SUFFIX}"
    with _new(directory / name) as file:
        for part in parts:
            file.write(np.ascontiguousarray(part).data)
        _flush(file)
        size = file.tell()
    content: Bytes = np.memmap(directory / name, np.uint8, "r", shape=(size,))
    return Written(name, size, checksum(content, workers))


def replace(directory: Path, name: str, content: bytes) -> None:
    """Put a file in the place of another in one step."""
    temporary = directory / f"{name}.{secrets.token_hex(8)}.new"
    with _new(temporary) as file:
        file.write(content)
        _flush(file)
    os.replace(temporary, directory / name)
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read(directory: Path, wanted: Written, into: Bytes, workers: Workers) -> None:
    """Fill memory with a file; refused unless it is whole."""
    path = directory / wanted.name
    _require_size(path, wanted)
    with path.open("rb", buffering=0) as file:

        def fill(start: int) -> None:
            place, stop = start, min(start + _READ, wanted.size)
            while place < stop:
                count = os.preadv(file.fileno(), [into[place:stop].data], place)
                if not count:
                    return  # the checksum tells
                place += count

        workers.each(fill, range(0, wanted.size, _READ))
    _require_checksum(into[: wanted.size], wanted, workers)


def mapped(directory: Path, wanted: Written, size: int, workers: Workers) -> Bytes:
    """A file in memory as it is read, of `size` bytes; changes stay in memory."""
    path = directory / wanted.name
    _require_size(path, wanted)
    if path.stat().st_size < size:
        os.truncate(path, size)  # room for rows to come, which takes none on the disk
    values: Bytes = np.asarray(np.memmap(path, np.uint8, "c", shape=(size,)))
    _require_checksum(values[: wanted.size], wanted, workers)
    return values


def _require_size(path: Path, wanted: Written) -> None:
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        raise SnapshotRefused(f"{wanted.name} is missing") from None
    if size < wanted.size:
        raise SnapshotRefused(f"{wanted.name} is cut off")


def _require_checksum(values: Bytes, wanted: Written, workers: Workers) -> None:
    if checksum(values, workers) != wanted.checksum:
        raise SnapshotRefused(f"{wanted.name} is damaged")


def _new(path: Path) -> Any:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE), "wb")


def _flush(file: Any) -> None:
    file.flush()
    os.fsync(file.fileno())
