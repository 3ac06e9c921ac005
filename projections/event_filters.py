"""Which events are meant: every filter of the contract as one SQL condition."""

from typing import Annotated, Any, ClassVar, Final, Literal
from uuid import UUID

from pydantic import BeforeValidator, Field

from domain.shared.fields import Tag
from projections.event_common import AnyOf, CommonConditions, Null
from projections.filtering import CommaList, Where


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, int) else value


def _filled(value: Any) -> Any:
    """A list of tags with nothing in it asks for nothing."""
    return [tag for tag in value if tag] or None if isinstance(value, list) else value


# A CASE is evaluated in order, so what is of another type is never cast.


def _word(column: str, path: str) -> str:
    return f"({column} #>> '{{{path}}}')"


def _number(column: str, path: str) -> str:
    at = f"{column} #> '{{{path}}}'"
    return f"CASE jsonb_typeof({at}) WHEN 'number' THEN ({at})::numeric END"


def _words(column: str, path: str) -> str:
    at = f"{column} #> '{{{path}}}'"
    return (
        f"CASE jsonb_typeof({at}) WHEN 'array' THEN ARRAY(SELECT jsonb_array_elements_text({at})) "
        "END"
    )


_APPARENT_AGE: Final = _number("body_basic_attributes", "apparent_age")


Emotions = Annotated[int, Field(ge=1, le=7)] | Null
Masks = Annotated[int, Field(ge=1, le=3)] | Null
EthnicGroups = Annotated[int, Field(ge=1, le=4)] | Null
OneOfTwo = Annotated[int, Field(ge=0, le=1)] | Null
OneOfThree = Annotated[int, Field(ge=0, le=2)] | Null
Sleeve = Literal["short", "long", "undefined", "null"]
Garment = Literal["trousers", "shorts", "skirt", "undefined", "null"]
ShortColour = Literal["black", "other", "white", "undefined", "null"]
Colour = Literal[
    "black", "blue", "green", "gray", "orange", "purple", "red", "white",
    "yellow", "pink", "brown", "beige", "khaki", "multicolored", "undefined", "null",
]  # fmt: skip
Share = Annotated[float, Field(allow_inf_nan=False)]
Years = Annotated[int, Field(ge=-32_768, le=32_767)]


class EventConditions(CommonConditions):
    """Conditions on events, all of which must hold; parameters `meta.*` are conditions too."""

    _prefix: ClassVar[str] = "meta"
    _column: ClassVar[str] = "meta"

    handler_ids: Annotated[list[UUID] | None, CommaList, Where("handler_id = ANY(%s)")] = None
    face_ids: Annotated[list[UUID] | None, CommaList, Where("face_id = ANY(%s)")] = None
    external_ids: Annotated[list[str] | None, CommaList, Where("external_id = ANY(%s)")] = None
    user_data: Annotated[str | None, Where("strpos(user_data, %s) > 0")] = None
    tags: Annotated[
        list[Tag] | None, BeforeValidator(_filled), CommaList, Where("tags @> %s::text[]")
    ] = None

    top_matching_candidates_label: Annotated[str | None, Where("top_label = %s")] = None
    top_similar_object_ids: Annotated[
        list[UUID] | None, CommaList, Where("top_object_id = ANY(%s)")
    ] = None
    top_similar_external_ids: Annotated[
        list[str] | None, CommaList, Where("top_external_id = ANY(%s)")
    ] = None
    top_similar_object_similarity__gte: Annotated[Share | None, Where("top_similarity >= %s")] = (
        None
    )
    top_similar_object_similarity__lt: Annotated[Share | None, Where("top_similarity < %s")] = None

    age__gte: Annotated[Years | None, Where("age >= %s")] = None
    age__lt: Annotated[Years | None, Where("age < %s")] = None
    gender: Annotated[
        list[OneOfTwo] | None, Field(max_length=1), BeforeValidator(_listed), CommaList,
        AnyOf("gender"),
    ] = None  # fmt: skip
    emotions: Annotated[list[Emotions] | None, CommaList, AnyOf("emotion")] = None
    masks: Annotated[list[Masks] | None, CommaList, AnyOf("mask")] = None
    ethnic_groups: Annotated[list[EthnicGroups] | None, CommaList, AnyOf("ethnic_group")] = None
    liveness: Annotated[list[OneOfThree] | None, CommaList, AnyOf("liveness")] = None
    deepfake: Annotated[list[OneOfTwo] | None, CommaList, AnyOf("deepfake")] = None

    apparent_age__gte: Annotated[Years | None, Where(_APPARENT_AGE + " >= %s")] = None
    apparent_age__lt: Annotated[Years | None, Where(_APPARENT_AGE + " < %s")] = None
    apparent_gender: Annotated[
        list[OneOfThree] | None, CommaList,
        AnyOf(_number("body_basic_attributes", "apparent_gender")),
    ] = None  # fmt: skip
    headwear_states: Annotated[
        list[OneOfThree] | None, CommaList,
        AnyOf(_number("upper_body", "headwear,state")),
    ] = None  # fmt: skip
    headwear_apparent_colors: Annotated[
        list[ShortColour] | None, CommaList, AnyOf(_word("upper_body", "headwear,apparent_color"))
    ] = None
    sleeve_lengths: Annotated[
        list[Sleeve] | None, CommaList, AnyOf(_word("upper_body", "sleeve,length"))
    ] = None
    upper_clothing_colors: Annotated[
        list[Colour] | None, CommaList,
        AnyOf(_words("upper_body", "upper_clothing,colors"), several=True),
    ] = None  # fmt: skip
    lower_garment_types: Annotated[
        list[Garment] | None, CommaList, AnyOf(_word("lower_body", "lower_garment,type"))
    ] = None
    lower_garment_colors: Annotated[
        list[Colour] | None, CommaList,
        AnyOf(_words("lower_body", "lower_garment,colors"), several=True),
    ] = None  # fmt: skip
    shoes_apparent_colors: Annotated[
        list[ShortColour] | None, CommaList, AnyOf(_word("lower_body", "shoes,apparent_color"))
    ] = None
    backpack_states: Annotated[
        list[OneOfThree] | None, CommaList,
        AnyOf(_number("accessories", "backpack,state")),
    ] = None  # fmt: skip
    meta: Annotated[Null | None, Where("meta IS NULL AND %s = 'null'")] = None
