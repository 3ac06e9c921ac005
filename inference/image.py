"""Image files to upright RGB pixels, and warps to files: every limit before the work it bounds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import simplejpeg

from domain.shared.image_refusals import (
    TooManyBytes,
    TooManyPixels,
    TooSmallImage,
    UndecodableImage,
)
from inference.exif import shown_fields
from inference.image_header import Header, read_header
from inference.models import Pixels
from inference.opencv import HARD_MAX_PIXELS, cv2

SAMPLE_QUALITY: Final = 95


@dataclass(frozen=True, slots=True)
class ImageLimits:
    """What one image may cost; `max_pixels` cannot exceed what OpenCV was allowed to decode."""

    max_bytes: int = 20 << 20
    max_pixels: int = 64_000_000
    max_side: int = 20_000
    min_side: int = 10

    def __post_init__(self) -> None:
        if self.max_pixels > HARD_MAX_PIXELS:
            raise ValueError(f"max_pixels cannot exceed {HARD_MAX_PIXELS}")


@dataclass(frozen=True, slots=True)
class DecodedImage:
    """Upright pixels and what the file said; `scale` is decoded size over original size.

    `width` and `height` are those of the upright image at its original size.
    """

    pixels: Pixels
    image_format: str
    width: int
    height: int
    scale: float = 1.0
    exif: Mapping[str, Any] | None = None


def decode_image(
    data: bytes,
    limits: ImageLimits | None = None,
    *,
    use_orientation: bool = True,
    with_exif: bool = False,
    enough: int | None = None,
) -> DecodedImage:
    """Decode a file; a JPEG may come smaller, its longer side still at least `enough` pixels."""
    limits = limits or ImageLimits()
    if len(data) > limits.max_bytes:
        raise TooManyBytes(len(data), limits.max_bytes)
    header = read_header(data)
    _check_size(header, limits)
    smaller = header.image_format == "JPEG" and enough is not None
    pixels = _decode_jpeg(data, header, enough) if header.image_format == "JPEG" else None
    if pixels is None:
        pixels = _decode_other(data)
    scale = max(pixels.shape[:2]) / max(header.width, header.height) if smaller else 1.0
    expected = np.array((header.height, header.width)) * scale
    if np.abs(expected - pixels.shape[:2]).max() >= 1:
        raise UndecodableImage("the image has another size than its header says")
    orientation = header.orientation if use_orientation else 1
    width, height = header.width, header.height
    if orientation >= 5:
        width, height = height, width
    return DecodedImage(
        pixels=upright(pixels, orientation),
        image_format=header.image_format,
        width=width,
        height=height,
        scale=scale,
        exif=shown_fields(header.exif) if with_exif else None,
    )


def upright(pixels: Pixels, orientation: int) -> Pixels:
    """Undo an EXIF orientation (1 to 8): mirror and turn so that the picture stands upright."""
    turned = pixels
    if orientation >= 5:
        turned = turned.transpose(1, 0, 2)
    if orientation in (2, 3, 6, 7):
        turned = turned[:, ::-1]
    if orientation in (3, 4, 7, 8):
        turned = turned[::-1]
    return np.ascontiguousarray(turned)


def encode_jpeg(pixels: Pixels, quality: int = SAMPLE_QUALITY) -> bytes:
    """The pixels as a JPEG file, colours at full resolution as samples need them."""
    encoded = simplejpeg.encode_jpeg(
        np.ascontiguousarray(pixels), quality=quality, colorspace="RGB", colorsubsampling="444"
    )
    return bytes(encoded)


def _check_size(header: Header, limits: ImageLimits) -> None:
    width, height = header.width, header.height
    if width * height > limits.max_pixels or max(width, height) > limits.max_side:
        raise TooManyPixels(width, height, limits.max_pixels, limits.max_side)
    if min(width, height) < limits.min_side:
        raise TooSmallImage(width, height, limits.min_side)


def _decode_jpeg(data: bytes, header: Header, enough: int | None) -> Pixels | None:
    """Pixels of a JPEG; None for the few kinds that only OpenCV converts."""
    if _only_opencv(data):
        _require_end(data)
        return None
    smaller = enough is not None and enough < max(header.width, header.height)
    least = {"min_width" if header.width >= header.height else "min_height": enough}
    options: dict[str, Any] = {"colorspace": "RGB", **(least if smaller else {})}
    try:
        return _turbo(data, **options)
    except UndecodableImage as problem:
        # Cameras leave stray bytes before markers; that harms nothing.
        if "extraneous bytes" not in str(problem):
            raise
    _require_end(data)
    return _turbo(data, strict=False, **options)


def _only_opencv(data: bytes) -> bool:
    try:
        *_, colours, _ = simplejpeg.decode_jpeg_header(data, strict=False)
    except KeyError:  # a chroma subsampling without a name
        return True
    except ValueError as problem:
        raise UndecodableImage(str(problem)) from None
    return colours in ("CMYK", "YCCK")


def _require_end(data: bytes) -> None:
    """Refuse a JPEG that is cut short, for decoders that fill the rest with grey."""
    if data.rfind(b"\xff\xd9") < data.rfind(b"\xff\xda"):
        raise UndecodableImage("the file ends before the image does")


def _turbo(data: bytes, **options: Any) -> Pixels:
    try:
        return np.asarray(simplejpeg.decode_jpeg(data, **options))
    except ValueError as problem:
        raise UndecodableImage(str(problem)) from None


def _decode_other(data: bytes) -> Pixels:
    flags = cv2.IMREAD_UNCHANGED | cv2.IMREAD_IGNORE_ORIENTATION
    try:
        decoded = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error as problem:
        raise UndecodableImage(str(problem.err)) from None
    if decoded is None:
        raise UndecodableImage("the pixels are damaged")
    return _as_rgb(decoded)


def _as_rgb(decoded: Any) -> Pixels:
    """Grey, 16-bit or transparent pixels (BGR order) as plain RGB, transparency over white."""
    if decoded.dtype == np.uint16:
        decoded = (decoded >> 8).astype(np.uint8)
    if decoded.dtype != np.uint8:
        raise UndecodableImage(f"pixels of type {decoded.dtype} are not supported")
    if decoded.ndim == 2:
        return np.asarray(cv2.cvtColor(decoded, cv2.COLOR_GRAY2RGB))
    channels = decoded.shape[2]
    if channels == 3:
        return np.asarray(cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB))
    if channels not in (2, 4):
        raise UndecodableImage(f"{channels} channels are not supported")
    colour, alpha = decoded[..., :-1], decoded[..., -1:].astype(np.uint16)
    blended = (colour * alpha + 255 * (255 - alpha) + 127) // 255
    return _as_rgb(np.ascontiguousarray(blended.astype(np.uint8)).squeeze())
