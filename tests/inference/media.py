"""The shared media as tests see them: files, their labels, and what a pipeline finds."""

import csv
import functools
from dataclasses import dataclass

import numpy as np

from domain.shared.detections import (
    DetectWanted,
    ExtractWanted,
    FoundFace,
    ImageDetections,
    ImageInput,
)
from inference.image import decode_image
from inference.models import Pixels
from inference.pipeline import Pipeline
from tests.inference.pictures import jpeg
from tests.support.shared import MEDIA


@dataclass(frozen=True)
class Labelled:
    """One line of identities.csv: the file, who is in it from left to right, how many faces."""

    file: str
    people: tuple[str, ...]
    count: int | None
    notes: str

    def label(self, name: str) -> str | None:
        """The value of a `name=value` note."""
        for note in self.notes.replace("(", ";").split(";"):
            key, _, value = note.strip().partition("=")
            if key == name:
                return value.strip()
        return None


@functools.cache
def labelled() -> tuple[Labelled, ...]:
    """Every labelled image."""
    with (MEDIA / "identities.csv").open(newline="") as file:
        return tuple(
            Labelled(
                row["file"],
                tuple(row["person"].split(";")) if row["person"] else (),
                int(row["n_faces"]) if row["n_faces"] else None,
                row["notes"] or "",
            )
            for row in csv.DictReader(file)
        )


def image(file: str) -> ImageInput:
    """A file of the media."""
    return ImageInput((MEDIA / file).read_bytes(), file)


def pixels(file: str) -> Pixels:
    """The upright pixels of a file of the media."""
    return decode_image((MEDIA / file).read_bytes()).pixels


def of_pixels(picture: Pixels, filename: str = "generated") -> ImageInput:
    """Pixels as an image to send."""
    return ImageInput(jpeg(picture), filename)


def found_in(pipeline: Pipeline, sent: ImageInput, wanted: DetectWanted) -> ImageDetections:
    """What is found in one image that must not be refused."""
    (found,) = pipeline.detect([sent], wanted)
    assert isinstance(found, ImageDetections), found
    return found


def best_face(
    pipeline: Pipeline, sent: ImageInput, wanted: DetectWanted | None = None
) -> FoundFace:
    """The best face of an image that has one."""
    return found_in(pipeline, sent, wanted or DetectWanted()).faces[0]


def descriptor(pipeline: Pipeline, face: FoundFace) -> np.ndarray:
    """The vector of a face."""
    (extracted,) = pipeline.extract_faces([face.warp], ExtractWanted())
    assert extracted.descriptor is not None
    return np.frombuffer(extracted.descriptor.descriptor.data, "<f4")
