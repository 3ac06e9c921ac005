"""Descriptors of body warps."""

from inference.descriptors.network import WarpDescriptor
from inference.packs.pack import RoleSpec
from inference.session import ModelFiles
from inference.warps import BODY_WARP


class BodyDescriptor(WarpDescriptor):
    """A person re-identification network that sees the whole 128x256 warp."""

    def __init__(self, spec: RoleSpec, files: ModelFiles) -> None:
        super().__init__(spec, files, BODY_WARP, None)
