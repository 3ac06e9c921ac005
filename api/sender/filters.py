"""Which messages a subscriber wants: the filters of the contract, judged in memory."""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import BaseModel, BeforeValidator, Field

from api.http.fields import CommaList, Tag
from api.sender.passing import (
    Match,
    Message,
    any_id,
    any_of,
    at,
    at_least,
    below,
    contains,
    has_all,
    is_general,
    is_number,
    labels,
    of_body,
    of_event,
    of_face,
    same_number,
    shares,
    top_similarity,
    word_of,
)
from domain.shared.enums import DeepfakeState, Emotion, EthnicGroup, LivenessState, MaskState
from domain.shared.fields import Id

ROUNDING: Final = 1e-9
"""Degrees (a tenth of a millimetre) that a place at the very edge may seem to be outside."""


@dataclass(frozen=True, slots=True)
class GeoBox:
    """A box around an origin, in degrees; it may cross the date line."""

    origin_longitude: float
    origin_latitude: float
    longitude_delta: float = 0.01
    latitude_delta: float = 0.01

    def holds(self, place: Any) -> bool:
        """Whether a position, as events have it, lies in the box."""
        longitude, latitude = at(place, "longitude"), at(place, "latitude")
        if not (is_number(longitude) and is_number(latitude)):
            return False
        apart = abs(longitude - self.origin_longitude)
        near = min(apart, abs(360 - apart)) <= self.longitude_delta + ROUNDING
        level = abs(latitude - self.origin_latitude) <= self.latitude_delta + ROUNDING
        return bool(near and level)


_LIMITS: Final = {
    "origin_longitude": (-180, 180),
    "origin_latitude": (-90, 90),
    "longitude_delta": (0, 90),
    "latitude_delta": (0, 90),
}


def _geo_box(value: Any) -> Any:
    """A box written as names and values in turn: origin_longitude,36.6,origin_latitude,55.7."""
    if not isinstance(value, str):
        return value
    parts = [part.strip() for part in value.split(",")]
    names, numbers = parts[::2], parts[1::2]
    given = dict(zip(names, map(float, numbers), strict=True))
    if len(given) != len(names) or not given.keys() <= _LIMITS.keys():
        raise ValueError("a box is written as names and values in turn, each name once")
    for name, number in given.items():
        lowest, highest = _LIMITS[name]
        if not lowest <= number <= highest:
            raise ValueError(f"{name} is from {lowest} to {highest}")
    if not {"origin_longitude", "origin_latitude"} <= given.keys():
        raise ValueError("a box needs both origins")
    return GeoBox(**given)


Texts = Annotated[list[str], CommaList]
Ids = Annotated[list[Id], CommaList]
Tags = Annotated[list[Tag], CommaList]
OneOfTwo = Annotated[list[Annotated[int, Field(ge=0, le=1)]], CommaList]
OneOfThree = Annotated[list[Annotated[int, Field(ge=0, le=2)]], CommaList]
Masks = Annotated[list[Annotated[int, Field(ge=1, le=3)]], CommaList]
Groups = Annotated[list[Annotated[int, Field(ge=1, le=4)]], CommaList]
Emotions = Annotated[list[Annotated[int, Field(ge=1, le=7)]], CommaList]
Bound = Annotated[float, Field(allow_inf_nan=False)]
Gender = Annotated[int, Field(ge=0, le=1)]
Years = Annotated[int, Field(ge=0, le=100)]
Sleeves = Annotated[list[Literal["short", "long", "undefined"]], CommaList]
Garments = Annotated[list[Literal["trousers", "shorts", "skirt", "undefined"]], CommaList]
ShortColours = Annotated[list[Literal["black", "other", "white", "undefined"]], CommaList]
Colours = Annotated[
    list[
        Literal[
            "black", "blue", "green", "gray", "orange", "purple", "red", "white",
            "yellow", "pink", "brown", "beige", "khaki", "multicolored", "undefined",
        ]
    ],
    CommaList,
]  # fmt: skip

_BASIC: Final = ("face_attributes", "basic_attributes")
_AGE: Final = of_event(*_BASIC, "age")
_GROUP: Final = of_event(*_BASIC, "ethnicities", "predominant_ethnicity")
_APPARENT_AGE: Final = of_body("basic_attributes", "apparent_age")
_PLACE: Final = of_event("location", "geo_position")


def _handler(message: Message) -> Any:
    yield message.get("handler_id")


class SubscriptionFilter(BaseModel):
    """The filters of a subscription; all that are given must pass.

    What a message does not say does not pass. Estimations are those over all images, else those
    of any detection.
    """

    _matches: ClassVar[dict[str, Match]] = {}

    sources: Annotated[Texts | None, any_of(of_event("source"))] = None
    stream_ids: Annotated[Ids | None, any_id(of_event("stream_id"))] = None
    handler_ids: Annotated[Ids | None, any_id(_handler)] = None
    matching_candidates_labels: Annotated[Texts | None, any_of(labels)] = None
    object_similarity__gte: Annotated[Bound | None, at_least(top_similarity)] = None
    object_similarity__lt: Annotated[Bound | None, below(top_similarity)] = None
    age__gte: Annotated[int | None, at_least(_AGE)] = None
    age__lt: Annotated[int | None, below(_AGE)] = None
    gender: Annotated[Gender | None, Match(of_event(*_BASIC, "gender"), same_number)] = None
    ethnic_groups: Annotated[Groups | None, word_of(_GROUP, EthnicGroup)] = None
    liveness: Annotated[
        OneOfThree | None, word_of(of_face("liveness", "prediction"), LivenessState)
    ] = None
    deepfake: Annotated[
        OneOfTwo | None, word_of(of_face("deepfake", "prediction"), DeepfakeState)
    ] = None
    masks: Annotated[Masks | None, word_of(of_face("mask", "predominant_mask"), MaskState)] = None
    emotions: Annotated[
        Emotions | None, word_of(of_face("emotions", "predominant_emotion"), Emotion)
    ] = None
    tags: Annotated[Tags | None, Match(of_event("tags"), has_all)] = None
    user_data: Annotated[str | None, Match(of_event("user_data"), contains)] = None
    geo_position: Annotated[
        GeoBox | None, BeforeValidator(_geo_box), Match(_PLACE, lambda place, box: box.holds(place))
    ] = None
    cities: Annotated[Texts | None, any_of(of_event("location", "city"))] = None
    areas: Annotated[Texts | None, any_of(of_event("location", "area"))] = None
    districts: Annotated[Texts | None, any_of(of_event("location", "district"))] = None
    streets: Annotated[Texts | None, any_of(of_event("location", "street"))] = None
    house_numbers: Annotated[Texts | None, any_of(of_event("location", "house_number"))] = None
    apparent_gender: Annotated[
        OneOfThree | None, any_of(of_body("basic_attributes", "apparent_gender"))
    ] = None
    apparent_age__gte: Annotated[Years | None, at_least(_APPARENT_AGE)] = None
    apparent_age__lt: Annotated[Years | None, below(_APPARENT_AGE)] = None
    headwear_states: Annotated[
        OneOfThree | None, any_of(of_body("upper_body", "headwear", "state"))
    ] = None
    headwear_colors: Annotated[
        ShortColours | None, any_of(of_body("upper_body", "headwear", "apparent_color"))
    ] = None
    sleeve_lengths: Annotated[Sleeves | None, any_of(of_body("upper_body", "sleeve", "length"))] = (
        None
    )
    upper_clothing_colors: Annotated[
        Colours | None, shares(of_body("upper_body", "upper_clothing", "colors"))
    ] = None
    lower_garment_colors: Annotated[
        Colours | None, shares(of_body("lower_body", "lower_garment", "colors"))
    ] = None
    lower_garment_types: Annotated[
        Garments | None, any_of(of_body("lower_body", "lower_garment", "type"))
    ] = None
    shoes_colors: Annotated[
        ShortColours | None, any_of(of_body("lower_body", "shoes", "apparent_color"))
    ] = None
    backpack_states: Annotated[
        OneOfThree | None, any_of(of_body("accessories", "backpack", "state"))
    ] = None

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Collect how the fields judge, once per class."""
        super().__pydantic_init_subclass__(**kwargs)
        cls._matches = _matches_of(cls)

    def passes(self, message: Message) -> bool:
        """Whether a message passes every filter that is given; general events are for others."""
        if is_general(message):
            return False
        for name, match in self._matches.items():
            wanted = getattr(self, name)
            if wanted is not None and not match(message, wanted):
                return False
        return True


def _matches_of(model: type[SubscriptionFilter]) -> dict[str, Match]:
    return {
        name: mark
        for name, field in model.model_fields.items()
        for mark in field.metadata
        if isinstance(mark, Match)
    }


SubscriptionFilter._matches = _matches_of(SubscriptionFilter)
