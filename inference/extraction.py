"""Warps to descriptors and basic attributes, one by one or all of one person together."""

from collections.abc import Sequence

import numpy as np

from domain.shared.aggregation import mean_basic_attributes
from domain.shared.biometrics import Descriptor, DescriptorKind
from domain.shared.detections import DescriptorResult, Extracted, ExtractWanted, Warp
from domain.shared.estimations import BasicAttributes
from inference.descriptors.aggregate import aggregated
from inference.descriptors.similarity import Rows
from inference.estimation import Estimation
from inference.estimators.quality import luminance, sharpness
from inference.loaded_pack import LoadedPack
from inference.models import FaceView
from inference.warp_codec import pixels_of


class Extraction:
    """The descriptor models of a pack, with what goes along with a descriptor."""

    def __init__(self, loaded: LoadedPack) -> None:
        self._loaded = loaded

    def faces(self, warps: Sequence[Warp], wanted: ExtractWanted) -> list[Extracted]:
        """What is wanted of each face warp; one result when they are aggregated."""
        roles = ["descriptor_score"] if wanted.descriptor else []
        roles += ["basic_attributes"] if wanted.basic_attributes else []
        estimation = Estimation(self._loaded, roles, landmarks=False)
        faces = [FaceView(pixels) for pixels in pixels_of(warps, DescriptorKind.FACE)]
        estimation.run(faces)
        descriptors: Sequence[DescriptorResult] = []
        used = estimation.roles
        if wanted.descriptor:
            rows = self._loaded.model("face_descriptor")([face.warp for face in faces])
            scores = [float(face.known["descriptor_score"]) for face in faces]
            descriptors = self._results(DescriptorKind.FACE, rows, scores, wanted.aggregate)
            used = ["face_descriptor", *used]
        attributes: Sequence[BasicAttributes] = []
        if wanted.basic_attributes:
            attributes = [face.known["basic_attributes"] for face in faces]
            if wanted.aggregate:
                attributes = [mean_basic_attributes(attributes)]
        return self._joined(descriptors, attributes, used)

    def bodies(self, warps: Sequence[Warp], wanted: ExtractWanted) -> list[Extracted]:
        """The descriptor of each body warp, or one of all; its score is the warp's sharpness."""
        bodies = pixels_of(warps, DescriptorKind.BODY)
        rows = self._loaded.model("body_descriptor")(bodies)
        scores = [sharpness(luminance(body)) for body in bodies]
        results = self._results(DescriptorKind.BODY, rows, scores, wanted.aggregate)
        return self._joined(results, [], ["body_descriptor"])

    def _results(
        self, kind: DescriptorKind, rows: Rows, scores: Sequence[float], aggregate: bool
    ) -> list[DescriptorResult]:
        role = f"{kind}_descriptor"
        if aggregate:
            unit_length = bool(self._loaded.pack.role(role).options.get("unit_length", True))
            rows = aggregated(rows, scores, unit_length=unit_length)[None]
            scores = [float(np.mean(scores))]
        version = self._loaded.model(role).version
        return [
            DescriptorResult(Descriptor(kind, version, row.astype("<f4").tobytes()), score)
            for row, score in zip(rows, scores, strict=True)
        ]

    def _joined(
        self,
        descriptors: Sequence[DescriptorResult],
        attributes: Sequence[BasicAttributes],
        roles: Sequence[str],
    ) -> list[Extracted]:
        refs = tuple(self._loaded.pack.ref(role) for role in roles)
        return [
            Extracted(
                descriptors[i] if descriptors else None,
                attributes[i] if attributes else None,
                refs,
            )
            for i in range(max(len(descriptors), len(attributes)))
        ]
