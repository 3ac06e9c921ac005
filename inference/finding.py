"""Opens images and finds the people in them, decoding no more pixels than that takes.

Detectors look at large images reduced, and JPEG files can be decoded so in a fraction of the
time. All pixels are decoded where a warp or an estimation would show the difference.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from domain.shared.biometrics import DescriptorKind
from domain.shared.detections import DetectWanted, ImageInput, ImageType
from domain.shared.image_refusals import ImageRefused
from inference.found import ImageView
from inference.image import DecodedImage, ImageLimits, decode_image
from inference.loaded_pack import LoadedPack
from inference.models import DetectedFace, FaceView, Pixels
from inference.warp_codec import checked
from inference.warps import BODY_WARP, FACE_BOX, FACE_WARP, cut, face_matrix, warp_affine

_LEAST_SIDE: Final = 1280
"""Smaller images are not worth decoding twice."""

_AMPLE: Final = 4 / 3
"""Pixels of the image for each of the warp, from which more show no difference."""


@dataclass(frozen=True, slots=True)
class PipelineOptions:
    """Bounds of the work for one image.

    A JPEG whose longer side is more than twice `decode_side` is never decoded in full, but at a
    half, a quarter or an eighth; more than `max_faces` or `max_bodies` are cut off, worst first.
    """

    limits: ImageLimits = field(default_factory=ImageLimits)
    decode_side: int = 4096
    max_faces: int = 200
    max_bodies: int = 200


class Finder:
    """The detectors of a pack, and what it takes to show them an image."""

    def __init__(self, loaded: LoadedPack, options: PipelineOptions) -> None:
        self._loaded, self._options = loaded, options

    def open(self, image: ImageInput, wanted: DetectWanted) -> ImageView | ImageRefused:
        """The image with as many pixels as detectors want, or why it could not be opened."""
        try:
            decoded = self._decode(image, wanted, self._enough(image, wanted))
            view = ImageView(image, decoded)
            if image.image_type is ImageType.FACE_WARP:
                view.faces = [FaceView(checked(decoded.pixels, DescriptorKind.FACE))]
            elif image.image_type is ImageType.BODY_WARP:
                view.body_warps = [checked(decoded.pixels, DescriptorKind.BODY)]
        except ImageRefused as refusal:
            return refusal
        return view

    def find(self, views: Iterable[ImageView], wanted: DetectWanted) -> list[str]:
        """Faces and bodies of raw images, with their warps; the roles that found them."""
        raw = [view for view in views if view.image.image_type is ImageType.RAW]
        roles = []
        if wanted.faces:
            roles.append("face_detector")
            self._find_faces(raw, wanted)
        if wanted.bodies or wanted.people_count:
            roles.append("body_detector")
            found = self._loaded.model("body_detector")([view.decoded.pixels for view in raw])
            for view, bodies in zip(raw, found, strict=True):
                view.bodies = bodies
        for view in raw:
            if self._reduced(view, wanted) and _wants_more(view):
                self._decode_more(view, wanted)
        if self._align(raw):
            roles.append("landmarks5")
        if wanted.people_count:
            roles.append("people_count")
            for view in raw:
                view.people = self._loaded.model("people_count")(view.bodies)
        for view in raw:
            view.faces = [_face(view.decoded.pixels, face) for face in view.detected]
            self._cut_bodies(view, wanted)
        return roles

    def _find_faces(self, views: Sequence[ImageView], wanted: DetectWanted) -> None:
        most = 1 if wanted.best_face_only else self._options.max_faces
        found = self._loaded.model("face_detector")([view.decoded.pixels for view in views])
        for view, detected in zip(views, found, strict=True):
            view.detected = detected[:most]

    def _align(self, views: Sequence[ImageView]) -> bool:
        """Tell the alignment points that the detector did not; whether there were any to tell."""
        told = False
        for view in views:
            missing = [face.box for face in view.detected if face.points is None]
            if missing:
                told = True
                align = self._loaded.model("landmarks5")
                points = iter(align(view.decoded.pixels, missing))
                view.detected = [
                    replace(face, points=next(points), layout=align.layout)
                    if face.points is None
                    else face
                    for face in view.detected
                ]
        return told

    def _cut_bodies(self, view: ImageView, wanted: DetectWanted) -> None:
        height, width = view.decoded.pixels.shape[:2]
        found = view.bodies if wanted.bodies else []
        clipped = (replace(body, box=body.box.clipped(width, height)) for body in found)
        view.bodies = [body for body in clipped if body.box.area >= 1][: self._options.max_bodies]
        if view.bodies:
            view.body_warps = [
                cut(view.decoded.pixels, body.box, BODY_WARP) for body in view.bodies
            ]

    def _enough(self, image: ImageInput, wanted: DetectWanted) -> int | None:
        """The longer side at which a JPEG is decoded first; None is all of it."""
        if image.image_type is not ImageType.RAW:
            return None
        most = self._options.decode_side
        if wanted.liveness or wanted.face_quality:  # they judge the image itself
            return most
        used = ["face_detector"] if wanted.faces else []
        used += ["body_detector"] if wanted.bodies or wanted.people_count else []
        sides = [int(self._loaded.model(role).most_side) for role in used]
        return min(max([_LEAST_SIDE, *sides]), most)

    def _reduced(self, view: ImageView, wanted: DetectWanted) -> bool:
        """Whether there are pixels that were not decoded and may be."""
        enough = self._enough(view.image, wanted)
        return view.decoded.scale < 1 and enough != self._options.decode_side

    def _decode_more(self, view: ImageView, wanted: DetectWanted) -> None:
        """All pixels, and what was found moved to where it is there."""
        full = self._decode(view.image, wanted, self._options.decode_side)
        factor = full.scale / view.decoded.scale
        view.decoded = full
        view.detected = [face.scaled(factor) for face in view.detected]
        view.bodies = [body.scaled(factor) for body in view.bodies]

    def _decode(self, image: ImageInput, wanted: DetectWanted, enough: int | None) -> DecodedImage:
        return decode_image(
            image.data,
            self._options.limits,
            use_orientation=wanted.use_exif_orientation and image.image_type is ImageType.RAW,
            with_exif=wanted.exif,
            enough=enough,
        )


def _wants_more(view: ImageView) -> bool:
    """Whether a warp would be sharper if it were cut from all pixels."""
    faces = ((face.box, FACE_BOX.width, FACE_BOX.height) for face in view.detected)
    bodies = ((body.box, *BODY_WARP) for body in view.bodies)
    return any(
        box.width < _AMPLE * width or box.height < _AMPLE * height
        for box, width, height in (*faces, *bodies)
    )


def _face(image: Pixels, face: DetectedFace) -> FaceView:
    if face.points is None or face.layout is None:
        raise AssertionError("a face is aligned by its points")
    matrix = face_matrix(face.points, face.layout)
    warp = warp_affine(image, matrix, FACE_WARP)
    return FaceView(warp, image, face.box, face.points, face.layout, matrix)
