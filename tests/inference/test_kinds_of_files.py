"""The same face in any kind of file is the same face."""

from collections.abc import Callable

import numpy as np
import pytest

from domain.shared.detections import DetectWanted, ImageInput
from inference.drawn_face import drawn_face
from inference.models import Pixels
from inference.opencv import cv2
from inference.pipeline import Pipeline
from tests.inference.media import best_face, descriptor, found_in
from tests.inference.pictures import encoded, jpeg
from tests.support.packs import default_pipeline


def sixteen_bit(picture: Pixels) -> bytes:
    done, data = cv2.imencode(
        ".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR).astype(np.uint16) << 8
    )
    assert done
    return bytes(data)


def transparent(picture: Pixels) -> bytes:
    return encoded(".png", np.dstack([picture, np.full(picture.shape[:2], 255, np.uint8)]))


def animated(extension: str) -> Callable[[Pixels], bytes]:
    """A file that shows the picture first and then nothing."""

    def make(picture: Pixels) -> bytes:
        moving = cv2.Animation()
        first = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
        moving.frames = [first, np.zeros_like(first)]
        moving.durations = np.array([100, 100], np.int32)
        done, data = cv2.imencodeanimation(extension, moving)
        assert done
        return bytes(data)

    return make


KINDS: dict[str, tuple[Callable[[Pixels], bytes], str]] = {
    "png": (lambda picture: encoded(".png", picture), "PNG"),
    "16-bit png": (sixteen_bit, "PNG"),
    "transparent png": (transparent, "PNG"),
    "animated png": (animated(".png"), "PNG"),
    "bmp": (lambda picture: encoded(".bmp", picture), "BMP"),
    "tiff": (lambda picture: encoded(".tiff", picture), "TIFF"),
    "ppm": (lambda picture: encoded(".ppm", picture), "PPM"),
    "webp": (lambda picture: encoded(".webp", picture), "WEBP"),
    "animated webp": (animated(".webp"), "WEBP"),
    "gif": (lambda picture: encoded(".gif", picture), "GIF"),
    "animated gif": (animated(".gif"), "GIF"),
}


@pytest.fixture(scope="module")
def plain() -> np.ndarray:
    """The descriptor of the face in a JPEG file."""
    return descriptor(default_pipeline(), best_face(default_pipeline(), photo(jpeg(drawn_face()))))


def photo(data: bytes) -> ImageInput:
    return ImageInput(data, "photo")


@pytest.mark.parametrize("kind", KINDS)
def test_a_face_is_found_in_any_kind_of_file(kind: str, plain: np.ndarray) -> None:
    make, name = KINDS[kind]
    found = found_in(default_pipeline(), photo(make(drawn_face())), DetectWanted())
    assert found.image_format == name
    assert (found.width, found.height) == (640, 640)
    (face,) = found.faces
    distance = np.linalg.norm(descriptor(default_pipeline(), face) - plain)
    assert distance < (0.35 if "gif" in kind else 0.1)


def test_a_grey_face_is_found_too(plain: np.ndarray) -> None:
    grey = cv2.cvtColor(drawn_face(), cv2.COLOR_RGB2GRAY)
    wanted = DetectWanted(face_quality=True)
    face = best_face(default_pipeline(), photo(encoded(".png", np.asarray(grey))), wanted)
    assert face.measured is not None
    assert face.measured["face_color_type"] == "grayscale"


def test_the_smallest_images_hold_nobody(any_small: int, pipeline_or_default: Pipeline) -> None:
    picture = np.full((any_small, any_small, 3), 128, np.uint8)
    found = found_in(pipeline_or_default, photo(encoded(".png", picture)), DetectWanted())
    assert found.humans == ()


@pytest.fixture(params=[10, 11, 33])
def any_small(request: pytest.FixtureRequest) -> int:
    """Sides of very small images."""
    return int(request.param)


@pytest.fixture
def pipeline_or_default() -> Pipeline:
    """A pack that is there everywhere."""
    return default_pipeline()
