"""Photos to checks: every face measured by what the pack has, and judged as ISO/IEC 19794-5 asks.

A check that neither a formula nor a network of the pack in use can make is left out, and named.
"""

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Final

from api.pipelines.detect import DetectedImage, detect_images
from api.pipelines.load_images import LoadedImage
from api.pipelines.shown import Shown, status_shown
from domain.policies.iso import ISO_CHECKS, iso_policy, iso_verdict
from domain.policies.run_detect import detect_wanted
from domain.shared.detections import DetectWanted, FoundFace, ModelRef
from domain.shared.enums import MultifacePolicy
from domain.shared.image_refusals import MultipleFaces
from ray_cluster.models import Models

OFF_HEADER: Final = "Selene-Checks-Off"
"""Answers name the checks here that were not made of some face, and so vouch for nothing."""

_ESSENTIAL: Final = "face_quality"


class IsoRun:
    """One request: `answer` is the contract's `IsoResponse`, `used` the networks behind it."""

    def __init__(self, models: Models, *, multiface_policy: int, extract_exif: bool) -> None:
        self._models = models
        # Several faces are an error of their image, not of the request.
        self._alone = multiface_policy == MultifacePolicy.FORBIDDEN
        asked = int(MultifacePolicy.ALLOWED) if self._alone else multiface_policy
        self._policy = iso_policy(asked, extract_exif=extract_exif)
        self._exif = extract_exif
        self._off: set[str] = set()
        self.used: list[ModelRef] = []

    async def answer(self, loaded: Sequence[LoadedImage]) -> Shown:
        """Detect and judge in all images together, then show each."""
        images = await detect_images(
            self._models, loaded, self._policy, wanted=await self._possible()
        )
        self.used += (ref for image in images if image.found for ref in image.found.models)
        for image in images:
            if self._alone and image.found is not None and len(image.found.faces) > 1:
                boxes = [face.box.as_dict() for face in image.found.faces if face.box is not None]
                image.error, image.people = MultipleFaces(image.filename, boxes), []
        return {"images": [self._shown(image) for image in images]}

    @property
    def header(self) -> dict[str, str]:
        """The header of `OFF_HEADER`; none when every check was made."""
        off = ", ".join(name for name in ISO_CHECKS if name in self._off)
        return {OFF_HEADER: off} if off else {}

    async def _possible(self) -> DetectWanted:
        """What the policy asks for, less the estimations that the pack has no model for."""
        wanted = detect_wanted(self._policy)
        roles = {feature.role: feature.available for feature in await self._models.features()}
        missing = {
            field.name: False
            for field in fields(wanted)
            if field.name != _ESSENTIAL and not roles.get(field.name, True)
        }
        return replace(wanted, **missing)

    def _shown(self, image: DetectedImage) -> Shown:
        """The contract's `IsoImage`."""
        shown: Shown = {"filename": image.filename, **status_shown(image.error)}
        if self._exif and image.found is not None:
            shown["exif"] = dict(image.found.exif or {})
        faces = [human.face for human in image.people if human.face is not None]
        shown["estimations"] = [{"face": {"detection": self._judged(face)}} for face in faces]
        return shown

    def _judged(self, face: FoundFace) -> Shown:
        verdict = iso_verdict(self._policy, face)
        self._off.update(verdict.unmeasured)
        rect = {} if face.box is None else {"rect": face.box.as_dict()}
        return {"iso": verdict.as_dict(), **rect}
