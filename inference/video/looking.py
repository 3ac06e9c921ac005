"""What one frame shows: faces and bodies in the region that is looked at."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from domain.shared.geometry import Box
from inference.loaded_pack import LoadedPack
from inference.models import DetectedFace, FaceView, Pixels
from inference.video.options import AnalysisOptions, Mode
from inference.warps import BODY_WARP, FACE_WARP, cut, face_matrix, warp_affine


@dataclass(slots=True, eq=False)
class SeenFace:
    """A face in a frame, in pixels of the whole frame."""

    box: Box
    score: float
    frame: Pixels = field(repr=False)
    detected: DetectedFace = field(repr=False)

    def view(self) -> FaceView:
        """The face as estimators see it; its warp is cut when one of them asks for it."""
        return _FaceInFrame(self)


class _FaceInFrame(FaceView):
    """A face of which most often no more than the pose is wanted."""

    def __init__(self, seen: SeenFace) -> None:
        points, layout = seen.detected.points, seen.detected.layout
        if points is None or layout is None:
            raise AssertionError("a face is aligned by its points")
        self.image, self.box, self.points, self.layout = seen.frame, seen.box, points, layout
        self.landmarks68, self.known = None, {}

    @cached_property
    def to_warp(self) -> NDArray[np.float64]:  # type: ignore[override]  # set once, by itself
        """From the pixels of the frame to those of the warp."""
        if self.points is None or self.layout is None:
            raise AssertionError("a face is aligned by its points")
        return face_matrix(self.points, self.layout)

    @cached_property
    def warp(self) -> Pixels:  # type: ignore[override]
        """The aligned crop."""
        if self.image is None:
            raise AssertionError("the face is one of a frame")
        return warp_affine(self.image, self.to_warp, FACE_WARP)


@dataclass(slots=True, eq=False)
class SeenBody:
    """A body in a frame, in pixels of the whole frame."""

    box: Box
    score: float
    frame: Pixels = field(repr=False)

    def warp(self) -> Pixels:
        """The body cut out."""
        return cut(self.frame, self.box, BODY_WARP)


class Eyes:
    """The detectors of a pack, for one analytics; a role that is missing is refused at once."""

    def __init__(self, loaded: LoadedPack, options: AnalysisOptions) -> None:
        self._loaded, self._options = loaded, options
        for role, wanted in (
            ("face_detector", options.mode is not Mode.BODIES),
            ("body_detector", options.mode is not Mode.FACES),
        ):
            if wanted:
                loaded.model(role)

    def faces(self, frame: Pixels) -> list[SeenFace]:
        """Faces whose score is high enough to be a track's."""
        if self._options.mode is Mode.BODIES:
            return []
        region, part = self._part(frame)
        (found,) = self._loaded.model("face_detector")([part])
        aligned = self._aligned(part, found)
        return [
            SeenFace(
                face.box.moved(region.x, region.y).clipped(frame.shape[1], frame.shape[0]),
                face.score,
                frame,
                _moved(face, region),
            )
            for face in aligned
        ]

    def bodies(self, frame: Pixels) -> list[SeenBody]:
        """Bodies, clipped to the frame."""
        if self._options.mode is Mode.FACES:
            return []
        region, part = self._part(frame)
        (found,) = self._loaded.model("body_detector")([part])
        boxes = ((b.box.moved(region.x, region.y), b.score) for b in found)
        seen = [
            SeenBody(box.clipped(frame.shape[1], frame.shape[0]), score, frame)
            for box, score in boxes
        ]
        return [body for body in seen if body.box.area >= 1]

    def _part(self, frame: Pixels) -> tuple[Box, Pixels]:
        height, width = frame.shape[:2]
        region = self._options.roi.box(width, height)
        left, top = int(region.x), int(region.y)
        part = frame[top : round(region.bottom), left : round(region.right)]
        return Box(left, top, part.shape[1], part.shape[0]), part

    def _aligned(self, part: Pixels, found: Sequence[DetectedFace]) -> list[DetectedFace]:
        missing = [face.box for face in found if face.points is None]
        if not missing:
            return list(found)
        align = self._loaded.model("landmarks5")
        points = iter(align(part, missing))
        return [
            face if face.points is not None
            else replace(face, points=next(points), layout=align.layout)
            for face in found
        ]  # fmt: skip


def _moved(face: DetectedFace, region: Box) -> DetectedFace:
    shift = np.array((region.x, region.y), np.float32)
    points = None if face.points is None else face.points + shift
    return replace(face, box=face.box.moved(region.x, region.y), points=points)
