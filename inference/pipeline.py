"""Images to detections, and warps to descriptors: everything networks do for a request."""

from collections.abc import Iterable, Sequence

from domain.shared.biometrics import DescriptorKind
from domain.shared.detections import (
    DetectWanted,
    Extracted,
    ExtractWanted,
    ImageDetections,
    ImageInput,
    ModelRef,
    Warp,
)
from domain.shared.image_refusals import ImageRefused
from domain.shared.model_features import DescriptorFeature, RoleFeature
from inference.estimation import Estimation, wanted_roles
from inference.extraction import Extraction
from inference.features import descriptor_features, role_features
from inference.finding import Finder, PipelineOptions
from inference.found import ImageView, detections_of
from inference.image import decode_image
from inference.loaded_pack import LoadedPack
from inference.onnx_session import SessionOptions
from inference.packs.pack import ModelPack
from inference.warp_codec import checked, warp_of


class Pipeline:
    """The models of one pack at work; threads may share it."""

    def __init__(
        self,
        pack: ModelPack,
        options: PipelineOptions | None = None,
        sessions: SessionOptions | None = None,
    ) -> None:
        self.loaded = LoadedPack(pack, sessions)
        self._options = options or PipelineOptions()
        self._finder = Finder(self.loaded, self._options)
        self._extraction = Extraction(self.loaded)

    def detect(
        self, images: Sequence[ImageInput], wanted: DetectWanted
    ) -> list[ImageDetections | ImageRefused]:
        """What is found in each image, or why it could not be processed.

        An image given as a warp is one face or one body; what needs the whole image is left out
        for it. A role that the pack does not fill refuses the whole request.
        """
        estimation = Estimation(self.loaded, wanted_roles(wanted), landmarks=wanted.landmarks68)
        for role in _other_roles(wanted):
            self.loaded.model(role)
        views = [self._finder.open(image, wanted) for image in images]
        opened = [view for view in views if isinstance(view, ImageView)]
        roles = self._finder.find(opened, wanted)
        estimation.run([face for view in opened for face in view.faces])
        roles += self._tell_bodies(opened, wanted)
        refs = self._refs([*roles, *estimation.roles])
        return [
            detections_of(view, wanted, refs) if isinstance(view, ImageView) else view
            for view in views
        ]

    def extract_faces(self, warps: Sequence[Warp], wanted: ExtractWanted) -> list[Extracted]:
        """Descriptors and basic attributes per face warp, or one of all when aggregated."""
        return self._extraction.faces(warps, wanted)

    def extract_bodies(self, warps: Sequence[Warp], wanted: ExtractWanted) -> list[Extracted]:
        """Descriptors per body warp, or one of all when aggregated."""
        return self._extraction.bodies(warps, wanted)

    def decode_warp(self, data: bytes, kind: DescriptorKind) -> Warp:
        """The warp in a stored sample's file."""
        decoded = decode_image(data, self._options.limits)
        return warp_of(checked(decoded.pixels, kind))

    def features(self) -> list[RoleFeature]:
        """Every role the product knows, filled or not."""
        return role_features(self.loaded)

    def descriptors(self) -> list[DescriptorFeature]:
        """The descriptors that are extracted, and how their scores are read."""
        return descriptor_features(self.loaded)

    def _tell_bodies(self, views: Sequence[ImageView], wanted: DetectWanted) -> list[str]:
        """Attributes of all bodies at once; the role that told them."""
        if not wants_body_attributes(wanted):
            return []
        warps = [warp for view in views for warp in view.body_warps]
        told = iter(self.loaded.model("body_attributes")(warps))
        for view in views:
            view.body_attributes = [next(told) for _ in view.body_warps]
        return ["body_attributes"]

    def _refs(self, roles: Iterable[str]) -> tuple[ModelRef, ...]:
        return tuple(self.loaded.pack.ref(role) for role in dict.fromkeys(roles))


def wants_body_attributes(wanted: DetectWanted) -> bool:
    """Whether anything but the place of bodies is asked."""
    return (
        wanted.body_basic_attributes or wanted.upper_body or wanted.lower_body or wanted.accessories
    )


def _other_roles(wanted: DetectWanted) -> list[str]:
    """Roles beside the estimators, so that a missing one refuses before any work is done."""
    asked = {
        "face_detector": wanted.faces,
        "body_detector": wanted.bodies or wanted.people_count,
        "people_count": wanted.people_count,
        "body_attributes": wants_body_attributes(wanted),
    }
    return [role for role, is_asked in asked.items() if is_asked]
