"""The descriptors of the objects that a task compares."""

from collections.abc import Iterator, Sequence
from typing import Final
from uuid import UUID

from api.pipelines.models_used import require_roles
from api.workers.tasks.kind import Work
from domain.shared.biometrics import Descriptor, DescriptorKind
from domain.shared.model_features import DescriptorFeature
from domain.task_filters import AttributeTaskFilters
from projections.candidates import vectors_of
from projections.temporary_attributes import AttributeFilter

_AT_ONCE: Final = 5000
_PAGE: Final = 100


def feature_of(work: Work, kind: str) -> DescriptorFeature:
    """How descriptors of the kind that is in use are compared; refused when there are none."""
    for feature in work.services.models.descriptors():
        if feature.kind == kind:
            return feature
    work.wait(require_roles(work.services.models, [f"{kind}_descriptor"]))
    raise AssertionError(f"a pack without {kind} descriptors has a model for them")


def descriptors_of(
    work: Work, ids: Sequence[UUID], feature: DescriptorFeature
) -> Iterator[list[tuple[UUID, Descriptor]]]:
    """Some thousand faces or events at a time, in the order given, those that have descriptors."""
    for start in range(0, len(ids), _AT_ONCE):
        work.check()
        some = list(ids[start : start + _AT_ONCE])
        found = dict(vectors_of(work.reader, some, feature.kind, feature.version))
        yield [
            (one, Descriptor(feature.kind, feature.version, found[one]))
            for one in some
            if one in found
        ]


def descriptors_of_attributes(
    work: Work, filters: AttributeTaskFilters | None, feature: DescriptorFeature
) -> dict[UUID, Descriptor]:
    """The descriptors of the account's temporary attributes: those named, or all."""
    if feature.kind is not DescriptorKind.FACE:
        return {}
    attributes = work.services.attributes
    if filters is not None and filters.attribute_ids is not None:
        named = [attributes.find(work.account_id, filters.attribute_ids)]
    else:
        named = list(_pages(work))
    return {
        one.attribute_id: Descriptor(feature.kind, feature.version, descriptor.data)
        for page in named
        for one in page
        for descriptor in one.content.descriptors
        if descriptor.version == feature.version
    }


def _pages(work: Work):  # type: ignore[no-untyped-def]
    number = 1
    while True:
        wanted = AttributeFilter(page=number, page_size=_PAGE)
        page = work.services.attributes.page(work.account_id, wanted)
        yield page
        if len(page) < _PAGE:
            return
        number += 1
