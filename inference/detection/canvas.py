"""Where detectors lay out what their network sees, in memory that is used again."""

import threading
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inference.models import Pixels
from inference.opencv import cv2

_KEPT: Final = 8 << 20
"""Numbers a thread keeps room for; larger inputs are rare, and get memory of their own."""


class Canvas(threading.local):
    """Images in the top left corners of equally large inputs, of which each thread has one.

    Memory of this size is given back to the system and asked for again with every call, which
    takes longer than to fill it. What is returned is valid until the thread calls again.
    """

    def __init__(self, colour: str, padding: float = 0.0) -> None:
        self._order = (2, 1, 0) if colour == "bgr" else (0, 1, 2)
        self._padding = padding
        self._kept = np.empty(0, np.float32)

    def __call__(self, images: Sequence[Pixels], width: int, height: int) -> NDArray[np.float32]:
        """The images as floats, planes in the network's order: (n, 3, height, width)."""
        planes = self._room(len(images) * 3 * height * width).reshape(-1, 3, height, width)
        for row, image in zip(planes, images, strict=True):
            down, across = image.shape[:2]
            row[:, down:] = self._padding
            row[:, :down, across:] = self._padding
            split = cv2.split(image)
            for target, channel in zip(row, self._order, strict=True):
                target[:down, :across] = split[channel]
        return planes

    def _room(self, size: int) -> NDArray[np.float32]:
        if size > _KEPT:
            return np.empty(size, np.float32)
        if size > self._kept.size:
            self._kept = np.empty(size, np.float32)
        return self._kept[:size]
