"""What bodies look like: apparent age and gender, clothing, accessories."""

from typing import Annotated, Literal

from domain.shared.enums import ClothingColor, LowerGarment, ShortColor, SleeveLength
from domain.shared.fields import Absent, Age, Integer, Record

State = Annotated[Literal[0, 1, 2], Integer]
"""0 absent, 1 present, 2 undefined."""


class BodyBasicAttributes(Record):
    """Apparent age in years and gender: 0 female, 1 male, 2 undefined."""

    apparent_age: Absent[Age] = None
    apparent_gender: Absent[State] = None


class Headwear(Record):
    """What is worn on the head."""

    state: Absent[State] = None
    apparent_color: Absent[ShortColor] = None


class Sleeve(Record):
    """How long sleeves are."""

    length: Absent[SleeveLength] = None


class UpperClothing(Record):
    """The colours of what is worn above."""

    colors: Absent[list[ClothingColor]] = None


class UpperBody(Record):
    """What is worn above the waist."""

    headwear: Absent[Headwear] = None
    sleeve: Absent[Sleeve] = None
    upper_clothing: Absent[UpperClothing] = None


class LowerGarmentSeen(Record):
    """What is worn on the legs."""

    type: Absent[LowerGarment] = None
    colors: Absent[list[ClothingColor]] = None


class Shoes(Record):
    """What is worn on the feet."""

    apparent_color: Absent[ShortColor] = None


class LowerBody(Record):
    """What is worn below the waist."""

    lower_garment: Absent[LowerGarmentSeen] = None
    shoes: Absent[Shoes] = None


class Backpack(Record):
    """Whether a backpack is worn."""

    state: Absent[State] = None


class Accessories(Record):
    """What is carried."""

    backpack: Absent[Backpack] = None
