"""Files made to break a service break none of the routes that look at images."""

import struct
import zlib

import httpx
import numpy as np
import pytest

from inference.drawn_face import drawn_face
from tests.api.eyes import parts
from tests.inference.pictures import encoded, exif_block, gradient, jpeg, noise, png_claiming

FACE = jpeg(drawn_face())
DEEP_TIFF = b"II*\0\x08\0\0\0" + struct.pack("<H", 65_535) + bytes(40)
LOOPING_TIFF = b"II*\0\x08\0\0\0\0\0\x08\0\0\0"
HOSTILE: dict[str, tuple[bytes, int]] = {
    "face.jpg": (FACE, 0),
    "empty.jpg": (b"", 32010),
    "one pixel.png": (encoded(".png", noise(1, 1)), 90015),
    "one row.png": (encoded(".png", noise(400, 1)), 90015),
    "30k wide.png": (png_claiming(30_000, 20), 90014),
    "30k square.png": (png_claiming(30_000, 30_000), 90014),
    "minus.bmp": (b"BM" + bytes(12) + struct.pack("<Iii", 40, -5, -5) + bytes(40), 32010),
    "deep.tiff": (DEEP_TIFF, 32010),
    "looping.tiff": (LOOPING_TIFF, 32010),
    "no end.jpg": (FACE[:-2000], 32010),
    "two.jpg": (FACE + FACE, 0),
    "tail.jpg": (FACE + zlib.compress(b"x" * 100_000), 0),
    "turned beyond.jpg": (jpeg(drawn_face(), exif_block({}, orientation=99)), 0),
    "jp2.jp2": (b"\x00\x00\x00\x0cjP  \r\n\x87\n" + bytes(50), 90012),
    "svg.png": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 90012),
}


@pytest.mark.parametrize(
    "path", ["sdk?detect_face=1&estimate_face_descriptor=0", "iso?multiface_policy=1"]
)
def test_hostile_files_fail_by_themselves(client: httpx.Client, path: str) -> None:
    files = parts(*((name, data, "image/jpeg") for name, (data, _) in HOSTILE.items()))
    answer = client.post(f"/6/{path}", files=files, timeout=60)
    assert answer.status_code == 200, answer.text
    shown = answer.json()
    images = shown.get("images") or shown["images_estimations"]
    told = {one["filename"]: one["error"]["error_code"] for one in images}
    refused = {name for name, (_, code) in HOSTILE.items() if code}
    assert {name for name, code in told.items() if code} == refused
    for name, (_, code) in HOSTILE.items():
        if code not in (0, 32010):  # what exactly is wrong with a damaged file may vary
            assert told[name] == code, name
    people = {one["filename"]: len(one["estimations"]) for one in images}
    assert people["face.jpg"] == people["two.jpg"] == 1


def test_mangled_headers_are_no_errors_of_ours(client: httpx.Client) -> None:
    random = np.random.default_rng(7)
    extensions = (".jpg", ".png", ".bmp", ".tiff", ".gif", ".webp")
    kinds = [encoded(extension, gradient()) for extension in extensions]
    mangled = []
    for number in range(60):
        data = bytearray(kinds[number % len(kinds)])
        for place in random.integers(0, min(len(data), 64), 4):
            data[place] = random.integers(256)
        mangled.append((f"{number}", bytes(data), "image/jpeg"))
    query = {"detect_face": 1, "estimate_quality": 1, "estimate_face_descriptor": 0}
    answer = client.post("/6/sdk", params=query, files=parts(*mangled), timeout=60)
    assert answer.status_code == 200, answer.text
    images = answer.json()["images_estimations"]
    assert len(images) == len(mangled)
    assert {one["status"] for one in images} <= {0, 1}
    assert client.get("/6/features").status_code == 200
