"""What an image file says of itself before any pixel is decoded."""

import re
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from domain.shared.image_refusals import UndecodableImage, UnsupportedImageFormat
from inference.exif import TiffTags, Value, orientation_of

MAX_JPEG_SCANS: Final = 100
_LARGEST_TILE: Final = 1024


@dataclass(frozen=True, slots=True)
class Header:
    """Format, size in stored pixels, EXIF orientation and the EXIF block (a TIFF structure)."""

    image_format: str
    width: int
    height: int
    orientation: int = 1
    exif: bytes = b""


def read_header(data: bytes) -> Header:
    """The header of a supported image; unknown and damaged data are refused."""
    if not data:
        raise UndecodableImage("the file is empty")
    for magic, reader in _READERS:
        if re.match(magic, data, re.DOTALL):
            try:
                header = reader(data)
            except (struct.error, IndexError, ValueError):
                raise UndecodableImage("the header is damaged or cut short") from None
            if header.width < 1 or header.height < 1:
                raise UndecodableImage("the header gives no size")
            return header
    for magic, name in _KNOWN:
        if re.match(magic, data, re.DOTALL):
            raise UnsupportedImageFormat(name)
    raise UndecodableImage("the data are not an image")


def _jpeg(data: bytes) -> Header:
    # Every scan of a progressive file costs a pass over all pixels, however short it is.
    if data.count(b"\xff\xda") > MAX_JPEG_SCANS:
        raise UndecodableImage(f"more than {MAX_JPEG_SCANS} scans")
    exif = b""
    place = 2
    while place + 4 <= len(data):
        if data[place] != 0xFF:
            break
        marker = data[place + 1]
        if marker == 0xFF:  # fill byte
            place += 1
            continue
        if marker == 0x01 or 0xD0 <= marker <= 0xD8:  # markers without a length
            place += 2
            continue
        (length,) = struct.unpack_from(">H", data, place + 2)
        body = data[place + 4 : place + 2 + length]
        if marker == 0xE1 and body.startswith(b"Exif\0") and not exif:
            exif = body[6:]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", body, 1)
            return _with_exif("JPEG", width, height, exif)
        if marker in (0xD9, 0xDA):
            break
        place += 2 + length
    raise UndecodableImage("the header is damaged or cut short")


def _png(data: bytes) -> Header:
    """Walks all chunks, since OpenCV returns half-decoded pixels of a file that is cut short."""
    exif = b""
    size: tuple[int, int] | None = None
    for kind, body in _png_chunks(data):
        if kind == b"IHDR":
            size = struct.unpack_from(">II", body)
        elif kind == b"eXIf":
            exif = bytes(body)
        elif kind == b"IEND" and size is not None:
            return _with_exif("PNG", *size, exif)
    raise UndecodableImage("the file ends before the image does")


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, memoryview]]:
    place, view = 8, memoryview(data)
    while place + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, place)
        end = place + 12 + length
        if end > len(data):
            raise UndecodableImage("the file ends before the image does")
        (checksum,) = struct.unpack_from(">I", data, end - 4)
        if zlib.crc32(view[place + 4 : end - 4]) != checksum:
            raise UndecodableImage("a checksum inside the file does not fit")
        yield kind, view[place + 8 : end - 4]
        place = end


def _bmp(data: bytes) -> Header:
    (header_size,) = struct.unpack_from("<I", data, 14)
    if header_size == 12:
        width, height = struct.unpack_from("<HH", data, 18)
    else:
        width, height = struct.unpack_from("<ii", data, 18)
    return Header("BMP", width, abs(height))


def _gif(data: bytes) -> Header:
    width, height = struct.unpack_from("<HH", data, 6)
    return Header("GIF", width, height)


def _webp(data: bytes) -> Header:
    (riff,) = struct.unpack_from("<I", data, 4)
    if riff + 8 > len(data):
        raise UndecodableImage("the file ends before the image does")
    size: tuple[int, int] | None = None
    exif = b""
    place = 12
    while place + 8 <= len(data):
        kind, length = struct.unpack_from("<4sI", data, place)
        body = data[place + 8 : place + 8 + length]
        if kind == b"EXIF":
            exif = body.removeprefix(b"Exif\0\0")
        elif size is None:
            size = _webp_size(kind, body)
        place += 8 + length + length % 2
    if size is None:
        raise UndecodableImage("the header gives no size")
    return _with_exif("WEBP", *size, exif)


def _webp_size(kind: bytes, body: bytes) -> tuple[int, int] | None:
    if kind == b"VP8X":
        return 1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little")
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", body, 6)
        return width & 0x3FFF, height & 0x3FFF
    if kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", body, 1)
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    return None


def _tiff(data: bytes) -> Header:
    tags = TiffTags(data).first()
    depths = tags.get(258, 1)
    depth = depths[0] if isinstance(depths, list) else depths
    if tags.get(339, 1) == 3 or depth not in (1, 8, 16):
        raise UnsupportedImageFormat(f"TIFF with samples of {depth} bits")
    width, height = _number(tags, 256), _number(tags, 257)
    # Tiles are decoded whole, however little of one the image shows.
    if _number(tags, 322) > width + _LARGEST_TILE or _number(tags, 323) > height + _LARGEST_TILE:
        raise UndecodableImage("its tiles are larger than the image")
    return Header("TIFF", width, height, orientation_of(tags), data)


def _number(tags: dict[int, Value], name: int) -> int:
    value = tags.get(name, 0)
    return value if isinstance(value, int) else 0


def _pnm(data: bytes) -> Header:
    found = re.match(
        rb"P[1-6](?:\s+|#[^\n]*\n)+(\d{1,9})(?:\s+|#[^\n]*\n)+(\d{1,9})\s", data[:4096]
    )
    if found is None:
        raise UndecodableImage("the header is damaged or cut short")
    return Header("PPM", int(found[1]), int(found[2]))


def _with_exif(image_format: str, width: int, height: int, exif: bytes) -> Header:
    return Header(image_format, width, height, orientation_of(TiffTags(exif).first()), exif)


_READERS: Final[tuple[tuple[bytes, Callable[[bytes], Header]], ...]] = (
    (rb"\xff\xd8\xff", _jpeg),
    (rb"\x89PNG\r\n\x1a\n", _png),
    (rb"BM", _bmp),
    (rb"GIF8[79]a", _gif),
    (rb"RIFF....WEBP", _webp),
    (rb"II\*\0|MM\0\*", _tiff),
    (rb"P[1-6]\s", _pnm),
)
_KNOWN: Final = (
    (rb"\0\0\0.jP  |\xff\x4f\xff\x51", "JPEG2000"),
    (rb"....ftyp(avif|avis)", "AVIF"),
    (rb"....ftyp(heic|heix|mif1|msf1)", "HEIC"),
    (rb"%PDF", "PDF"),
    (rb"\s*<(\?xml|svg)", "SVG"),
    (rb"\x00\x00\x01\x00", "ICO"),
    (rb"8BPS", "PSD"),
    (rb"\x76\x2f\x31\x01", "EXR"),
    (rb"II\+\0|MM\0\+", "BigTIFF"),
    (rb"\xff\x0a|\0\0\0\x0cJXL ", "JPEG XL"),
)
