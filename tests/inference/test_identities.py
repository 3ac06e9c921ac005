"""Known people are found by other photos of themselves, and by nobody else's."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pytest

from domain.shared.detections import DetectWanted, ImageDetections
from inference.descriptors.similarity import scores, similarities
from inference.pipeline import Pipeline
from tests.inference.media import descriptor, image, labelled
from tests.support.shared import ROOT, needs_media

pytestmark = [needs_media, pytest.mark.slow]


@dataclass
class Gallery:
    """Every labelled face that was found: who it is, from which file, and its descriptor."""

    people: list[str]
    files: list[str]
    rows: np.ndarray
    similarity: np.ndarray
    threshold: float
    missed: int


def gallery_of(pipeline: Pipeline) -> Gallery:
    people, files, rows, missed = [], [], [], 0
    for item in labelled():
        # Upside-down and lying photos without a hint are no test of recognition.
        if not item.people or "noexif" in item.file:
            continue
        (found,) = pipeline.detect([image(item.file)], DetectWanted())
        if not isinstance(found, ImageDetections):
            continue
        faces = found.faces[: len(item.people)]
        missed += len(item.people) - len(faces)
        if len(faces) < len(item.people):
            continue  # from left to right is not known of some
        for person, face in zip(
            item.people, sorted(faces, key=lambda face: face.box.x if face.box else 0), strict=True
        ):
            if person:
                people.append(person)
                files.append(item.file)
                rows.append(descriptor(pipeline, face))
    matrix = np.array(rows)
    feature = next(f for f in pipeline.descriptors() if f.kind == "face")
    similarity = similarities(scores(matrix, matrix, feature.calibration), feature.calibration)
    np.fill_diagonal(similarity, -1)
    return Gallery(people, files, matrix, similarity, feature.calibration.threshold, missed)


def report(name: str, gallery: Gallery) -> None:
    """The confusion table, for people to read: highest similarity by pair of persons."""
    names = sorted(set(gallery.people))
    who = np.array(gallery.people)
    lines = [f"{name}: {len(who)} faces of {len(names)} people, threshold {gallery.threshold}", ""]
    lines.append(f"{'':24}" + "".join(f"{n[:7]:>8}" for n in names))
    for row in names:
        cells = []
        for column in names:
            values = gallery.similarity[np.ix_(who == row, who == column)]
            values = values[values >= 0]
            cells.append(f"{values.max():8.2f}" if values.size else f"{'-':>8}")
        lines.append(f"{row[:23]:24}" + "".join(cells))
    folder = ROOT / ".reports"
    folder.mkdir(exist_ok=True)
    (folder / f"identities_{name}.txt").write_text("\n".join(lines) + "\n")


def test_everybody_is_found_by_another_photo_and_no_stranger_passes(any_pipeline: Pipeline) -> None:
    name = any_pipeline.loaded.pack.name
    gallery = gallery_of(any_pipeline)
    report(name, gallery)
    who = np.array(gallery.people)
    often = {person for person, count in Counter(gallery.people).items() if count > 1}
    known = [i for i, person in enumerate(gallery.people) if person in often]
    best = gallery.similarity.argmax(axis=1)

    wrong = [gallery.files[i] for i in known if gallery.people[best[i]] != gallery.people[i]]
    strangers = gallery.similarity[who[:, None] != who[None]]
    genuine = gallery.similarity[(who[:, None] == who[None]) & (gallery.similarity >= 0)]

    least = {"dev": 80, "default": 50}[name]
    assert len(known) >= least
    assert wrong == []
    # dlib's descriptors take children of one family for each other.
    allowed = {"dev": 0.0, "default": 0.002}[name]
    assert (strangers >= gallery.threshold).mean() <= allowed
    assert (genuine >= gallery.threshold).mean() > 0.8
