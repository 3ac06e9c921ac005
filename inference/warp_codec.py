"""Warps as values, as pixels and as files of samples."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from domain.shared.biometrics import DescriptorKind
from domain.shared.detections import Warp
from domain.shared.image_refusals import BadBodyWarp, BadFaceWarp
from inference.image import encode_jpeg
from inference.models import Pixels
from inference.warps import BODY_WARP, FACE_WARP

_SIZES: Final = {DescriptorKind.FACE: FACE_WARP, DescriptorKind.BODY: BODY_WARP}
_REFUSALS: Final = {DescriptorKind.FACE: BadFaceWarp, DescriptorKind.BODY: BadBodyWarp}


def warp_of(pixels: Pixels) -> Warp:
    """Pixels of a warp as a value."""
    return Warp(pixels.tobytes(), pixels.shape[1], pixels.shape[0])


def pixels_of(warps: Sequence[Warp], kind: DescriptorKind) -> list[Pixels]:
    """Pixels of warps; one of the wrong size is refused."""
    return [checked(_pixels(warp), kind) for warp in warps]


def checked(pixels: Pixels, kind: DescriptorKind) -> Pixels:
    """The pixels, if they have the size of a warp of this kind."""
    height, width = pixels.shape[:2]
    if (width, height) != _SIZES[kind]:
        raise _REFUSALS[kind](width, height)
    return pixels


def encode_warp(warp: Warp) -> bytes:
    """A warp as the JPEG file of a sample."""
    return encode_jpeg(_pixels(warp))


def _pixels(warp: Warp) -> Pixels:
    return np.frombuffer(warp.pixels, np.uint8).reshape(warp.height, warp.width, 3)
