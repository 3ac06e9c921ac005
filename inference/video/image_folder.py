"""Folders of images as video: each image a frame, in the order of their names."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from fnmatch import fnmatch
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from domain.shared.image_refusals import ImageRefused
from inference.image import ImageLimits, decode_image
from inference.video.source import Frame, SourceBroken, SourceSpec, VideoInfo

RATE: Final = 25.0
"""Frames per second that a folder counts as."""

_NUMBER: Final = re.compile(r"%0?(\d*)d")
_SUFFIXES: Final = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".ppm"})


class ImageFolder:
    """The images of a folder whose names fit a mask: `shot_%04d.jpg`, `*.png`, or all.

    Files that are no images are passed over; a folder without any image is broken.
    """

    def __init__(self, spec: SourceSpec, limits: ImageLimits | None = None) -> None:
        self._limits = limits or ImageLimits()
        self._rotation = spec.rotation
        folder = Path(spec.reference)
        try:
            found = sorted(p for p in folder.iterdir() if p.is_file() and fits(p.name, spec.mask))
        except OSError as error:
            raise SourceBroken(f"{type(error).__name__}: {error.strerror}") from None
        if not found:
            raise SourceBroken("the folder has no image of that name")
        self._files = found
        self._size = (0, 0)
        self._start = datetime.now(UTC)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None

    @property
    def info(self) -> VideoInfo:
        """The size of the last image, and how long the folder is at `RATE`."""
        width, height = self._size
        length = len(self._files) / RATE
        return VideoInfo(width, height, RATE, 0, 1, self._start, length)

    def frames(self) -> Iterator[Frame]:
        """The images that can be read."""
        seen = 0
        for number, path in enumerate(self._files):
            try:
                pixels = decode_image(path.read_bytes(), self._limits).pixels
            except (ImageRefused, OSError):
                continue
            seen += 1
            frame = Frame(number, number / RATE, pixels, self._rotation)
            self._size = (frame.pixels.shape[1], frame.pixels.shape[0])
            yield frame
        if not seen:
            raise SourceBroken("no file of the folder is an image that can be read")


def fits(name: str, mask: str) -> bool:
    """Whether a file's name fits a mask in the form of printf or of a shell."""
    if not mask:
        return Path(name).suffix.lower() in _SUFFIXES
    if _NUMBER.search(mask):
        pattern = "".join(
            re.escape(part) if index % 2 == 0 else _digits(part)
            for index, part in enumerate(_NUMBER.split(mask))
        )
        return re.fullmatch(pattern, name) is not None
    return fnmatch(name, mask)


def _digits(width: str) -> str:
    return rf"\d{{{int(width)},}}" if width else r"\d+"
