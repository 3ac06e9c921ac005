"""The policies of a handler, whole."""

from collections.abc import Iterator
from typing import Annotated, Final

from pydantic import Field, ValidationInfo, field_validator

from domain.policies.detect import DetectPolicy
from domain.policies.extract import ExtractPolicy
from domain.policies.filters import PolicyFilters
from domain.policies.match import MatchPolicy
from domain.policies.storage import StoragePolicy
from domain.policies.tags import ConditionalTag
from domain.shared.fields import Record

MOST_MATCHES: Final = 30
MOST_TAGS: Final = 100


class Policies(Record):
    """What a handler does with an image: detect, extract, match, tag, keep, tell."""

    detect_policy: DetectPolicy = DetectPolicy()
    extract_policy: ExtractPolicy = ExtractPolicy()
    match_policy: Annotated[tuple[MatchPolicy, ...], Field(max_length=MOST_MATCHES)] = ()
    storage_policy: StoragePolicy = StoragePolicy()
    conditional_tags_policy: Annotated[tuple[ConditionalTag, ...], Field(max_length=MOST_TAGS)] = ()

    @field_validator("storage_policy")
    @classmethod
    def _storage_labels(cls, given: StoragePolicy, info: ValidationInfo) -> StoragePolicy:
        _check_labels(_storage_filters(given), info)
        return given

    @field_validator("conditional_tags_policy")
    @classmethod
    def _tag_labels(
        cls, given: tuple[ConditionalTag, ...], info: ValidationInfo
    ) -> tuple[ConditionalTag, ...]:
        _check_labels((tag.filters for tag in given), info)
        return given

    @property
    def filters(self) -> Iterator[PolicyFilters]:
        """Every filter on what was seen and matched."""
        yield from _storage_filters(self.storage_policy)
        yield from (tag.filters for tag in self.conditional_tags_policy)


def _storage_filters(storage: StoragePolicy) -> Iterator[PolicyFilters]:
    yield storage.face_sample_policy.filters
    yield storage.body_sample_policy.filters
    yield storage.image_origin_policy.filters
    yield storage.attribute_policy.filters
    yield storage.face_policy.filters
    yield from (link.filters for link in storage.face_policy.link_to_lists_policy)
    yield storage.event_policy.filters
    yield storage.notification_policy.filters
    yield from (callback.filters for callback in storage.callbacks)


def _check_labels(filters: Iterator[PolicyFilters], info: ValidationInfo) -> None:
    """Refuse a filter on a label that no match policy of the handler has: it never holds."""
    if "match_policy" not in info.data:  # it is refused itself
        return
    known = {match.label for match in info.data["match_policy"]}
    for wanted in filters:
        for label in wanted.labels:
            if label not in known:
                raise ValueError(f"no match policy has the label '{label}'")
