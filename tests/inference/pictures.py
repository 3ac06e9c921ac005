"""Generated pictures, and files of them in formats that no camera would write twice."""

import struct
import zlib
from collections.abc import Mapping

import numpy as np
import simplejpeg
from numpy.typing import NDArray

from inference.models import Pixels
from inference.opencv import cv2


def gradient(width: int = 64, height: int = 48) -> Pixels:
    """A smooth picture in which no two corners are alike."""
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    red, green = 255 * columns / (width - 1), 255 * rows / (height - 1)
    blue = 255 * (rows + columns) / (width + height - 2)
    return np.stack([red, green, blue], axis=-1).round().astype(np.uint8)


def noise(width: int = 64, height: int = 48, seed: int = 0) -> Pixels:
    """Random pixels."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def jpeg(pixels: Pixels, exif: bytes = b"", quality: int = 95) -> bytes:
    """A JPEG file, with an EXIF block when one is given."""
    data = simplejpeg.encode_jpeg(
        np.ascontiguousarray(pixels), quality=quality, colorspace="RGB", colorsubsampling="444"
    )
    if not exif:
        return bytes(data)
    body = b"Exif\0\0" + exif
    return bytes(data[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + data[2:])


def encoded(extension: str, pixels: NDArray[np.generic]) -> bytes:
    """A file in the format of an extension; colours in RGB or RGBA order."""
    stored = pixels
    if pixels.ndim == 3:
        code = cv2.COLOR_RGB2BGR if pixels.shape[2] == 3 else cv2.COLOR_RGBA2BGRA
        stored = cv2.cvtColor(pixels, code)
    done, data = cv2.imencode(extension, stored)
    assert done
    return bytes(data)


def exif_block(texts: Mapping[int, str], *, orientation: int = 0, gps: bool = False) -> bytes:
    """A little-endian EXIF block with texts by tag, an orientation, and a fixed place."""
    entries: list[tuple[int, int, int, bytes]] = []
    entries += [(tag, 2, len(text) + 1, text.encode() + b"\0") for tag, text in texts.items()]
    if orientation:
        entries.append((0x0112, 3, 1, struct.pack("<HH", orientation, 0)))
    place = b"".join(struct.pack("<II", v, d) for v, d in ((55, 1), (45, 1), (1829, 100)))
    if not gps:
        return b"II*\0\x08\0\0\0" + _directory(sorted(entries), 8)
    entries.append((0x8825, 4, 1, b"\0\0\0\0"))
    at = 8 + len(_directory(sorted(entries), 8))
    entries[-1] = (0x8825, 4, 1, struct.pack("<I", at))
    return b"II*\0\x08\0\0\0" + _directory(sorted(entries), 8) + _directory([(2, 5, 3, place)], at)


def _directory(entries: list[tuple[int, int, int, bytes]], at: int) -> bytes:
    head, tail = struct.pack("<H", len(entries)), b""
    start = at + 2 + 12 * len(entries) + 4
    for tag, kind, count, value in entries:
        if len(value) <= 4:
            shown = value.ljust(4, b"\0")
        else:
            shown = struct.pack("<I", start + len(tail))
            tail += value
        head += struct.pack("<HHI", tag, kind, count) + shown
    return head + bytes(4) + tail


def png_claiming(width: int, height: int) -> bytes:
    """A tiny PNG whose header claims a huge size."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        checksum = zlib.crc32(kind + body)
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", checksum)

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1000))
    parts = chunk(b"IHDR", header), chunk(b"IDAT", pixels), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)
