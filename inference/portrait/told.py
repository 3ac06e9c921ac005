"""Checks that repeat what estimators told of the same face."""

from typing import Final

from domain.shared.detections import Measured
from domain.shared.estimations import Emotions, Eyes, Gaze, Glasses, HeadPose, Mask, Mouth, Quality
from inference.models import FaceView

_BROWS: Final = {"anger": "frowning", "surprise": "raised"}
"""What eyebrows do in an emotion: lowered together in anger, raised in surprise (P. Ekman,
W. Friesen, Facial Action Coding System, 1978: action units 4, and 1 with 2)."""

_SMILE, _TEETH, _COVERED = 0.5, 0.2, 0.5


def told(face: FaceView) -> dict[str, Measured]:
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
            case Mask():
                covered = known.medical_mask + known.occluded
                values["lower_face_occlusion"] = int(covered >= _COVERED)
    return values


def _mouth(mouth: Mouth) -> dict[str, Measured]:
    smile = "none"
    if mouth.smile >= _SMILE:
        smile = "smile_teeth" if mouth.opened >= _TEETH else "smile_lips"
    return {
        "mouth_smiling": round(mouth.smile, 4),
        "mouth_occluded": round(mouth.occluded, 4),
        "mouth_open": round(mouth.opened, 4),
        "smile_properties": smile,
    }
