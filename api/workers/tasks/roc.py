"""ROC tasks: how well the similarities of marked objects tell who is one person."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, ClassVar, Final
from uuid import UUID

from api.workers.tasks.kind import PartDone, PartError, TaskResult, Work
from api.workers.tasks.vectors import descriptors_of, descriptors_of_attributes, feature_of
from domain.attributes import AttributeNotFound
from domain.faces import FaceNotFound
from domain.matching import NoDescriptor
from domain.shared.biometrics import Descriptor, DescriptorKind
from domain.shared.fields import Record
from domain.shared.model_features import DescriptorFeature
from domain.task_filters import AttributeTaskFilters
from domain.task_kinds import RocContent
from domain.task_refusals import ContradictoryMarkup, NoPairsToRate, NothingSelected
from projections.candidates import face_ids_where
from projections.faces import FaceConditions
from ray_cluster.galleries import Gallery, Marked, RocCurve, match_marked, roc_curve

MOST_ERRORS: Final = 1000


class Roc:
    """Matches marked objects with each other; pairs of one label are the positive ones."""

    name: ClassVar[str] = "roc"
    number: ClassVar[int] = 7
    content: ClassVar[type[Record]] = RocContent
    partial: ClassVar[bool] = False

    def split(self, work: Work, content: RocContent) -> Sequence[Mapping[str, Any]]:
        """One part, which is shown without the markup that it shares with the task."""
        labels_of(content)
        shown = content.as_dict()
        del shown["markup"]
        return [shown]

    def run(self, work: Work, content: RocContent, part: Mapping[str, Any]) -> PartDone:
        """The curve, what is read from it, and which objects could not take part."""
        labels = labels_of(content)
        feature = feature_of(work, DescriptorKind.FACE)
        found, errors = _described(work, content, feature)
        if not found:
            raise NothingSelected("ROC")
        gallery = Gallery(feature)
        gallery.add(list(found.values()))
        marked = match_marked(
            gallery,
            [labels[one] for one in found],
            limit=content.limit,
            hit_threshold=content.threshold_hit_top,
            pause=work.check,
        )
        for name in ("positive", "negative"):
            if not getattr(marked.matches, f"{name}s"):
                raise NoPairsToRate(name)
        within = min(content.limit, len(found) - 1)
        return PartDone(_shown(marked, content.key_FPRs or (), within), errors)

    def merge(self, work: Work, content: RocContent, results: Iterable[Any]) -> TaskResult:
        """What the only part found."""
        (found,) = results
        return TaskResult(found)


def labels_of(content: RocContent) -> dict[UUID, int]:
    """The label of each object; one that is marked in two ways is refused."""
    labels: dict[UUID, int] = {}
    for one in content.markup:
        object_id = one.face_id or one.attribute_id
        assert object_id is not None
        if labels.setdefault(object_id, one.label) != one.label:
            raise ContradictoryMarkup(object_id)
    return labels


def _described(
    work: Work, content: RocContent, feature: DescriptorFeature
) -> tuple[dict[UUID, Descriptor], list[PartError]]:
    """The descriptors of the marked objects in their order, and why others have none."""
    faces = list(dict.fromkeys(one.face_id for one in content.markup if one.face_id))
    attributes = [one.attribute_id for one in content.markup if one.attribute_id]
    wanted = FaceConditions(face_ids=faces)
    own = face_ids_where(work.reader, work.account_id, wanted) if faces else set()
    pages = descriptors_of(work, [one for one in faces if one in own], feature)
    known = {one: descriptor for page in pages for one, descriptor in page}
    if attributes:
        named = AttributeTaskFilters(attribute_ids=tuple(attributes))
        known |= descriptors_of_attributes(work, named, feature)
    missing = (
        PartError(_why(one.face_id, one.attribute_id, own, feature), str(object_id))
        for one in content.markup
        if (object_id := one.face_id or one.attribute_id) not in known
    )
    ordered = dict.fromkeys(one.face_id or one.attribute_id for one in content.markup)
    found = {one: known[one] for one in ordered if one is not None and one in known}
    return found, list(islice(missing, MOST_ERRORS))


def _why(
    face_id: UUID | None, attribute_id: UUID | None, own: set[UUID], feature: DescriptorFeature
) -> FaceNotFound | AttributeNotFound | NoDescriptor:
    if face_id is None:
        return AttributeNotFound(attribute_id)
    if face_id not in own:
        return FaceNotFound(face_id)
    return NoDescriptor("face", face_id, feature.kind, feature.version)


def _shown(marked: Marked, key_fprs: Sequence[float], within: int) -> dict[str, Any]:
    """The result for clients; the threshold above all similarities is null."""
    curve = roc_curve(marked.matches)
    corners = curve.corners()
    shares = marked.within(within)
    return {
        "FPR": corners.fpr.tolist(),
        "TPR": corners.tpr.tolist(),
        "thresholds": [None, *corners.thresholds[1:].tolist()],
        "AUC": curve.area,
        "EER": curve.equal_error,
        "top_n": {str(place): share for place, share in enumerate(shares, 1)},
        "key_points": [_key_point(curve, fpr) for fpr in key_fprs],
    }


def _key_point(curve: RocCurve, fpr: float) -> dict[str, Any]:
    tpr, threshold = curve.at(fpr)
    return {"FPR": fpr, "TPR": tpr, "threshold": threshold if threshold <= 1.0 else None}
