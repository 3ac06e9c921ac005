"""What the garbage collection is asked to remove."""

from typing import Annotated, Final, Literal

from pydantic import Field, ValidationInfo, field_validator

from domain.shared.fields import Absent, Id, Record, Text, TimeOrNow, UserData


class GcFilters(Record):
    """Which events, general events or faces are removed; all conditions hold."""

    create_time__gte: Absent[TimeOrNow] = None
    create_time__lt: Absent[TimeOrNow] = None
    insert_time__lt: Absent[TimeOrNow] = None
    handler_id: Absent[Id] = None
    event_type: Absent[tuple[Text, ...]] = None
    user_data: Absent[UserData] = None
    list_id: Absent[Id] = None
    account_id: Absent[Id] = None


_Truth = Annotated[bool, Field(strict=True)]
_NOT_OF: Final = {
    "events": ("user_data", "list_id", "event_type"),
    "general_events": ("user_data", "list_id", "handler_id"),
    "faces": ("insert_time__lt", "handler_id", "event_type"),
}


class GcContent(Record):
    """What is removed; of events and faces also samples and source images, if asked for."""

    target: Literal["events", "general_events", "faces"]
    filters: Absent[GcFilters] = None
    store_results: _Truth = True
    remove_samples: _Truth = False
    remove_image_origins: _Truth = False

    @field_validator("filters")
    @classmethod
    def _of_the_target(cls, given: GcFilters, info: ValidationInfo) -> GcFilters:
        target = info.data.get("target", "events")
        if foreign := [name for name in _NOT_OF[target] if getattr(given, name) is not None]:
            raise ValueError(f"{target} have no filter '{foreign[0]}'")
        return given

    @field_validator("remove_samples", "remove_image_origins")
    @classmethod
    def _has_files(cls, given: bool, info: ValidationInfo) -> bool:
        if given and info.data.get("target") == "general_events":
            raise ValueError("general events have no stored files")
        return given
