"""How the face in a warp is lit and coloured."""

import numpy as np
from numpy.typing import NDArray

from domain.shared.detections import Measured
from inference.estimators.quality import FACE_AREA, OVAL, evenness, luminance
from inference.models import Pixels
from inference.opencv import cv2
from inference.warps import EYE_DISTANCE, FACE_TEMPLATE


def light(warp: Pixels) -> dict[str, Measured]:
    """Illumination, range of grey levels, colour and red eyes.

    ISO/IEC 19794-5, 7.3.4: the face needs seven bits of intensity. The dynamic range is the part
    of all grey levels between its 1st and 99th percentile, a half being seven bits; ISO/IEC
    29794-5 takes the entropy of the histogram instead.
    """
    face = np.ascontiguousarray(warp[FACE_AREA])
    luma = luminance(warp)[FACE_AREA]
    low, high = np.percentile(luma[OVAL], (1, 99))
    grey = is_grey(face)
    return {
        "illumination_uniformity": round(evenness(luma), 4),
        "dynamic_range": round(float(high - low) / 255, 4),
        "face_color_type": "grayscale" if grey else "color",
        "natural_light": int(not grey and has_natural_colour(warp)),
        "red_eyes": int(has_red_eyes(warp)),
    }


def is_grey(pixels: Pixels) -> bool:
    """Whether a picture has no colours beyond what compression leaves.

    Infrared cannot be told from grey by the pixels, and is called grey.
    """
    spread = pixels.max(axis=2).astype(int) - pixels.min(axis=2)
    return float(spread[OVAL].mean()) < 4.0


def has_natural_colour(warp: Pixels) -> bool:
    """Whether the cheeks have the colour of skin in white light.

    ISO/IEC 29794-5, natural colour: the means of CIELAB a* within 5 to 25 and of b* within 5 to
    35. There the distance from these ranges is mapped to 0 to 100; here they decide.
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
    correction, ICIP 2002); a fifth of the middle of an eye must exceed 2. It must also be 2.5
    times as red as the skin and about as bright, or brown eyes in warm light would glow: of 193
    faces in photos without red eyes 28 did so by the redness alone, 1 does with both conditions.
    """
    radius = round(EYE_DISTANCE * 0.08)
    skin = warp[FACE_AREA][OVAL]
    least = max(2.0, 2.5 * float(np.median(redness(skin))))
    bright = max(60.0, 0.6 * float(np.median(skin[:, 0])))
    for x, y in FACE_TEMPLATE[:2].round().astype(int):
        eye = warp[y - radius : y + radius + 1, x - radius : x + radius + 1]
        if ((redness(eye) > least) & (eye[..., 0] > bright)).mean() > 0.2:
            return True
    return False


def redness(pixels: Pixels) -> NDArray[np.float32]:
    """How red each pixel is, from 0; grey is 0.5."""
    red, green, blue = (pixels[..., channel].astype(np.float32) for channel in range(3))
    return np.asarray(red**2 / (green**2 + blue**2 + 14))
