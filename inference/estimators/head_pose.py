"""How heads are turned."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from domain.shared.estimations import HeadPose
from inference.estimators.base import NOTHING, Network
from inference.models import FaceView, Pixels
from inference.opencv import cv2
from inference.packs.pack import RoleSpec
from inference.session import ModelFiles
from inference.warps import Matrix, cut, similarity_transform


class FsaNet:
    """Two networks whose angles are averaged.

    T.-Y. Yang, Y.-T. Chen, Y.-Y. Lin, Y.-Y. Chuang, FSA-Net: Learning Fine-Grained Structure
    Aggregation for Head Pose Estimation from a Single Image, CVPR 2019.
    """

    needs = frozenset({"image"})
    uses = NOTHING

    def __init__(self, spec: RoleSpec, files: ModelFiles) -> None:
        self._networks = [Network(spec, files.session(name)) for name in sorted(spec.files)]
        self._size = spec.size or (64, 64)
        self._crop = spec.option("crop", 1.3)

    def __call__(self, faces: Sequence[FaceView]) -> list[HeadPose]:
        """One estimation per face."""
        crops = [self._cut(face) for face in faces]
        angles = [next(iter(network(crops).values())) for network in self._networks]
        return [
            HeadPose(pitch=float(pitch), roll=float(roll), yaw=float(yaw))
            for yaw, pitch, roll in np.mean(angles, axis=0)
        ]

    def _cut(self, face: FaceView) -> Pixels:
        if face.image is None or face.box is None:
            raise AssertionError("head pose needs the image")
        return cut(face.image, face.box.square(self._crop), self._size)


class PointsPose:
    """The pose in which an average head shows its alignment points where they were found.

    Perspective-n-point by Levenberg-Marquardt (OpenCV's iterative solvePnP) from a head that
    faces the camera: so few points, nearly in one plane, also fit a head turned the other way,
    and closed-form solutions often find that one. The camera is unknown; its focal length is
    taken as the image's longer side, which suits ordinary lenses.
    """

    needs = frozenset({"image"})
    uses = NOTHING

    def __init__(self, spec: RoleSpec, files: ModelFiles) -> None:
        self._focal = spec.option("focal", 1.0)

    def __call__(self, faces: Sequence[FaceView]) -> list[HeadPose]:
        """One estimation per face."""
        return [self._pose(face) for face in faces]

    def _pose(self, face: FaceView) -> HeadPose:
        if face.image is None or face.points is None or face.layout is None:
            raise AssertionError("head pose needs the image")
        height, width = face.image.shape[:2]
        focal = self._focal * max(height, width)
        camera = np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1]])
        solid, seen = face.layout.solid, np.asarray(face.points, np.float64)
        first_turn, first_shift = _facing(solid, seen, camera)
        _, turn, _ = cv2.solvePnP(
            solid,
            seen,
            camera,
            np.zeros(4),
            first_turn,
            first_shift,
            useExtrinsicGuess=True,
            flags=cv2.SOLVEPNP_ITERATIVE,
        )
        return angles_of(np.asarray(cv2.Rodrigues(turn)[0]))


def _facing(solid: Matrix, seen: Matrix, camera: Matrix) -> tuple[Matrix, Matrix]:
    """Turn and shift of a head that faces the camera and leans as its points do."""
    flat = similarity_transform(solid[:, :2], seen)
    scale = max(float(np.hypot(flat[0, 0], flat[1, 0])), 1e-6)
    away = camera[0, 0] / scale
    place = (flat[:, 2] - camera[:2, 2]) / camera[0, 0] * away
    turn = np.array([[0.0], [0.0], [math.atan2(flat[1, 0], flat[0, 0])]])
    return turn, np.array([[place[0]], [place[1]], [away]])


def angles_of(rotation: NDArray[np.float64]) -> HeadPose:
    """The angles of a head's rotation (x to the right, y down, z away from the camera)."""
    # The way the face looks is the head's -z axis; roll is what remains of the head's x axis.
    ahead = -rotation[:, 2]
    yaw = math.degrees(math.atan2(-ahead[0], -ahead[2]))
    pitch = math.degrees(math.asin(max(-1.0, min(1.0, -ahead[1]))))
    roll = math.degrees(math.atan2(rotation[1, 0], rotation[0, 0]))
    return HeadPose(pitch=pitch, roll=roll, yaw=yaw)
