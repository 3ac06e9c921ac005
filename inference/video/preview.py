"""Frames as people watch them: small, with the tracks drawn."""

import zlib
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from inference.models import Pixels
from inference.opencv import cv2

SIDE: Final = 640
"""The longer side of a preview in pixels."""

_COLOURS: Final = ((46, 204, 113), (52, 152, 219), (241, 196, 15), (231, 76, 60), (155, 89, 182))


def drawn(pixels: Pixels, boxes: Sequence[tuple[Mapping[str, int], str]]) -> Pixels:
    """A small copy of a frame, with boxes (in its pixels) and how their tracks' ids begin."""
    height, width = pixels.shape[:2]
    scale = min(1.0, SIDE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small: Pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    for rect, track_id in boxes:
        colour = _COLOURS[zlib.crc32(track_id.encode()) % len(_COLOURS)]
        left, top = round(rect["x"] * scale), round(rect["y"] * scale)
        right = round((rect["x"] + rect["width"]) * scale)
        bottom = round((rect["y"] + rect["height"]) * scale)
        cv2.rectangle(small, (left, top), (right, bottom), colour, 2)
        place = (left, max(10, top - 4))
        cv2.putText(small, track_id[:6], place, cv2.FONT_HERSHEY_SIMPLEX, 0.4, colour, 1)
    return small
