"""What the checks of a portrait measure: its geometry, its light, and what the face does.

The names are those of the contract's checks. What no formula and no network of the pack can tell
(radial distortion, headwear) is not measured, and the caller sees that it is not.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from domain.shared.detections import Measured
from domain.shared.estimations import Emotions, Eyes, Gaze, Glasses, HeadPose, Mouth, Quality
from inference.estimators.base import NOTHING
from inference.estimators.quality import FACE_AREA, OVAL, evenness, luminance
from inference.models import FaceView, Pixels
from inference.opencv import cv2
from inference.packs.pack import RoleSpec
from inference.session import ModelFiles
from inference.warps import EYE_DISTANCE, FACE_TEMPLATE

LENGTHS: Final = frozenset(
    {
        "eye_distance",
        "face_width",
        "face_height",
        "indent_left",
        "indent_right",
        "indent_upper",
        "indent_lower",
    }
)
"""Measurements in pixels of the image."""

_BROWS: Final = {"anger": "frowning", "surprise": "raised"}


class PortraitChecks:
    """Measurements of each face; those of estimations are repeated where these were made."""

    needs = NOTHING
    uses = NOTHING

    def __init__(self, spec: RoleSpec, files: ModelFiles) -> None:
        """Nothing to load: the formulas have no options and no files."""

    def __call__(self, faces: Sequence[FaceView]) -> list[dict[str, Measured]]:
        """Measured values by check."""
        return [{**geometry(face), **light(face.warp), **_estimated(face)} for face in faces]


def geometry(face: FaceView) -> dict[str, Measured]:
    """Places and sizes in the image; nothing for a face that was given as a warp.

    The head's width is that of the face's box. Its height, crown to chin, is twice the distance
    of the chin from the eyes' level (Farkas, Anthropometry of the Head and Face, 1994).
    """
    if face.image is None or face.box is None or face.points is None or face.layout is None:
        return {}
    height, width = face.image.shape[:2]
    box = face.box
    eyes = np.array(face.layout.landmarks(face.points).pairs())[:2]
    head_height = 2 * max(box.bottom - float(eyes[:, 1].mean()), 0.0)
    return {
        "head_horizontal_center": round(box.centre.x / width, 4),
        "head_vertical_center": round(box.centre.y / height, 4),
        "head_width": round(box.width / width, 4),
        "head_height": round(head_height / height, 4),
        "eye_distance": round(float(np.linalg.norm(eyes[1] - eyes[0])), 2),
        "face_width": round(box.width),
        "face_height": round(box.height),
        "indent_left": round(box.x),
        "indent_right": round(width - box.right),
        "indent_upper": round(box.y),
        "indent_lower": round(height - box.bottom),
    }


def light(warp: Pixels) -> dict[str, Measured]:
    """How the face is lit and coloured."""
    face = np.ascontiguousarray(warp[FACE_AREA])
    luma = luminance(warp)[FACE_AREA]
    low, high = np.percentile(luma[OVAL], (1, 99))
    grey = is_grey(face)
    return {
        "illumination_uniformity": round(evenness(luma), 4),
        # The part of all grey levels that the face uses, a half being seven bits.
        "dynamic_range": round(float(high - low) / 255, 4),
        "face_color_type": "grayscale" if grey else "color",
        "natural_light": int(not grey and has_natural_colour(warp)),
        "red_eyes": int(has_red_eyes(warp)),
    }


def is_grey(pixels: Pixels) -> bool:
    """Whether a picture has no colours beyond what compression leaves."""
    spread = pixels.max(axis=2).astype(int) - pixels.min(axis=2)
    return float(spread[OVAL].mean()) < 4.0


def has_natural_colour(warp: Pixels) -> bool:
    """Whether the cheeks have the colour of skin in white light.

    ISO/IEC 29794-5: the means of CIELAB a* within 5 to 25 and of b* within 5 to 35.
    """
    left, right, _, mouth_left, mouth_right = FACE_TEMPLATE
    side = round(EYE_DISTANCE * 0.15)
    colours = []
    for eye, mouth in ((left, mouth_left), (right, mouth_right)):
        x, y = ((eye + mouth) / 2 + (mouth - eye) * 0.1).astype(int)
        patch = np.ascontiguousarray(warp[y - side : y + side, x - side : x + side])
        lab = cv2.cvtColor(patch.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
        colours.append(np.asarray(lab).reshape(-1, 3).mean(axis=0))
    _, a, b = np.mean(colours, axis=0)
    return bool(5 <= a <= 25 and 5 <= b <= 35)


def has_red_eyes(warp: Pixels) -> bool:
    """Whether a pupil glows red.

    Redness is R^2 / (G^2 + B^2 + 14) (M. Gaubatz, R. Ulichney, Automatic red-eye detection and
    correction, ICIP 2002); a fifth of the middle of an eye must exceed 2.
    """
    radius = round(EYE_DISTANCE * 0.08)
    for x, y in FACE_TEMPLATE[:2].round().astype(int):
        eye = warp[y - radius : y + radius + 1, x - radius : x + radius + 1].astype(np.float32)
        redness = eye[..., 0] ** 2 / (eye[..., 1] ** 2 + eye[..., 2] ** 2 + 14)
        glowing = (redness > 2) & (eye[..., 0] > 60)
        if glowing.mean() > 0.2:
            return True
    return False


def _estimated(face: FaceView) -> dict[str, Measured]:
    """Values of estimations that were made of this face, under the names of their checks."""
    values: dict[str, Measured] = {}
    for known in face.known.values():
        match known:
            case Quality():
                for name in ("illumination", "specularity", "blurriness", "dark", "light"):
                    values[f"{name}_quality"] = round(getattr(known, name), 4)
            case HeadPose():
                for name in ("yaw", "pitch", "roll"):
                    values[f"head_{name}"] = round(getattr(known, name), 2)
            case Gaze():
                values |= {"gaze_yaw": round(known.yaw, 2), "gaze_pitch": round(known.pitch, 2)}
            case Glasses():
                values["glasses"] = str(known.glasses)
            case Eyes():
                values["left_eye"] = str(known.left_eye.state)
                values["right_eye"] = str(known.right_eye.state)
            case Mouth():
                values |= _mouth(known)
            case Emotions():
                values["eyebrows_state"] = _BROWS.get(known.predominant(), "neutral")
    return values


def _mouth(mouth: Mouth) -> dict[str, Measured]:
    smile = "none"
    if mouth.smile >= 0.5:
        smile = "smile_teeth" if mouth.opened >= 0.2 else "smile_lips"
    return {
        "mouth_smiling": round(mouth.smile, 4),
        "mouth_occluded": round(mouth.occluded, 4),
        "mouth_open": round(mouth.opened, 4),
        "smile_properties": smile,
    }
