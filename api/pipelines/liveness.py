"""Photos to liveness: the one person each image shows, and all of them taken together."""

from collections.abc import Sequence

from api.pipelines.load_images import LoadedImage
from api.pipelines.models_used import require_roles
from api.pipelines.shown import Shown, status_shown
from domain.policies.detect import LivenessPolicy
from domain.shared.aggregation import mean_liveness
from domain.shared.detections import (
    DetectWanted,
    ImageDetections,
    ImageInput,
    ImageType,
    ModelRef,
)
from domain.shared.estimations import LIVENESS_IDS, Liveness
from domain.shared.image_refusals import EstimationImpossible, MultipleFaces, NoFaces
from domain.shared.refusal import Refusal
from ray_cluster.models import Models

_ROLES = ("face_detector", "liveness")


class LivenessRun:
    """One request: `answer` is the contract's `LivenessResponse`, `used` the networks behind it."""

    def __init__(self, models: Models, *, aggregate: bool) -> None:
        self._models = models
        self._aggregate = aggregate
        self.used: list[ModelRef] = []

    async def answer(self, loaded: Sequence[LoadedImage]) -> Shown:
        """Estimate in all images together, then show each, and the mean of those that worked."""
        await require_roles(self._models, _ROLES)
        found = await self._estimated(loaded)
        shown: Shown = {
            "images": [
                _image_shown(image.asked.filename, one)
                for image, one in zip(loaded, found, strict=True)
            ]
        }
        worked = [one for one in found if isinstance(one, Liveness)]
        if self._aggregate and worked:
            shown["aggregate_estimations"] = {"liveness": _shown(mean_liveness(worked))}
        return shown

    async def _estimated(self, loaded: Sequence[LoadedImage]) -> list[Liveness | Refusal]:
        """The liveness in each image, or why there is none."""
        policy = LivenessPolicy(estimate=1)
        wanted = DetectWanted(
            liveness=True,
            liveness_threshold=policy.liveness_threshold,
            liveness_quality_threshold=policy.quality_threshold,
        )
        asked = [_photo_in(image) for image in loaded]
        photos = [one for one in asked if isinstance(one, ImageInput)]
        seen = iter(await self._models.detect(photos, wanted) if photos else ())
        return [
            one if isinstance(one, Refusal) else self._of_one_person(next(seen)) for one in asked
        ]

    def _of_one_person(self, seen: ImageDetections | Refusal) -> Liveness | Refusal:
        """The liveness of the only face; nobody can hide behind another."""
        if isinstance(seen, Refusal):
            return seen
        self.used += seen.models
        if not seen.faces:
            return NoFaces(seen.filename)
        if len(seen.faces) > 1:
            boxes = [face.box.as_dict() for face in seen.faces if face.box is not None]
            return MultipleFaces(seen.filename, boxes)
        return seen.faces[0].estimations.liveness or EstimationImpossible("liveness")


def _photo_in(image: LoadedImage) -> ImageInput | Refusal:
    """The photo of an image, or why it is none; what tells the living is not in a warp."""
    if image.given is None:
        assert image.error is not None, "an image without bytes has an error"
        return image.error
    if image.given.image_type is not ImageType.RAW:
        return EstimationImpossible("liveness")
    return image.given


def _image_shown(filename: str, found: Liveness | Refusal) -> Shown:
    """The contract's `LivenessImage`."""
    if isinstance(found, Refusal):
        return {"filename": filename, "liveness": None, **status_shown(found)}
    return {"filename": filename, "liveness": _shown(found), **status_shown(None)}


def _shown(liveness: Liveness) -> Shown:
    """The contract's `LivenessResource`: the verdict as a number, the score as a probability."""
    return {
        "prediction": LIVENESS_IDS[liveness.prediction],
        "estimations": {
            "probability": round(liveness.score, 6),
            "quality": round(liveness.quality, 6),
        },
    }
