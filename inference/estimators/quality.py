"""Image quality of faces by formulas on the luminance of the face warp.

The five factors are those of the contract; each formula is published, its mapping to 0 (bad) to
1 (good) was set on photographs and is ours. Where the head's outline is needed, an ellipse
inside the face box stands for it.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from domain.shared.estimations import Quality
from inference.estimators.base import NOTHING
from inference.models import FaceView, Pixels
from inference.opencv import cv2
from inference.packs.pack import RoleSpec
from inference.session import ModelFiles
from inference.warps import FACE_BOX

Plane = NDArray[np.float32]

_TOP, _BOTTOM = round(FACE_BOX.y), round(FACE_BOX.bottom)
_LEFT, _RIGHT = round(FACE_BOX.x), round(FACE_BOX.right)
FACE_AREA: Final = (slice(_TOP, _BOTTOM), slice(_LEFT, _RIGHT))
"""Rows and columns of a warp that show the face."""

_BINS: Final = 32
_SHARP: Final = 0.30
_BLURRED: Final = 0.75


class FormulaQuality:
    """Blurriness, darkness, light, illumination and specularity of the face in its warp."""

    needs = NOTHING
    uses = NOTHING

    def __init__(self, spec: RoleSpec, files: ModelFiles) -> None:
        """Nothing to load: the formulas have no options and no files."""

    def __call__(self, faces: Sequence[FaceView]) -> list[Quality]:
        """One estimation per face."""
        return [self.judge(face.warp) for face in faces]

    def judge(self, warp: Pixels) -> Quality:
        """The quality of one face warp."""
        luma = luminance(warp)
        face = luma[FACE_AREA]
        inside = face[OVAL]
        return Quality(
            blurriness=sharpness(face),
            # ISO/IEC 29794-5 judges exposure by the share of pixels in the darkest tenth of the
            # range, and in the brightest thirtieth.
            dark=_falling(share(inside, 0, 25), 0.05, 0.6) * _rising(inside.mean(), 15, 70),
            light=_falling(share(inside, 247, 255), 0.02, 0.4) * _falling(inside.mean(), 190, 250),
            illumination=evenness(face),
            specularity=_falling(highlights(warp), 0.01, 0.20),
        )


def luminance(pixels: Pixels) -> Plane:
    """Luma of RGB pixels by ITU-R BT.601, 0 to 255."""
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.float32)


def sharpness(luma: Plane) -> float:
    """How sharp a picture is, 0 to 1, by its blur effect."""
    return _falling(blur_effect(luma), _SHARP, _BLURRED)


def blur_effect(luma: Plane) -> float:
    """How little a picture loses when it is blurred again: 0 (sharp) to 1 (nothing to lose).

    F. Crete, T. Dolmiere, P. Ladret, M. Nicolas, The Blur Effect: Perception and Estimation with
    a New No-Reference Perceptual Blur Metric, SPIE Electronic Imaging 2007.
    """
    worst = 0.0
    for axis, kernel in ((0, (1, 9)), (1, (9, 1))):
        blurred = cv2.blur(luma, kernel, borderType=cv2.BORDER_REPLICATE)
        changes = np.abs(np.diff(luma, axis=axis))
        again = np.abs(np.diff(blurred, axis=axis))
        total = float(changes.sum())
        if total <= 1e-6:
            return 1.0
        lost = float(np.maximum(changes - again, 0).sum())
        worst = max(worst, 1.0 - lost / total)
    return worst


def evenness(luma: Plane) -> float:
    """How alike the luminance of both halves of the face is: their histograms' intersection.

    The measure of illumination uniformity in ISO/IEC 29794-5.
    """
    half = luma.shape[1] // 2
    left, right = luma[:, :half], luma[:, -half:]
    shares = []
    for part, oval in ((left, OVAL[:, :half]), (right, OVAL[:, -half:])):
        counts, _ = np.histogram(part[oval], bins=_BINS, range=(0, 256))
        # Neighbouring bins count as alike, or a step of one grey level could halve the result.
        smooth = np.convolve(counts, (0.25, 0.5, 0.25), mode="same")
        shares.append(smooth / max(float(smooth.sum()), 1e-9))
    return float(np.minimum(*shares).sum())


def highlights(warp: Pixels) -> float:
    """The share of the face that shines: bright and colourless pixels.

    A. Morgand, M. Tamaazousti, Generic and Real-Time Detection of Specular Reflections in Images,
    VISAPP 2014: in HSV, value above and saturation below a threshold; theirs follow the
    picture's brightness, so an overexposed face does not shine everywhere.
    """
    hsv = cv2.cvtColor(warp[FACE_AREA], cv2.COLOR_RGB2HSV)
    saturation, value = hsv[..., 1][OVAL], hsv[..., 2][OVAL]
    bright = max(200.0, float(np.median(value)) * 1.25)
    return float(((value >= min(bright, 254.0)) & (saturation <= 70)).mean())


def share(values: Plane, low: float, high: float) -> float:
    """The share of values from `low` to `high`."""
    return float(((values >= low) & (values <= high)).mean())


def _rising(value: float, bad: float, good: float) -> float:
    return float(np.clip((value - bad) / (good - bad), 0.0, 1.0))


def _falling(value: float, good: float, bad: float) -> float:
    return _rising(value, bad, good)


def _ellipse(height: int, width: int) -> NDArray[np.bool_]:
    rows, columns = np.mgrid[:height, :width]
    down = (rows + 0.5) / height * 2 - 1
    across = (columns + 0.5) / width * 2 - 1
    return np.asarray((down / 0.95) ** 2 + (across / 0.90) ** 2 <= 1.0)


OVAL: Final = _ellipse(_BOTTOM - _TOP, _RIGHT - _LEFT)
"""Which pixels of `FACE_AREA` lie inside the head's outline."""
