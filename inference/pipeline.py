"""Images to detections, and warps to descriptors: everything networks do for a request."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from domain.shared.biometrics import DescriptorKind
from domain.shared.detections import (
    DetectWanted,
    Extracted,
    ExtractWanted,
    ImageDetections,
    ImageInput,
    ImageType,
    ModelRef,
    Warp,
)
from domain.shared.image_refusals import ImageRefused
from domain.shared.model_features import DescriptorFeature, RoleFeature
from inference.estimation import Estimation, wanted_roles
from inference.extraction import Extraction
from inference.features import descriptor_features, role_features
from inference.found import ImageView, detections_of
from inference.image import ImageLimits, decode_image
from inference.loaded_pack import LoadedPack
from inference.models import DetectedFace, FaceView, Pixels
from inference.onnx_session import SessionOptions
from inference.packs.pack import ModelPack
from inference.warp_codec import checked, warp_of
from inference.warps import BODY_WARP, FACE_WARP, cut, face_matrix, warp_affine


@dataclass(frozen=True, slots=True)
class PipelineOptions:
    """Bounds of the work for one image.

    A JPEG whose longer side is more than twice `decode_side` is decoded at a half, a quarter or
    an eighth; more than `max_faces` or `max_bodies` are cut off, worst first.
    """

    limits: ImageLimits = field(default_factory=ImageLimits)
    decode_side: int = 4096
    max_faces: int = 200
    max_bodies: int = 200


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
        views = [self._open(image, wanted) for image in images]
        opened = [view for view in views if isinstance(view, ImageView)]
        roles = [*self._find_faces(opened, wanted), *self._find_bodies(opened, wanted)]
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

    def _open(self, image: ImageInput, wanted: DetectWanted) -> ImageView | ImageRefused:
        raw = image.image_type is ImageType.RAW
        try:
            decoded = decode_image(
                image.data,
                self._options.limits,
                use_orientation=wanted.use_exif_orientation and raw,
                with_exif=wanted.exif,
                enough=self._options.decode_side if raw else None,
            )
            view = ImageView(image, decoded)
            if image.image_type is ImageType.FACE_WARP:
                view.faces = [FaceView(checked(decoded.pixels, DescriptorKind.FACE))]
            elif image.image_type is ImageType.BODY_WARP:
                view.body_warps = [checked(decoded.pixels, DescriptorKind.BODY)]
        except ImageRefused as refusal:
            return refusal
        return view

    def _find_faces(self, views: Sequence[ImageView], wanted: DetectWanted) -> list[str]:
        """Faces of raw images, with their warps; the roles that found them."""
        if not wanted.faces:
            return []
        raw = [view for view in views if view.image.image_type is ImageType.RAW]
        found = self.loaded.model("face_detector")([view.decoded.pixels for view in raw])
        roles = ["face_detector"]
        for view, detected in zip(raw, found, strict=True):
            most = 1 if wanted.best_face_only else self._options.max_faces
            view.detected = detected[:most]
            missing = [face.box for face in view.detected if face.points is None]
            if missing:
                align = self.loaded.model("landmarks5")
                points = iter(align(view.decoded.pixels, missing))
                view.detected = [
                    replace(face, points=next(points), layout=align.layout)
                    if face.points is None
                    else face
                    for face in view.detected
                ]
                roles = ["face_detector", "landmarks5"]
            view.faces = [_view(view.decoded.pixels, face) for face in view.detected]
        return roles

    def _find_bodies(self, views: Sequence[ImageView], wanted: DetectWanted) -> list[str]:
        """Bodies of raw images, with their warps, and how many there are; the roles used."""
        if not (wanted.bodies or wanted.people_count):
            return []
        raw = [view for view in views if view.image.image_type is ImageType.RAW]
        found = self.loaded.model("body_detector")([view.decoded.pixels for view in raw])
        roles = ["body_detector"]
        if wanted.people_count:
            roles.append("people_count")
            for view, detected in zip(raw, found, strict=True):
                view.people = self.loaded.model("people_count")(detected)
        if not wanted.bodies:
            return roles
        for view, detected in zip(raw, found, strict=True):
            height, width = view.decoded.pixels.shape[:2]
            boxes = (replace(body, box=body.box.clipped(width, height)) for body in detected)
            view.bodies = [body for body in boxes if body.box.area >= 1][: self._options.max_bodies]
            view.body_warps = [
                cut(view.decoded.pixels, body.box, BODY_WARP) for body in view.bodies
            ]
        return roles

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


def _view(image: Pixels, face: DetectedFace) -> FaceView:
    if face.points is None or face.layout is None:
        raise AssertionError("a face is aligned by its points")
    matrix = face_matrix(face.points, face.layout)
    warp = warp_affine(image, matrix, FACE_WARP)
    return FaceView(warp, image, face.box, face.points, face.layout, matrix)
