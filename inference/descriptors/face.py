"""Descriptors of face warps."""

from inference.descriptors.network import WarpDescriptor
from inference.landmarks.layouts import ARCFACE, FIVE
from inference.packs.pack import RoleSpec
from inference.session import ModelFiles
from inference.warps import FACE_TEMPLATE, similarity_transform


class AlignedFaceDescriptor(WarpDescriptor):
    """A network trained on faces aligned by five points.

    The option `template` names where it expects them: "unit", the warp's own template as wide as
    the crop, or "arcface", the 112x112 template of InsightFace.
    """

    def __init__(self, spec: RoleSpec, files: ModelFiles) -> None:
        width, height = spec.size or (112, 112)
        target = FIVE.unit * width
        if spec.options.get("template", "unit") == "arcface":
            target = ARCFACE * (width / 112)
        matrix = similarity_transform(FACE_TEMPLATE, target)
        super().__init__(spec, files, (width, height), matrix)
