"""What tasks are asked to do: the content of each kind that selects, compares and reports."""

from typing import Annotated, Any, Final, Literal, get_args

from pydantic import Field, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from domain.shared.fields import (
    Absent,
    Flag,
    Id,
    Probability,
    Record,
    Text,
    UserData,
    Whole,
    is_absent,
)
from domain.task_filters import (
    AttributeTaskFilters,
    EventTaskFilters,
    FaceTaskFilters,
    filters_of,
)

MOST_MARKED: Final = 100_000
MOST_MATCHED: Final = 20_000_000
MOST_CLUSTERED: Final = 1_000_000
# From here on no two of 28 photographed people share a cluster, with any of the packs.
DEFAULT_THRESHOLD: Final = 0.85
DEFAULT_CANDIDATES: Final = 20
MOST_NEIGHBOURS: Final = 1000

ObjectsKind = Literal["faces", "events"]
ComparedKind = Literal["faces", "events", "attributes"]
Neighbours = Annotated[int, Field(strict=True, ge=1, le=MOST_NEIGHBOURS)]
AnyNeighbours = Annotated[int, Field(strict=True, ge=1, le=2**31 - 1)]
TaskNumber = Annotated[int, Field(strict=True, ge=1, le=2**63 - 1)]
_Filters = Annotated[
    FaceTaskFilters | EventTaskFilters | None, Field(default=None, exclude_if=is_absent)
]
_ComparedFilters = Annotated[
    FaceTaskFilters | EventTaskFilters | AttributeTaskFilters | None,
    Field(default=None, exclude_if=is_absent),
]
_OwnAccount = Absent[Id]


class DescriptorChoice(Record):
    """Which descriptor of the objects is compared."""

    type: Literal["face", "body"] = "face"


class Selected(Record):
    """Objects of one kind, chosen by filters: all of the account without any."""

    objects_type: ObjectsKind
    filters: _Filters

    @field_validator("filters", mode="before")
    @classmethod
    def _of_the_kind(cls, given: Any, info: ValidationInfo) -> Any:
        return filters_of(info.data.get("objects_type"), given)


def _comparable(choice: DescriptorChoice, *kinds: Any) -> DescriptorChoice:
    if choice.type == "body" and any(kind in ("faces", "attributes") for kind in kinds):
        raise ValueError("only events have body descriptors")
    return choice


class TrackParams(Record):
    """`use_track_info`: objects of one track always share a cluster."""

    use_track_info: Flag = 0


class ClusteringContent(Selected):
    """Objects to be grouped by similarity; `limit` is how many neighbours each one has at most.

    As many as there may be objects unless told otherwise, so that all are compared with all.
    """

    params: Absent[TrackParams] = None
    threshold: Probability = DEFAULT_THRESHOLD
    limit: AnyNeighbours = MOST_CLUSTERED
    descriptor: Annotated[DescriptorChoice, Field(validate_default=True)] = DescriptorChoice()

    @field_validator("descriptor")
    @classmethod
    def _can_compare(cls, given: DescriptorChoice, info: ValidationInfo) -> DescriptorChoice:
        return _comparable(given, info.data.get("objects_type"))


class CrossMatchFilters(Record):
    """Who is compared with whom."""

    reference_type: ComparedKind
    candidate_type: ComparedKind
    reference_filters: _ComparedFilters
    candidate_filters: _ComparedFilters
    account_id: _OwnAccount = None

    @field_validator("reference_filters", "candidate_filters", mode="before")
    @classmethod
    def _of_the_kind(cls, given: Any, info: ValidationInfo) -> Any:
        side = str(info.field_name).removesuffix("_filters")
        return filters_of(info.data.get(f"{side}_type"), given)


class CrossMatchContent(Record):
    """Every reference with every candidate; `limit` candidates of each reference are kept."""

    filters: CrossMatchFilters
    threshold: Probability = 0.0
    limit: Neighbours = DEFAULT_CANDIDATES
    descriptor: Annotated[DescriptorChoice, Field(validate_default=True)] = DescriptorChoice()

    @field_validator("descriptor")
    @classmethod
    def _can_compare(cls, given: DescriptorChoice, info: ValidationInfo) -> DescriptorChoice:
        filters = info.data.get("filters")
        if filters is None:
            return given
        return _comparable(given, filters.reference_type, filters.candidate_type)


class MarkedObject(Record):
    """A face or an attribute, and the number of the person it shows."""

    face_id: Absent[Id] = None
    attribute_id: Absent[Id] = None
    label: Whole

    @model_validator(mode="after")
    def _one_of_both(self) -> "MarkedObject":
        if (self.face_id is None) == (self.attribute_id is None):
            raise ValueError("one of face_id and attribute_id is given")
        return self


class AccountFilter(Record):
    """Filters that only name the account, which is the request's own."""

    account_id: _OwnAccount = None


class RocContent(Record):
    """Marked objects to be matched with each other; `limit` matches of each are looked at."""

    markup: Annotated[tuple[MarkedObject, ...], Field(min_length=1, max_length=MOST_MARKED)]
    filters: Absent[AccountFilter] = None
    threshold_hit_top: Probability = 0.0
    limit: AnyNeighbours = 5
    key_FPRs: Absent[Annotated[tuple[Probability, ...], Field(max_length=1000)]] = None

    @field_validator("limit")
    @classmethod
    def _not_too_many_matches(cls, given: int, info: ValidationInfo) -> int:
        marked = len(info.data.get("markup", ()))
        if marked * min(given, max(marked - 1, 1)) > MOST_MATCHED:
            raise ValueError(f"{marked} objects with {given} matches each are too many")
        return given


FaceColumn = Literal[
    "face_id", "user_data", "create_time", "lists", "external_id", "attribute_id", "avatar",
    "event_id",
]  # fmt: skip
EventColumn = Literal[
    "event_id", "create_time", "end_time", "external_id", "handler_id", "attribute_id", "source",
    "stream_id", "top_match", "match_result", "extract_result", "face_id", "attach_result",
    "gender", "age", "emotion", "mask", "ethnic_group", "tags", "user_data", "face_detections",
    "body_detections", "location", "track_id", "liveness",
]  # fmt: skip
FACE_COLUMNS: Final[tuple[str, ...]] = get_args(FaceColumn)
EVENT_COLUMNS: Final[tuple[str, ...]] = get_args(EventColumn)


def _known_columns(given: tuple[str, ...], known: tuple[str, ...]) -> tuple[str, ...]:
    if unknown := [name for name in given if name not in known]:
        permitted = ", ".join(known)
        message = f"unexpected value '{unknown[0]}'; permitted: {permitted}"
        raise PydanticCustomError("value_error", "{said}", {"said": message})
    return given


Columns = Annotated[tuple[Text, ...], Field(max_length=100)]
_UNPRINTABLE: Final = ('"', "\r", "\n")


def _delimiter(given: str) -> str:
    if len(given) != 1 or given in _UNPRINTABLE:
        raise ValueError("a delimiter is one character, no quote and no line break")
    return given


class _Table(Record):
    csv_delimiter: Annotated[Text, Field(max_length=1)] = ","
    save_images: Flag = 0

    @field_validator("csv_delimiter")
    @classmethod
    def _one_character(cls, given: str) -> str:
        return _delimiter(given)


class ReportSource(Record):
    """The clustering task that a report is about."""

    task_id: TaskNumber
    account_id: _OwnAccount = None


class ReporterContent(_Table):
    """A table of the clusters of a task; which columns it has beside cluster and object."""

    filters: ReportSource
    columns: Columns = ()

    @field_validator("columns")
    @classmethod
    def _known(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        return _known_columns(given, (*FACE_COLUMNS, *EVENT_COLUMNS))


class ExporterContent(Selected, _Table):
    """A table of objects, one row each; all columns of the kind unless some are named."""

    columns: Absent[Columns] = None
    descriptor: Annotated[DescriptorChoice, Field(validate_default=True)] = DescriptorChoice()

    @field_validator("columns")
    @classmethod
    def _known(cls, given: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        kind = info.data.get("objects_type")
        return _known_columns(given, FACE_COLUMNS if kind == "faces" else EVENT_COLUMNS)


class LinkerContent(Selected):
    """Objects to be put into a list: the one of `list_id`, or a new one with `user_data`."""

    create_list: Flag = 0
    list_id: Absent[Id] = None
    user_data: Absent[UserData] = None

    @model_validator(mode="after")
    def _a_list(self) -> "LinkerContent":
        if not self.create_list and self.list_id is None:
            raise ValueError("list_id or create_list=1 is required")
        return self


def accounts_in(content: Record) -> list[tuple[str, Any]]:
    """Where a content names an account, and which: all must be the account of the task."""
    filters = getattr(content, "filters", None)
    parts = {"filters": filters}
    for name in ("reference_filters", "candidate_filters"):
        parts[f"filters.{name}"] = getattr(filters, name, None)
    return [
        (f"{path}.account_id", account_id)
        for path, part in parts.items()
        if (account_id := getattr(part, "account_id", None)) is not None
    ]
