"""Where eyes look."""

import math
from collections.abc import Sequence

import numpy as np

from domain.shared.estimations import Gaze
from inference.estimators.base import NOTHING, Network, Rows, eye_boxes, points68
from inference.models import FaceView
from inference.packs.pack import RoleSpec
from inference.session import ModelFiles
from inference.warps import FACE_BOX, blob, cut


class IntelGaze:
    """A gaze network that sees both eyes and is told the head's angles by a network of its own.

    Both see the warp, where the face stands upright; the direction is then turned back by the
    face's lean in the image. Files: "gaze" and "head_pose".
    """

    needs = frozenset({"image", "landmarks68"})
    uses = NOTHING

    def __init__(self, spec: RoleSpec, files: ModelFiles) -> None:
        self._gaze = files.session("gaze")
        self._head_pose = Network(spec, files.session("head_pose"))
        self._spec = spec
        self._size = spec.size or (60, 60)
        self._square = FACE_BOX.square(spec.option("crop", 1.2))
        self._eye_scale = spec.option("eye_crop", 1.8)

    def __call__(self, faces: Sequence[FaceView]) -> list[Gaze]:
        """One estimation per face."""
        heads = self._head_pose([cut(face.warp, self._square, self._size) for face in faces])
        angles = np.hstack([heads["yaw"], heads["pitch"], np.zeros_like(heads["roll"])])
        found: list[Gaze] = []
        step = self._spec.batch_on(self._gaze.provider)
        for start in range(0, len(faces), step):
            part = slice(start, start + step)
            found += self._look(faces[part], angles[part])
        return found

    def _look(self, faces: Sequence[FaceView], angles: Rows) -> list[Gaze]:
        boxes = [eye_boxes(points68(face), self._eye_scale) for face in faces]
        # The network's left eye is the person's, which the image shows on the right.
        eyes = {
            name: blob(
                [cut(f.warp, b[side], self._size) for f, b in zip(faces, boxes, strict=True)],
                colour=self._spec.colour,
            )
            for name, side in (("right_eye_image", 0), ("left_eye_image", 1))
        }
        fed = {**eyes, "head_pose_angles": angles.astype(np.float32)}
        (vectors,) = self._gaze(*(fed[name] for name in self._gaze.inputs)).values()
        return [_direction(v, _lean(face)) for v, face in zip(vectors, faces, strict=True)]


def _lean(face: FaceView) -> float:
    """How far the face leans clockwise in the image, in radians."""
    if face.to_warp is None:
        return 0.0
    return -math.atan2(face.to_warp[1, 0], face.to_warp[0, 0])


def _direction(vector: Rows, lean: float) -> Gaze:
    """Angles of a gaze vector (x to the image's right, y up, z away from the camera)."""
    x, y, z = map(float, vector / max(float(np.linalg.norm(vector)), 1e-9))
    # Leaning clockwise turns up towards the right.
    x, y = x * math.cos(lean) + y * math.sin(lean), y * math.cos(lean) - x * math.sin(lean)
    return Gaze(
        yaw=math.degrees(math.atan2(-x, -z)),
        pitch=math.degrees(math.asin(max(-1.0, min(1.0, y)))),
    )
