"""The port to the networks: what the API asks of them, in process or on a cluster."""

from collections.abc import Sequence
from typing import Protocol

from domain.shared.biometrics import DescriptorKind
from domain.shared.detections import (
    DetectWanted,
    Extracted,
    ExtractWanted,
    ImageDetections,
    ImageInput,
    Warp,
)
from domain.shared.image_refusals import ImageRefused
from domain.shared.model_features import DescriptorFeature, RoleFeature


class Models(Protocol):
    """The models of the pack in use; every call may be refused with `ModelsBusy`."""

    async def detect(
        self, images: Sequence[ImageInput], wanted: DetectWanted
    ) -> list[ImageDetections | ImageRefused]:
        """What is found in each image, in order; an image that fails is its own refusal.

        A role that the pack does not fill refuses the whole request (`NoModelForRole`).
        """
        ...

    async def extract_faces(self, warps: Sequence[Warp], wanted: ExtractWanted) -> list[Extracted]:
        """Descriptors and basic attributes per face warp, or one of all when aggregated."""
        ...

    async def extract_bodies(self, warps: Sequence[Warp], wanted: ExtractWanted) -> list[Extracted]:
        """Descriptors per body warp, or one of all when aggregated."""
        ...

    async def encode_warps(self, warps: Sequence[Warp]) -> list[bytes]:
        """Each warp as the JPEG file of a sample."""
        ...

    async def decode_warps(self, files: Sequence[bytes], kind: DescriptorKind) -> list[Warp]:
        """The warps in stored samples; a file of another size is refused (`BadFaceWarp`)."""
        ...

    async def features(self) -> list[RoleFeature]:
        """Every role the product knows: which model fills it, its licence and provider."""
        ...

    def descriptors(self) -> Sequence[DescriptorFeature]:
        """The descriptors that are extracted: version, dimension and calibration by kind."""
        ...

    async def close(self) -> None:
        """Let running work end and take no more."""
        ...
