"""Every role of a model pack and the classes that a pack may name to fill it."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from domain.shared.image_refusals import BadModelPack
from inference.descriptors.body import BodyDescriptor
from inference.descriptors.dlib_face import DlibFaceDescriptor
from inference.descriptors.face import AlignedFaceDescriptor
from inference.detection.dlib_face_detector import DlibFaceDetector
from inference.detection.yolox import YoloX
from inference.detection.yunet import YuNet
from inference.estimators.body_attributes import CrossroadAttributes
from inference.estimators.people_count import BodyCount
from inference.estimators.registry import ESTIMATORS
from inference.landmarks.landmarks68 import Landmarks68
from inference.landmarks.tree_landmarks import TreeLandmarks
from inference.packs.pack import ModelPack, RoleSpec
from inference.session import ModelFiles

Build = Callable[[RoleSpec, ModelFiles], Any]

ARCHITECTURES: Final[Mapping[str, Mapping[str, Build]]] = {
    "face_detector": {"YuNet": YuNet, "DlibFaceDetector": DlibFaceDetector},
    "landmarks5": {"TreeLandmarks": TreeLandmarks},
    "landmarks68": {"Landmarks68": Landmarks68},
    "face_descriptor": {
        "AlignedFaceDescriptor": AlignedFaceDescriptor,
        "DlibFaceDescriptor": DlibFaceDescriptor,
    },
    "body_detector": {"YoloX": YoloX},
    "body_descriptor": {"BodyDescriptor": BodyDescriptor},
    "body_attributes": {"CrossroadAttributes": CrossroadAttributes},
    "people_count": {"BodyCount": BodyCount},
    **ESTIMATORS,
    # No network with a free licence fills these yet; they are listed as missing.
    "deepfake": {},
    "face_occlusion": {},
    "image_modification": {},
    "headwear": {},
}


def builder(pack: ModelPack, role: str) -> Build:
    """What makes the model of a role; an architecture nobody knows is refused."""
    wanted = pack.role(role).architecture
    known = ARCHITECTURES.get(role, {})
    if wanted not in known:
        choices = ", ".join(known) or "none"
        raise BadModelPack(pack.name, f"roles.{role}.architecture '{wanted}' is not of: {choices}")
    return known[wanted]
