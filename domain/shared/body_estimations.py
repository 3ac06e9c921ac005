"""What networks judge of a body; every value has `as_dict()`, its shape in answers and events."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from domain.shared.enums import ApparentGender, Presence


class SleeveLength(StrEnum):
    """How long sleeves are."""

    SHORT = "short"
    LONG = "long"
    UNDEFINED = "undefined"


class LowerGarment(StrEnum):
    """What is worn on the legs."""

    TROUSERS = "trousers"
    SHORTS = "shorts"
    SKIRT = "skirt"
    UNDEFINED = "undefined"


@dataclass(frozen=True, slots=True)
class BodyBasicAttributes:
    """The gender that a body seems to have; an age is shown where a network tells one."""

    apparent_gender: ApparentGender
    apparent_age: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """The contract's `basic_attributes` of a body."""
        age = {} if self.apparent_age is None else {"apparent_age": self.apparent_age}
        return {"apparent_gender": int(self.apparent_gender), **age}


@dataclass(frozen=True, slots=True)
class UpperBody:
    """Headwear, sleeves and the colour of what is worn above the waist."""

    headwear: Presence
    sleeve: SleeveLength
    colours: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """The contract's `upper_body`."""
        return {
            "headwear": {"state": int(self.headwear)},
            "sleeve": {"length": str(self.sleeve)},
            "upper_clothing": {"colors": list(self.colours)},
        }


@dataclass(frozen=True, slots=True)
class LowerBody:
    """Kind and colour of what is worn below the waist."""

    garment: LowerGarment
    colours: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """The contract's `lower_body`."""
        return {"lower_garment": {"type": str(self.garment), "colors": list(self.colours)}}


@dataclass(frozen=True, slots=True)
class Accessories:
    """What is carried."""

    backpack: Presence

    def as_dict(self) -> dict[str, Any]:
        """The contract's `accessories`."""
        return {"backpack": {"state": int(self.backpack)}}


@dataclass(frozen=True, slots=True)
class BodyAttributes:
    """Everything a network tells of a body at once."""

    body_basic_attributes: BodyBasicAttributes
    upper_body: UpperBody
    lower_body: LowerBody
    accessories: Accessories
