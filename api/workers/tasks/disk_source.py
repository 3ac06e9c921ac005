"""Images in a directory that is mounted here and that the operator released."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from api.workers.tasks.sources import MOST_IMAGES, in_order, is_below, is_image_name
from domain.estimator_task import DiskSource, ImageOfSourceRefused, SourceRefused
from domain.shared.image_refusals import TooManyBytes
from domain.shared.refusal import Refusal


class DiskFolder:
    """The files of one directory; links are not followed, so nothing leads out of it."""

    def __init__(self, source: DiskSource, released: Sequence[Path], largest_image: int) -> None:
        self._source, self._largest = source, largest_image
        self._folder = _released(source.path, released)

    def names(self) -> list[str]:
        """The path of every file below the directory that may be an image."""
        return in_order(list(self._found()))

    def _found(self) -> Iterator[str]:
        count, recursive = 0, bool(self._source.recursive)
        for folder, folders, files in os.walk(self._folder):
            below = os.path.relpath(folder, self._folder)
            if not recursive and below.count(os.sep) >= self._source.prefix.count("/") + 1:
                folders.clear()
            for file in files:
                name = Path(below, file).as_posix()
                if not is_image_name(name) or not is_below(name, self._source.prefix, recursive):
                    continue
                count += 1
                yield name
                if count > MOST_IMAGES:
                    return

    def read(self, names: Sequence[str]) -> list[bytes | Refusal]:
        """The bytes of some files, or why they cannot be read."""
        return [self._read(name) for name in names]

    def _read(self, name: str) -> bytes | Refusal:
        path = self._folder / name
        try:
            # The folders on the way may have become links since they were walked through.
            if path.parent.resolve(strict=True) != path.parent:
                return ImageOfSourceRefused(name, "its path leads out of the directory")
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(descriptor, "rb") as file:
                data = file.read(self._largest + 1)
        except (OSError, ValueError):
            return ImageOfSourceRefused(name, "it cannot be read")
        return data if len(data) <= self._largest else TooManyBytes(len(data), self._largest)

    def origin(self, name: str) -> str | None:
        """Files have no address."""
        return None

    def close(self) -> None:
        """Nothing is held."""


def _released(given: str, released: Sequence[Path]) -> Path:
    """The directory, if it is one and lies in a released one; why not is not told apart."""
    for root in released:
        try:
            path, top = (root / given).resolve(strict=True), root.resolve(strict=True)
        except (OSError, ValueError, RuntimeError):
            continue
        if path.is_relative_to(top) and path.is_dir():
            return path
    raise SourceRefused("its path is no directory that the operator released")
