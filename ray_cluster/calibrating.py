"""Calibrating a pack's face descriptor with photos of a directory, a folder per person."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from domain.shared.detections import DetectWanted, ExtractWanted, ImageDetections, ImageInput, Warp
from inference.calibration import CannotCalibrate, Fitted, fitted
from inference.pipeline import Pipeline
from ray_cluster.opening import open_pack

__all__ = ["Calibrated", "CannotCalibrate", "Fitted", "calibrate"]

_AT_ONCE: Final = 8
_DESCRIPTOR: Final = "face_descriptor"


@dataclass(frozen=True, slots=True)
class Calibrated:
    """What photos said of a pack: the fit, whose model it is, and the photos left out, with why."""

    pack: str
    model: str
    people: int
    photos: int
    fit: Fitted
    left_out: tuple[tuple[str, str], ...]


def calibrate(
    name: str, packs: Path, directory: Path, told: Callable[[int, int], None] = lambda *_: None
) -> Calibrated:
    """Fit the pack's face descriptor; a photo that does not show exactly one face is left out.

    `told` is called with how many photos are done, of how many.
    """
    pack = open_pack(name, packs)
    spec = pack.role(_DESCRIPTOR)
    pipeline = Pipeline(pack)
    photos = list(_photos(directory))
    if not photos:
        raise CannotCalibrate(f"{directory} has no folders with photos")
    rows: list[np.ndarray] = []
    owners: list[str] = []
    left_out: list[tuple[str, str]] = []
    for number, part in enumerate(_batches(photos)):
        warps: list[Warp] = []
        for (owner, path), found in zip(part, _seen(pipeline, part), strict=True):
            if isinstance(found, Warp):
                warps.append(found)
                owners.append(owner)
            else:
                left_out.append((str(path.relative_to(directory)), found))
        for extracted in pipeline.extract_faces(warps, ExtractWanted()) if warps else ():
            assert extracted.descriptor is not None, "a descriptor was asked for"
            rows.append(np.frombuffer(extracted.descriptor.descriptor.data, "<f4"))
        told(min((number + 1) * _AT_ONCE, len(photos)), len(photos))
    if not rows:
        raise CannotCalibrate("no photo shows exactly one face")
    names = sorted(set(owners))
    places = {owner: place for place, owner in enumerate(names)}
    metric = spec.calibration.metric if spec.calibration else "cosine"
    fit = fitted(np.stack(rows), [places[owner] for owner in owners], metric)
    model = pack.ref(_DESCRIPTOR).model
    return Calibrated(pack.name, model, len(names), len(rows), fit, tuple(left_out))


def _photos(directory: Path) -> Iterator[tuple[str, Path]]:
    """Every file of every folder: the folder's name is the person's."""
    for folder in sorted(path for path in directory.iterdir() if path.is_dir()):
        for path in sorted(folder.iterdir()):
            if path.is_file() and not path.name.startswith("."):
                yield folder.name, path


def _batches(photos: list[tuple[str, Path]]) -> Iterator[list[tuple[str, Path]]]:
    for start in range(0, len(photos), _AT_ONCE):
        yield photos[start : start + _AT_ONCE]


def _seen(pipeline: Pipeline, part: list[tuple[str, Path]]) -> Iterator[Warp | str]:
    """The face of each photo, or why it is left out."""
    images = [ImageInput(path.read_bytes(), path.name) for _, path in part]
    for found in pipeline.detect(images, DetectWanted()):
        if not isinstance(found, ImageDetections):
            yield str(found)
        elif len(found.faces) != 1:
            yield f"{len(found.faces)} faces"
        else:
            yield found.faces[0].warp
