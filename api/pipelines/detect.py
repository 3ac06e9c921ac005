"""The detect stage: images to the people in them, with the reasons of those who were dropped."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from api.pipelines.load_images import LoadedImage
from domain.policies.detect import FaceDetectPolicy
from domain.policies.reasons import FilterReason
from domain.policies.run_detect import (
    detect_wanted,
    filter_reasons,
    impossible_estimations,
    people,
    quality_verdict,
)
from domain.shared.detections import DetectWanted, FoundFace, Human, ImageDetections
from domain.shared.image_refusals import ImageRefused, NoModelForRole
from domain.shared.refusal import Refusal
from ray_cluster.models import Models


@dataclass(frozen=True, slots=True)
class DroppedFace:
    """A face that the policy's filters dropped, and why."""

    face: FoundFace
    reasons: tuple[FilterReason, ...]


@dataclass(slots=True)
class DetectedImage:
    """One image of a request after the detect stage; `error` stands in for what failed."""

    loaded: LoadedImage
    found: ImageDetections | None = None
    error: Refusal | None = None
    people: list[Human] = field(default_factory=list)
    dropped: list[DroppedFace] = field(default_factory=list)

    @property
    def filename(self) -> str:
        """The name the image is answered under."""
        return self.loaded.asked.filename


async def detect_images(
    models: Models,
    images: Sequence[LoadedImage],
    policy: FaceDetectPolicy,
    *,
    wanted: DetectWanted | None = None,
    use_exif_orientation: bool = True,
    aggregate: bool = False,
) -> list[DetectedImage]:
    """Every image in order; one that fails has its error, the others go on.

    Several faces where one may be refuse the whole request, as does an estimation that the
    pack in use cannot make. `wanted` replaces what the policy alone would ask for.
    """
    if impossible := impossible_estimations(policy):
        pack = next((f.pack for f in await models.features() if f.pack), "")
        raise NoModelForRole(pack, impossible[0])
    asked = wanted or detect_wanted(policy, use_exif_orientation=use_exif_orientation)
    given = [image.given for image in images if image.given is not None]
    found = iter(await models.detect(given, asked) if given else ())
    detected = []
    for image in images:
        result = image.error if image.given is None else next(found)
        if isinstance(result, ImageDetections):
            kept = people(policy, result, aggregate=aggregate)
            detected.append(_filtered(policy, image, result, kept))
        else:
            assert isinstance(result, Refusal | ImageRefused)
            detected.append(DetectedImage(image, error=result))
    return detected


def _filtered(
    policy: FaceDetectPolicy,
    image: LoadedImage,
    found: ImageDetections,
    humans: Sequence[Human],
) -> DetectedImage:
    result = DetectedImage(image, found)
    for human in humans:
        if human.face is not None and (reasons := _reasons(policy, human.face)):
            result.dropped.append(DroppedFace(human.face, reasons))
        else:
            result.people.append(human)
    return result


def _reasons(policy: FaceDetectPolicy, face: FoundFace) -> tuple[FilterReason, ...]:
    return filter_reasons(policy, face, quality=quality_verdict(policy, face))
