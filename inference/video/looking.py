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
from inference.video.source import Frame
from inference.warps import BODY_WARP, FACE_WARP, cut, face_matrix, warp_affine


@dataclass(slots=True, eq=False)
class SeenFace:
    """A face in a frame, in pixels of the whole frame."""

    box: Box
    score: float
    frame: Frame = field(repr=False)
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
        self._frame = seen.frame
        self.box, self.points, self.layout = seen.box, points, layout
        self.landmarks68, self.known = None, {}

    @property
    def image(self) -> Pixels:  # type: ignore[override]  # converted when it is asked for
        """The whole frame."""
        return self._frame.pixels

    @cached_property
    def to_warp(self) -> NDArray[np.float64]:  # type: ignore[override]  # set once, by itself
        """From the pixels of the frame to those of the warp."""
        if self.points is None or self.layout is None:
            raise AssertionError("a face is aligned by its points")
        return face_matrix(self.points, self.layout)

    @cached_property
    def warp(self) -> Pixels:  # type: ignore[override]
        """The aligned crop."""
        return warp_affine(self.image, self.to_warp, FACE_WARP)


@dataclass(slots=True, eq=False)
class SeenBody:
    """A body in a frame, in pixels of the whole frame."""

    box: Box
    score: float
    frame: Frame = field(repr=False)

    def warp(self) -> Pixels:
        """The body cut out."""
        return cut(self.frame.pixels, self.box, BODY_WARP)


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

    def faces(self, frame: Frame) -> list[SeenFace]:
        """Faces whose score is high enough to be a track's."""
        if self._options.mode is Mode.BODIES:
            return []
        part = self._part(frame)
        (found,) = self._loaded.model("face_detector")([part.pixels])
        seen = [part.face_in_frame(face) for face in self._aligned(part.pixels, found)]
        return [SeenFace(face.box.clipped(*frame.size), face.score, frame, face) for face in seen]

    def bodies(self, frame: Frame) -> list[SeenBody]:
        """Bodies, clipped to the frame."""
        if self._options.mode is Mode.FACES:
            return []
        part = self._part(frame)
        (found,) = self._loaded.model("body_detector")([part.pixels])
        seen = [
            SeenBody(part.in_frame(body.box).clipped(*frame.size), body.score, frame)
            for body in found
        ]
        return [body for body in seen if body.box.area >= 1]

    def _part(self, frame: Frame) -> "_Part":
        width, height = frame.size
        side = self._options.reduced_side
        pixels = frame.pixels if side is None else frame.reduced(side)
        scale = pixels.shape[1] / width
        region = self._options.roi.box(width, height)
        left, top = int(region.x * scale), int(region.y * scale)
        bottom = max(top + 1, round(region.bottom * scale))
        right = max(left + 1, round(region.right * scale))
        return _Part(left, top, scale, pixels[top:bottom, left:right])

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


@dataclass(frozen=True, slots=True)
class _Part:
    """What is looked at: its corner in the frame as it was scaled, and how much that was."""

    left: int
    top: int
    scale: float
    pixels: Pixels

    def in_frame(self, box: Box) -> Box:
        """A box of the part in pixels of the frame."""
        moved = box.moved(self.left, self.top)
        return moved if self.scale == 1.0 else moved.scaled(1 / self.scale)

    def face_in_frame(self, face: DetectedFace) -> DetectedFace:
        """A face of the part in pixels of the frame."""
        points = face.points
        if points is not None:
            shift = np.array((self.left, self.top), np.float32)
            points = (points + shift) / np.float32(self.scale)
        return replace(face, box=self.in_frame(face.box), points=points)
