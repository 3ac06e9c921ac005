"""What answers hold, field by field; with targets an answer has only those."""

from typing import Any, TypedDict


class FaceCreated(TypedDict):
    """Where a new face is."""

    face_id: str
    url: str


class Face(TypedDict, total=False):
    """A face."""

    face_id: str
    account_id: str
    event_id: str | None
    user_data: str
    external_id: str
    avatar: str
    create_time: str
    lists: list[str]


class ListCreated(TypedDict):
    """Where a new list is."""

    list_id: str
    url: str


class FaceList(TypedDict, total=False):
    """A list of faces."""

    list_id: str
    account_id: str
    user_data: str
    create_time: str
    last_update_time: str


class AttributeCreated(TypedDict):
    """Where a new temporary attribute is."""

    attribute_id: str
    url: str


class FileCreated(TypedDict, total=False):
    """Where a stored file is; one of the ids is there."""

    sample_id: str
    image_id: str
    object_id: str
    url: str


class HandlerCreated(TypedDict):
    """Where a new handler is."""

    handler_id: str
    url: str


class Recipe(TypedDict, total=False):
    """A handler or a verifier."""

    handler_id: str
    verifier_id: str
    account_id: str
    description: str
    policies: dict[str, Any] | None
    create_time: str
    last_update_time: str
    is_dynamic: bool
    handler_type: int


class VerifierCreated(TypedDict):
    """Where a new verifier is."""

    verifier_id: str
    url: str


class EventCreated(TypedDict):
    """Where an event is that was saved as it is."""

    event_id: str
    url: str


class Generated(TypedDict):
    """What a handler made of images."""

    images: list[dict[str, Any]]
    events: list[dict[str, Any]]
    filtered_detections: dict[str, Any]


class Event(TypedDict, total=False):
    """An event; more fields than these are there."""

    event_id: str
    handler_id: str
    account_id: str
    source: str | None
    create_time: str
    end_time: str
    user_data: str
    external_id: str
    tags: list[str]
    face_id: str | None
    top_match: dict[str, Any] | None
    match_result: list[dict[str, Any]]
    face_detections: list[dict[str, Any]]
    body_detections: list[dict[str, Any]]


class Candidate(TypedDict, total=False):
    """A candidate and how similar it is, 0 to 1."""

    face: Face
    event: Event
    attribute: dict[str, Any]
    similarity: float


class CandidateSet(TypedDict):
    """The best candidates of one set."""

    filters: dict[str, Any]
    result: list[Candidate]


class Matched(TypedDict):
    """One reference with the best of each set of candidates."""

    reference: dict[str, Any]
    matches: list[CandidateSet]


class Message(TypedDict, total=False):
    """What a subscriber is told."""

    event: dict[str, Any]
    handler_id: str
    position: int
