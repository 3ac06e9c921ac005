"""Large JPEG files are decoded as far as it takes, and nobody sees it in what is told."""

import numpy as np
import pytest

from domain.shared.detections import DetectWanted, FoundFace, ImageInput
from inference.drawn_face import drawn_face
from inference.finding import Finder, PipelineOptions
from inference.found import ImageView
from inference.image import encode_jpeg
from inference.models import Pixels
from inference.opencv import cv2
from tests.inference.media import best_face, descriptor
from tests.inference.pictures import encoded, exif_block, jpeg
from tests.support.packs import default_pipeline

WIDTH, HEIGHT = 2880, 2160
WANTED = DetectWanted(landmarks5=True)
LARGE, SMALL = 1500, 500
"""Sides of the drawing: 480 and 160 pixels of face, a sixth and an eighteenth of the picture."""


def picture(side: int) -> Pixels:
    """The drawn face on a wall."""
    wall = np.empty((HEIGHT, WIDTH, 3), np.uint8)
    wall[:] = drawn_face()[0, 0]
    face = cv2.resize(drawn_face(), (side, side), interpolation=cv2.INTER_AREA)
    wall[300 : 300 + side, 700 : 700 + side] = face
    return wall


def decoded(image: ImageInput, wanted: DetectWanted) -> tuple[float, float]:
    """The scale of the image when detectors look at it, and when warps are cut."""
    finder = Finder(default_pipeline().loaded, PipelineOptions())
    view = finder.open(image, wanted)
    assert isinstance(view, ImageView)
    first = view.decoded.scale
    finder.find([view], wanted)
    return first, view.decoded.scale


def apart(one: FoundFace, other: FoundFace) -> float:
    """The greatest distance of two boxes' edges, in pixels of 1280 across the picture."""
    assert one.box is not None
    assert other.box is not None
    edges = [(box.x, box.y, box.right, box.bottom) for box in (one.box, other.box)]
    return float(np.abs(np.subtract(*edges)).max() * 1280 / WIDTH)


@pytest.mark.parametrize(("side", "scale"), [(LARGE, 0.5), (SMALL, 1.0)])
def test_a_reduced_decode_tells_what_all_pixels_tell(side: int, scale: float) -> None:
    pixels = picture(side)
    reduced, whole = ImageInput(encode_jpeg(pixels)), ImageInput(encoded(".png", pixels))

    assert decoded(reduced, WANTED) == (0.5, scale)
    assert decoded(whole, WANTED) == (1.0, 1.0)
    faces = [best_face(default_pipeline(), image, WANTED) for image in (reduced, whole)]
    assert apart(*faces) < 2
    ours, theirs = (descriptor(default_pipeline(), face) for face in faces)
    assert float(ours @ theirs) > 0.99
    sharpness = [_sharpness(face) for face in faces]
    assert sharpness[0] > 0.8 * sharpness[1]


def test_what_judges_the_image_itself_gets_all_pixels() -> None:
    image = ImageInput(encode_jpeg(picture(LARGE)))
    assert decoded(image, DetectWanted(face_quality=True)) == (1.0, 1.0)


def test_a_turned_file_is_turned_however_it_is_decoded() -> None:
    data = jpeg(picture(SMALL), exif_block({}, orientation=6))
    found = default_pipeline().detect([ImageInput(data)], DetectWanted())[0]
    assert (found.width, found.height) == (HEIGHT, WIDTH)  # type: ignore[union-attr]
    assert decoded(ImageInput(data), DetectWanted())[0] == 0.5


def _sharpness(face: FoundFace) -> float:
    warp = np.frombuffer(face.warp.pixels, np.uint8).reshape(250, 250, 3)
    grey = cv2.cvtColor(warp, cv2.COLOR_RGB2GRAY)
    return float(cv2.Laplacian(grey, cv2.CV_32F)[60:200, 60:200].std())
