"""Files become upright RGB pixels, or are refused before they cost anything."""

import base64
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.shared.image_refusals import (
    ImageRefused,
    TooManyBytes,
    TooManyPixels,
    TooSmallImage,
    UndecodableImage,
    UnsupportedImageFormat,
)
from inference.exif import shown_fields
from inference.image import ImageLimits, decode_image, encode_jpeg, upright
from inference.image_header import MAX_JPEG_SCANS, read_header
from tests.inference.pictures import (
    encoded,
    exif_block,
    gradient,
    jpeg,
    noise,
    png_claiming,
)
from tests.support.shared import MEDIA, needs_media

LOSSLESS = {".png": "PNG", ".bmp": "BMP", ".tiff": "TIFF", ".ppm": "PPM"}
# A 16x16 CMYK JPEG, one colour: red 200, green 40, blue 90.
CMYK = base64.b64decode(
    "/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwAUDg8SDw0UEhASFxUUGB4yIR4cHB49LC4kMklATEtHQEZFUFpzYlBVbVZFRmSIZW13"
    "e4GCgU5gjZeMfZZzfoF8/8AAFAgAEAAQBEMRAE0RAFkRAEsRAP/EABcAAQEBAQAAAAAAAAAAAAAAAAAGBAX/xAAUEAEAAAAA"
    "AAAAAAAAAAAAAAAA/9oADgRDAE0AWQBLAAA/AO6nGBZgAAAP/9k="
)


@pytest.mark.parametrize("extension", LOSSLESS)
def test_lossless_formats_come_back_exactly(extension: str) -> None:
    picture = noise()
    decoded = decode_image(encoded(extension, picture))
    assert decoded.image_format == LOSSLESS[extension]
    assert (decoded.width, decoded.height, decoded.scale) == (64, 48, 1.0)
    np.testing.assert_array_equal(decoded.pixels, picture)


@pytest.mark.parametrize(("extension", "name"), [(".jpg", "JPEG"), (".webp", "WEBP")])
def test_lossy_formats_come_back_nearly(extension: str, name: str) -> None:
    decoded = decode_image(encoded(extension, gradient()))
    assert decoded.image_format == name
    assert np.abs(decoded.pixels.astype(int) - gradient()).mean() < 3


def test_a_gif_gives_its_first_frame() -> None:
    decoded = decode_image(encoded(".gif", gradient()))
    assert decoded.image_format == "GIF"
    assert np.abs(decoded.pixels.astype(int) - gradient()).mean() < 20


def test_grey_and_sixteen_bit_pictures_become_rgb() -> None:
    grey = gradient()[..., 0]
    for stored in (grey, grey.astype(np.uint16) * 257):
        decoded = decode_image(encoded(".png", stored))
        np.testing.assert_array_equal(decoded.pixels, np.stack([grey] * 3, axis=-1))


def test_what_is_transparent_becomes_white() -> None:
    rgba = np.dstack([gradient(), np.full((48, 64), 255, np.uint8)])
    rgba[:, :32, 3] = 0
    decoded = decode_image(encoded(".png", rgba)).pixels
    assert (decoded[:, :32] == 255).all()
    np.testing.assert_array_equal(decoded[:, 32:], gradient()[:, 32:])


def test_cmyk_pictures_become_rgb() -> None:
    decoded = decode_image(CMYK)
    assert decoded.image_format == "JPEG"
    assert np.abs(decoded.pixels.astype(int) - (200, 40, 90)).max() < 12


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientations_are_undone(orientation: int) -> None:
    # Storing a picture under an orientation is the inverse turn, found by trying all of them.
    picture = gradient()
    stored = next(
        candidate
        for candidate in (upright(picture, other) for other in range(1, 9))
        if np.array_equal(upright(candidate, orientation), picture)
    )
    block = exif_block({}, orientation=orientation)

    turned = decode_image(jpeg(stored, block))
    untouched = decode_image(jpeg(stored, block), use_orientation=False)

    assert (turned.width, turned.height) == (64, 48)
    assert np.abs(turned.pixels.astype(int) - picture).mean() < 2
    assert untouched.pixels.shape == stored.shape


@needs_media
def test_a_photo_is_the_same_in_every_orientation() -> None:
    folder = MEDIA / "images" / "exif"
    first = decode_image((folder / "orientation_1.jpg").read_bytes())
    for path in sorted(folder.glob("orientation_*.jpg")):
        other = decode_image(path.read_bytes())
        assert other.pixels.shape == first.pixels.shape
        assert np.abs(other.pixels.astype(int) - first.pixels).mean() < 3, path.name


def test_exif_fields_are_shown() -> None:
    texts = {0x010F: "NIKON CORPORATION", 0x0110: "NIKON D810", 0x013B: "Ann"}
    data = jpeg(gradient(), exif_block(texts, orientation=6, gps=True))
    assert decode_image(data, with_exif=True).exif == {
        "make": "NIKON CORPORATION",
        "model": "NIKON D810",
        "artist": "Ann",
        "orientation": 6,
        "gps": {"latitude": "55.0, 45.0, 18.29"},
    }
    assert decode_image(data).exif is None
    assert decode_image(jpeg(gradient()), with_exif=True).exif == {}


@given(st.binary(max_size=300), st.integers(0, 60), st.binary(max_size=8))
def test_a_damaged_exif_block_never_harms(tail: bytes, place: int, change: bytes) -> None:
    block = bytearray(exif_block({0x010F: "Maker" * 5}, orientation=3, gps=True))
    block[place : place + len(change)] = change
    shown_fields(bytes(block) + tail)
    shown_fields(b"II*\0" + tail)


def test_a_large_jpeg_is_decoded_smaller_on_request() -> None:
    data = jpeg(gradient(800, 600))
    half, full = decode_image(data, enough=400), decode_image(data, enough=900)
    assert half.pixels.shape == (300, 400, 3)
    assert (half.width, half.height, half.scale) == (800, 600, 0.5)
    assert full.scale == 1.0


@pytest.mark.parametrize(
    ("data", "refusal"),
    [
        (b"", UndecodableImage),
        (b"not an image at all", UndecodableImage),
        (b"%PDF-1.7 ...", UnsupportedImageFormat),
        (b"\x00\x00\x00\x0cjP  \r\n\x87\n", UnsupportedImageFormat),
        (b"\x00\x00\x00\x1cftypavif", UnsupportedImageFormat),
        (b"<svg xmlns='x'/>", UnsupportedImageFormat),
        (png_claiming(60_000, 60_000), TooManyPixels),
        (png_claiming(30_000, 10), TooManyPixels),
        (b"BM" + bytes(12) + struct.pack("<Iii", 40, 50_000, -50_000) + bytes(40), TooManyPixels),
        (b"P6 99999 99999 255 " + bytes(10), TooManyPixels),
        (b"GIF89a" + struct.pack("<HH", 60_000, 60_000) + bytes(20), TooManyPixels),
        (encoded(".png", noise(9, 40)), TooSmallImage),
    ],
)
def test_what_cannot_be_decoded_is_refused(data: bytes, refusal: type[ImageRefused]) -> None:
    with pytest.raises(refusal):
        decode_image(data)


def test_too_many_bytes_are_refused_before_they_are_read() -> None:
    limits = ImageLimits(max_bytes=100)
    with pytest.raises(TooManyBytes, match="Image has 101 bytes, the limit is 100"):
        decode_image(b"\xff" * 101, limits)


def test_a_jpeg_of_endless_scans_is_refused() -> None:
    data = jpeg(gradient())
    with pytest.raises(UndecodableImage, match="scans"):
        decode_image(data[:-2] + b"\xff\xda" * MAX_JPEG_SCANS + data[-2:])


@pytest.mark.parametrize("extension", [".jpg", ".png", ".bmp", ".tiff", ".webp", ".gif", ".ppm"])
def test_a_file_cut_short_is_refused(extension: str) -> None:
    data = encoded(extension, noise())
    for kept in (len(data) // 2, len(data) * 3 // 4):
        with pytest.raises(ImageRefused):
            decode_image(data[:kept])


@needs_media
@pytest.mark.parametrize("name", ["corrupted.png", "empty.png", "truncated.jpg"])
def test_damaged_files_are_refused(name: str) -> None:
    with pytest.raises(UndecodableImage):
        decode_image((MEDIA / "images" / "formats" / name).read_bytes())


SMALL = [
    encoded(extension, noise(24, 16))
    for extension in (".jpg", ".png", ".bmp", ".tiff", ".webp", ".gif", ".ppm")
]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(SMALL), st.data())
def test_damage_is_refused_or_harmless(file: bytes, data: st.DataObject) -> None:
    broken = bytearray(file)
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(broken) - 1))
        broken[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(broken)))
    for candidate in (bytes(broken), bytes(broken[:cut])):
        try:
            decoded = decode_image(candidate, ImageLimits(max_pixels=100_000), with_exif=True)
        except ImageRefused:
            continue
        assert decoded.pixels.dtype == np.uint8
        assert decoded.pixels.shape == (decoded.height, decoded.width, 3)


@given(st.binary(max_size=200))
def test_garbage_is_refused(garbage: bytes) -> None:
    with pytest.raises(ImageRefused):
        read_header(garbage)


def test_a_sample_survives_its_file() -> None:
    picture = gradient(250, 250)
    decoded = decode_image(encode_jpeg(picture)).pixels
    assert np.abs(decoded.astype(int) - picture).mean() < 1
