"""Clothes, headwear, backpack and apparent gender of bodies."""

from collections.abc import Sequence
from typing import Final, TypeVar

import numpy as np

from domain.shared.body_estimations import (
    Accessories,
    BodyAttributes,
    BodyBasicAttributes,
    LowerBody,
    LowerGarment,
    SleeveLength,
    UpperBody,
)
from domain.shared.enums import ApparentGender, Presence
from domain.shared.geometry import Box
from inference.estimators.base import Network, Rows
from inference.models import Pixels
from inference.opencv import cv2
from inference.packs.pack import RoleSpec
from inference.session import ModelFiles
from inference.warps import cut

Choice = TypeVar("Choice")

# RGB of what people call by the contract's colour names.
_COLOURS: Final = {
    "black": (25, 25, 28),
    "white": (235, 235, 235),
    "gray": (125, 125, 125),
    "red": (185, 30, 40),
    "orange": (230, 120, 35),
    "yellow": (235, 210, 50),
    "green": (45, 125, 60),
    "blue": (40, 75, 165),
    "purple": (110, 50, 130),
    "pink": (230, 145, 175),
    "brown": (95, 62, 40),
    "beige": (214, 194, 160),
    "khaki": (150, 140, 95),
}


class CrossroadAttributes:
    """Eight probabilities, and the two places where the colour of the clothes is looked up.

    Open Model Zoo, person-attributes-recognition-crossroad-0230. What is nearly as probable as
    not is undefined; other legwear than long trousers is not told apart.
    """

    def __init__(self, spec: RoleSpec, files: ModelFiles) -> None:
        self._network = Network(spec, files.session())
        self._size = spec.size or (80, 160)
        self._margin = spec.option("undefined_margin", 0.1)

    def __call__(self, warps: Sequence[Pixels]) -> list[BodyAttributes]:
        """One estimation per body warp."""
        if not warps:
            return []
        outputs = self._network(
            [cut(w, Box(0, 0, w.shape[1], w.shape[0]), self._size) for w in warps]
        )
        return [
            self._attributes(warp, *rows)
            for warp, *rows in zip(
                warps,
                outputs["attributes"],
                outputs["top_color_point"],
                outputs["bottom_color_point"],
                strict=True,
            )
        ]

    def _attributes(self, warp: Pixels, scores: Rows, top: Rows, bottom: Rows) -> BodyAttributes:
        male, _, backpack, hat, long_sleeves, long_trousers, _, _ = map(float, scores)
        return BodyAttributes(
            body_basic_attributes=BodyBasicAttributes(
                self._choose(
                    male, ApparentGender.MALE, ApparentGender.FEMALE, ApparentGender.UNDEFINED
                )
            ),
            upper_body=UpperBody(
                headwear=self._presence(hat),
                sleeve=self._choose(
                    long_sleeves, SleeveLength.LONG, SleeveLength.SHORT, SleeveLength.UNDEFINED
                ),
                colours=(colour_at(warp, top),),
            ),
            lower_body=LowerBody(
                garment=self._choose(
                    long_trousers,
                    LowerGarment.TROUSERS,
                    LowerGarment.UNDEFINED,
                    LowerGarment.UNDEFINED,
                ),
                colours=(colour_at(warp, bottom),),
            ),
            accessories=Accessories(self._presence(backpack)),
        )

    def _presence(self, score: float) -> Presence:
        return self._choose(score, Presence.PRESENT, Presence.ABSENT, Presence.UNDEFINED)

    def _choose(self, score: float, yes: Choice, no: Choice, unsure: Choice) -> Choice:
        if abs(score - 0.5) < self._margin:
            return unsure
        return yes if score > 0.5 else no


def colour_at(warp: Pixels, place: Rows) -> str:
    """The name of the colour around a place given in parts of the warp."""
    height, width = warp.shape[:2]
    x, y = int(np.clip(place[0], 0, 1) * (width - 1)), int(np.clip(place[1], 0, 1) * (height - 1))
    patch = warp[max(y - 4, 0) : y + 5, max(x - 4, 0) : x + 5].reshape(-1, 3)
    return colour_name(np.median(patch, axis=0))


def colour_name(rgb: Rows) -> str:
    """The contract's name of the nearest colour, by distance in CIELAB."""
    palette = np.array([*_COLOURS.values(), rgb], np.float32)[None] / 255
    lab = np.asarray(cv2.cvtColor(palette, cv2.COLOR_RGB2LAB))[0]
    # Clothes differ in light far more than in hue.
    distances = np.linalg.norm((lab[:-1] - lab[-1]) * (0.5, 1.0, 1.0), axis=1)
    return list(_COLOURS)[int(distances.argmin())]
